"""What is found, in which order, how many, and by whom."""

import datetime
import random
from operator import eq, ge, gt, le, lt

import pytest
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from posts.models import Post, PostSearch
from posts.scoping import visible_posts
from posts.search import query as q
from posts.search import results
from posts.search.text import needle, norm, pattern
from posts.tests.search.asking import Ask, request_of
from teams.models import Member, Team


def write(by: Member, name: str, **fields: object) -> Post:
    return Post.write(by=by, name=name, **fields)  # type: ignore[arg-type]


def names(found: results.Results) -> list[str]:
    return [post.name for post in found.posts]


@pytest.fixture
def library(alice: Member, bob: Member) -> dict[str, Post]:
    """A few posts that differ in everything one can ask for."""
    posts = {
        "minutes": write(
            alice,
            "定例会議",
            category="議事録/2026/01/02",
            tags=["定例", "Infra"],
            body_md="# 決定\n\n**ECS 移行**を決めた。\n\n- [x] a\n- [ ] b\n- [ ] c",
            wip=False,
            at=datetime.datetime(2026, 1, 2, tzinfo=datetime.UTC),
        ),
        "guide": write(
            bob,
            "PostgreSQL guide",
            category="Dev/DB",
            tags=["db"],
            body_md="# Backup\n\nUse pg_dump. サーバーを止めない。",
            wip=False,
            at=datetime.datetime(2025, 6, 15, tzinfo=datetime.UTC),
        ),
        "draft": write(
            bob,
            "Draft of a plan",
            category="Dev",
            body_md="会議で話す",
            at=datetime.datetime(2026, 1, 20, tzinfo=datetime.UTC),
        ),
        "old": write(
            alice,
            "Old notes",
            category="Archived/Dev",
            tags=["infra"],
            body_md="ecs",
            wip=False,
            at=datetime.datetime(2020, 2, 29, tzinfo=datetime.UTC),
        ),
        "loose": write(
            alice,
            "README",
            body_md="welcome 100%",
            wip=False,
            at=datetime.datetime(2026, 1, 10, tzinfo=datetime.UTC),
        ),
    }
    posts["guide"].star(by=alice)
    posts["guide"].star(by=bob)
    posts["minutes"].star(by=bob)
    posts["draft"].watch(by=alice)
    posts["loose"].comment(by=bob, body_md="素晴らしいページ")
    return posts


OPERATORS = [
    ("", "minutes guide draft old loose"),
    ("会議", "minutes draft"),
    ("会", "minutes draft"),
    ("ECS移行", "minutes"),
    ("ecs", "minutes old"),
    ("gresql", "guide"),
    ("postg", "guide"),
    ("サーバ", "guide"),
    ("さーばー", "guide"),
    ("pg_dump", "guide"),
    ('"Draft of a"', "draft"),
    ("draft plan", "draft"),
    ("素晴らしい", "loose"),
    ("１００％", "loose"),
    ("infra", "minutes old"),
    ("議事録/2026/01/02/定例会議", "minutes"),
    ("会議 OR guide", "minutes guide draft"),
    ("会議 -wip:true", "minutes"),
    ("-会議", "guide old loose"),
    ("-(会議 OR ecs)", "guide loose"),
    ("in:議事録 guide OR ecs", "minutes old"),
    ("in:議事録 (guide OR ecs)", "minutes"),
    ("name:会議", "minutes"),
    ("title:postgresql", "guide"),
    ("title:go", ""),
    ("title:gu", "guide"),
    ("full_name:dev/db/post", "guide"),
    ("full_name:readme", "loose"),
    ("body:会議", "draft"),
    ("body:定例", ""),
    ("comment:素晴", "loose"),
    ("comment:welcome", ""),
    ("body:素晴", ""),
    ("category:db", "guide"),
    ("category:de", "guide draft old"),
    ("in:Dev", "guide draft"),
    ("in:dev/", "guide draft"),
    ("in:De", ""),
    ("on:Dev", "draft"),
    ("on:/", "loose"),
    ('on:""', "loose"),
    ("-in:Dev", "minutes old loose"),
    ("#infra", "minutes old"),
    ("tag:INFRA", "minutes old"),
    ("case_sensitive:true #Infra", "minutes"),
    ("-#infra", "guide draft loose"),
    ("@bob", "guide draft"),
    ("user:BOB -wip:true", "guide"),
    ("updated_by:alice", "minutes old loose"),
    ("@nobody", ""),
    ("-@nobody", "minutes guide draft old loose"),
    ("wip:true", "draft"),
    ("wip:false", "minutes guide old loose"),
    ("kind:flow", "minutes"),
    ("kind:stock", "guide draft old loose"),
    ("starred:true", "guide"),
    ("starred:false", "minutes draft old loose"),
    ("watched:true", "minutes draft old loose"),
    ("watched_by:bob", "guide draft loose"),
    ("stars:2", "guide"),
    ("stars:>0", "minutes guide"),
    ("stars:<1", "draft old loose"),
    ("comments:>=1", "loose"),
    ("watches:2", "draft loose"),
    ("done:1", "minutes"),
    ("undone:>1", "minutes"),
    ("number:1", "minutes"),
    ("number:>=4", "old loose"),
    ("2", "minutes guide"),
    ("created:2026", "minutes draft loose"),
    ("created:2026-01-02", "minutes"),
    ("created:>2026-01-02", "draft loose"),
    ("created:>2025-06", "minutes draft loose"),
    ("created:>=2025-06", "minutes guide draft loose"),
    ("created:<2025-06", "old"),
    ("created:<=2025-06", "guide old"),
    ("updated:2020-02-29", "old"),
    ("stale:>5y", "old"),
    ("-stale:>5y", "minutes guide draft loose"),
    ("sharing:true", ""),
    ("foo:bar", ""),
    ("(会議", "minutes draft"),
    ("stars:many 会議", "minutes draft"),
    ("***", ""),
    ("100% ' \\ ; -- {} %s", ""),
]


