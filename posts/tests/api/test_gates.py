"""Whom each endpoint lets in: members, not outsiders; tokens that have the right, not others; policies as far as they go."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any, NamedTuple

import pytest
from django.db import transaction
from django.utils import timezone

from posts.models import Comment, Post
from posts.models.post import Draft
from teams.models import AccessToken, ApiCall, Member


class Ask(NamedTuple):
    method: str
    path: str
    data: Any = None
    status: int = 200


ASKS = [
    Ask("GET", ""),
    Ask("GET", "/stats"),
    Ask("GET", "/members"),
    Ask("GET", "/members/bob"),
    Ask("GET", "/posts"),
    Ask("GET", "/posts/new?parent_post_id=1"),
    Ask("GET", "/posts/1"),
    Ask("POST", "/posts", {"post": {"name": "new"}}, 201),
    Ask("PATCH", "/posts/1", {"post": {"body_md": "new"}}),
    Ask("POST", "/posts/1/append", {"post": {"content": "more"}}),
    Ask("POST", "/posts/1/prepend", {"post": {"content": "more"}}),
    Ask("POST", "/posts/1/archive"),
    Ask("GET", "/posts/1/backlinks"),
    Ask("GET", "/posts/1/revisions"),
    Ask("GET", "/posts/1/revisions/1"),
    Ask("GET", "/posts/1/revisions/compare/1...2"),
    Ask("POST", "/posts/1/revisions/1/rollback"),
    Ask("GET", "/posts/1/comments"),
    Ask("POST", "/posts/1/comments", {"comment": {"body_md": "fine"}}, 201),
    Ask("GET", "/comments"),
    Ask("GET", "/comments/{comment}"),
    Ask("PATCH", "/comments/{comment}", {"comment": {"body_md": "changed"}}),
    Ask("GET", "/comments/{comment}/stargazers"),
    Ask("POST", "/comments/{comment}/star", status=204),
    Ask("DELETE", "/comments/{comment}/star", status=204),
    Ask("GET", "/posts/1/stargazers"),
    Ask("POST", "/posts/1/star", status=204),
    Ask("DELETE", "/posts/1/star", status=204),
    Ask("GET", "/posts/1/watchers"),
    Ask("POST", "/posts/1/watch", status=204),
    Ask("DELETE", "/posts/1/watch", status=204),
    Ask("GET", "/categories?select=dev"),
    Ask("GET", "/categories/top"),
    Ask("GET", "/categories/no_category"),
    Ask("GET", "/categories/paths"),
    Ask("POST", "/categories/batch_move", {"from": "dev", "to": "moved"}),
    Ask("GET", "/tags"),
    Ask("POST", "/posts/1/sharing", status=201),
    Ask("DELETE", "/posts/1/sharing", status=204),
    Ask("GET", "/signed_urls?urls=a"),
    Ask("POST", "/attachments/policies?name=a.png"),
    Ask("GET", "/emojis"),
    Ask("POST", "/emojis", {"emoji": {"code": "yum", "origin_code": "sushi"}}, 201),
    Ask("POST", "/feedbacks", {"feedback": {"message": "fine"}}, 201),
    Ask("DELETE", "/comments/{comment}", status=204),
    Ask("DELETE", "/posts/1", status=204),
]


TESTED_BY_THEMSELVES = {
    # No team in the path; so has POST /feedbacks, which is asked with one
    ("GET", "/user"), ("GET", "/teams"),
    # For owners, with files, or asking by POST
    ("DELETE", "/members/{name_or_email}"), ("GET", "/invitation"), ("POST", "/invitation_regenerator"),
    ("GET", "/invitations"), ("POST", "/invitations"), ("DELETE", "/invitations/{code}"), ("DELETE", "/emojis/{code}"),
    ("POST", "/attachments"), ("POST", "/signed_urls"), ("GET", "/signed_url/{address}"),
}  # fmt: skip


def test_every_operation_is_here(client: Any) -> None:
    """What is added to the API has to be added to ASKS, or a test of its gates written."""
    given = {"number": "1", "revision": "1", "old": "1", "new": "2", "pk": "{comment}", "name_or_email": "bob"}
    asked = {(ask.method, ask.path.partition("?")[0]) for ask in ASKS}
    left = set()
    for path, methods in client.get("/v1/openapi.json").json()["paths"].items():
        bare = path.removeprefix("/v1").removeprefix("/teams/{team_name}")
        filled = bare
        for name, value in given.items():
            filled = filled.replace(f"{{{name}}}", value)
        left |= {(method.upper(), bare) for method in methods if (method.upper(), filled) not in asked}
    assert left == TESTED_BY_THEMSELVES


def each() -> Iterator[Ask]:
    """Every endpoint, each on the same ground: what the one before did is undone."""
    for ask in ASKS:
        with transaction.atomic():
            yield ask
            transaction.set_rollback(True)


@pytest.fixture
def comment(docs, alice, bob) -> Comment:
    post = Post.write(by=bob, category="dev", name="secret plan", tags=["zebra"], body_md="quokka")
    post.revise(Draft(body_md="quokka 2"), by=bob)
    return post.comment(by=bob, body_md="wombat")


def state() -> tuple[Any, ...]:
    rows = Post.objects.values_list(
        "number", "category", "body_md", "deleted_at", "revision_number", "stars_count", "watches_count"
    )
    return (
        tuple(rows),
        tuple(Comment.objects.values_list("body_md", "stars_count")),
        Member.objects.filter(left_at=None).count(),
    )


def ask_of(program: Any, ask: Ask, comment: Comment, team: str = "docs") -> Any:
    return program(ask.method, f"/teams/{team}{ask.path}".format(comment=comment.pk), ask.data)


def test_a_member_gets_in(program, bob, comment):
    asking = program(bob)
    for ask in each():
        answer = ask_of(asking, ask, comment)
        assert answer.status_code == ask.status, (ask, answer.content)


def test_an_outsider_sees_nothing(program, bob, carol, comment):
    before = state()
    asking = program(carol)
    for ask in each():
        answer = ask_of(asking, ask, comment)
        assert (answer.status_code, answer.json()) == (404, {"error": "not_found", "message": "Not found"}), ask
        assert state() == before, ask


def test_the_ids_of_another_team_are_nobodys(program, bob, carol, comment):
    """The path names carol's own team, and posts and comments of docs."""
    before = state()
    asking = program(carol)
    for ask in each():
        answer = ask_of(asking, ask, comment, team="elsewhere")
        assert answer.status_code in {200, 201, 404}
        assert not any(word in answer.content.decode() for word in ("quokka", "wombat", "zebra", "secret plan", "bob"))
        assert [row for row in state()[0] if row[0] == 1 and row[1] == "dev"] == [
            row for row in before[0] if row[0] == 1
        ]
        assert state()[1] == before[1]


