"""What the account pages need to know about the site."""

from allauth.account.utils import passthrough_next_redirect_url
from django import template
from django.conf import settings
from django.template import Context
from django.urls import reverse

from teams.invited import invitation_of
from teams.models import Team

register = template.Library()


@register.simple_tag(takes_context=True)
def google_login(context: Context, *_next: str) -> str:
    """Where "Continue with Google" leads, with the page to come back to; empty where the operator has not set it up."""
    if not settings.GOOGLE_CLIENT_ID:
        return ""
    return str(passthrough_next_redirect_url(context["request"], reverse("google_login"), "next"))


@register.simple_tag(takes_context=True)
def invitation_team(context: Context) -> Team | None:
    """The team whose invitation brought somebody here."""
    return invitation_of(context["request"])


BROWSERS = [
    ("Edg", "Edge"),
    ("OPR/", "Opera"),
    ("Firefox/", "Firefox"),
    ("FxiOS/", "Firefox"),
    ("CriOS/", "Chrome"),
    ("Chrome/", "Chrome"),
    ("Safari/", "Safari"),
]
SYSTEMS = [
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Android", "Android"),
    ("Windows", "Windows"),
    ("Mac OS X", "macOS"),
    ("CrOS", "ChromeOS"),
    ("Linux", "Linux"),
]


@register.filter
def device(user_agent: str) -> str:
    """What a browser says about itself, as people say it: "Firefox, Windows"."""
    found = [next((name for mark, name in known if mark in user_agent), "") for known in (BROWSERS, SYSTEMS)]
    return ", ".join(filter(None, found)) or user_agent[:60]
