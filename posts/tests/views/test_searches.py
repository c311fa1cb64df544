"""The results page, saved and recent searches, and the quick switcher."""

import pytest
from django.utils.http import urlencode

from posts.models import Post, RecentSearch, SavedSearch
from posts.models.saved_search import MOST_RECENT
from posts.tests.views.counting import queries_of
from teams.models import Team

TYPED = {"HTTP_HX_REQUEST": "true"}


def text_of(answer):
    return answer.content.decode()


def names(answer):
    return [post.name for post in answer.context["results"].posts]


@pytest.fixture
def posts(alice, bob):
    return [
        Post.write(
            by=alice,
            name="定例会議",
            category="議事録/2026/01/02",
            tags=["定例"],
            body_md="**予算**を決める",
            wip=False,
        ),
        Post.write(by=bob, name="Draft plan", category="Dev", body_md="会議で話す <script>alert(1)</script>"),
    ]


def test_the_page_shows_what_is_found_marked(posts, bob, sign_in):
    answer = sign_in(bob).get("/posts", {"q": "会議"})
    page = text_of(answer)
    assert names(answer) == ["定例会議", "Draft plan"]
    assert "定例<mark>会議</mark>" in page
    assert "<mark>会議</mark>で話す &lt;script&gt;" in page
    assert 'value="会議"' in page
    assert "2 posts" in page


def test_without_a_question_it_is_the_list_of_posts(posts, bob, sign_in):
    assert names(sign_in(bob).get("/posts")) == ["Draft plan", "定例会議"]


def test_what_is_typed_gets_the_results_alone(posts, bob, sign_in):
    answer = sign_in(bob).get("/posts", {"q": "さーばー OR 予算"}, **TYPED)
    assert "<html" not in text_of(answer)
    assert names(answer) == ["定例会議"]
    assert not RecentSearch.objects.exists()


def test_facets_are_links_that_narrow_down_and_widen(posts, bob, sign_in):
    client = sign_in(bob)
    page = text_of(client.get("/posts", {"q": "会議"}))
    assert "/posts?q=%E4%BC%9A%E8%AD%B0+in%3ADev" in page
    assert "/posts?q=%E4%BC%9A%E8%AD%B0+%40bob" in page
    narrowed = client.get("/posts", {"q": "会議 in:Dev"})
    assert names(narrowed) == ["Draft plan"]
    assert 'href="/posts?q=%E4%BC%9A%E8%AD%B0" aria-current="true"' in text_of(narrowed)


def test_links_with_parameters_narrow_down(posts, bob, sign_in):
    client = sign_in(bob)
    for asked, found in [
        ({"tag": "定例"}, ["定例会議"]),
        ({"user": "bob"}, ["Draft plan"]),
        ({"category": "議事録"}, ["定例会議"]),
        ({"kind": "flow"}, ["定例会議"]),
        ({"wip": "true", "q": "会議"}, ["Draft plan"]),
    ]:
        assert names(client.get("/posts", asked)) == found


def test_mistakes_are_told_and_nothing_breaks(posts, bob, sign_in):
    client = sign_in(bob)
    page = text_of(client.get("/posts", {"q": '(会議 stars:many "x'}))
    assert "parenthesis" in page
    assert "stars:many" in page
    for odd in ("\x00", "'; DROP TABLE posts_post; --", "%s {} {{x}}", "(" * 500, "a" * 5000, "sort:nope", "\ud7ff"):
        assert client.get("/posts", {"q": odd}).status_code == 200
    for page_number in ("0", "-1", "x", "9" * 30, "２", "999999999"):
        assert client.get("/posts", {"q": "会議", "page": page_number}).status_code == 200


def test_when_nothing_is_found_it_offers_spellings_and_the_pen(posts, bob, sign_in):
    Post.write(by=bob, name="PostgreSQL guide")
    page = text_of(sign_in(bob).get("/posts", {"q": "Postgrsql"}))
    assert "Nothing was found" in page
    assert ">PostgreSQL</a>" in page
    assert "category_path=/Postgrsql" in page
    page = text_of(sign_in(bob).get("/posts", {"q": "定令会議"}))
    assert ">定例会議</a>" in page


def test_near_spellings_come_only_from_what_one_may_read(posts, docs, bob, carol, sign_in):
    docs.privacy = Team.Privacy.OPEN
    docs.save()
    Post.write(by=bob, name="Zanzibar secret")
    binned = Post.write(by=bob, name="Zanzibor secret", wip=False)
    binned.trash(by=bob)
    Post.write(by=carol, name="Zanzibur", wip=False)
    for who in (None, carol):
        assert "Zanzib" not in text_of(sign_in(who, docs).get("/posts", {"q": "zanzibarr"})).replace("zanzibarr", "")
    assert ">Zanzibar</a>" in text_of(sign_in(bob).get("/posts", {"q": "zanzibarr"}))


def test_recent_searches_are_kept_and_shown(posts, bob, sign_in):
    client = sign_in(bob)
    for number in range(MOST_RECENT + 3):
        client.get("/posts", {"q": f"会議 {number}"})
    client.get("/posts", {"q": "会議 5"})
    client.get("/posts", {"q": "in:Dev"})  # no words: it is a place, not a search
    recent = text_of(client.get("/posts"))
    assert recent.index("会議 5<") < recent.index("会議 12<")
    assert "会議 2<" not in recent
    assert RecentSearch.objects.count() == MOST_RECENT


