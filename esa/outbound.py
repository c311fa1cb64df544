"""HTTP to strangers: addresses that people typed (webhooks, previews of links, imports). Only public hosts, resolved once and
pinned, no redirects, little time and little to read; so nobody reaches our own network through us."""

import contextlib
import http.client
import socket
import ssl
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address, ip_network
from typing import Any
from urllib.parse import SplitResult, quote, urlsplit

from django.conf import settings
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

TIMEOUT = 7.0  # seconds to connect, and to wait for each piece of the answer
DEADLINE = 15.0  # seconds for everything; a host that sends a byte now and then gains nothing by it
MOST_BYTES = 64 * 1024
PORTS = {"http": 80, "https": 443}
USER_AGENT = "esa"

# IPv6 addresses that lead to an IPv4 one, which then has to be looked at: (network, how far right it stands).
EMBEDDED = (
    (IPv6Network("::ffff:0:0/96"), 0),
    (IPv6Network("::/96"), 0),
    (IPv6Network("64:ff9b::/96"), 0),
    (IPv6Network("64:ff9b:1::/48"), 0),
    (IPv6Network("2002::/16"), 80),
)
TEREDO = IPv6Network("2001::/32")

Address = IPv4Address | IPv6Address


class Refused(Exception):
    """An address that we do not ask; the message says why, and may be shown."""


class Unreachable(Exception):
    """No answer came: no such host, nobody listens, bad certificate, too slow."""


@dataclass(frozen=True)
class Answer:
    """What came back, cut off after MOST_BYTES."""

    status: int
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""
    seconds: float = 0.0
    cut: bool = False

    @property
    def ok(self) -> bool:
        return 200 <= self.status < 300

    @property
    def text(self) -> str:
        return self.body.decode("utf-8", "replace")


def check(url: str) -> SplitResult:
    """Refuse what can be refused by looking at the address alone; hosts are looked up when they are asked."""
    if any(ord(letter) <= 32 or ord(letter) == 127 for letter in url) or "\\" in url:
        raise Refused(_("The address has a space or a control character in it."))
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise Refused(_("This is not an address.")) from None
    if parts.scheme not in PORTS:
        raise Refused(_("The address must begin with https:// or http://."))
    if not parts.hostname:
        raise Refused(_("The address names no host."))
    if parts.username is not None or parts.password is not None:
        raise Refused(_("The address must not hold a user name or password."))
    if port == 0:
        raise Refused(_("There is no port 0."))
    try:
        literal = ip_address(parts.hostname)
    except ValueError:
        pass
    else:
        _permit(literal, port or PORTS[parts.scheme])
    return parts


def get(url: str, *, headers: Mapping[str, str] | None = None) -> Answer:
    return request("GET", url, headers=headers)


def post(url: str, body: bytes, *, headers: Mapping[str, str] | None = None) -> Answer:
    return request("POST", url, body=body, headers=headers)


def request(method: str, url: str, *, body: bytes | None = None, headers: Mapping[str, str] | None = None) -> Answer:
    """Ask once. A redirect is an answer like any other: nobody follows it."""
    parts = check(url)
    host, port = str(parts.hostname), parts.port or PORTS[parts.scheme]
    began = time.monotonic()
    connection = _connection(parts.scheme, host, port, resolve(host, port))
    # The pause between two bytes is bounded by the socket, the whole by this: it shuts the socket under whoever reads.
    watch = threading.Timer(DEADLINE, connection.cut_off)
    watch.daemon = True
    watch.start()
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    try:
        connection.request(method, _quoted(path), body=body, headers={"User-Agent": USER_AGENT, **(headers or {})})
        response = connection.getresponse()
        content = response.read(MOST_BYTES + 1)
        told = {name.lower(): value for name, value in response.getheaders()}
        status = response.status
        if connection.expired:  # what was cut off in the middle reads like an end
            raise TimeoutError
    except (OSError, http.client.HTTPException, ValueError) as problem:
        if connection.expired:
            raise Unreachable(f"no whole answer within {DEADLINE:.0f} seconds") from None
        raise Unreachable(_in_words(problem)) from None
    finally:
        watch.cancel()
        connection.close()
    return Answer(status, told, content[:MOST_BYTES], time.monotonic() - began, len(content) > MOST_BYTES)


def resolve(host: str, port: int) -> str:
    """The one address that will be asked. A name that leads to one of our own networks is refused, whatever else it says."""
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        raise Unreachable(gettext_noop("there is no host of this name")) from None
    addresses = [str(entry[4][0]) for entry in found]
    for address in addresses:
        _permit(ip_address(address.partition("%")[0]), port)
    if not addresses:
        raise Unreachable(gettext_noop("there is no host of this name"))
    return addresses[0]


def is_public(address: Address) -> bool:
    """Whether the whole internet reaches it; what hides an IPv4 address in an IPv6 one is judged by it."""
    if isinstance(address, IPv6Address):
        if address in TEREDO:
            return False
        for network, shift in EMBEDDED:
            if address in network and int(address) > 1:
                return is_public(IPv4Address((int(address) >> shift) & 0xFFFFFFFF))
        if address.is_site_local:
            return False
    return address.is_global and not address.is_multicast and not address.is_reserved and not address.is_unspecified


def _permit(address: Address, port: int) -> None:
    allowed = [ip_network(each) for each in settings.ESA_OUTBOUND_ALLOW]
    if any(address.version == network.version and address in network for network in allowed):
        return  # what the operator allows, on any port
    if not is_public(address):
        raise Refused(_("This address is not on the public internet."))
    if port not in PORTS.values():
        raise Refused(_("Only the ports 80 and 443 are asked."))


class _Pinned(http.client.HTTPConnection):
    """Talks to the address that was checked, and tells the host its name; no second look-up, no proxy."""

    def __init__(self, host: str, port: int, address: str, context: ssl.SSLContext | None) -> None:
        shown = f"[{host}]" if ":" in host else host
        super().__init__(shown, port, timeout=TIMEOUT)
        self.name, self.address, self.context, self.expired = host, address, context, False
        if context:
            self.default_port = PORTS["https"]  # so that Host carries no :443

    def connect(self) -> None:
        plain = socket.create_connection((self.address, self.port), TIMEOUT)
        plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.sock: Any = plain
        if self.context:
            self.sock = self.context.wrap_socket(plain, server_hostname=self.name)

    def cut_off(self) -> None:
        self.expired = True
        if self.sock:
            with contextlib.suppress(OSError):  # it is closed already
                self.sock.shutdown(socket.SHUT_RDWR)


def _connection(scheme: str, host: str, port: int, address: str) -> _Pinned:
    return _Pinned(host, port, address, ssl.create_default_context() if scheme == "https" else None)


def _quoted(path: str) -> str:
    """Letters beyond ASCII as the wire wants them; what is quoted stays as it is."""
    return quote(path, safe="/?&=%+:;,@!$'()*~-._#[]")


def _in_words(problem: Exception) -> str:
    if isinstance(problem, TimeoutError):
        return f"no answer within {TIMEOUT:.0f} seconds"
    if isinstance(problem, ssl.SSLCertVerificationError):
        return f"the certificate is not valid: {problem.verify_message}"
    if isinstance(problem, ConnectionRefusedError):
        return gettext_noop("nobody listens there")
    return f"{type(problem).__name__}: {problem}"[:300]