def test_nobody_gets_in_without_a_token(client, comment):
    for ask in each():
        for headers in ({}, {"Authorization": "Bearer 0123"}, {"Authorization": "Basic Ym9iOmNvcnJlY3QgaG9yc2U="}):
            answer = client.generic(
                ask.method,
                f"/v1/teams/docs{ask.path}".format(comment=comment.pk),
                "{}",
                "application/json",
                headers=headers,
            )
            assert (answer.status_code, answer.json()) == (401, {"error": "unauthorized", "message": "Unauthorized"})


def test_a_session_opens_nothing(sign_in, bob, comment):
    browser = sign_in(bob)
    for ask in each():
        answer = browser.generic(ask.method, f"/v1/teams/docs{ask.path}".format(comment=comment.pk))
        assert answer.status_code == 401
        assert not answer.cookies


def test_a_token_that_only_reads_writes_nothing(program, bob, comment):
    before = state()
    asking = program(bob, "read")
    for ask in each():
        answer = ask_of(asking, ask, comment)
        if ask.method == "GET":
            assert answer.status_code == 200
        else:
            assert (answer.status_code, answer.json()["error"]) == (403, "forbidden")
            assert state() == before


def test_a_token_that_only_writes_reads_nothing(program, bob, comment):
    asking = program(bob, "write")
    for ask in each():
        answer = ask_of(asking, ask, comment)
        assert answer.status_code == (403 if ask.method == "GET" else ask.status), ask


def test_a_policy_without_the_right_denies(confined, bob, comment):
    before = state()
    asking = confined(bob, granted=["read:user"])
    for ask in each():
        assert ask_of(asking, ask, comment).status_code == 403, ask
        assert state() == before, ask


IN_NO_CATEGORY = {"/attachments/policies", "/emojis", "/feedbacks"}


def test_a_policy_of_other_categories_denies_and_tells_nothing(confined, bob, comment):
    """`de` and `dev/deeper` are no way into `dev`."""
    before = state()
    confined_to = confined(bob, categories=["de", "dev/deeper", "dev-secret"])
    for ask in each():
        answer = ask_of(confined_to, ask, comment)
        assert not any(word in answer.content.decode() for word in ("quokka", "wombat", "zebra", "secret plan"))
        if ask.method != "GET" and ask.path.partition("?")[0] not in IN_NO_CATEGORY:
            assert answer.status_code in {403, 404}, ask
        assert state() == before, ask
        if answer.status_code == 200 and "total_count" in answer.json() and ask.path != "/members":
            assert answer.json()["total_count"] == 0


