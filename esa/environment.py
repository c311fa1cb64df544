"""Reads the process environment strictly: a wrong value is named in one sentence and nothing starts."""

import os
from ipaddress import ip_network
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import environ
from django.core.exceptions import ImproperlyConfigured


class SettingError(ImproperlyConfigured):
    """A setting that is missing or malformed; entrypoint.sh turns it into exit code 78."""


KNOWN: set[str] = set()
"""Every name that was asked for, so that `manage.py preflight` can point at unknown ones."""


def text(name: str, default: str = "") -> str:
    """The variable, or the content of the file that `NAME_FILE` names (a mounted secret)."""
    KNOWN.update({name, f"{name}_FILE"})
    if path := os.environ.get(f"{name}_FILE"):
        try:
            return Path(path).read_text(encoding="utf-8").strip()
        except OSError as problem:
            raise SettingError(f"{name}_FILE names {path}, which cannot be read ({problem.strerror}).") from None
    return os.environ.get(name, default).strip()


def export(name: str) -> None:
    """For a library that reads the environment by itself, and knows no `NAME_FILE`."""
    if value := text(name):
        os.environ[name] = value


def flag(name: str, *, default: bool = False) -> bool:
    value = text(name, "1" if default else "0").lower()
    if value in {"1", "true", "yes", "on"}:
        return True
    if value in {"0", "false", "no", "off", ""}:
        return False
    raise SettingError(f"{name} must be 1 or 0, not {value!r}.")


def number(name: str, default: int, *, least: int = 0, most: int = 10**9) -> int:
    value = text(name) or str(default)
    if not value.lstrip("-").isdecimal() or not least <= int(value) <= most:
        raise SettingError(f"{name} must be a whole number from {least} to {most}, not {value!r}.")
    return int(value)


def choice(name: str, default: str, allowed: tuple[str, ...]) -> str:
    value = text(name) or default
    if value not in allowed:
        raise SettingError(f"{name} must be one of {', '.join(allowed)}, not {value!r}.")
    return value


def words(name: str, default: str = "") -> list[str]:
    """A list separated by commas or spaces."""
    return (text(name) or default).replace(",", " ").split()


def networks(name: str) -> list[str]:
    """A list such as `10.0.0.0/8, fd00::/8`."""
    values = words(name)
    for value in values:
        try:
            ip_network(value)
        except ValueError:
            raise SettingError(f"{name} must list networks such as 10.0.0.0/8; {value!r} is none.") from None
    return values


def database(name: str) -> dict[str, Any]:
    value = text(name)
    if not value:
        raise SettingError(
            f"{name} is not set; give a PostgreSQL address such as postgres://user:password@host:5432/esa."
        )
    if urlsplit(value).scheme not in {"postgres", "postgresql"}:
        raise SettingError(f"{name} must begin with postgres://; esa runs on PostgreSQL only.")
    try:
        return dict(environ.Env.db_url_config(value))
    except ValueError as problem:
        raise SettingError(f"{name} is not a database address: {problem}.") from None


def url(name: str, default: str, schemes: tuple[str, ...]) -> str:
    value = text(name) or default
    if value and urlsplit(value).scheme not in schemes:
        raise SettingError(f"{name} must begin with {' or '.join(f'{s}://' for s in schemes)}.")
    return value
