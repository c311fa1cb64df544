"""Who signs in. One account, many teams; what a person does in a team is done by their Member."""

from typing import Any

from django.contrib.auth.models import AbstractBaseUser, BaseUserManager, PermissionsMixin
from django.core.validators import RegexValidator
from django.db import models
from django.db.models.functions import Lower
from django.utils.translation import gettext_lazy as _

from esa.environment import SettingError

SCREEN_NAME = r"[A-Za-z0-9_](?:[A-Za-z0-9_-]{0,37}[A-Za-z0-9_])?"


class UserManager(BaseUserManager["User"]):
    def create_user(self, email: str, password: str | None = None, **fields: Any) -> "User":
        user = self.model(email=self.normalize_email(email).lower(), **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def create_superuser(self, email: str, password: str | None = None, **fields: Any) -> "User":
        if not password:
            raise SettingError("An operator's account needs a password.")
        return self.create_user(email, password, is_staff=True, is_superuser=True, **fields)

    def get_by_natural_key(self, username: str | None) -> "User":
        return self.get(email__iexact=username)


class User(AbstractBaseUser, PermissionsMixin):
    class Theme(models.TextChoices):
        AUTO = "auto", _("As the device")
        LIGHT = "light", _("Light")
        DARK = "dark", _("Dark")

    email = models.EmailField(_("e-mail address"), max_length=254)
    screen_name = models.CharField(
        _("screen name"),
        max_length=39,
        validators=[
            RegexValidator(
                f"^{SCREEN_NAME}$", _("Use letters, digits, hyphens and underscores; begin and end without a hyphen.")
            )
        ],
        help_text=_("How others mention you: @name. Letters, digits, hyphens and underscores."),
    )
    name = models.CharField(_("name"), max_length=80)
    icon = models.FileField(_("icon"), upload_to="uploads/icons/", blank=True)
    language = models.CharField(_("language"), max_length=8, blank=True)
    time_zone = models.CharField(_("time zone"), max_length=64, default="Asia/Tokyo")
    theme = models.CharField(_("theme"), max_length=8, choices=Theme.choices, default=Theme.AUTO)
    is_active = models.BooleanField(default=True)
    is_staff = models.BooleanField(default=False)
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    objects = UserManager()

    USERNAME_FIELD = "email"
    REQUIRED_FIELDS = ["screen_name", "name"]

    class Meta:
        constraints = [
            models.UniqueConstraint(Lower("email"), name="one_account_per_email"),
            models.UniqueConstraint(Lower("screen_name"), name="one_account_per_screen_name"),
        ]

    def __str__(self) -> str:
        return self.name or self.screen_name

    def get_full_name(self) -> str:
        return self.name

    def get_short_name(self) -> str:
        return self.screen_name