def test_a_policy_of_its_category_lets_in(confined, bob, comment):
    """Where it ends: a post without a category, the archive, another category."""
    asking = confined(bob, categories=["dev"])
    for ask in each():
        answer = ask_of(asking, ask, comment)
        outside = {"/posts", "/posts/1/archive", "/categories/batch_move"}
        assert answer.status_code == (403 if ask.method == "POST" and ask.path in outside else ask.status), (
            ask,
            answer.content,
        )


def test_a_team_that_denies_programs(program, docs, bob, comment):
    docs.legacy_api = "deny"
    docs.save()
    asking = program(bob)
    for ask in each():
        assert ask_of(asking, ask, comment).status_code == 403


def test_a_team_that_lets_programs_read(program, docs, bob, comment):
    docs.legacy_api = "read_only"
    docs.save()
    asking = program(bob)
    for ask in each():
        assert ask_of(asking, ask, comment).status_code == (200 if ask.method == "GET" else 403)


# --- A token's life ---------------------------------------------------------------------------------------------------


def test_whoever_leaves_is_out_at_once(program, alice, bob, comment):
    ask = program(bob)
    assert ask("GET", "/teams/docs").status_code == 200
    bob.leave(by=alice)
    assert ask("GET", "/teams/docs").status_code == 404
    assert ask.get("/teams")["teams"] == []


def test_whoever_comes_back_asks_anew(confined, alice, bob, comment):
    ask = confined(bob)
    bob.leave(by=alice)
    Member.join(bob.team, bob.user)
    assert ask("GET", "/teams/docs").status_code == 404


def test_a_locked_account_is_out_at_once(program, bob):
    ask = program(bob)
    bob.user.deactivate()
    assert ask("GET", "/user").status_code == 401


def test_an_expired_token_is_none(program, bob):
    ask = program(bob, expires_at=timezone.now() + timedelta(seconds=60))
    assert ask("GET", "/user").status_code == 200
    AccessToken.objects.update(expires_at=timezone.now())
    assert ask("GET", "/user").status_code == 401


def test_a_revoked_token_is_none(program, bob):
    ask = program(bob)
    AccessToken.objects.get().revoke()
    assert ask("GET", "/user").status_code == 401


def test_the_secret_is_kept_nowhere(program, bob):
    secret = program(bob).secret
    token = AccessToken.objects.get()
    assert secret not in str(vars(token))
    assert len(secret) == 64
    assert secret.endswith(token.hint)


def test_the_last_use_is_known(program, bob):
    ask = program(bob)
    assert AccessToken.objects.get().last_used_at is None
    ask("GET", "/user")
    assert timezone.now() - AccessToken.objects.get().last_used_at < timedelta(minutes=1)


def test_a_fine_token_waits_for_an_owner(docs, alice, bob, client, confined):
    docs.token_api = "approval"
    docs.save()
    token, secret = AccessToken.make(
        bob.user, name="fine", granted=["read:team", "read:post"], generation="v2", members=[bob]
    )
    headers = {"Authorization": f"Bearer {secret}"}
    assert secret.startswith("ep2_")
    assert client.get("/v1/teams/docs", headers=headers).status_code == 403
    assert client.get("/v1/teams", headers=headers).json()["teams"] == []
    policy = docs.access_policies.create(name="readers", scopes=["read:team"])
    token.grants.get().approve(policy, by=alice)
    assert client.get("/v1/teams/docs", headers=headers).status_code == 200
    assert client.get("/v1/teams/docs/posts", headers=headers).status_code == 403, "token and policy have to agree"
    token.grants.get().refuse(by=alice)
    assert client.get("/v1/teams/docs", headers=headers).status_code == 403
    docs.token_api = "allow"
    docs.save()
    assert client.get("/v1/teams/docs", headers=headers).status_code == 403, "refused is refused"


def test_a_fine_token_knows_only_its_teams(docs, bob, client):
    other = Member.join(Member.objects.create(team=type(docs).objects.create(name="other")).team, bob.user)
    _token, secret = AccessToken.make(bob.user, name="f", granted=["admin:team"], generation="v2", members=[other])
    headers = {"Authorization": f"Bearer {secret}"}
    assert client.get("/v1/teams/docs", headers=headers).status_code == 404
    assert [team["name"] for team in client.get("/v1/teams", headers=headers).json()["teams"]] == ["other"]


# --- What else a policy hides -----------------------------------------------------------------------------------------


