"""What a new post begins with: places, templates and duplicates."""

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from posts import beginnings
from posts.beginnings import Beginning
from posts.models import Post

NOW = datetime(2026, 11, 23, 9, 30, tzinfo=ZoneInfo("Asia/Tokyo"))


def template(by, category, name, body_md="# %{Year}"):
    return Post.write(by=by, name=name, category=category, body_md=body_md, tags=["t"], wip=False)


@pytest.mark.parametrize(
    ("path", "title"),
    [
        ("", ""),
        ("/", ""),
        ("/a/b/", "a/b/"),
        ("a/b/", "a/b/"),
        ("/a/b/Name", "a/b/Name"),
        ("//a//", "a/"),
        ("/日報/C# guide", "日報/C# guide"),
    ],
)
def test_a_path_is_a_place_and_perhaps_a_name(path, title):
    assert beginnings.at_path(path).title == title


def test_a_template_loses_its_place_and_gets_its_values(alice):
    daily = template(alice, "Templates/日報/%{Year}/%{month}/%{day}", "%{me}:title", "%{name} %{Year:-1y} %{nothing}")
    begun = beginnings.of_template(daily, by=alice, now=NOW)
    assert begun.title == "日報/2026/11/23/alice:title #t"
    assert begun.body_md == "Alice 2025 %{nothing}"


def test_a_name_with_a_slash_makes_no_category(alice):
    alice.user.name = "a/b #c"
    greeting = template(alice, "Templates", "Hello %{name}")
    begun = beginnings.of_template(greeting, by=alice, now=NOW)
    assert (begun.category, begun.name) == ("", "Hello a&#47;b &#35;c")


def test_a_duplicate_rolls_its_dates_to_today_and_leaves_the_archive(alice):
    old = Post.write(
        by=alice,
        name="2026-11-20 (金) 定例",
        category="Archived/会議/2026/11/20",
        body_md="on 2026-11-20",
        tags=["定例"],
    )
    begun = beginnings.of_post(old, now=NOW)
    assert begun.title == "会議/2026/11/23/2026-11-23 (月) 定例 #定例"
    assert begun.body_md == "on 2026-11-20"


@pytest.mark.parametrize(
    ("category", "name", "begun"),
    [
        ("日報/2026/11", "20", "日報/2026/11/23"),
        ("Archived/日報/2026/11", "20 (金) a&#47;b", "日報/2026/11/23 (月) a&#47;b"),
        ("日報/2026-11-20", "朝", "日報/2026-11-23/朝"),
        ("", "2026.11.20", "2026.11.23"),
        ("版/2026/11", "200", "版/2026/11/200"),
    ],
)
def test_a_date_may_be_half_category_half_name(alice, category, name, begun):
    old = Post.write(by=alice, name=name, category=category)
    assert beginnings.of_post(old, now=NOW).title == begun


@pytest.mark.parametrize(
    ("category", "chosen"),
    [
        ("会議", "会議/Minutes"),  # lies exactly there
        ("日報", "日報/2026/11/23/alice"),  # a date follows
        ("日報/2026/11", "日報/2026/11/23/alice"),  # and goes on
        ("日報/2026/11/23", "日報/2026/11/23/alice"),
        ("日報/2025/11", ""),
        ("dev", ""),  # Templates/dev/log/… is for dev/log
        ("dev/log", "dev/log/2026/11/23/alice"),
        ("会", ""),
        ("会議/2026", ""),
    ],
)
def test_a_category_has_the_template_made_for_it(alice, category, chosen):
    found = [
        template(alice, "Templates/dev/log/%{Year}/%{month}/%{day}", "%{me}"),
        template(alice, "Templates/日報/%{Year}/%{month}/%{day}", "%{me}"),
        template(alice, "Templates/会議", "Minutes"),
    ]
    begun = beginnings.in_category(Beginning(category), found, by=alice, now=NOW)
    assert begun.title.removesuffix(" #t") == (chosen or f"{category}/")
    assert begun.body_md == ("# 2026" if chosen else "")


def test_a_name_that_was_asked_for_stays(alice):
    found = [template(alice, "Templates/会議", "Minutes")]
    begun = beginnings.in_category(Beginning("会議", "Kickoff"), found, by=alice, now=NOW)
    assert (begun.title, begun.body_md) == ("会議/Kickoff #t", "# 2026")
