"""The rules of what people enter about themselves, their team and whom they invite; pages and the API go through these."""

import re
from typing import Any, ClassVar

from allauth.account.forms import (
    AddEmailForm,
    ChangePasswordForm,
    LoginForm,
    ReauthenticateForm,
    ResetPasswordForm,
    ResetPasswordKeyForm,
    SetPasswordForm,
    SignupForm,
)
from allauth.account.models import EmailAddress
from django import forms
from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import transaction
from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext
from PIL.Image import Image

from teams.models import Group, Member, Preference, Slack, Team, User, Webhook
from teams.models.icon import FORMATS, decode
from teams.models.notification import WEEKLY, Email, Kind
from teams.models.user import time_zones
from teams.models.webhook import KINDS, validate_url
from teams.oauth import check_redirect
from teams.sign_up import free_screen_name

MAX_INVITATIONS = 100


# --- Signing in and up ------------------------------------------------------------------------------------------------


class Plain(forms.Form):
    """allauth repeats every label in its field; here the label is enough."""

    NAMES: ClassVar[dict[str, Any]] = {"login": _("E-mail address"), "email": _("E-mail address")}
    HELP: ClassVar[dict[str, Any]] = {
        "password1": _("At least 8 characters; longer is better."),
        "password": "",
        "oldpassword": "",
    }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name, field in self.fields.items():
            field.widget.attrs.pop("placeholder", None)
            field.label = self.NAMES.get(name, field.label)
            field.help_text = self.HELP.get(name, field.help_text)


class SignInForm(Plain, LoginForm):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["remember"].label = _("Stay signed in on this device")
        self.fields["remember"].initial = True


class SignUpForm(Plain, SignupForm):
    pass


class ForgottenPasswordForm(Plain, ResetPasswordForm):
    pass


class NewPasswordForm(Plain, ResetPasswordKeyForm):
    pass


class OtherPasswordForm(Plain, ChangePasswordForm):
    pass


class FirstPasswordForm(Plain, SetPasswordForm):
    pass


class AgainForm(Plain, ReauthenticateForm):
    pass


class ChangeEmailForm(Plain, AddEmailForm):
    @transaction.atomic
    def save(self, request: HttpRequest) -> EmailAddress:
        """allauth drops an address that was never confirmed as soon as another is asked for, and leaves the account with
        none. Ours always has one: the new one, or the old one if the new one is somebody else's."""
        user = User.objects.get(pk=self.user.pk)
        address: EmailAddress = super().save(request)
        taken = User.objects.filter(email__iexact=address.email).exists()
        User.objects.filter(pk=user.pk, email="").update(email=user.email if taken else address.email)
        return address


# --- Pictures ---------------------------------------------------------------------------------------------------------


class PictureInput(forms.FileInput):
    """A plain file field: what is there already is shown beside it, and removed by a box of its own."""


class PictureField(forms.FileField):
    """A picture as Pillow read it; what cannot be read says so."""

    widget = PictureInput(attrs={"accept": ",".join(f"image/{name.lower()}" for name in FORMATS)})

    def clean(self, data: Any, initial: Any = None) -> Image | None:
        upload = super().clean(data, None)
        return decode(upload, upload.size) if upload else None


# --- One's own account ------------------------------------------------------------------------------------------------


