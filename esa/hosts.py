"""Where things are: the base domain has accounts and the list of teams, TEAM.DOMAIN has a team's pages."""

import re
from urllib.parse import urlsplit

from django.conf import settings
from django.utils.http import url_has_allowed_host_and_scheme

HOST = re.compile(r"[A-Za-z0-9.-]+(?::[0-9]+)?")

TEAM_NAME = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,30}[a-z0-9])")
"""A team's name is a DNS label: 2 to 32 letters, digits and hyphens."""

RESERVED = frozenset(
    "about account accounts admin administrator analytics api app apps archive asset assets auth autodiscover beta billing blog cache calendar cdn cloud community config contact console dashboard demo dev developer dl dns download downloads email esa esa-bot feedback file files forum ftp git help home host hostmaster id image images img imap info internal invite jobs legal local localhost login logout mail mailer mcp media mx news noreply ns ns1 ns2 oauth official pop pop3 postmaster press privacy public register root rss sales secure security settings shop signin signup sitemap smtp sso staff staging static stats status store support system team teams terms test tmp upload uploads v1 v2 web webmail webmaster wiki www".split()
)
"""Subdomains that a team may not take."""


def scheme() -> str:
    return "https" if settings.ESA_HTTPS else "http"


def base_url(path: str = "/") -> str:
    """An absolute address on the base domain; with a single team every host is that team's, so the path alone."""
    return path if settings.ESA_SINGLE_TEAM else f"{scheme()}://{settings.ESA_DOMAIN}{path}"


def team_url(name: str, path: str = "/") -> str:
    """An absolute address on a team's host."""
    host = settings.ESA_DOMAIN if settings.ESA_SINGLE_TEAM else f"{name}.{settings.ESA_DOMAIN}"
    return f"{scheme()}://{host}{path}"


def team_name_of(host: str) -> str | None:
    """The team that a Host header asks for, or None for the base domain, its `api` and its `www`."""
    if settings.ESA_SINGLE_TEAM:
        return settings.ESA_SINGLE_TEAM
    name, dot, domain = host.lower().partition(".")
    ours = domain.partition(":")[0] == settings.DOMAIN_NAME
    return name if dot and ours and name not in {"api", "www"} else None


def is_ours(host: str) -> bool:
    """Whether a redirect may lead to this host."""
    bare = host.lower()
    return bare == settings.ESA_DOMAIN or bare.endswith(f".{settings.ESA_DOMAIN}")


def is_safe(url: str, here: str = "") -> bool:
    """Whether `next=` may lead there: a path, or an address on our hosts or on `here`, the host of the request.

    The host is compared as browsers read it: one with a backslash, a user name or a control character is nobody's.
    """
    netloc = urlsplit(url).netloc if "\\" not in url else "?"
    ours = bool(HOST.fullmatch(netloc)) and (is_ours(netloc) or netloc == here)
    return url_has_allowed_host_and_scheme(url, allowed_hosts={netloc} if ours else None)


def absolute(url: str) -> str:
    """A file's address as strangers' programs need it: with scheme and host."""
    if url.startswith(("http://", "https://")):
        return url
    return f"{scheme()}://{settings.ESA_DOMAIN}{url}"
