"""Tokens on the pages: a person's own, and what owners decide about all of them."""

import re
from typing import Any

import pytest

from teams.models import AccessPolicy, AccessToken, ApiCall, Event, Mailing, Notification, TokenGrant
from teams.views.api_settings import harmless


def base(client: Any) -> Any:
    client.defaults["HTTP_HOST"] = "esa.localhost"
    return client


def make(client: Any, generation: str = "v1", **entered: Any) -> Any:
    return client.post(
        f"/user/applications/tokens/{generation}", {"name": "backup", "scopes": ["read"], "lifetime": ""} | entered
    )


def test_a_token_is_shown_once_and_opens_the_door(sign_in, bob):
    client = base(sign_in(bob))
    page = client.get("/user/applications").content
    assert b'href="/user/applications/oauth"' in page
    assert b"<code>http://esa.localhost/mcp</code>" in page
    assert b'href="/user/applications"' in client.get("/user/applications/oauth").content
    made = make(client)
    secret = re.search(r'value="([0-9a-f]{64})"', made.content.decode())[1]
    assert client.get("/v1/user", headers={"Authorization": f"Bearer {secret}"}).json()["screen_name"] == "bob"
    listed = client.get("/user/applications").content.decode()
    assert "backup" in listed
    assert secret not in listed
    assert made["Cache-Control"].count("no-store")


def test_a_fine_token_is_for_chosen_teams(sign_in, docs, bob, carol):
    client = base(sign_in(bob))
    made = make(client, "v2", scopes=["read:post"], teams=[bob.pk], reason="backups")
    secret = re.search(r'value="(ep2_[0-9a-f]{64})"', made.content.decode())[1]
    assert client.get("/v1/teams/docs/posts", headers={"Authorization": f"Bearer {secret}"}).status_code == 200
    refused = make(client, "v2", scopes=["read:post"], teams=[carol.pk])
    assert refused.status_code == 422
    assert not TokenGrant.objects.filter(member=carol).exists()


@pytest.mark.parametrize(
    "entered", [{"name": ""}, {"scopes": []}, {"scopes": ["read", "admin:post"]}, {"lifetime": "-5"}]
)
def test_a_mistake_keeps_what_was_typed_and_makes_nothing(sign_in, bob, entered):
    answer = make(base(sign_in(bob)), **({"name": "typed"} | entered))
    assert answer.status_code == 422
    assert not AccessToken.objects.exists()


def test_a_revoked_token_is_dead(sign_in, bob):
    token, secret = AccessToken.make(bob.user, name="x", granted=["read"])
    client = base(sign_in(bob))
    assert client.post(f"/user/applications/tokens/{token.pk}/delete").status_code == 302
    assert client.get("/v1/user", headers={"Authorization": f"Bearer {secret}"}).status_code == 401


def test_nobody_sees_or_revokes_anothers_token(sign_in, alice, bob):
    token, _secret = AccessToken.make(bob.user, name="bobs own", granted=["read"])
    client = base(sign_in(alice))
    assert b"bobs own" not in client.get("/user/applications").content
    assert client.post(f"/user/applications/tokens/{token.pk}/delete").status_code == 404
    assert AccessToken.objects.exists()
    assert base(sign_in(None)).get("/user/applications").status_code == 302


def test_the_list_asks_as_often_for_many_tokens_as_for_one(
    sign_in, bob, django_assert_max_num_queries, django_assert_num_queries
):
    client = base(sign_in(bob))
    for _ in range(2):
        AccessToken.make(bob.user, name="x", granted=["read:post"], generation="v2", members=[bob])
    client.get("/user/applications")
    with django_assert_max_num_queries(20) as few:
        client.get("/user/applications")
    for _ in range(10):
        AccessToken.make(bob.user, name="x", granted=["read:post"], generation="v2", members=[bob])
    with django_assert_num_queries(len(few)):
        client.get("/user/applications")


# --- Owners -----------------------------------------------------------------------------------------------------------

PAGES = ["/team/api", "/team/api/log", "/team/api/log.csv"]
ACTIONS = ["/team/api", "/team/api/policies", "/team/api/policies/{policy}/delete", "/team/api/tokens/{grant}"]


@pytest.fixture
def asked(docs, alice, bob) -> dict[str, int]:
    docs.token_api = "approval"
    docs.save()
    token, _secret = AccessToken.make(bob.user, name="asks", granted=["read:post"], generation="v2", members=[bob])
    policy = AccessPolicy.objects.create(team=docs, name="readers", scopes=["read:post"])
    ApiCall.objects.create(
        team=docs, member=bob, token_kind="token v1", token_name="=cmd()", method="GET", path="/v1/x", status=200
    )
    return {"policy": policy.pk, "grant": token.grants.get().pk}


def test_only_owners_decide(sign_in, docs, asked, alice, bob, carol):
    for member, status in ((bob, 403), (carol, 404)):
        client = sign_in(member, docs)
        for path in PAGES:
            assert client.get(path).status_code == status
        for path in ACTIONS:
            entered = {"legacy_api": "deny", "policy": asked["policy"]}
            assert client.post(path.format(**asked), entered).status_code == status
    client = sign_in(alice)
    assert all(client.get(path).status_code == 200 for path in PAGES)


