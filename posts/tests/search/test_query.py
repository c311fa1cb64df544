"""The query language, as a table."""

import datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from posts.search.query import (
    KEYS,
    LONGEST_QUERY,
    MOST_TERMS,
    SORTS,
    All,
    Category,
    Count,
    Either,
    Flag,
    Kind,
    Node,
    Not,
    Person,
    Sort,
    Stale,
    Tag,
    Text,
    When,
    parse,
    parse_sort,
)

A, B, C, D = Text("a"), Text("b"), Text("c"), Text("d")


def day(text: str) -> datetime.date:
    return datetime.date.fromisoformat(text)


@pytest.mark.parametrize(
    ("source", "node"),
    [
        ("", None),
        ("  \u3000 ", None),
        ("会議", Text("会議")),
        ("a b", All((A, B))),
        ("a\u3000b", All((A, B))),
        ("a OR b", Either((A, B))),
        ("a | b", Either((A, B))),
        ("a|b", Either((A, B))),
        ("a or b", All((A, Text("or"), B))),
        ("ORDER a", All((Text("ORDER"), A))),
        ("a b OR c", Either((All((A, B)), C))),
        ("a OR b c", All((Either((A, B)), C))),
        ("a b OR c d", All((Either((All((A, B)), C)), D))),
        ("a (b OR c)", All((A, Either((B, C))))),
        ("(a OR b) (c OR d)", All((Either((A, B)), Either((C, D))))),
        ("-a", Not(A)),
        ("--a", A),
        ("－a", Not(A)),
        ("a -b", All((A, Not(B)))),
        ("a - b", All((A, B))),
        ("a-b", Text("a-b")),
        ("-(a b)", Not(All((A, B)))),
        ("-(a OR -b) c", All((Not(Either((A, Not(B)))), C))),
        ("()", None),
        ("-() a", A),
        ('"a b" c', All((Text("a b", quoted=True), C))),
        ('-"a b"', Not(Text("a b", quoted=True))),
        ('"OR" "(a)"', All((Text("OR", quoted=True), Text("(a)", quoted=True)))),
        ('"" a', A),
        ("useState() b", All((Text("useState()"), B))),
        ("(f(x) OR b)", Either((Text("f(x)"), B))),
        ("（仮）", Text("（仮）")),
        ("C++ c#", All((Text("C++"), Text("c#")))),
        ("#123", Tag("123")),
        ("#タグ -#b", All((Tag("タグ"), Not(Tag("b"))))),
        ("tag:a tag:#b", All((Tag("a"), Tag("b")))),
        ("＃タグ", Tag("タグ")),
        ("# @", All((Text("#"), Text("@")))),
        ("@bob user:bob user: @bob", All((Person("user", "bob"),) * 3)),
        ("updated_by:bob watched_by:bob", All((Person("updated_by", "bob"), Person("watched_by", "bob")))),
        ("name:a title:a", All((Text("a", "name"), Text("a", "name")))),
        ('title:"a b"', Text("a b", "name", quoted=True)),
        ("full_name:日報/a", Text("日報/a", "full_name")),
        ("category:a body:b comment:c", All((Text("a", "category"), Text("b", "body"), Text("c", "comment")))),
        ("in:日報", Category("日報", below=True)),
        ("in:/日報/2026/", Category("日報/2026", below=True)),
        ("in: help -in: 日報", All((Category("help", below=True), Not(Category("日報", below=True))))),
        ('in:"a b/c"', Category("a b/c", below=True)),
        ("on:/", Category("", below=False)),
        ('on:""', Category("", below=False)),
        ("on:dev", Category("dev", below=False)),
        ("wip:true starred:false", All((Flag("wip", value=True), Flag("starred", value=False)))),
        ("WIP:True", Flag("wip", value=True)),
        ("wip：true", Flag("wip", value=True)),
        ("watched:true sharing:true", All((Flag("watched", value=True), Flag("sharing", value=True)))),
        ("kind:stock -kind:flow", All((Kind("stock"), Not(Kind("flow"))))),
        ("number:12", Count("number", "=", 12)),
        ("stars:>3 watches:>=3", All((Count("stars", ">", 3), Count("watches", ">=", 3)))),
        ("comments:<3 done:<=3", All((Count("comments", "<", 3), Count("done", "<=", 3)))),
        ("undone:=3", Count("undone", "=", 3)),
        ("stars: > 3 a", All((Count("stars", ">", 3), A))),
        ("stars:１０", Count("stars", "=", 10)),
        ("created:2026-02-28", When("created", "=", day("2026-02-28"), day("2026-03-01"))),
        ("created:>2026/2/3", When("created", ">", day("2026-02-03"), day("2026-02-04"))),
        ("updated:<=2026-12", When("updated", "<=", day("2026-12-01"), day("2027-01-01"))),
        ("updated: >= 2026", When("updated", ">=", day("2026-01-01"), day("2027-01-01"))),
        ("stale:>180d", Stale(">", 180)),
        ("stale:6m", Stale(">=", 180)),
        ("stale:<1y stale:2w", All((Stale("<", 365), Stale(">=", 14)))),
        ("foo:bar after:2026-01-01", All((Text("foo:bar"), Text("after:2026-01-01")))),
        ("https://example.com/a", Text("https://example.com/a")),
        ("in:日報 a OR b", Either((All((Category("日報", below=True), A)), B))),
    ],
)
def test_a_query_means_one_tree(source: str, node: Node | None) -> None:
    query = parse(source)
    assert query.node == node
    assert query.messages == ()


