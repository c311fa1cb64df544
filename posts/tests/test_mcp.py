import json

import pytest
from django.test import Client

from posts import mcp
from posts.models import Attachment, Post
from posts.tests.files import picture
from teams.models import AccessToken, ApiCall


class Agent:
    def __init__(self, member, granted="read write", **more):
        _token, self.secret = AccessToken.make(member.user, name="agent", granted=granted, **more)
        self.client = Client(HTTP_HOST="api.esa.localhost", enforce_csrf_checks=True)

    def send(self, message, **headers):
        headers = {"authorization": f"Bearer {self.secret}", "accept": "application/json, text/event-stream"} | headers
        return self.client.post("/mcp", json.dumps(message), content_type="application/json", headers=headers)

    def ask(self, method, **params):
        return self.send({"jsonrpc": "2.0", "id": 1, "method": method, "params": params}).json()

    def call(self, tool, /, **arguments):
        result = self.ask("tools/call", name=tool, arguments=arguments)["result"]
        text = result["content"][0]["text"]
        return result["isError"], json.loads(text) if text != "Done." else None


@pytest.fixture
def post(alice):
    return Post.write(by=alice, name="Plan", category="dev", tags=["api"], body_md="one\n", wip=False)


def test_a_client_introduces_itself_and_is_told_what_there_is(alice):
    agent = Agent(alice)
    told = agent.ask(
        "initialize", protocolVersion="2025-06-18", capabilities={}, clientInfo={"name": "x", "version": "1"}
    )
    assert told["result"]["protocolVersion"] == "2025-06-18"
    assert set(told["result"]["capabilities"]) == {"tools", "resources", "prompts"}
    assert agent.ask("initialize", protocolVersion="1999-01-01")["result"]["protocolVersion"] == mcp.VERSIONS[0]
    noted = agent.send({"jsonrpc": "2.0", "method": "notifications/initialized"})
    assert (noted.status_code, noted.content) == (202, b"")
    tools = {tool["name"]: tool for tool in agent.ask("tools/list")["result"]["tools"]}
    assert {"esa_get_teams", "esa_search_posts", "esa_ship_post", "esa_duplicate_post", "esa_rollback_post"} <= set(
        tools
    )
    assert tools["esa_get_post"]["inputSchema"]["required"] == ["team_name", "post_number"]
    assert tools["esa_get_post"]["annotations"]["readOnlyHint"]
    assert agent.ask("ping")["result"] == {}


def test_without_a_token_the_way_to_one_is_told(post):
    answer = Client(HTTP_HOST="api.esa.localhost").post("/mcp", "{}", content_type="application/json")
    assert answer.status_code == 401
    place = "http://api.esa.localhost/.well-known/oauth-protected-resource/mcp"
    assert answer["WWW-Authenticate"] == f'Bearer resource_metadata="{place}"'
    assert Client(HTTP_HOST="api.esa.localhost").get(place.removeprefix("http://api.esa.localhost")).status_code == 200


def test_a_session_in_a_browser_is_no_token(alice, sign_in):
    assert sign_in(alice).post("/mcp", "{}", content_type="application/json").status_code == 401


def test_agents_write_and_the_history_says_so(alice):
    agent = Agent(alice)
    wrong, made = agent.call(
        "esa_create_post", team_name="docs", name="Notes", category="dev", tags=["x"], body_md="a\n"
    )
    number = made["number"]
    assert (wrong, made["full_name"], made["wip"]) == (False, "dev/Notes #x", True)
    of = {"team_name": "docs", "post_number": number}
    assert agent.call("esa_update_post", **of, body_md="b\n")[1]["body_md"] == "b\n"
    assert agent.call("esa_append_post", **of, content="end\n")[1]["body_md"] == "b\nend\n"
    assert agent.call("esa_prepend_post", **of, content="start\n")[1]["body_md"] == "start\nb\nend\n"
    shipped = agent.call("esa_ship_post", **of)[1]
    assert (shipped["wip"], shipped["message"]) == (False, "Ship It!")
    assert agent.call("esa_rollback_post", **of, revision_number=1)[1]["body_md"] == "a\n"
    assert agent.call("esa_archive_post", **of)[1]["category"] == "Archived/dev"
    copy = agent.call("esa_duplicate_post", **of, name="Copy", category="dev")[1]
    assert (copy["name"], copy["body_md"], copy["wip"]) == ("Copy", "a\n", True)
    post = Post.objects.get(number=number)
    assert set(post.revisions.values_list("via", flat=True)) == {"mcp"}
    assert ApiCall.objects.filter(path=f"/v1/teams/docs/posts/{number}/append").exists()


