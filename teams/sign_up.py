"""What signing up asks beside address and password. allauth builds its own forms on this one, so it is in a file of its own."""

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.http import HttpRequest
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from teams.models import User
from teams.models.user import time_zones


def free_screen_name(screen_name: str, *, of: User | None = None) -> str:
    """The name, unless somebody else has it, in whatever case."""
    others = User.objects.filter(screen_name__iexact=screen_name)
    if of and of.pk:
        others = others.exclude(pk=of.pk)
    if others.exists():
        raise ValidationError(_("This screen name is taken; choose another."), "taken")
    return screen_name


class SignUpFields(forms.Form):
    name = forms.CharField(
        label=_("Name"), max_length=80, widget=forms.TextInput(attrs={"autocomplete": "name", "class": "input"})
    )
    screen_name = forms.CharField(
        label=_("Screen name"),
        max_length=39,
        help_text=_("How others mention you: @name. Letters, digits, hyphens and underscores."),
        validators=User._meta.get_field("screen_name").validators,
        widget=forms.TextInput(attrs={"autocomplete": "username", "autocapitalize": "none", "spellcheck": "false"}),
    )
    # Filled in by the browser; without JavaScript the language has to be hint enough.
    time_zone = forms.CharField(required=False, widget=forms.HiddenInput(attrs={"data-controller": "time-zone"}))

    field_order = ["name", "screen_name", "email", "password1"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for field in self.fields.values():
            field.widget.attrs.pop("placeholder", None)  # the label says it

    def clean_screen_name(self) -> str:
        return free_screen_name(self.cleaned_data["screen_name"].strip())

    def describe(self, user: User, request: HttpRequest) -> None:
        """Put onto a new user what the form and the browser said."""
        language = (get_language() or "en").partition("-")[0]
        told = self.cleaned_data.get("time_zone", "")
        user.name, user.screen_name = self.cleaned_data["name"].strip(), self.cleaned_data["screen_name"]
        user.language = language
        user.time_zone = told if told in time_zones() else "Asia/Tokyo" if language == "ja" else "UTC"

    def signup(self, request: HttpRequest, user: User) -> None:
        """All is said before the first save; a row without a screen name cannot be."""