def test_searches_are_saved_for_oneself_and_for_the_team(posts, alice, bob, sign_in):
    client = sign_in(bob)
    answer = client.post("/searches", {"name": "Meetings", "query": "会議 in:議事録"})
    assert answer.url == "/posts?q=%E4%BC%9A%E8%AD%B0+in%3A%E8%AD%B0%E4%BA%8B%E9%8C%B2"
    client.post("/searches", {"name": "Old ones", "query": "stale:>180d", "for_team": "1"})
    sidebar = text_of(client.get("/posts"))
    assert "Meetings" in sidebar
    assert "Old ones" in sidebar
    others = text_of(sign_in(alice).get("/posts"))
    assert "Meetings" not in others
    assert "Old ones" in others


def test_a_saved_search_of_the_same_name_is_replaced(bob, sign_in):
    client = sign_in(bob)
    for query in ("a", "b"):
        client.post("/searches", {"name": "One", "query": query})
    assert list(SavedSearch.objects.values_list("query", flat=True)) == ["b"]


def test_a_search_without_a_name_keeps_what_was_typed(bob, sign_in):
    answer = sign_in(bob).post("/searches", {"name": " ", "query": "会議", "for_team": "1"})
    assert answer.status_code == 422
    assert 'value="会議"' in text_of(answer)
    assert "checked" in text_of(answer)
    assert not SavedSearch.objects.exists()


def test_who_may_remove_a_saved_search(alice, bob, carol, docs, sign_in):
    own = SavedSearch.keep(by=bob, name="own", query="a")
    of_team = SavedSearch.keep(by=alice, name="team", query="a", for_team=True)
    assert sign_in(alice).post(f"/searches/{own.pk}/delete").status_code == 404
    assert sign_in(bob).post(f"/searches/{of_team.pk}/delete").status_code == 403
    for saved in (own, of_team):
        assert sign_in(carol, docs).post(f"/searches/{saved.pk}/delete").status_code == 404
        assert sign_in(carol).post(f"/searches/{saved.pk}/delete").status_code == 404
    assert sign_in(bob).get(f"/searches/{own.pk}/delete").status_code == 200
    assert SavedSearch.objects.count() == 2
    assert sign_in(bob).post(f"/searches/{own.pk}/delete").status_code == 302
    assert sign_in(alice).post(f"/searches/{of_team.pk}/delete").status_code == 302
    assert not SavedSearch.objects.exists()


def test_the_switcher_offers_posts_recent_ones_and_commands(posts, alice, bob, sign_in):
    client = sign_in(bob)
    start = text_of(client.get("/switcher", **TYPED))
    assert "<html" not in start
    assert "Draft plan" in start
    assert "Members" in start
    assert "Settings" not in start  # owners only
    assert "Settings" in text_of(sign_in(alice).get("/switcher", **TYPED))
    client = sign_in(bob)
    found = client.get("/switcher", {"q": "定例"}, **TYPED)
    assert [post.name for post in found.context["posts"]] == ["定例会議"]
    assert [post.name for post in client.get("/switcher", {"q": "dev plan"}, **TYPED).context["posts"]] == [
        "Draft plan"
    ]
    assert [post.name for post in client.get("/switcher", {"q": f"#{posts[0].number}"}, **TYPED).context["posts"]] == [
        "定例会議"
    ]
    assert [command.url for command in client.get("/switcher", {"q": "tag"}, **TYPED).context["commands"]] == ["/tags"]
    assert "<html" in text_of(client.get("/switcher", {"q": "定例"}))


def test_the_switcher_finds_japanese_names_by_their_reading(posts, bob, sign_in):
    Post.write(by=bob, name="東京オフィスの鍵")
    client = sign_in(bob)
    for typed, name in [
        ("teirei", "定例会議"),
        ("tokyo", "東京オフィスの鍵"),
        ("ていれい", "定例会議"),
        ("toukyou kagi", "東京オフィスの鍵"),
    ]:
        assert [post.name for post in client.get("/switcher", {"q": typed}).context["posts"]] == [name]
    assert client.get("/switcher", {"q": "osaka"}).context["posts"] == []


def test_outsiders_get_none_of_it(posts, carol, docs, sign_in):
    for path in ("/posts", "/posts?q=会議", "/searches", "/switcher", "/switcher?q=定例", "/search/help"):
        assert sign_in(carol, docs).get(path).status_code == 404
    assert sign_in(carol, docs).post("/searches", {"name": "x", "query": "x"}).status_code == 404
    assert names(sign_in(carol).get("/posts", {"q": "会議"})) == []


def test_the_world_searches_what_an_open_team_ships(posts, docs, sign_in):
    docs.privacy = Team.Privacy.OPEN
    docs.save()
    client = sign_in(None, docs)
    answer = client.get("/posts", {"q": "会議"})
    assert names(answer) == ["定例会議"]
    assert "Draft plan" not in text_of(answer)
    assert "Draft plan" not in text_of(client.get("/posts"))
    assert "Save this search" not in text_of(answer)
    assert client.get("/search/help").status_code == 200
    assert client.get("/switcher").status_code == 302  # to the sign-in page


def test_a_page_of_many_takes_no_more_queries_than_one_of_few(alice, bob, sign_in):
    client = sign_in(bob)
    address = f"/posts?{urlencode({'q': '会議 sort:updated'})}"

    def write(count):
        for number in range(count):
            Post.write(by=alice, name=f"会議 {number}", tags=[f"t{number}"], category=f"c{number}", body_md="会議")

    write(3)
    few = queries_of(client, address)
    write(12)
    assert queries_of(client, address) == few
    assert len(client.get(address).context["results"].posts) == 15