def test_agents_read(post, alice, bob):
    comment = post.comment(by=bob, body_md="hm")
    attachment = Attachment.attach(picture(), by=alice)
    agent = Agent(alice)
    of = {"team_name": "docs"}
    assert [team["name"] for team in agent.call("esa_get_teams")[1]["teams"]] == ["docs"]
    assert agent.call("esa_get_team_stats", **of)[1]["posts"] == 1
    assert agent.call("esa_get_team_tags", **of)[1]["tags"][0]["name"] == "api"
    assert len(agent.call("esa_get_team_members", **of)[1]["members"]) == 2
    assert agent.call("esa_search_posts", **of, query="in:dev", per_page=1)[1]["posts"][0]["number"] == post.number
    assert (
        agent.call("esa_get_post", **of, post_number=post.number, include="comments")[1]["comments"][0]["id"]
        == comment.pk
    )
    for name in ("esa_get_post_backlinks", "esa_get_post_revisions", "esa_get_post_comments"):
        assert agent.call(name, **of, post_number=post.number)[0] is False
    assert agent.call("esa_get_comment", **of, comment_id=comment.pk)[1]["body_md"] == "hm"
    assert agent.call("esa_get_team_comments", **of)[1]["total_count"] == 1
    assert agent.call("esa_get_categories", **of, select="dev", include="posts")[1]["posts"]
    assert agent.call("esa_get_top_categories", **of)[0] is False
    assert agent.call("esa_get_all_category_paths", **of)[1]["categories"] == [{"path": "dev", "posts": 1}]
    assert agent.call("esa_get_attachment_urls", **of, urls=[attachment.path])[1]["signed_urls"][0][1]


def test_agents_comment(post, alice):
    agent, of = Agent(alice), {"team_name": "docs"}
    made = agent.call("esa_create_comment", **of, post_number=post.number, body_md="a")[1]
    assert agent.call("esa_update_comment", **of, comment_id=made["id"], body_md="b")[1]["body_md"] == "b"
    assert agent.call("esa_delete_comment", **of, comment_id=made["id"]) == (False, None)
    assert not post.comments.exists()


@pytest.mark.parametrize(
    ("name", "number"),
    [("esa_get_markdown_syntax_help", 49), ("esa_get_search_options_help", 104), ("esa_get_api_help", 102)],
)
def test_help_is_a_post_of_the_team_docs(alice, name, number):
    Post.write(by=alice, name="Help", number=number, body_md="help")
    assert Agent(alice).call(name)[1]["number"] == number


def test_resources_and_the_prompt(post, alice):
    agent = Agent(alice)
    uri = "esa://teams/docs/posts/recent"
    assert [each["uri"] for each in agent.ask("resources/list")["result"]["resources"]] == [uri]
    assert agent.ask("resources/templates/list")["result"]["resourceTemplates"][0]["uriTemplate"] == mcp.RECENT
    content = agent.ask("resources/read", uri=uri)["result"]["contents"][0]
    assert json.loads(content["text"])["posts"][0]["number"] == post.number
    assert agent.ask("prompts/list")["result"]["prompts"][0]["name"] == "esa_summarize_post"
    prompt = agent.ask(
        "prompts/get", name="esa_summarize_post", arguments={"team_name": "docs", "post_number": str(post.number)}
    )
    assert "one\n" in prompt["result"]["messages"][0]["content"]["text"]


