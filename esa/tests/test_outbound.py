"""Requests to strangers go to the public internet, or nowhere."""

import socket
import threading
from ipaddress import ip_address

import pytest

from esa import outbound
from esa.outbound import Refused, Unreachable
from esa.tests.receiver import receiver


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1/",
        "http://127.1/",
        "http://2130706433/",
        "http://0x7f.0.0.1/",
        "http://0/",
        "http://localhost/",
        "http://docs.localhost/",
        "http://10.1.2.3/",
        "http://172.16.0.1/",
        "http://192.168.1.1/",
        "http://100.64.0.1/",
        "http://169.254.169.254/latest/meta-data/",
        "http://[::1]/",
        "http://[::]/",
        "http://[::ffff:127.0.0.1]/",
        "http://[::ffff:10.0.0.1]/",
        "http://[64:ff9b::7f00:1]/",
        "http://[2002:7f00:1::]/",
        "http://[2002:a00:1::1]/",
        "http://[fe80::1]/",
        "http://[fd00:ec2::254]/",
        "http://[fec0::1]/",
        "http://224.0.0.1/",
        "http://255.255.255.255/",
        "http://93.184.216.34:22/",
        "http://93.184.216.34:0/",
        "http://user:pass@93.184.216.34/",
        "http://@93.184.216.34/",
        "file:///etc/passwd",
        "gopher://93.184.216.34/",
        "//93.184.216.34/",
        "http:///path",
        "http://93.184.216.34\\@127.0.0.1/",
        "http://93.184.216.34/\r\nHost: x",
        "http://[::1",
    ],
)
def test_what_is_not_public_is_never_asked(url, monkeypatch):
    asked: list[object] = []
    monkeypatch.setattr(socket, "create_connection", lambda *args, **kwargs: asked.append(args))
    with pytest.raises((Refused, Unreachable)):
        outbound.get(url)
    assert asked == []


@pytest.mark.parametrize("address", ["93.184.216.34", "1.1.1.1", "2606:4700:4700::1111", "::ffff:1.1.1.1"])
def test_the_public_internet_is(address):
    assert outbound.is_public(ip_address(address))


def test_a_name_with_one_inner_address_is_refused_whatever_else_it_says(monkeypatch):
    def look_up(*_args, **_kwargs):
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (a, 80)) for a in ("93.184.216.34", "10.0.0.1")]

    monkeypatch.setattr(socket, "getaddrinfo", look_up)
    with pytest.raises(Refused):
        outbound.get("http://rebind.example/")


def test_the_name_is_looked_up_once_and_the_address_pinned(settings, monkeypatch):
    """A name that answers with another address the second time leads nowhere else."""
    settings.ESA_OUTBOUND_ALLOW = ["127.0.0.1/32"]
    with receiver() as heard:
        port = int(heard.url.rpartition(":")[2])
        answers = iter(["127.0.0.1", "127.0.0.9"])

        def look_up(*_args, **_kwargs):
            return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (next(answers), port))]

        monkeypatch.setattr(outbound.socket, "getaddrinfo", look_up)
        monkeypatch.setattr(
            outbound.socket, "create_connection", lambda place, timeout: _connect(place, timeout, asked)
        )
        asked: list[str] = []
        answer = outbound.post(f"http://hooks.example:{port}/a?b=ü", b"body", headers={"X-Note": "1"})
    assert asked == ["127.0.0.1"]
    assert answer.ok
    assert heard.requests[0].headers["Host"] == f"hooks.example:{port}"
    assert heard.requests[0].path == "/a?b=%C3%BC"
    assert heard.requests[0].body == b"body"


def _connect(place, timeout, asked):
    asked.append(place[0])
    plain = socket.socket()
    plain.settimeout(timeout)
    plain.connect(place)
    return plain


def test_a_redirect_is_not_followed_and_a_long_answer_is_cut(settings):
    settings.ESA_OUTBOUND_ALLOW = ["127.0.0.0/8"]
    with receiver() as heard:
        heard.status, heard.location, heard.answer = 302, f"{heard.url}/elsewhere", b"x" * 100_000
        answer = outbound.get(heard.url)
    assert (answer.status, len(answer.body), answer.cut) == (302, 64 * 1024, True)
    assert [request.path for request in heard.requests] == ["/"]


def test_who_answers_too_slowly_is_left_even_if_a_byte_comes_now_and_then(settings, monkeypatch):
    settings.ESA_OUTBOUND_ALLOW = ["127.0.0.0/8"]
    monkeypatch.setattr(outbound, "DEADLINE", 0.6)
    server = socket.create_server(("127.0.0.1", 0))
    stop = threading.Event()

    def drip() -> None:
        connection, _peer = server.accept()
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n")
        while not stop.wait(0.1):
            try:
                connection.sendall(b".")
            except OSError:
                break
        connection.close()

    thread = threading.Thread(target=drip, daemon=True)
    thread.start()
    try:
        with pytest.raises(Unreachable, match="no whole answer"):
            outbound.get(f"http://127.0.0.1:{server.getsockname()[1]}/")
    finally:
        stop.set()
        thread.join(5)
        server.close()


def test_a_port_where_nobody_listens_is_said_so(settings):
    settings.ESA_OUTBOUND_ALLOW = ["127.0.0.0/8"]
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    with pytest.raises(Unreachable, match="nobody listens"):
        outbound.get(f"http://127.0.0.1:{port}/")
