"""The category browser, and moving a branch."""

import re
from urllib.parse import quote

import pytest
from django.urls import reverse

from posts.models import Category, Post
from posts.models.category import SIBLINGS
from posts.tests.views.counting import frame_queries, queries_of


def parts_of(answer):
    """The tree and the list of a page of the browser."""
    tree, rest = answer.content.decode().split("browser__main", 1)
    return tree, rest.split("<aside")[0]


def category(path):
    return reverse("category", args=[path])


def test_home_shows_the_tree_the_readme_and_what_is_new(alice, bob, sign_in):
    Post.write(by=alice, name="README", body_md="Welcome to **docs**", wip=False)
    Post.write(by=alice, name="Deep", category="dev/検索/bigram", wip=False)
    Post.write(by=bob, name="Mine", category="Users/bob")
    answer = sign_in(bob).get("/")
    tree, listed = parts_of(answer)

    assert "Welcome to <strong>docs</strong>" in listed
    assert "Deep" in listed
    assert "Users" in tree
    assert "/category/children?path=dev" in tree
    assert category("dev/検索") not in tree
    assert [post.name for post in answer.context["my_wip"]] == ["Mine"]


def test_a_category_page_opens_the_tree_down_to_it(alice, sign_in):
    Post.write(by=alice, name="Deep", category="dev/検索/bigram", wip=False)
    Post.write(by=alice, name="Here", category="dev/検索")
    client = sign_in(alice)
    tree, listed = parts_of(client.get(category("dev/検索")))

    assert "bigram" in tree
    assert re.search(rf'href="{re.escape(category("dev/検索"))}" aria-current="page"', tree)
    assert "Here" in listed
    assert "Deep" not in listed
    assert "Deep" in parts_of(client.get(category("dev/検索") + "?all=1"))[1]
    assert "category_path=%2Fdev%2F%E6%A4%9C%E7%B4%A2%2F" in listed  # post here


def test_a_category_is_not_the_one_whose_name_begins_the_same(alice, sign_in):
    Post.write(by=alice, name="Open", category="dev")
    Post.write(by=alice, name="Closed", category="dev-secret")
    answer = sign_in(alice).get(category("dev") + "?all=1")
    assert [post.name for post in answer.context["page"]] == ["Open"]


@pytest.mark.parametrize("path", ["children", "move", "C#", "a?b", "100%", "R&D", "改善/週報", "a;b=c", "x\\y"])
def test_every_name_of_a_category_has_a_page(path, alice, sign_in):
    post = Post.write(by=alice, name="Here", category=path)
    answer = sign_in(alice).get(category(path))
    assert [each.pk for each in answer.context["page"]] == [post.pk]
    assert category(path) in sign_in(alice).get("/").content.decode().replace("&amp;", "&") or "/" in path


def test_posts_without_a_category_have_a_node_of_their_own(alice, sign_in):
    Post.write(by=alice, name="Loose")
    Post.write(by=alice, name="Placed", category="uncategorized")
    client = sign_in(alice)
    assert [post.name for post in client.get("/uncategorized").context["page"]] == ["Loose"]
    assert [post.name for post in client.get(category("uncategorized")).context["page"]] == ["Placed"]
    assert "Uncategorized" in parts_of(client.get("/"))[0]


def test_the_archive_stands_last(alice, sign_in):
    for path in ("Archived/old", "zebra", "Apple"):
        Post.write(by=alice, name="x", category=path)
    tree = parts_of(sign_in(alice).get("/"))[0]
    assert tree.index(category("Apple")) < tree.index(category("zebra")) < tree.index(category("Archived"))


def test_an_empty_category_invites_members_to_write_there(alice, sign_in):
    answer = sign_in(alice).get("/categories/not/yet")
    assert answer.status_code == 404
    assert "category_path=%2Fnot%2Fyet%2F" in answer.content.decode()


def test_children_come_as_a_fragment_and_as_a_page(alice, sign_in):
    Post.write(by=alice, name="x", category="dev/検索/bigram")
    client = sign_in(alice)
    fragment = client.get("/category/children?path=dev", headers={"hx-request": "true"}).content.decode()
    assert "<html" not in fragment
    assert category("dev/検索") in fragment
    page = client.get("/category/children?path=dev").content.decode()
    assert "<html" in page
    assert category("dev/検索") in page


def test_the_filter_finds_categories_at_any_depth(alice, sign_in):
    Post.write(by=alice, name="x", category="dev/検索/Bigram")
    Post.write(by=alice, name="x", category="ops")
    client = sign_in(alice)
    found = client.get("/category/children?q=bigr", headers={"hx-request": "true"}).content.decode()
    assert category("dev/検索/Bigram") in found
    assert category("ops") not in found
    assert client.get("/category/completions?q=検").json()[0]["value"] == "dev/検索"


