"""Addresses in a text: which are posts, which are videos, and where an address ends before Japanese text."""

import re

# Only what people paste: the address of a post, its comment or heading; a revision's address is not the post.
_POST = re.compile(r"/posts/(?P<number>[1-9][0-9]{0,8})/?(?P<rest>(?:[?#].*)?)", re.DOTALL)
_BELOW_POST = re.compile(r"/posts/(?P<number>[1-9][0-9]{0,8})(?=[/?#]|$)")

_YOUTUBE = re.compile(
    r"https://(?:www\.youtube\.com/watch\?(?:[^#]*&)?v=|www\.youtube\.com/shorts/|youtu\.be/)(?P<id>[\w-]{11})(?=[?&#]|$)",
    re.ASCII,
)
_START = re.compile(r"[?&](?:t|start)=(\d{1,6})s?(?=[&#]|$)")

_SCHEME = re.compile(r"(?:[a-z]+://)?[^/?#]*", re.IGNORECASE)
_PUNCTUATION = "\u3000-\u3004\u3008-\u3020\u30fb\uff01-\uff0f\uff1a-\uff20\uff3b-\uff40\uff5b-\uff65"
_WIDE = "\u3005-\u3007\u3021-\u30ff\u3400-\u9fff\uf900-\ufaff\uff10-\uff19\uff21-\uff3a\uff41-\uff5a\uff66-\uff9f"
# Where a sentence goes on: at punctuation, at を (a particle, never part of a name), at Japanese right behind other
# letters (`/fooを`, `/foo参照`), and at hiragana where a name could begin (`/を`); `/wiki/東京` is a name.
_GOES_ON = re.compile(
    rf"[{_PUNCTUATION}を]|(?<=[A-Za-z0-9])[{_WIDE}]|(?<=[/=#?&_+.~-])[\u3041-\u309f]",
)


# An address right behind Japanese text, which GFM does not see.
BEHIND_JAPANESE = rf"(?<=[{_PUNCTUATION}{_WIDE}])(?P<url>https?://[A-Za-z0-9][^\s<>\"`\u3000]*+)"
_TRAILING = "?!.,:*_~"


def post_number(url: str, base_url: str) -> tuple[int, str] | None:
    """The number of the post that `url` is the address of, and the fragment or query behind it."""
    match = _POST.fullmatch(_local(url, base_url))
    return (int(match["number"]), match["rest"]) if match else None


def refers_to(url: str, base_url: str) -> int | None:
    """The number of the post that `url` leads to or below."""
    match = _BELOW_POST.match(_local(url, base_url))
    return int(match["number"]) if match else None


def youtube(url: str) -> tuple[str, int] | None:
    """Video and second of a YouTube address."""
    match = _YOUTUBE.match(url)
    if not match:
        return None
    start = _START.search(url)
    return match["id"], int(start[1]) if start else 0


def end_of_url(url: str) -> int:
    """Where an address that stands in running text ends, if Japanese text follows it without a space."""
    host = _SCHEME.match(url)
    in_host = re.search(rf"[{_PUNCTUATION}{_WIDE}]", url[: host.end()]) if host else None
    if in_host and in_host.start() and url[in_host.start() - 1].isalnum():
        return in_host.start()
    goes_on = _GOES_ON.search(url, host.end() if host else 0)
    return goes_on.start() if goes_on else len(url)


def trimmed(url: str) -> str:
    """An address in running text without what belongs to the sentence, as GFM reads it."""
    url = url[: end_of_url(url)].rstrip(_TRAILING)
    while url.endswith(")") and url.count(")") > url.count("("):
        url = url[:-1].rstrip(_TRAILING)
    return url


def _local(url: str, base_url: str) -> str:
    if base_url and url.startswith(base_url.rstrip("/") + "/"):
        return url[len(base_url.rstrip("/")) :]
    return url