def test_the_same_rights_and_the_same_gate_as_the_api(post, alice, carol):
    reader = Agent(alice, "read")
    wrong, told = reader.call("esa_update_post", team_name="docs", post_number=post.number, body_md="x")
    assert (wrong, told["error"]) == (True, "forbidden")
    outsider = Agent(carol)
    for name, more in (
        ("esa_get_post", {"post_number": post.number}),
        ("esa_search_posts", {}),
        ("esa_ship_post", {"post_number": post.number}),
    ):
        wrong, told = outsider.call(name, team_name="docs", **more)
        assert (wrong, told) == (True, {"error": "not_found", "message": "Not found"})
    assert "error" in outsider.ask("resources/read", uri="esa://teams/docs/posts/recent")
    assert "error" in outsider.ask(
        "prompts/get", name="esa_summarize_post", arguments={"team_name": "docs", "post_number": post.number}
    )
    assert [each["uri"] for each in outsider.ask("resources/list")["result"]["resources"]] == [
        "esa://teams/elsewhere/posts/recent"
    ]
    post.refresh_from_db()
    assert post.body_md == "one\n"


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        ({}, "team_name is missing"),
        ({"team_name": "docs"}, "post_number is missing"),
        ({"team_name": "docs", "post_number": "1/../../../user"}, "whole number"),
        ({"team_name": "docs", "post_number": True}, "whole number"),
    ],
)
def test_wrong_arguments_are_named(alice, arguments, why):
    told = Agent(alice).ask("tools/call", name="esa_get_post", arguments=arguments)
    assert told["error"]["code"] == mcp.INVALID_PARAMS
    assert why in told["error"]["message"]


def test_a_team_name_leads_to_no_other_address(alice):
    for name in ("../user", "docs/posts/1?", "docs%2F..", "どこ", "a\x00b"):
        assert Agent(alice).call("esa_get_team_stats", team_name=name)[0] is True


@pytest.mark.parametrize(
    "message",
    [
        None,
        1,
        "x",
        {},
        {"jsonrpc": "1.0", "id": 1, "method": "ping"},
        {"jsonrpc": "2.0", "id": 1},
        {"jsonrpc": "2.0", "id": {}, "method": "ping"},
        {"jsonrpc": "2.0", "id": 1, "method": "no/such"},
        {"jsonrpc": "2.0", "id": 1, "method": "ping", "params": 1},
        {"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": {}},
        {"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": {"name": "x"}},
        {"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": {"name": []}},
        {"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": {"name": "esa_get_teams", "arguments": 1}},
    ],
)
def test_nonsense_gets_an_error_of_json_rpc(alice, message):
    answer = Agent(alice).send(message)
    assert answer.status_code == 200
    assert answer.json()["error"]["code"] in {mcp.INVALID_REQUEST, mcp.INVALID_PARAMS, mcp.NO_METHOD}


def test_what_the_endpoint_does_not_do(alice):
    agent = Agent(alice)
    headers = {"authorization": f"Bearer {agent.secret}"}
    assert agent.client.get("/mcp", headers=headers).status_code == 405
    assert agent.client.delete("/mcp", headers=headers).status_code == 405
    assert (
        agent.client.post("/mcp", "{", content_type="application/json", headers=headers).json()["error"]["code"]
        == mcp.PARSE_ERROR
    )
    assert agent.send({}, **{"mcp-protocol-version": "1999"}).status_code == 400
    assert agent.send([]).status_code == 400
    batch = agent.send([{"jsonrpc": "2.0", "id": 1, "method": "ping"}, {"jsonrpc": "2.0", "method": "notifications/x"}])
    assert batch.json() == [{"jsonrpc": "2.0", "id": 1, "result": {}}]
    assert agent.client.options("/mcp").status_code == 204