def test_thousands_of_siblings_come_a_page_at_a_time_with_the_open_one_among_them(alice, sign_in):
    Category.objects.bulk_create(
        [Category(team=alice.team, path=f"c{n:04}", name=f"c{n:04}", posts=1, total=1) for n in range(3000)]
    )
    client = sign_in(alice)
    tree = parts_of(client.get(category("c2500")))[0]
    names = re.findall(r'tree__name">(c\d+)', tree)
    assert len(names) == SIBLINGS + 1
    assert names[-1] == "c2500"

    [more] = [url.replace("&amp;", "&") for url in re.findall(r'hx-get="([^"]*after[^"]*)"', tree)]
    assert more == f"/category/children?path=&after=c{SIBLINGS - 1:04}"
    following = re.findall(r'tree__name">(c\d+)', client.get(more, headers={"hx-request": "true"}).content.decode())
    assert (len(following), following[0]) == (SIBLINGS, f"c{SIBLINGS:04}")


def test_a_few_of_very_many_categories_stand_above_the_posts(alice, sign_in):
    """Or the posts would be pages away."""
    Category.objects.create(team=alice.team, path="cases", name="cases", posts=0, total=30)
    Category.objects.bulk_create(
        [
            Category(team=alice.team, path=f"cases/c{n:02}", parent="cases", name=f"c{n:02}", posts=1, total=1)
            for n in range(30)
        ]
    )
    _tree, listed = parts_of(sign_in(alice).get(category("cases")))
    assert listed.count('class="chip-link"') == 24
    assert 'href="/category/children?path=cases"' in listed


def test_home_and_a_category_take_a_fixed_number_of_queries(alice, bob, sign_in):
    """Home 5: the tree, the README, the page of posts, my WIP, starred; a category 7, for the recent posts stand beside
    it, and whether one watches it. No more for deep paths, many categories or many posts. (The frame of every page has 3 or so of its own.)"""
    first = Post.write(by=bob, name="README", category="a/b", body_md="x", tags=["t"])
    Post.write(by=bob, name="README", body_md="x")
    first.star(by=bob)
    client = sign_in(bob)
    frame = frame_queries(client)
    home, page = queries_of(client, "/"), queries_of(client, "/categories/a/b")
    assert (home - frame, page - frame) == (5, 7)
    for n in range(12):
        post = Post.write(by=alice if n % 2 else bob, name=f"n{n}", category=f"a/b/c{n}/d/e", tags=["t"], body_md="#1")
        Post.write(by=bob, name=f"m{n}", category="a/b").star(by=bob)
        post.star(by=bob)
    assert (queries_of(client, "/"), queries_of(client, "/categories/a/b")) == (home, page)
    assert queries_of(client, "/categories/a/b/c3/d/e") <= page
    assert queries_of(client, "/categories/a/b?all=1") == page


def test_the_world_counts_only_what_is_shipped(alice, docs, sign_in):
    Post.write(by=alice, name="Out", category="dev", wip=False)
    Post.write(by=alice, name="In", category="dev")
    Post.write(by=alice, name="Hidden", category="plans")
    docs.privacy = "open"
    docs.save()
    client = sign_in(None, docs)
    tree, listed = parts_of(client.get("/categories/dev"))
    assert "plans" not in tree
    assert re.findall(r'class="count">(\d+)', tree) == ["1", "1"]
    assert "In<" not in listed
    assert client.get("/categories/plans").status_code == client.get("/categories/nothing").status_code == 404


def test_moving_a_category_shows_what_it_does_and_does_it(alice, sign_in):
    Post.write(by=alice, name="a", category="dev")
    Post.write(by=alice, name="b", category="dev/検索", wip=False)
    Post.write(by=alice, name="c", category="dev-secret")
    client = sign_in(alice)
    plan = client.get("/category/move?from=dev&to=eng", headers={"hx-request": "true"}).content.decode()
    assert "2 posts move." in plan
    assert "eng/検索" in plan
    assert Post.objects.filter(category__startswith="eng").count() == 0

    answer = client.post("/category/move", {"from": "dev", "to": "eng"}, follow=True)
    assert answer.redirect_chain == [("/categories/eng", 302)]
    assert "2 categories were moved." in answer.content.decode()
    assert sorted(Post.objects.values_list("category", flat=True)) == ["dev-secret", "eng", "eng/検索"]


@pytest.mark.parametrize("to", ["", "dev", "dev/below", "a/../b", "x" * 300])
def test_a_move_that_cannot_be_says_why_and_keeps_what_was_typed(to, alice, sign_in):
    Post.write(by=alice, name="a", category="dev")
    answer = sign_in(alice).post("/category/move", {"from": "dev", "to": to})
    assert answer.status_code == 422
    assert "field__errors" in answer.content.decode()
    assert f'value="{to}"' in answer.content.decode()
    assert Post.objects.get().revision_number == 1
    assert sign_in(alice).get(f"/category/move?from=dev&to={quote(to)}").status_code == 200
