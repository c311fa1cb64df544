"""What a token may do, in words: `read` and `write` of the first generation, `ACTION:RESOURCE` of the second."""

from collections.abc import Iterable

LEGACY = ("read", "write")
RESOURCES = (
    "post",
    "comment",
    "category",
    "tag",
    "attachment",
    "member",
    "team",
    "user",
    "invitation",
    "emoji",
    "feedback",
)
ACTIONS = ("read", "write", "admin")  # each holds those before it
# Words that existing programs ask for: a finer cut out of the ones above.
FINER = {"delete:post": "admin:post", "delete:comment": "admin:comment", "read:revision": "read:post"}
FINE = (*(f"{action}:{resource}" for resource in RESOURCES for action in ACTIONS), *FINER)

OFFERED = (
    "read:post",
    "write:post",
    "admin:post",
    "read:comment",
    "write:comment",
    "admin:comment",
    "read:category",
    "write:category",
    "read:tag",
    "read:attachment",
    "write:attachment",
    "read:member",
    "admin:member",
    "read:team",
    "read:user",
    "read:invitation",
    "admin:invitation",
    "read:emoji",
    "write:emoji",
    "admin:emoji",
    "write:feedback",
)
"""Those that make a difference today, for people to choose from; the others are understood, too."""


class UnknownScope(ValueError):
    """A scope that nobody knows, or one of each generation together; nothing is granted then."""


def parse(text: str | Iterable[str]) -> frozenset[str]:
    """Read `read write` or a list. One word that is unknown spoils all, so that no word lets others in."""
    words = text.split() if isinstance(text, str) else list(text)
    scopes = frozenset(words)
    if not scopes or not (scopes <= set(LEGACY) or scopes <= set(FINE)):
        raise UnknownScope(" ".join(sorted(scopes - set(LEGACY) - set(FINE))) or " ".join(sorted(scopes)))
    return scopes


def covers(granted: Iterable[str], wanted: str) -> bool:
    """Whether what was granted lets somebody do `wanted`, which is `ACTION:RESOURCE` or one of the finer words."""
    held = set(granted)
    if wanted in held:
        return True
    action, _colon, resource = FINER.get(wanted, wanted).partition(":")
    if ("read" if action == "read" else "write") in held:
        return True
    return any(f"{higher}:{resource}" in held for higher in ACTIONS[ACTIONS.index(action) :])


def reading(granted: Iterable[str]) -> frozenset[str]:
    """What is left of scopes where a team lets programs only read."""
    left = set()
    for scope in granted:
        action, _colon, resource = scope.partition(":")
        if scope == "read" or action == "read":
            left.add(scope)
        elif action in ACTIONS and resource in RESOURCES:
            left.add(f"read:{resource}")
    return frozenset(left)
