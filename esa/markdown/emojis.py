"""Emoji by their short codes: GitHub's names and the Unicode ones."""

import re

import emoji

CODE = r":(?P<emoji>[A-Za-z0-9_+-]{1,60}):"
CODES = re.compile(CODE)


def _by_code() -> dict[str, str]:
    named: dict[str, str] = {}
    aliases: dict[str, str] = {}
    for character, facts in emoji.EMOJI_DATA.items():
        if facts["status"] <= emoji.STATUS["fully_qualified"]:
            named[facts["en"].strip(":")] = character
            for alias in facts.get("alias", []):
                aliases.setdefault(alias.strip(":"), character)
    # Where a short code means one thing to GitHub and another to Unicode, people expect GitHub's.
    return named | aliases


UNICODE = _by_code()