def test_every_operator(library: dict[str, Post], ask: Ask) -> None:
    """One library for the whole table, for making it takes longer than asking."""
    by_pk = {post.pk: name for name, post in library.items()}
    for source, found in OPERATORS:
        answer = ask(source)
        assert {by_pk[post.pk] for post in answer.posts} == set(found.split()), source
        assert (answer.total, answer.capped) == (len(found.split()), False), source


ORDERS = [
    ("updated-desc", "draft loose minutes guide old"),
    ("updated-asc", "old guide minutes loose draft"),
    ("created-desc", "draft loose minutes guide old"),
    ("created-asc", "old guide minutes loose draft"),
    ("stars-desc", "guide minutes draft loose old"),
    ("watches-desc", "draft loose minutes guide old"),
    ("comments-desc", "loose draft minutes guide old"),
    ("number-desc", "loose old draft guide minutes"),
    ("number-asc", "minutes guide draft old loose"),
    ("name-asc", "draft old guide loose minutes"),
    ("full_name-asc", "loose old draft guide minutes"),
]


def test_every_order_with_and_without_words(library: dict[str, Post], ask: Ask) -> None:
    for order, found in ORDERS:
        wanted = [library[name].name for name in found.split()]
        assert names(ask(f"sort:{order}")) == wanted, order
        assert names(ask("", sort=order)) == wanted, order
        assert names(ask(f"会議 OR -会議 sort:{order}")) == wanted, order
        paged = [name for page in range(1, 4) for name in names(ask(f"sort:{order}", page=page, per_page=2))]
        assert paged == wanted, order


def test_the_api_way_to_name_an_order(library: dict[str, Post], ask: Ask) -> None:
    assert names(ask("", sort="number", order="asc"))[0] == "定例会議"
    assert names(ask("sort:number-asc", sort="number", order="desc"))[0] == "README"
    assert names(ask("sort:number-asc", sort="nonsense"))[0] == "定例会議"


def test_best_match_prefers_name_over_heading_over_tag_over_body(alice: Member, ask: Ask) -> None:
    now = timezone.now()
    for name, fields in [
        ("in the body", {"body_md": "予算の話"}),
        ("in a tag", {"tags": ["予算"]}),
        ("in a heading", {"body_md": "# 予算\n\ntext"}),
        ("予算", {}),
    ]:
        write(alice, name, at=now, wip=False, **fields)  # type: ignore[arg-type]
    assert names(ask("予算", sort="best_match")) == ["予算", "in a heading", "in a tag", "in the body"]


