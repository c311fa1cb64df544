"""What allauth asks us: where to go after signing in, and where links in mail lead."""

from urllib.parse import urlsplit

from allauth.account.adapter import DefaultAccountAdapter
from django.http import HttpRequest

from esa import hosts


class AccountAdapter(DefaultAccountAdapter):
    def is_safe_url(self, url: str | None) -> bool:
        """A redirect may lead to the base domain and to any team's host, nowhere else."""
        parts = urlsplit(url or "")
        if parts.scheme in {"http", "https"} and hosts.is_ours(parts.netloc):
            return True
        return bool(super().is_safe_url(url))

    def get_signup_redirect_url(self, request: HttpRequest) -> str:
        return "/teams"
