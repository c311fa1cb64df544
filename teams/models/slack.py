"""A team's own Slack app: how we know that a request comes from it, and how we answer. Both secrets lie in the vault."""

import hashlib
import hmac
import json
import time
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from django.core.exceptions import ValidationError
from django.db import models, transaction
from django.utils.translation import gettext_lazy as _

from esa import outbound
from teams import vault

if TYPE_CHECKING:
    from teams.models.member import Member

API = "https://slack.com/api"
FRESH = 300
"""Seconds that a signed request is good for, as Slack advises: what somebody recorded is worth nothing later."""


class SlackTrouble(Exception):
    """Slack did not do it; the message is Slack's word for why, or ours. `lasting`: asking again would not help."""

    def __init__(self, why: str, *, lasting: bool = False) -> None:
        super().__init__(why)
        self.lasting = lasting


class Slack(models.Model):
    team = models.OneToOneField("teams.Team", models.CASCADE, related_name="slack")
    # As with webhooks: it works as long as an owner answers for it.
    responsible = models.ForeignKey("teams.Member", models.CASCADE, related_name="+")
    signing_secret = models.TextField()  # sealed
    bot_token = models.TextField()  # sealed
    unfurls = models.BooleanField(default=False)  # whether links to posts may show what they lead to
    created_at = models.DateTimeField(auto_now_add=True)

    def __str__(self) -> str:
        return f"Slack of {self.team_id}"

    @property
    def answered_for(self) -> bool:
        return self.responsible.is_owner and self.responsible.active

    @classmethod
    @transaction.atomic
    def connect(cls, *, by: "Member", signing_secret: str = "", bot_token: str = "", unfurls: bool = False) -> "Slack":
        """Set it up, or anew; whoever does so answers for it. Secrets that are not given stay as they are."""
        slack = cls.objects.select_for_update().filter(team=by.team).first() or cls(team=by.team)
        slack.responsible, slack.unfurls = by, unfurls
        if signing_secret:
            slack.signing_secret = vault.seal(signing_secret)
        if bot_token:
            slack.bot_token = vault.seal(bot_token)
        missing = {name: _("Slack shows it on the page of your app.") for name in SECRETS if not getattr(slack, name)}
        if missing:
            raise ValidationError(missing)
        slack.save()
        by.team.record("update", by=by, quiet=True, slack=True, unfurls=unfurls)
        return slack

    @transaction.atomic
    def disconnect(self, *, by: "Member") -> None:
        """Forget both secrets; the app at Slack is its owner's to delete."""
        self.team.record("update", by=by, quiet=True, slack=False)
        self.delete()

    def has_signed(self, body: bytes, *, timestamp: str, signature: str) -> bool:
        """Whether this comes from the team's app, and just now."""
        if not (timestamp.isascii() and timestamp.isdigit() and len(timestamp) < 12):
            return False
        if abs(time.time() - int(timestamp)) > FRESH:
            return False
        secret = vault.unseal(self.signing_secret).encode()
        expected = hmac.new(secret, b"v0:" + timestamp.encode() + b":" + body, hashlib.sha256).hexdigest()
        return hmac.compare_digest(f"v0={expected}".encode(), signature.encode())

    def ask(self, method: str, **about: str) -> dict[str, Any]:
        return self._said(outbound.get, f"{API}/{method}?{urlencode(about)}", headers=self._headers)

    def tell(self, method: str, about: dict[str, Any]) -> dict[str, Any]:
        headers = self._headers | {"Content-Type": "application/json; charset=utf-8"}
        return self._said(outbound.post, f"{API}/{method}", json.dumps(about).encode(), headers=headers)

    @property
    def _headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {vault.unseal(self.bot_token)}"}

    def _said(self, send: Any, *arguments: Any, **options: Any) -> dict[str, Any]:
        try:
            answer: outbound.Answer = send(*arguments, **options)
        except (outbound.Refused, outbound.Unreachable) as problem:
            raise SlackTrouble(str(problem)) from None
        try:
            said = json.loads(answer.body)
        except ValueError:
            said = None
        if answer.ok and isinstance(said, dict) and said.get("ok") is True:
            return said
        why = str(said.get("error", "")) if isinstance(said, dict) else ""
        passing = (
            answer.status == 429 or answer.status >= 500 or why in {"ratelimited", "internal_error", "fatal_error"}
        )
        raise SlackTrouble(why or f"HTTP {answer.status}", lasting=not passing)


SECRETS = ("signing_secret", "bot_token")