def test_owners_hear_of_a_token_that_waits_and_nobody_else_does(sign_in, asked, alice, bob):
    event = Event.objects.get(action="tokengrant_request")
    event.relay()
    told = Notification.objects.get()
    assert (told.member, told.kind, told.path) == (alice, "access", "/team/api")
    mail = Mailing.objects.get()
    assert mail.member == alice
    assert "Bob asks for access with a token" in mail.text
    assert "http://docs.esa.localhost/team/api" in mail.text
    inbox = sign_in(alice).get("/notifications").content.decode()
    assert "asks for access with a token" in inbox
    assert "asks for access" not in sign_in(bob).get("/activity").content.decode()


def test_owners_hear_nothing_of_a_token_that_need_not_wait_or_waits_no_longer(docs, asked, alice, bob):
    TokenGrant.objects.get().refuse(by=alice)
    Event.objects.get(action="tokengrant_request").relay()
    docs.token_api = "allow"
    docs.save()
    bob.refresh_from_db()
    AccessToken.make(bob.user, name="free", granted=["read:post"], generation="v2", members=[bob])
    assert Event.objects.filter(action="tokengrant_request").count() == 1
    assert not Notification.objects.exists()


def test_an_owner_approves_and_refuses(sign_in, asked, alice):
    client = sign_in(alice)
    path = f"/team/api/tokens/{asked['grant']}"
    assert b"waits for approval" in client.get("/team/api").content
    assert client.post(path, {"approve": "", "policy": ""}).status_code == 422
    client.post(path, {"approve": "", "policy": asked["policy"]})
    grant = TokenGrant.objects.get()
    assert (grant.decision, grant.policy_id, grant.decided_by) == ("approved", asked["policy"], alice)
    client.post(path, {"refuse": ""})
    assert TokenGrant.objects.get().decision == "refused"


def test_what_belongs_to_another_team_is_not_found(sign_in, asked, carol):
    client = sign_in(carol)
    assert client.post(f"/team/api/tokens/{asked['grant']}", {"refuse": ""}).status_code == 404
    assert client.post(f"/team/api/policies/{asked['policy']}/delete").status_code == 404
    own = AccessPolicy.objects.get()
    assert own.name == "readers"
    assert b"cmd" not in client.get("/team/api/log").content


def test_a_policy_of_another_team_approves_nothing(sign_in, asked, alice, carol):
    other = AccessPolicy.objects.create(team=carol.team, name="all", scopes=["admin:post"])
    assert sign_in(alice).post(f"/team/api/tokens/{asked['grant']}", {"policy": other.pk}).status_code == 422
    assert TokenGrant.objects.get().decision == ""


def test_a_policy_names_its_categories(sign_in, docs, alice):
    client = sign_in(alice)
    entered = {
        "name": "narrow",
        "position": 1,
        "scopes": ["read:post"],
        "listed_only": "on",
        "categories": "/dev//api/\r\n日報\n\ndev/api",
    }
    assert client.post("/team/api/policies", entered).status_code == 302
    assert docs.access_policies.get().open_categories == ("dev/api", "日報")
    assert client.post("/team/api/policies", entered).status_code == 422, "the name is taken"
    assert client.post("/team/api/policies", entered | {"name": "x", "categories": ""}).status_code == 422
    assert docs.access_policies.count() == 1


def test_an_untouched_form_names_no_category(sign_in, docs, alice):
    page = sign_in(alice).get("/team/api").content.decode()
    assert re.search(r"<textarea[^>]*name=.categories.[^>]*>\s*</textarea>", page)


def test_a_deleted_policy_takes_its_tokens_along(sign_in, asked, alice):
    TokenGrant.objects.get().approve(AccessPolicy.objects.get(), by=alice)
    assert sign_in(alice).post(f"/team/api/policies/{asked['policy']}/delete").status_code == 302
    assert not TokenGrant.objects.exists()


def test_what_owners_allow_is_kept(sign_in, docs, alice):
    client = sign_in(alice)
    assert client.post("/team/api", {"legacy_api": "read_only", "token_api": "deny"}).status_code == 302
    docs.refresh_from_db()
    assert (docs.legacy_api, docs.token_api) == ("read_only", "deny")
    assert client.post("/team/api", {"legacy_api": "everything", "token_api": "deny"}).status_code == 422


def test_the_exported_log_runs_nothing(sign_in, asked, alice):
    answer = sign_in(alice).get("/team/api/log.csv")
    text = b"".join(answer.streaming_content).decode()
    assert text.splitlines()[1].endswith(",bob,token v1,'=cmd(),GET,/v1/x,200")
    assert answer["Content-Disposition"].startswith("attachment")
    assert [harmless(cell) for cell in ("=1", "+1", "-1", "@a", "\t=1", "a=1")] == [
        "'=1",
        "'+1",
        "'-1",
        "'@a",
        "'\t=1",
        "a=1",
    ]