@pytest.mark.parametrize(
    ("source", "codes", "node"),
    [
        ("(a b", ["unbalanced_parenthesis"], All((A, B))),
        ("((a", ["unbalanced_parenthesis"], A),
        ("a) b", ["unbalanced_parenthesis"], All((A, B))),
        ('"a b', ["unbalanced_quote"], All((Text("a", quoted=True), B))),
        ("OR a", ["dangling_or"], A),
        ("a OR", ["dangling_or"], A),
        ("(a OR) b", ["dangling_or"], All((A, B))),
        ("a OR OR b", ["dangling_or"], Either((A, B))),
        ("name: OR a", ["missing_value", "dangling_or"], A),
        ("a name:", ["missing_value"], A),
        ("name: wip:true", ["missing_value"], Flag("wip", value=True)),
        ("title:(a b)", ["missing_value"], All((A, B))),
        ("wip:maybe a", ["bad_flag"], A),
        ("kind:other a", ["bad_kind"], A),
        ("stars:many a", ["bad_number"], A),
        ("stars:> a", ["bad_number"], None),
        ("created:yesterday a", ["bad_date"], A),
        ("created:2026-02-30 a", ["bad_date"], A),
        ("created:0000 updated:9999", ["bad_date", "bad_date"], None),
        ("stale:long a", ["bad_age"], A),
        ("sort:beauty a", ["unknown_sort"], A),
        ("case_sensitive:maybe a", ["bad_flag"], A),
    ],
)
def test_a_mistake_is_told_and_the_words_are_still_searched(source: str, codes: list[str], node: Node | None) -> None:
    query = parse(source)
    assert [message.code for message in query.messages] == codes
    assert query.node == node


def test_a_message_names_what_was_wrong() -> None:
    (message,) = parse("stars:many").messages
    assert (message.key, message.value) == ("stars", "many")


def test_the_order_can_be_part_of_the_query() -> None:
    assert parse("a sort:number-asc").sort == Sort("number", descending=False)
    assert parse("sort: stars").sort == Sort("stars", descending=True)
    assert parse("sort:stars sort:name").sort == Sort("name", descending=False)
    assert parse("a").sort is None


@pytest.mark.parametrize("sort", SORTS, ids=str)
def test_every_order_is_read_as_it_is_written(sort: Sort) -> None:
    assert parse_sort(str(sort)) == sort
    assert parse(f"sort:{sort}").sort == sort


def test_there_are_twelve_orders() -> None:
    assert len(set(SORTS)) == 12


def test_case_matters_only_on_request() -> None:
    assert not parse("#Tag").case_sensitive
    assert parse("case_sensitive:true #Tag").case_sensitive
    assert parse("case_sensitive:true #Tag").node == Tag("Tag")


def test_what_is_negated_is_not_what_was_found() -> None:
    assert parse("a -b (c OR -(d))").texts == [A, C]


def test_a_query_has_bounds() -> None:
    many = parse(" ".join("x" for _ in range(MOST_TERMS + 5)))
    assert isinstance(many.node, All)
    assert len(many.node.nodes) == MOST_TERMS
    assert [message.code for message in many.messages] == ["too_many_terms"]
    assert [message.code for message in parse("x" * (LONGEST_QUERY + 1)).messages] == ["too_long"]
    deep = parse("-(" * 500 + "a" + ")" * 500)
    assert "too_deep" in [message.code for message in deep.messages]
    assert depth(deep.node) < 100


def depth(node: Node | None) -> int:
    match node:
        case Not(inner):
            return 1 + depth(inner)
        case All(nodes) | Either(nodes):
            return 1 + max(depth(inner) for inner in nodes)
        case _:
            return 1


PIECES = st.sampled_from(
    [
        *(f"{key}:" for key in KEYS),
        "(",
        ")",
        '"',
        "-",
        "|",
        " OR ",
        " ",
        "#",
        "@",
        ">",
        "=",
        "会",
        "a",
        "1",
        "/",
        "\u3000",
    ]
)


@settings(max_examples=100)
@given(st.one_of(st.text(max_size=60), st.lists(PIECES, max_size=30).map("".join)))
def test_no_input_breaks_the_parser(source: str) -> None:
    query = parse(source)
    assert depth(query.node) < 100
    assert len(list(query.leaves())) <= MOST_TERMS


@settings(max_examples=60)
@given(st.lists(st.sampled_from(["OR", "x", "y", "z"]), max_size=12))
def test_evaluation_runs_from_left_to_right(tokens: list[str]) -> None:
    """Compare with a fold over the tokens, for every truth of x, y and z."""
    node = parse(" ".join(tokens)).node
    for bits in range(8):
        truth = {"x": bool(bits & 1), "y": bool(bits & 2), "z": bool(bits & 4)}
        expected: bool | None = None
        either = False
        for token in tokens:
            if token == "OR":
                either = expected is not None
            else:
                value = truth[token]
                expected = value if expected is None else (expected or value) if either else (expected and value)
                either = False
        assert (None if node is None else holds(node, truth)) == expected


def holds(node: Node, truth: dict[str, bool]) -> bool:
    match node:
        case Text(value):
            return truth[value]
        case All(nodes):
            return all(holds(inner, truth) for inner in nodes)
        case Either(nodes):
            return any(holds(inner, truth) for inner in nodes)
        case _:
            raise AssertionError(node)
