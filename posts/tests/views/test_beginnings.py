"""New posts that an address fills in, and the list of templates."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from posts.models import Post


def start(client, query):
    answer = client.get(f"/posts/new?{query}")
    assert answer.status_code == 200
    return answer.context["form"].initial


def test_post_here_applies_the_template_of_the_category(alice, sign_in):
    Post.write(by=alice, name="Minutes", category="Templates/会議", body_md="# by %{me}", wip=False)
    client = sign_in(alice)
    assert start(client, "category_path=/会議/") == {"title": "会議/Minutes", "body_md": "# by alice"}
    assert start(client, "category_path=/会議/Kickoff") == {"title": "会議/Kickoff", "body_md": "# by alice"}
    assert start(client, "category_path=/dev/") == {"title": "dev/", "body_md": ""}
    assert start(client, "") == {"title": "", "body_md": ""}


def test_a_chosen_template_and_a_duplicate_fill_the_form(alice, sign_in):
    Post.write(by=alice, name="Minutes", category="Templates/会議", body_md="# by %{me}", wip=False)
    Post.write(by=alice, name="Hello", category="dev", tags=["x"], body_md="text")
    client = sign_in(alice)
    assert start(client, "template_post_id=1") == {"title": "会議/Minutes", "body_md": "# by alice"}
    assert start(client, "parent_post_id=2") == {"title": "dev/Hello #x", "body_md": "text"}


@pytest.mark.parametrize(
    "query",
    [
        "template_post_id=2",
        "template_post_id=3",
        "template_post_id=x",
        "parent_post_id=99",
        "parent_post_id=" + "9" * 30,
        "parent_post_id=²",
    ],
)
def test_what_is_no_template_is_not_found(alice, sign_in, query):
    Post.write(by=alice, name="Minutes", category="Templates", wip=False)
    Post.write(by=alice, name="README", category="Templates", wip=False)
    Post.write(by=alice, name="Draft", category="Templates", wip=True)
    assert sign_in(alice).get(f"/posts/new?{query}").status_code == 404


def test_a_path_that_cannot_be_is_said(alice, sign_in):
    page = sign_in(alice).get("/posts/new?category_path=/a/../b/")
    assert page.status_code == 200
    assert "A category cannot be called" in page.content.decode()


def test_templates_are_listed_and_searched(alice, sign_in):
    for name, category, wip in [
        ("Minutes", "Templates/会議", False),
        ("README", "Templates", False),
        ("Draft", "Templates", True),
        ("Other", "dev", False),
    ]:
        Post.write(by=alice, name=name, category=category, wip=wip)
    client = sign_in(alice)
    assert [each.name for each in client.get("/templates").context["templates"]] == ["Minutes"]
    assert [each.name for each in client.get("/templates?q=会 min").context["templates"]] == ["Minutes"]
    assert client.get("/templates?q=nothing").context["templates"] == []
    fragment = client.get("/templates", HTTP_HX_REQUEST="true").content.decode()
    assert "<html" not in fragment
    assert "/posts/new?template_post_id=1" in fragment


def test_more_templates_take_no_more_queries(alice, sign_in, django_assert_num_queries):
    client = sign_in(alice)
    Post.write(by=alice, name="T0", category="Templates", wip=False)
    client.get("/templates")
    with CaptureQueriesContext(connection) as one:
        client.get("/templates")
    for number in range(1, 6):
        Post.write(by=alice, name=f"T{number}", category="Templates", wip=False)
    with django_assert_num_queries(len(one)):
        client.get("/templates")
