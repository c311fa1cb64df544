"""Names in running text: `@alice`, `:@alice:`, `#12`, `/posts/12`, `:sushi:`."""

import html
import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from esa.markdown import emojis
from esa.markdown.links import LinkedPost, Links
from esa.markdown.seal import SEAL
from esa.markdown.urls import BEHIND_JAPANESE, post_number, refers_to, trimmed

_MEMBER_ICON = r":@(?P<icon>[A-Za-z0-9_][A-Za-z0-9_-]{0,63}):"
_EMOJI = rf"(?<![A-Za-z0-9]){emojis.CODE}"
_MENTION = r"(?<![A-Za-z0-9_/@.&+-])@(?P<member>[A-Za-z0-9_][A-Za-z0-9_-]{0,63})"
_POST = r"(?<![A-Za-z0-9_/&#])#(?P<post>[1-9][0-9]{0,8})(?![A-Za-z0-9_-])"
_PATH = (
    r"(?<![A-Za-z0-9_/.:?=&#%~-])/posts/(?P<path>[1-9][0-9]{0,8})(?P<rest>#[\w%-]++)?(?![A-Za-z0-9_/?-]|\.[A-Za-z0-9])"
)

NAMES = re.compile("|".join((_MEMBER_ICON, _EMOJI, _MENTION, _POST, _PATH, BEHIND_JAPANESE)))
# Inside a link nothing else may be a link.
IMAGES = re.compile("|".join((_MEMBER_ICON, _EMOJI)))


@dataclass
class Found:
    """What a text turned out to refer to, each in order of appearance."""

    mentions: dict[str, None] = field(default_factory=dict)
    references: dict[int, None] = field(default_factory=dict)
    broken: dict[int, None] = field(default_factory=dict)


@dataclass
class Wanted:
    """Names to look up."""

    base_url: str = ""
    posts: set[int] = field(default_factory=set)
    members: set[str] = field(default_factory=set)
    emoji: set[str] = field(default_factory=set)

    def add(self, match: re.Match[str]) -> None:
        names = match.groupdict()
        if code := names["emoji"]:
            self.emoji.add(code)
        elif name := names["icon"] or names.get("member"):
            self.members.update(_spellings(name))
        elif url := names["url"]:
            number = refers_to(trimmed(url), self.base_url)
            self.posts.update([number] if number else [])
        else:
            self.posts.add(int(names["post"] or names["path"]))


class Names:
    """Replaces names by HTML, as a team's links answer."""

    def __init__(self, links: Links, found: Found) -> None:
        self.links = links
        self.found = found

    def pieces(self, text: str, matches: list[re.Match[str]]) -> Iterator[tuple[str, bool]]:
        """The text cut up into (text, False) and (HTML, True)."""
        done = 0
        for match in matches:
            replaced = self.replaced(match)
            if replaced:
                string, is_html, length = replaced
                if match.start() > done:
                    yield text[done : match.start()], False
                yield string, is_html
                done = match.start() + length
        if done < len(text):
            yield text[done:], False

    def replaced(self, match: re.Match[str]) -> tuple[str, bool, int] | None:
        """What stands for a name, whether it is HTML, and how many characters of the text it replaces."""
        names = match.groupdict()
        whole = len(match[0])
        if code := names["emoji"]:
            return _with_length(self.emoji(code), whole)
        if name := names["icon"]:
            icon = self.icon(name)
            return (icon, True, whole) if icon else None
        if name := names["member"]:
            return self.mention(name)
        if url := names["url"]:
            address = trimmed(url)
            return self.link(address), True, len(address)
        if number := names["post"]:
            # Without such a post it is a colour, a rank or another system's number, and stays as it is.
            post = self.refer(int(number))
            return (dressed(post, post.url), True, whole) if post else None
        return self.address(int(names["path"]), match[0], names["rest"] or ""), True, whole

    def emoji(self, code: str) -> tuple[str, bool] | None:
        url = self.links.emoji(code)
        if url and "/" not in url:
            return url, False
        if url:
            name = html.escape(f":{code}:")
            return f'<img class="{SEAL}emoji" src="{html.escape(url)}" alt="{name}" title="{name}">', True
        character = emojis.UNICODE.get(code)
        return (character, False) if character else None

    def icon(self, screen_name: str) -> str | None:
        member = self.links.member(screen_name)
        if member is None or not member.icon_url:
            return None
        return (
            f'<img class="{SEAL}emoji {SEAL}member-icon" src="{html.escape(member.icon_url)}"'
            f' alt="{html.escape(member.screen_name)}" title="{html.escape(member.name)}">'
        )

    def mention(self, written: str) -> tuple[str, bool, int] | None:
        for name in _spellings(written):
            member = self.links.member(name)
            if member:
                self.found.mentions[member.screen_name] = None
                link = (
                    f'<a class="{SEAL}mention" href="{html.escape(member.url)}" title="{html.escape(member.name)}">'
                    f"@{html.escape(member.screen_name)}</a>"
                )
                return link, True, len(name) + 1
        return None

    def address(self, number: int, written: str, rest: str) -> str:
        """A post's path in running text: a link that shows the title, or a dead end that looks like one."""
        post = self.refer(number)
        if post is None:
            return f'<span class="{SEAL}post-ref {SEAL}broken">{html.escape(written)}</span>'
        return dressed(post, post.url + rest)

    def link(self, url: str) -> str:
        """An address in running text."""
        base_url = self.links.base_url
        number = refers_to(url, base_url)
        post = self.refer(number) if number else None
        exact = post_number(url, base_url)
        if number and exact:
            return dressed(post, post.url + exact[1]) if post else f"{opening(None, url)}{html.escape(url)}</a>"
        return f'<a href="{html.escape(url)}">{html.escape(url)}</a>'

    def refer(self, number: int) -> LinkedPost | None:
        self.found.references[number] = None
        post = self.links.post(number)
        if post is None:
            self.found.broken[number] = None
        return post


def opening(post: LinkedPost | None, url: str, title: str = "") -> str:
    """The start tag of a link to a post."""
    state = f" {SEAL}broken" if post is None else f" {SEAL}wip" if post.wip else ""
    hint = f' title="{html.escape(title)}"' if title else ""
    return f'<a class="{SEAL}post-ref{state}" href="{html.escape(url)}"{hint}>'


def dressed(post: LinkedPost, url: str) -> str:
    """A link that shows the title of its post."""
    return f"{opening(post, url)}{html.escape(label(post))}</a>"


def label(post: LinkedPost) -> str:
    return f"#{post.number}: {post.title}"


def _spellings(written: str) -> list[str]:
    """The names that `@alice_` can mean: all of it, or without what may belong to the sentence."""
    bare = written.rstrip("-_")
    return [written, bare] if bare and bare != written else [written]


def _with_length(replacement: tuple[str, bool] | None, length: int) -> tuple[str, bool, int] | None:
    return (*replacement, length) if replacement else None