@pytest.mark.parametrize("word", ["予算", "o", "会議 OR db", "Draft", "zzz"])
def test_common_and_seldom_words_are_ranked_alike(
    word: str, alice: Member, ask: Ask, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Candidates are all there are, or of many those that a walk or the index finds."""
    for number in range(12):
        write(alice, f"予算 {number}" if number % 3 else f"Draft of {number}", body_md="会議の予算", tags=["db"])
    all_of_them = names(ask(word, sort="best_match"))
    monkeypatch.setattr(results, "COUNTED", 3)
    for common in (0.01, 1):
        monkeypatch.setattr(results, "COMMON", common)
        assert names(ask(word, sort="best_match")) == all_of_them


@pytest.mark.parametrize(
    ("better", "worse"),
    [
        ({"wip": False}, {"wip": True}),
        ({}, {"category": "Archived"}),
        ({}, {"category": "日報/2026/01/02"}),
        ({}, {"at": datetime.datetime(2020, 1, 1, tzinfo=datetime.UTC)}),
    ],
)
def test_best_match_weighs_what_the_post_is(
    better: dict[str, object], worse: dict[str, object], alice: Member, ask: Ask
) -> None:
    now = {"at": timezone.now(), "wip": False, "body_md": "予算"}
    write(alice, "better", **now | better)
    write(alice, "worse", **now | worse)
    assert names(ask("予算 sort:best_match")) == ["better", "worse"]


@pytest.mark.parametrize("liking", ["star", "watch", "comment"])
def test_best_match_weighs_what_people_think(liking: str, alice: Member, bob: Member, ask: Ask) -> None:
    now = timezone.now()
    liked = write(alice, "liked", at=now, body_md="予算")
    write(alice, "plain", at=now, body_md="予算")
    if liking == "comment":
        liked.comment(by=alice, body_md="good")
    else:
        getattr(liked, liking)(by=bob)
    assert names(ask("予算 sort:best_match")) == ["liked", "plain"]


def test_best_match_pages_through_everything_once(alice: Member, ask: Ask, monkeypatch: pytest.MonkeyPatch) -> None:
    for number in range(9):
        write(alice, f"post {number}", body_md="予算 " * number)
    for counted, ranked in ((1000, 300), (4, 4), (1, 6)):
        monkeypatch.setattr(results, "COUNTED", counted)
        monkeypatch.setattr(results, "RANKED", ranked)
        paged = [
            name for page in range(1, 7) for name in names(ask("予 OR post", sort="best_match", page=page, per_page=2))
        ]
        assert sorted(paged) == sorted(f"post {number}" for number in range(9))


def test_counts_stop_where_nobody_reads_on_but_the_api_gets_them_exactly(
    alice: Member, ask: Ask, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(results, "COUNTED", 3)
    monkeypatch.setattr(results, "WALKED", 2)
    for number in range(6):
        write(alice, f"会議 {number}")
    answer = ask("会議", per_page=2)
    assert (answer.total, answer.capped, answer.has_next) == (3, True, True)
    typing = ask("会議", per_page=2, count=False)
    assert (typing.total, typing.capped, typing.has_next) == (2, True, True)
    exact = ask("会議", per_page=2, exact=True)
    assert (exact.total, exact.capped) == (6, False)
    assert names(ask("会議", page=3, per_page=2)) == ["会議 1", "会議 0"]
    assert not ask("会議", page=3, per_page=2).has_next
    assert names(ask("会議", page=9, per_page=2)) == []


def test_deep_pages_of_words_are_refused_with_a_message(
    alice: Member, ask: Ask, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(results, "DEEPEST", 4)
    for number in range(6):
        write(alice, f"会議 {number}")
    answer = ask("会議", page=3, per_page=2)
    assert [message.code for message in answer.messages] == ["too_deep_page"]
    assert (answer.hits, answer.total) == ([], 6)
    assert len(ask("sort:number-asc", page=3, per_page=2).posts) == 2


def test_a_search_that_takes_too_long_says_so(alice: Member, ask: Ask, monkeypatch: pytest.MonkeyPatch) -> None:
    write(alice, "会議")
    slow = results.SQL("pg_sleep(5) IS NULL")
    monkeypatch.setattr(results, "TIMEOUT", 50)
    monkeypatch.setattr(results, "condition", lambda node, asker: slow)
    answer = ask("会議")
    assert answer.timed_out
    assert [message.code for message in answer.messages] == ["timeout"]
    monkeypatch.undo()
    assert ask("会議").total == 1  # and the connection is as before


def test_names_and_snippets_are_marked(library: dict[str, Post], ask: Ask) -> None:
    (hit,) = ask("ecs移行 定例会").hits
    assert [segment.text for segment in hit.name if segment.hit] == ["定例会"]
    assert [segment.text for segment in hit.snippet if segment.hit] == ["ECS 移行"]
    (hit,) = ask("素晴らしい").hits
    assert hit.in_comment
    assert [segment.text for segment in hit.snippet if segment.hit] == ["素晴らしい"]


def test_facets_say_how_to_go_on(library: dict[str, Post], ask: Ask) -> None:
    facets = ask("", facets=True).facets
    assert [(value.label, value.term, value.count) for value in facets.authors] == [
        ("Alice", "@alice", 3),
        ("Bob", "@bob", 2),
    ]
    assert {(value.term, value.count) for value in facets.categories} == {
        ("in:Dev", 2), ("in:議事録", 1), ("in:Archived", 1),
    }  # fmt: skip
    assert {(value.term, value.count) for value in facets.tags} == {
        ("tag:infra", 1), ("tag:Infra", 1), ("tag:db", 1), ("tag:定例", 1),
    }  # fmt: skip
    assert {(value.term, value.count) for value in facets.kinds} == {
        ("kind:stock", 4),
        ("kind:flow", 1),
        ("wip:true", 1),
    }
    assert [value.term for value in ask("in:Dev", facets=True).facets.categories] == ["in:Dev", "in:Dev/DB"]


@pytest.mark.parametrize("count", [1, 12])
def test_a_page_takes_the_same_queries_however_many_there_are(
    count: int, alice: Member, ask: Ask, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    for number in range(count):
        write(alice, f"会議 {number}", tags=[f"t{number}"])
    with django_assert_num_queries(12):
        assert len(ask("会議 @alice", facets=True, per_page=100).posts) == count


# --- The gate ---------------------------------------------------------------------------------------------------------


def test_an_outsider_finds_nothing(library: dict[str, Post], carol: Member, docs: Team, ask: Ask) -> None:
    for source in ("", "会議", "guide", "@alice", "-会議", "stars:>0"):
        answer = ask(source, by=carol, team=docs, facets=True)
        assert (answer.hits, answer.total, bool(answer.facets)) == ([], 0, False)
    assert names(ask("", by=carol)) == []


def test_the_world_finds_what_an_open_team_has_shipped(library: dict[str, Post], docs: Team, ask: Ask) -> None:
    docs.privacy = Team.Privacy.OPEN
    docs.save()
    answer = ask("", by=None, team=docs, facets=True)
    assert (len(answer.posts), answer.total) == (4, 4)
    assert sum(value.count for value in answer.facets.authors) == 4
    assert names(ask("会議", by=None, team=docs)) == ["定例会議"]
    for private in ("wip:true", "watched_by:bob", "starred:true", "starred:false", "watched:true", "sharing:true"):
        assert ask(private, by=None, team=docs).total == 0


TOKEN = "zq77hidden"


def test_a_hidden_word_is_found_by_no_search(alice: Member, carol: Member, docs: Team, ask: Ask) -> None:
    """Planted in each kind of thing that a stranger may not read, and asked for in each way."""
    docs.privacy = Team.Privacy.OPEN
    docs.save()
    write(alice, f"wip {TOKEN}", body_md=f"{TOKEN} in text", tags=[TOKEN], category=TOKEN)
    write(alice, "wip with comment").comment(by=alice, body_md=TOKEN)
    binned = write(alice, f"binned {TOKEN}", wip=False, body_md=TOKEN, tags=[TOKEN], category=TOKEN)
    binned.comment(by=alice, body_md=TOKEN)
    binned.trash(by=alice)
    write(carol, f"elsewhere {TOKEN}", wip=False, body_md=TOKEN)
    write(alice, "public", wip=False)
    for source in (
        TOKEN,
        f"title:{TOKEN}",
        f"body:{TOKEN}",
        f"comment:{TOKEN}",
        f"category:{TOKEN}",
        f"in:{TOKEN}",
        f"#{TOKEN}",
    ):
        for stranger in (None, carol):
            for order in ("updated", "best_match", "stars"):
                answer = ask(source, by=stranger, team=docs, sort=order, facets=True)
                assert (answer.hits, answer.total, bool(answer.facets)) == ([], 0, False)
    for sort in q.SORTS:
        everything = ask("", by=None, team=docs, sort=str(sort), facets=True)
        assert names(everything) == ["public"]
        assert TOKEN not in repr(everything)
    assert set(names(ask(TOKEN))) == {f"wip {TOKEN}", "wip with comment"}


# --- Exactness --------------------------------------------------------------------------------------------------------

WORDS = [
    *"会議設計ー",
    "サーバー",
    "さーば",
    "ｻｰﾊﾞ",
    "ECS",
    "移行",
    "PostgreSQL",
    "gre",
    "go",
    "c++",
    "a_b",
    " ",
    " ",
    "\n",
    "\n\n",
    "、",
    "**",
    "🎉",
    "1",
    "%",
]


@pytest.mark.parametrize(("seed", "many"), [(0, 1000), (1, 6), (2, 2)])
def test_search_finds_what_a_scan_finds_and_nothing_else(
    seed: int, many: int, alice: Member, ask: Ask, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Random posts, random queries, few and very many of them; the scan reads the posts themselves."""
    for limit in ("COUNTED", "WALKED", "RANKED"):
        monkeypatch.setattr(results, limit, many)
    chance = random.Random(seed)

    def words(most: int) -> str:
        return "".join(chance.choice(WORDS) for _ in range(chance.randint(1, most)))

    for number in range(20):
        post = write(
            alice,
            (words(5).replace("\n", " ").strip() or "x") + f" n{number}",
            category=chance.choice(["", "日報/2026/01/02", "Dev", "dev/設計", "サーバー"]),
            tags=chance.sample(["会議", "Go", "サーバー"], chance.randint(0, 2)),
            body_md=words(25),
            wip=chance.random() < 0.5,
        )
        if chance.random() < 0.3:
            post.comment(by=alice, body_md=words(8) + ".")
        if chance.random() < 0.3:
            post.star(by=alice)
    scan = [Scanned(post) for post in Post.objects.prefetch_related("comments")]
    for _ in range(40):
        pieces = []
        for _ in range(chance.randint(1, 4)):
            key = chance.choice(["", "", "", "name:", "body:", "comment:", "category:", "full_name:"])
            pieces.append(
                chance.choice(["", "", "", "-"]) + chance.choice([f'{key}"{words(4)}"', chance.choice(OTHERS)])
            )
        source = " ".join(
            chance.choice([piece, f"OR {piece}", f"({piece} | {chance.choice(OTHERS)})"]) for piece in pieces
        )
        node = q.parse(source).node
        expected = {scanned.pk for scanned in scan if node is None or scanned.holds(node)}
        sort = chance.choice(["updated", "best_match", "name", "stars"])
        paged = [ask(source, sort=sort, page=page, per_page=7, exact=True, marks=False) for page in (1, 2, 3)]
        assert sorted(post.pk for answer in paged for post in answer.posts) == sorted(expected), source
        assert {answer.total for answer in paged} == {len(expected)}, source


OTHERS = [
    *("in:dev", "on:/", "in:日報", "#会議", "#go", "tag:サーバ", "wip:true", "kind:flow", "会", "gre", "go", "sql"),
    *("stars:>0", "stars:0", "stars:<1", "comments:1", "comments:<=0", "done:0", "undone:>0"),
]


COMPARED = {"=": eq, ">": gt, ">=": ge, "<": lt, "<=": le}


class Scanned:
    """A post as the scan reads it."""

    def __init__(self, post: Post) -> None:
        self.pk, self.wip, self.kind = post.pk, post.wip, post.kind
        self.name, self.path, self.tags = norm(post.name), norm(post.category), [norm(tag) for tag in post.tags]
        self.body, self.talk = norm(post.body_md), [norm(comment.body_md) for comment in post.comments.all()]
        self.full = f"{self.path}/{self.name}".lstrip("/")
        self.counts = {"stars": post.stars_count, "comments": post.comments_count, "done": 0, "undone": 0}

    def holds(self, node: q.Node) -> bool:
        match node:
            case q.All(nodes):
                return all(self.holds(inner) for inner in nodes)
            case q.Either(nodes):
                return any(self.holds(inner) for inner in nodes)
            case q.Not(inner):
                return not self.holds(inner)
            case q.Text(value, where):
                return self._has(needle(value), where)
            case q.Tag(name):
                return norm(name) in self.tags
            case q.Category(path, below):
                return self.path == norm(path) or (below and self.path.startswith(norm(path) + "/"))
            case q.Flag("wip", value):
                return self.wip == value
            case q.Kind(value):
                return self.kind == value
            case q.Count(of, operator, number):
                return COMPARED[operator](self.counts[of], number)
        raise AssertionError(node)

    def _has(self, wanted: str, where: q.Where) -> bool:
        texts = {
            "name": [self.name],
            "category": [self.path],
            "full_name": [self.full],
            "body": [self.body],
            "comment": self.talk,
            "any": [self.name, " ".join(self.tags), self.full, self.body, *self.talk],
        }
        return not wanted or any(pattern(wanted).search(text) for text in texts[where])


def test_the_gate_of_search_and_of_pages_are_the_same(
    library: dict[str, Post], alice: Member, carol: Member, docs: Team, ask: Ask
) -> None:
    library["old"].trash(by=alice)
    for privacy in Team.Privacy.values:
        docs.privacy = privacy
        docs.save()
        for who in (alice, carol, None):
            visible = set(visible_posts(request_of(who, docs)).values_list("pk", flat=True))
            assert {post.pk for post in ask("", by=who, team=docs).posts} == visible
    assert PostSearch.objects.count() == 4