class ProfileForm(forms.ModelForm[User]):
    picture = PictureField(
        label=_("Icon"), required=False, help_text=_("PNG, JPEG, WebP or GIF, up to 5 MB; cut to a square.")
    )
    drop_icon = forms.BooleanField(label=_("Remove the icon"), required=False)
    language = forms.ChoiceField(label=_("Language"), choices=settings.LANGUAGES)

    class Meta:
        model = User
        fields = ["name", "screen_name", "language", "time_zone", "theme"]
        widgets = {
            "name": forms.TextInput(attrs={"autocomplete": "name"}),
            "screen_name": forms.TextInput(
                attrs={"autocomplete": "username", "autocapitalize": "none", "spellcheck": "false"}
            ),
            "time_zone": forms.TextInput(attrs={"list": "time-zones", "autocomplete": "off"}),
            "theme": forms.RadioSelect,
        }
        help_texts = {"time_zone": _("Type a city, for example Tokyo.")}

    field_order = ["name", "screen_name", "picture", "drop_icon", "language", "time_zone", "theme"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not self.instance.icon:
            del self.fields["drop_icon"]

    def time_zones(self) -> list[str]:
        """For the list that the field searches."""
        return time_zones()

    def clean_screen_name(self) -> str:
        return free_screen_name(self.cleaned_data["screen_name"], of=self.instance)

    def clean_time_zone(self) -> str:
        """`Tokyo` will do, as long as one zone only is meant."""
        zone: str = self.cleaned_data["time_zone"].strip()
        meant = [name for name in time_zones() if name.lower().rpartition("/")[2] == zone.lower().replace(" ", "_")]
        return meant[0] if len(meant) == 1 else zone

    def save(self, commit: bool = True) -> User:
        if picture := self.cleaned_data.get("picture"):
            self.instance.icon.draw(picture)
        elif self.cleaned_data.get("drop_icon"):
            self.instance.icon.erase()
        return super().save(commit)


class ThemeForm(forms.ModelForm[User]):
    class Meta:
        model = User
        fields = ["theme"]


class ConfirmationForm(forms.Form):
    """Asks for a name to be typed before something that cannot be taken back."""

    confirmation = forms.CharField(
        widget=forms.TextInput(attrs={"autocomplete": "off", "autocapitalize": "none", "spellcheck": "false"})
    )

    def __init__(self, *args: Any, expected: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.expected = expected
        self.fields["confirmation"].label = _("Type “%(name)s” to confirm") % {"name": expected}

    def clean_confirmation(self) -> str:
        typed: str = self.cleaned_data["confirmation"].strip()
        if typed != self.expected:
            raise ValidationError(_("That is not “%(name)s”."), "different", {"name": self.expected})
        return typed


# --- Teams ------------------------------------------------------------------------------------------------------------


class TeamForm(forms.ModelForm[Team]):
    class Meta:
        model = Team
        fields = ["name", "description", "privacy"]
        widgets = {
            "name": forms.TextInput(
                attrs={"class": "input", "autocomplete": "off", "autocapitalize": "none", "spellcheck": "false"}
            ),
            "privacy": forms.RadioSelect,
        }
        labels = {"name": _("Address"), "description": _("Description"), "privacy": _("Who may read")}
        help_texts = {
            "name": _("2 to 32 lower-case letters, digits and hyphens. The address cannot be changed later."),
            "description": _("What this team is about, in a sentence."),
        }
        error_messages = {"name": {"unique": _("This address is taken; choose another.")}}

    def clean_name(self) -> str:
        name: str = self.cleaned_data["name"]
        return name.strip().lower()

    def found(self, *, by: User) -> Team:
        return Team.found(by=by, **self.cleaned_data)


class TeamSettingsForm(forms.ModelForm[Team]):
    picture = PictureField(
        label=_("Icon"), required=False, help_text=_("PNG, JPEG, WebP or GIF, up to 5 MB; cut to a square.")
    )
    drop_icon = forms.BooleanField(label=_("Remove the icon"), required=False)

    class Meta:
        model = Team
        fields = ["description"]
        labels = {"description": _("Description")}
        help_texts = {"description": _("What this team is about, in a sentence.")}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not self.instance.icon:
            del self.fields["drop_icon"]

    def apply(self, *, by: Member) -> None:
        """What was entered, by the team's own verb."""
        entered = self.cleaned_data
        by.team.describe(
            by=by,
            description=entered["description"],
            picture=entered.get("picture"),
            drop_icon=entered.get("drop_icon", False),
        )


class PrivacyForm(forms.Form):
    privacy = forms.ChoiceField(label=_("Who may read"), choices=Team.Privacy.choices, widget=forms.RadioSelect)
    understood = forms.BooleanField(
        label=_("I understand that everybody on the internet can then read every shipped post."), required=False
    )

    def clean(self) -> dict[str, Any]:
        entered = super().clean() or {}
        if entered.get("privacy") == Team.Privacy.OPEN and not entered.get("understood"):
            self.add_error("understood", _("Tick the box to open the team to the world."))
        return entered


class FilesForm(forms.Form):
    members_only_files = forms.TypedChoiceField(
        label=_("Who may fetch uploaded files"),
        choices=[
            ("False", _("Everybody who has the address of a file; nobody can guess one")),
            ("True", _("Members only; programs and shared posts get addresses that work for a while")),
        ],
        coerce=lambda value: value == "True",
        widget=forms.RadioSelect,
        help_text=_("Holds for what is uploaded from now on; files that are there stay as they are."),
    )


class ApplicationForm(forms.Form):
    name = forms.CharField(label=_("Name"), max_length=80, help_text=_("People see it when they are asked."))
    redirect_uris = forms.CharField(
        label=_("Redirect addresses"),
        max_length=4000,
        widget=forms.Textarea(attrs={"rows": 3, "autocapitalize": "none", "spellcheck": "false"}),
        help_text=_("One to a line: https, or http on localhost; urn:ietf:wg:oauth:2.0:oob shows the code instead."),
    )

    def clean_redirect_uris(self) -> list[str]:
        uris: list[str] = self.cleaned_data["redirect_uris"].split()
        for uri in uris:
            check_redirect(uri)
        return uris


class RoleForm(forms.Form):
    role = forms.ChoiceField(choices=Member.Role.choices)


class InvitationForm(forms.Form):
    emails = forms.CharField(
        label=_("E-mail addresses"),
        help_text=_("One to a line, or separated by commas; up to 100 at once."),
        max_length=30_000,
        widget=forms.Textarea(attrs={"rows": 4, "autocapitalize": "none", "spellcheck": "false", "inputmode": "email"}),
    )

    def clean_emails(self) -> list[str]:
        """The addresses, each once; `Ann <ann@example.com>` as mail programs copy it is understood."""
        parts = re.split(r"[,;\s]+", re.sub(r"[^,;\n<]*<([^>\n]*)>", r"\1", self.cleaned_data["emails"]))
        emails = list(dict.fromkeys(part.lower() for part in parts if part))
        if len(emails) > MAX_INVITATIONS:
            raise ValidationError(
                _("At most 100 addresses at once; you gave %(count)s."), "many", {"count": len(emails)}
            )
        wrong = [email for email in emails if not _is_address(email)]
        if wrong:
            message = ngettext(
                "This is not an e-mail address: %(list)s", "These are not e-mail addresses: %(list)s", len(wrong)
            )
            raise ValidationError(message, "invalid", {"list": ", ".join(wrong[:5])})
        return emails


def _is_address(text: str) -> bool:
    try:
        validate_email(text)
    except ValidationError:
        return False
    return len(text) <= 254


class GroupForm(forms.Form):
    """A group as members enter it; the model checks its name."""

    name = forms.CharField(
        label=_("Name"),
        max_length=40,
        help_text=_("How texts call the group: @name. Letters, digits, hyphens and underscores. It stays as it is."),
        widget=forms.TextInput(attrs={"autocapitalize": "none", "autocomplete": "off", "spellcheck": "false"}),
    )
    description = forms.CharField(label=_("Description"), max_length=200, required=False)
    everybody = forms.BooleanField(label=_("Everybody in the team, also who joins later"), required=False)
    members = forms.CharField(
        label=_("Members"),
        max_length=50_000,
        required=False,
        help_text=_("Screen names, one to a line or with spaces between them: @alice @bob"),
        widget=forms.Textarea(attrs={"rows": 3, "autocapitalize": "none", "spellcheck": "false"}),
    )

    def __init__(self, *args: Any, team: Team, instance: Group | None = None, owner: bool, **kwargs: Any) -> None:
        if instance:
            listed = " ".join(f"@{member.handle}" for member in instance.people.for_display().order_by("pk"))
            start = {"description": instance.description, "everybody": instance.everybody}
            kwargs["initial"] = start | {"members": "" if instance.everybody else listed}
        super().__init__(*args, **kwargs)
        self.team = team
        if instance:
            del self.fields["name"]
        if not owner:
            # Who may not decide it keeps it as it is.
            self.fields["everybody"].disabled = True
            self.fields["everybody"].widget = forms.HiddenInput()
        suggest = {"data-controller": "mention", "data-url": reverse("completions", args=["people"])}
        self.fields["members"].widget.attrs.update(suggest | {"data-names": _("Members")})

    def clean_name(self) -> str:
        return str(self.cleaned_data["name"]).strip().removeprefix("@").lower()

    def clean_members(self) -> list[Member]:
        names = {name.removeprefix("@").lower() for name in re.split(r"[\s,、]+", self.cleaned_data["members"]) if name}
        members = list(self.team.members.active().select_related("user"))
        found = [member for member in members if member.handle.lower() in names]
        unknown = sorted(names - {member.handle.lower() for member in found})
        if unknown:
            message = ngettext("Nobody here is called %(names)s.", "Nobody here is called: %(names)s.", len(unknown))
            raise ValidationError(message, "unknown", {"names": ", ".join(f"@{name}" for name in unknown[:5])})
        return found


# --- What is told, and where ------------------------------------------------------------------------------------------


class WebhookForm(forms.Form):
    """A webhook as owners enter it; the model checks the rest."""

    name = forms.CharField(
        label=_("Name"), max_length=80, help_text=_("What you call it, for example the channel it goes to.")
    )
    format = forms.ChoiceField(label=_("Format"), choices=Webhook.Format.choices)
    url = forms.CharField(
        label=_("Address"),
        max_length=2000,
        validators=[validate_url],
        widget=forms.URLInput,
        help_text=_("Where the requests go. It must be reachable on the public internet."),
    )
    secret = forms.CharField(
        label=_("Secret"),
        max_length=200,
        required=False,
        help_text=_("Generic: signs every request (X-Esa-Signature). Chatwork: the API token."),
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
    )
    kinds = forms.MultipleChoiceField(
        label=_("What it hears of"), choices=list(KINDS.items()), widget=forms.CheckboxSelectMultiple
    )
    category = forms.CharField(
        label=_("Category"),
        max_length=300,
        required=False,
        help_text=_("Only posts in this category and below it, for example dev/release."),
    )
    tag = forms.CharField(label=_("Tag"), max_length=50, required=False, help_text=_("Only posts with this tag."))
    query = forms.CharField(
        label=_("Search query"),
        max_length=500,
        required=False,
        help_text=_("Only posts that a search for this finds, for example kind:stock -in:minutes."),
    )

    def __init__(self, *args: Any, instance: Webhook | None = None, **kwargs: Any) -> None:
        start = {name: getattr(instance, name) for name in self.base_fields} if instance else {"kinds": list(KINDS)}
        kwargs["initial"] = start | kwargs.get("initial", {})
        super().__init__(*args, **kwargs)

    def clean_category(self) -> str:
        return str(self.cleaned_data["category"]).strip().strip("/")

    def clean_tag(self) -> str:
        return str(self.cleaned_data["tag"]).strip().removeprefix("#")


class SlackForm(forms.Form):
    """The team's Slack app; secrets are entered and never shown again."""

    signing_secret = forms.CharField(label=_("Signing secret"), max_length=200)
    bot_token = forms.CharField(label=_("Bot token"), max_length=500, help_text=_("It begins with xoxb-."))
    unfurls = forms.BooleanField(
        label=_("Show titles and first lines of posts in Slack"),
        required=False,
        help_text=_("Whoever is in the channel sees them, also people who are not in this team."),
    )

    def __init__(self, *args: Any, instance: Slack | None = None, **kwargs: Any) -> None:
        kwargs["initial"] = {"unfurls": bool(instance and instance.unfurls)}
        super().__init__(*args, **kwargs)
        for name in ("signing_secret", "bot_token"):
            hidden = {"autocomplete": "off", "spellcheck": "false"}
            self.fields[name].widget = forms.PasswordInput(
                attrs=hidden | ({"placeholder": _("unchanged")} if instance else {})
            )
            self.fields[name].required = instance is None

    def clean_bot_token(self) -> str:
        token = str(self.cleaned_data["bot_token"]).strip()
        if token and not re.fullmatch(r"xoxb-[A-Za-z0-9-]+", token):
            raise ValidationError(_("This is not a bot token: it begins with xoxb-."), "token")
        return token


class PreferencesForm(forms.Form):
    """Per kind: shown in esa, and mail."""

    def __init__(self, user: User, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.user = user
        holds = Preference.of([user])[user.pk]
        for kind in Kind:
            shown, mail = holds[kind]
            self.fields[f"{kind}_in_app"] = forms.BooleanField(label=kind.label, required=False, initial=shown)
            self.fields[f"{kind}_email"] = forms.ChoiceField(label=kind.label, choices=Email.choices, initial=mail)
        self.fields["weekly"] = forms.BooleanField(
            label=_("On Mondays, mail me what happened in my teams"),
            required=False,
            initial=holds[WEEKLY][1] != Email.NONE,
        )

    def rows(self) -> "list[tuple[Any, forms.BoundField, forms.BoundField]]":
        return [(kind.label, self[f"{kind}_in_app"], self[f"{kind}_email"]) for kind in Kind]

    @transaction.atomic
    def save(self) -> None:
        entered = self.cleaned_data
        for kind in Kind:
            Preference.choose(self.user, kind, in_app=entered[f"{kind}_in_app"], email=entered[f"{kind}_email"])
        Preference.choose(self.user, WEEKLY, in_app=False, email=Email.NOW if entered["weekly"] else Email.NONE)
