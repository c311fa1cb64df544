"""What is offered while somebody types."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from posts.models import Post
from teams.models import Emoji


def ask(client, kind, q):
    answer = client.get(f"/completions/{kind}", {"q": q})
    assert answer.status_code == 200
    return [each["value"] for each in answer.json()]


def test_members_by_screen_name_or_name(alice, bob, carol, sign_in):
    bob.user.name = "坊っちゃん"
    bob.user.save()
    client = sign_in(alice)
    assert ask(client, "members", "") == ["@alice", "@bob"]
    assert ask(client, "members", "B") == ["@bob"]
    assert ask(client, "members", "坊") == ["@bob"]
    assert ask(client, "members", "car") == []


def test_those_who_left_are_not_offered(alice, bob, sign_in):
    bob.leave(by=bob)
    assert ask(sign_in(alice), "members", "") == ["@alice"]


def test_emoji_by_code_and_faces(alice, bob, sign_in):
    client = sign_in(alice)
    assert ask(client, "emoji", "sushi")[0] == ":sushi:"
    assert ask(client, "emoji", "SUSH")[0] == ":sushi:"
    assert ask(client, "emoji", "@bo") == [":@bob:"]
    assert len(ask(client, "emoji", "a")) == 12
    Emoji.name("sushi", code="sushi_friday", by=bob)
    Emoji.name("tada", code="la_fete", by=bob)
    assert ask(client, "emoji", "sush")[:2] == [":sushi_friday:", ":sushi:"]
    assert ask(client, "emoji", "fete") == [":la_fete:"]


def test_posts_become_links_with_their_title(alice, sign_in):
    Post.write(by=alice, name="設計メモ [draft]", category="開発/設計")
    Post.write(by=alice, name="C# guide")
    Post.write(by=alice, name="old", category="Archived/開発")
    client = sign_in(alice)
    assert ask(client, "posts", "設計") == ["[#1: 開発/設計/設計メモ \\[draft\\]](/posts/1)"]
    assert ask(client, "posts", "2") == ["[#2: C&#35; guide](/posts/2)"]
    assert ask(client, "posts", "") == [
        "[#2: C&#35; guide](/posts/2)",
        "[#1: 開発/設計/設計メモ \\[draft\\]](/posts/1)",
    ]
    assert ask(client, "posts", "wip:true OR (") == []
    assert ask(client, "posts", '"') == []


def test_a_title_is_completed_by_category_then_by_tag(alice, sign_in):
    Post.write(by=alice, name="a", category="開発/設計", tags=["議事録", "api"])
    Post.write(by=alice, name="b", category="開発/設計", tags=["api"])
    Post.write(by=alice, name="c", category="dev-secret")
    client = sign_in(alice)
    assert ask(client, "titles", "開") == ["開発/", "開発/設計/"]
    assert ask(client, "titles", "開発/") == ["開発/設計/"]
    assert ask(client, "titles", "設計") == ["開発/設計/"]
    assert ask(client, "titles", "dev") == ["dev-secret/"]
    assert ask(client, "titles", "開発/Hello #") == ["開発/Hello #api ", "開発/Hello #議事録 "]
    assert ask(client, "titles", "Hello #api #議") == ["Hello #api #議事録 "]
    assert ask(client, "titles", "C#") == []
    assert ask(client, "titles", "") == []
    assert ask(client, "titles", "%") == []


def test_another_team_stays_unseen(alice, carol, sign_in):
    Post.write(by=carol, name="secret", category="secret", tags=["secret"])
    client = sign_in(alice)
    assert [ask(client, kind, q) for kind, q in [("posts", "secret"), ("titles", "sec"), ("titles", "x #sec")]] == [
        [],
        [],
        [],
    ]


@pytest.mark.parametrize("kind", ["members", "emoji", "posts", "titles"])
def test_odd_questions_are_answered(alice, sign_in, kind):
    client = sign_in(alice)
    for q in ["\x00", "a" * 5000, "%", "\\", "'", "🍣", "#" * 50]:
        ask(client, kind, q)


def test_an_unknown_kind_is_not_found(alice, sign_in):
    assert sign_in(alice).get("/completions/passwords?q=a").status_code == 404


def test_more_posts_take_no_more_queries(alice, sign_in, django_assert_num_queries):
    client = sign_in(alice)
    Post.write(by=alice, name="note 0", category="a", tags=["t0"])
    ask(client, "posts", "note")  # the first request also notes that somebody is here
    with CaptureQueriesContext(connection) as one:
        ask(client, "posts", "note")
    for number in range(1, 8):
        Post.write(by=alice, name=f"note {number}", category=f"a{number}", tags=[f"t{number}"])
    with django_assert_num_queries(len(one)):
        assert len(ask(client, "posts", "note")) == 8
