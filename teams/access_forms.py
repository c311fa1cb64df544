"""The rules of what people enter about access tokens, and owners about how far tokens get into their team."""

import re
import unicodedata
from datetime import timedelta
from typing import Any

from django import forms
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from teams import scopes
from teams.models import AccessPolicy, AccessToken, Member, Team, User

LIFETIMES = [("30", _("30 days")), ("90", _("90 days")), ("365", _("1 year")), ("", _("No end"))]
FINE = [(scope, scope) for scope in scopes.OFFERED]


class TeamsField(forms.ModelMultipleChoiceField):
    """Memberships, by the names of their teams."""

    def label_from_instance(self, member: Any) -> str:
        return str(member.team.name)


class LegacyTokenForm(forms.Form):
    """A token of the first generation: for all teams of the person."""

    name = forms.CharField(
        label=_("Name"), max_length=80, help_text=_("What it is for, for example “backup on my laptop”.")
    )
    scopes = forms.MultipleChoiceField(
        label=_("What it may do"),
        choices=[("read", _("Read everything that I read")), ("write", _("Write everything that I write"))],
        widget=forms.CheckboxSelectMultiple,
        initial=["read"],
    )
    lifetime = forms.ChoiceField(label=_("Ends after"), choices=LIFETIMES, required=False, initial="365")

    def make(self, user: User) -> tuple[AccessToken, str]:
        entered = self.cleaned_data
        return AccessToken.make(
            user, name=entered["name"], granted=entered["scopes"], expires_at=_end(entered["lifetime"])
        )


class FineTokenForm(forms.Form):
    """A token of the second generation: chosen rights in chosen teams, whose owners may have to approve it."""

    name = forms.CharField(
        label=_("Name"), max_length=80, help_text=_("What it is for; owners of the teams see it, too.")
    )
    scopes = forms.MultipleChoiceField(
        label=_("What it may do"),
        choices=FINE,
        widget=forms.CheckboxSelectMultiple,
        help_text=_("“write” includes “read”, “admin” includes both and lets it delete."),
    )
    teams = TeamsField(label=_("Teams"), queryset=Member.objects.none(), widget=forms.CheckboxSelectMultiple)
    reason = forms.CharField(
        label=_("Reason"),
        max_length=300,
        required=False,
        help_text=_("For teams whose owners approve tokens: what you need it for."),
    )
    lifetime = forms.ChoiceField(label=_("Ends after"), choices=LIFETIMES, required=False, initial="90")

    def __init__(self, user: User, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        teams = self.fields["teams"]
        assert isinstance(teams, TeamsField)  # noqa: S101  # for the type checker
        teams.queryset = user.memberships.active().for_display().order_by("team__name")

    def make(self, user: User) -> tuple[AccessToken, str]:
        entered = self.cleaned_data
        return AccessToken.make(
            user,
            name=entered["name"],
            granted=entered["scopes"],
            generation=AccessToken.Generation.V2,
            expires_at=_end(entered["lifetime"]),
            members=entered["teams"],
            reason=entered["reason"],
        )


class ApiControlForm(forms.ModelForm[Team]):
    """Which programs a team lets in at all."""

    class Meta:
        model = Team
        fields = ["legacy_api", "token_api"]
        widgets = {"legacy_api": forms.RadioSelect, "token_api": forms.RadioSelect}
        labels = {
            "legacy_api": _("Simple tokens and OAuth applications"),
            "token_api": _("Fine tokens"),
        }


class PolicyForm(forms.ModelForm[AccessPolicy]):
    """How far a fine token gets."""

    scopes = forms.MultipleChoiceField(
        label=_("Rights"),
        choices=FINE,
        widget=forms.CheckboxSelectMultiple,
        help_text=_("A token has those that it asks for and that are ticked here."),
    )
    categories = forms.CharField(
        label=_("Categories"),
        required=False,
        max_length=10_000,
        widget=forms.Textarea(attrs={"rows": 3, "spellcheck": "false"}),
        help_text=_("One to a line, each with everything below it. Posts elsewhere do not exist for the token."),
    )

    class Meta:
        model = AccessPolicy
        fields = ["name", "position", "scopes", "listed_only", "categories"]
        labels = {"listed_only": _("Deny everything but the categories below")}

    def clean_categories(self) -> list[str]:
        lines = re.split(r"[\r\n]+", self.cleaned_data["categories"])
        return list(dict.fromkeys(path for line in lines if (path := _path(line))))

    def clean(self) -> dict[str, Any]:
        entered = super().clean() or {}
        if entered.get("listed_only") and not entered.get("categories") and "categories" not in self.errors:
            self.add_error("categories", _("List at least one category, or untick the box above."))
        return entered

    def validate_unique(self) -> None:
        name = self.cleaned_data.get("name")
        if name and self.instance.team.access_policies.filter(name=name).exists():
            self.add_error("name", _("There is a policy of this name already."))


def _path(line: str) -> str:
    """A category as posts have it; the app above this one cleans theirs in the same way: no outer or double slashes, NFC."""
    parts = (part.strip() for part in unicodedata.normalize("NFC", line).split("/"))
    return "/".join(part for part in parts if part)[:255]


def _end(days: str) -> Any:
    return timezone.now() + timedelta(days=int(days)) if days else None
