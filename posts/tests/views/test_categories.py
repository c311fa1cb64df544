"""The category browser."""

import pytest
from django.urls import reverse

from posts.models import Category, Post


def test_home_shows_the_tree_the_readme_and_what_is_new(alice, bob, sign_in):
    Post.write(by=alice, name="README", body_md="Welcome to **docs**", wip=False)
    Post.write(by=alice, name="Deep", category="dev/検索/bigram", wip=False)
    Post.write(by=bob, name="Mine", category="Users/bob")
    page = sign_in(bob).get("/").content.decode()

    assert "Welcome to <strong>docs</strong>" in page
    for text in ("dev", "Users", "Deep", "Mine", "My WIP"):
        assert text in page
    assert "/category/children?path=dev" in page
    assert reverse("category", args=["dev/検索"]) not in page.split("browser__main")[0]


def test_a_category_page_opens_the_tree_down_to_it(alice, sign_in):
    Post.write(by=alice, name="Deep", category="dev/検索/bigram", wip=False)
    Post.write(by=alice, name="Here", category="dev/検索")
    page = sign_in(alice).get(reverse("category", args=["dev/検索"])).content.decode()

    tree, main = page.split("browser__main", 1)
    assert "bigram" in tree
    assert "Here" in main
    assert "Deep" not in main.split("<aside")[0]
    assert "Deep" in sign_in(alice).get(reverse("category", args=["dev/検索"]) + "?all=1").content.decode().split("browser__main")[1].split("<aside")[0]
