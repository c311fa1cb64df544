"""What a person's browser does, with nothing but the standard library: .ci/image runs this inside the web container."""

import gzip
import html
import json
import os
import re
import socket
import sys
import time
import urllib.parse
from http.client import HTTPConnection

PORT = int(os.environ.get("PORT", "8000"))
BASE, TEAM = "esa.localhost:8000", "docs.esa.localhost:8000"
cookies: dict[str, dict[str, str]] = {}


def ask(host: str, path: str, form: dict[str, str] | None = None, **headers: str) -> tuple[int, dict[str, str], str]:
    """One request; the session cookie is for all hosts, the CSRF cookie for its own."""
    line = HTTPConnection("127.0.0.1", PORT, timeout=60)
    known = {key: value for where in ("", host) for key, value in cookies.get(where, {}).items()}
    sent = {"Host": host, "Cookie": "; ".join(f"{key}={value}" for key, value in known.items())}
    sent |= {key.replace("_", "-"): value for key, value in headers.items()}
    body = None
    if form is not None:
        sent |= {"Content-Type": "application/x-www-form-urlencoded", "Origin": f"http://{host}"}
        body = urllib.parse.urlencode(form)
    line.request("GET" if form is None else "POST", path, body, sent)
    answer = line.getresponse()
    content = answer.read()
    for cookie in answer.headers.get_all("Set-Cookie") or []:
        key, _, value = cookie.partition(";")[0].partition("=")
        cookies.setdefault("" if "domain=" in cookie.lower() else host, {})[key] = value
    if answer.headers.get("Content-Encoding") == "gzip":
        content = gzip.decompress(content)
    return (
        answer.status,
        {key.lower(): value for key, value in answer.headers.items()},
        content.decode(errors="replace"),
    )


def fields(page: str, action: str) -> dict[str, str]:
    """The hidden fields of the form that goes to an address, or of the editor, which goes to where it is."""
    for form in re.findall(r"<form\b.*?</form>", page, re.S):
        if action in form.partition(">")[0] or 'name="body_md"' in form:
            inputs = re.findall(r"<input\b[^>]*type=\"hidden\"[^>]*>", form)
            pairs = [(re.search(r'name="([^"]*)"', i), re.search(r'value="([^"]*)"', i)) for i in inputs]
            return {name[1]: html.unescape(value[1]) if value else "" for name, value in pairs if name}
    raise SystemExit(f"no form for {action} in:\n{page[:1500]}")


def expect(holds: bool, what: object) -> None:
    if not holds:
        raise SystemExit(f"not as expected: {str(what)[:3000]}")


def sign_in(email: str, password: str) -> None:
    path = "/accounts/login/"
    status, _, page = ask(BASE, path)
    expect(status == 200, (status, page))
    status, headers, page = ask(BASE, path, fields(page, path) | {"login": email, "password": password})
    expect(
        status == 302 and "esa_session" in cookies.get("", {}), (status, headers, re.findall(r"error[^<]*<[^<]*", page))
    )


def up() -> None:
    expect(ask("anything", "/healthz")[0] == 200, "healthz")
    expect(ask(BASE, "/accounts/login/")[0] == 200, "sign-in page")


def ready() -> None:
    status, headers, text = ask("10.0.0.1", "/readyz")
    expect(status == 200 and json.loads(text)["ready"] and "set-cookie" not in headers, text)
    expect("broker" in json.loads(text) and "fails" not in text, text)


def write(email: str, password: str) -> None:
    sign_in(email, password)
    status, _, page = ask(TEAM, "/posts/new")
    expect(status == 200, (status, page))
    form = fields(page, "/posts/new") | {"title": "ci/From the image", "body_md": "# It runs\n\n- [ ] 寿司を食べる"}
    status, headers, page = ask(TEAM, "/posts/new", form)
    expect(status == 302, (status, page))
    path = urllib.parse.urlsplit(headers["location"]).path
    status, _, page = ask(TEAM, path)
    expect(status == 200 and "It runs" in page and "寿司を食べる" in page, (status, page))
    status, _, _ = ask(TEAM, "/posts/no-such-post")
    expect(status == 404, status)


def relayed() -> None:
    import django

    django.setup()
    from teams.models import Event

    for _ in range(120):
        last = Event.objects.filter(action="post_create").order_by("-id").first()
        if last and last.relayed_at:
            return
        time.sleep(0.25)
    raise SystemExit("the event waits still")


def static() -> None:
    page = ask(BASE, "/accounts/login/")[2]
    found = re.search(r'href="(/static/css/app\.[0-9a-f]+\.css)"', page)
    expect(bool(found), page[:800])
    address = found[1] if found else ""
    for coding in ("br", "gzip"):
        status, headers, _ = ask(BASE, address, Accept_Encoding=coding)
        expect(status == 200 and headers.get("content-encoding") == coding, (status, headers))
        expect("immutable" in headers["cache-control"], headers)

    modules = json.loads(re.search(r'<script type="importmap"[^>]*>(.*?)</script>', page, re.S)[1])["imports"]  # type: ignore[index]
    for name in ("bundles/editor", "bundles/mermaid", "app"):
        status, headers, _ = ask(BASE, modules.get(name, "/missing"))
        expect(status == 200 and "immutable" in headers["cache-control"], (name, status, headers))
    entry = ask(BASE, modules["bundles/mermaid"])[2]
    chunk = re.search(r"\./chunks/[\w.-]+\.js", entry)
    status, headers, _ = ask(BASE, "/static/bundles/" + chunk[0].removeprefix("./")) if chunk else (0, {}, "")
    expect(status == 200 and "immutable" in headers["cache-control"], (chunk, status, headers))


def metrics() -> None:
    expect(ask(BASE, "/metrics")[0] == 404, "open to everybody")
    status, _, text = ask(BASE, "/metrics", Authorization="Bearer metrics")
    expect(status == 200 and "esa_http_requests_total" in text and 'esa_up{server="valkey"} 1.0' in text, text)


def closed() -> None:
    status, headers, page = ask(BASE, "/accounts/login/")
    expect(status == 503 and int(headers["retry-after"]) > 0 and "We move house." in page, (status, headers, page))
    status, _, text = ask(BASE, "/v1/user")
    expect(status == 503 and json.loads(text)["error"] == "maintenance", text)
    expect(ask(BASE, "/healthz")[0] == 200 and ask(BASE, "/readyz")[0] == 200, "health")


def slow() -> None:
    """A form that arrives slowly: its first half before SIGTERM, its second after."""
    body = b"x=" + b"y" * 2000
    head = f"POST /accounts/login/?slow-form HTTP/1.1\r\nHost: {BASE}\r\nContent-Type: application/x-www-form-urlencoded\r\n"
    with socket.create_connection(("127.0.0.1", PORT)) as line:
        line.sendall(f"{head}Content-Length: {len(body)}\r\nConnection: close\r\n\r\n".encode() + body[:1000])
        time.sleep(5)
        line.sendall(body[1000:])
        line.settimeout(20)
        answer = line.recv(200).decode()
    expect("403" in answer.splitlines()[0], answer)  # without a CSRF token; but answered


if __name__ == "__main__":
    {f.__name__: f for f in (up, ready, write, relayed, static, metrics, closed, slow)}[sys.argv[1]](*sys.argv[2:])
