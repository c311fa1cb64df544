"""A team's names for the tests of this package: two members, a few posts, one emoji of its own."""

from esa.markdown import LinkedMember, LinkedPost

NASTY = '<b onclick="window.ran=1">題</b>'

MEMBERS = {
    "alice": LinkedMember("alice", "Alice & Co", "/members/alice", "/icons/alice.png"),
    "bob_": LinkedMember("bob_", "Bob", "/members/bob_", "/icons/bob.png"),
}
POSTS = {
    1: LinkedPost(1, "README", "/posts/1"),
    12: LinkedPost(12, "設計/認証", "/posts/12"),
    13: LinkedPost(13, "日報/2026/11/23/alice", "/posts/13", wip=True),
    66: LinkedPost(66, NASTY, "/posts/66"),
}


class Docs:
    """The links of the team docs; it remembers what it was asked to prepare."""

    base_url = "https://docs.esa.example"

    def __init__(self) -> None:
        self.prepared: list[tuple[set[int], set[str], set[str]]] = []

    def prepare(self, *, posts: set[int], members: set[str], emoji: set[str]) -> None:
        self.prepared.append((posts, members, emoji))

    def post(self, number: int) -> LinkedPost | None:
        assert number in self.prepared[-1][0]
        return POSTS.get(number)

    def member(self, screen_name: str) -> LinkedMember | None:
        assert screen_name in self.prepared[-1][1]
        return MEMBERS.get(screen_name)

    def emoji(self, code: str) -> str | None:
        assert code in self.prepared[-1][2]
        return "/emoji/ppap.png" if code == "ppap" else None

    def is_attachment(self, url: str) -> bool:
        return url.startswith(("/attachments/", "https://files.esa.example/"))