def test_a_policy_hides_in_counts_titles_and_links(confined, docs, alice, bob, comment):
    shown = Post.write(by=bob, category="open", name="shown", tags=["zebra"], body_md="see #1", wip=False)
    hidden_link = Post.write(by=alice, category="other", name="linker", body_md=f"see #{shown.number}", wip=False)
    hidden_link.star(by=bob)
    ask = confined(bob, categories=["open"])
    found = ask.get("/teams/docs/posts?q=zebra")
    assert (found["total_count"], [row["number"] for row in found["posts"]]) == (1, [shown.number])
    assert ask.get("/teams/docs/posts?q=quokka")["total_count"] == 0
    assert ask.get("/teams/docs/posts?q=comment:wombat")["total_count"] == 0
    assert ask.get("/teams/docs/tags")["tags"] == [{"name": "zebra", "posts_count": 1}]
    assert [row["path"] for row in ask.get("/teams/docs/categories/paths")["categories"]] == ["open"]
    figures = ask.get("/teams/docs/stats")
    assert (figures["posts"], figures["comments"], figures["stars"]) == (1, 0, 0)
    assert ask.get("/teams/docs/members/bob")["posts_count"] == 1
    one = ask.get(f"/teams/docs/posts/{shown.number}?include=backlinks")
    assert (one["backlinks_count"], one["backlinks"]) == (0, [])
    assert "secret plan" not in one["body_html"]
    assert "secret plan" in Post.objects.get(pk=shown.pk).body_html, "others see the title"


def test_a_policy_holds_for_where_a_post_goes(confined, bob, comment):
    ask = confined(bob, categories=["dev"])
    for given in (
        {"category": "other"},
        {"category": ""},
        {"name": "/x"},
        {"name": "other/x"},
        {"category": "dev-secret"},
    ):
        assert ask("PATCH", "/teams/docs/posts/1", {"post": given}).status_code == 403, given
        assert ask("POST", "/teams/docs/posts", {"post": {"name": "n"} | given}).status_code == 403, given
    assert ask("PATCH", "/teams/docs/posts/1", {"post": {"category": "/dev/deeper/"}}).status_code == 200
    assert ask("POST", "/teams/docs/posts", {"post": {"name": "dev/x"}}).status_code == 201
    outside = Post.write(by=bob, category="other", name="template", body_md="numbat")
    for key in ("template_post_id", "parent_post_id"):
        made = ask("POST", "/teams/docs/posts", {"post": {"category": "dev", key: outside.number}})
        assert made.status_code == 404
        assert "numbat" not in made.content.decode()


def test_a_revision_of_another_place_cannot_be_brought_back(confined, bob, comment):
    comment.post.move("elsewhere", by=bob)
    ask = confined(bob, categories=["elsewhere"])
    assert ask("POST", "/teams/docs/posts/1/revisions/1/rollback").status_code == 403


# --- Roles ------------------------------------------------------------------------------------------------------------


def test_only_owners_remove_members_and_never_themselves(program, docs, alice, bob, carol):
    assert program(bob)("DELETE", "/teams/docs/members/alice").status_code == 403
    assert program(alice)("DELETE", "/teams/docs/members/alice").status_code == 400
    assert program(alice)("DELETE", "/teams/docs/members/carol").status_code == 404
    assert program(alice)("DELETE", "/teams/docs/members/bob@example.com").status_code == 204
    assert sorted(member.handle for member in docs.members.active()) == ["alice"]


def test_others_comments_are_theirs(program, alice, bob, comment):
    mine = comment.post.comment(by=alice, body_md="mine")
    for method, data in (("PATCH", {"comment": {"body_md": "x"}}), ("DELETE", None)):
        assert program(bob)(method, f"/teams/docs/comments/{mine.pk}", data).status_code == 403
    mine.refresh_from_db()
    assert mine.body_md == "mine"


def test_requests_are_noted_for_the_owners(program, bob, carol, comment):
    ask = program(bob)
    ask("GET", "/teams/docs/posts?access_token=oops")
    ask("POST", "/teams/docs/posts/77/star")
    ask("GET", "/user")
    program(carol)("GET", "/teams/docs")
    noted = ApiCall.objects.order_by("pk").values_list("member", "token_kind", "token_name", "method", "path", "status")
    assert list(noted) == [
        (bob.pk, "token v1", "a program", "GET", "/v1/teams/docs/posts", 200),
        (bob.pk, "token v1", "a program", "POST", "/v1/teams/docs/posts/77/star", 404),
    ]
    ApiCall.objects.update(created_at=timezone.now() - timedelta(days=181))
    ApiCall.forget_old()
    assert not ApiCall.objects.exists()
