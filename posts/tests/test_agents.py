"""Agents at /mcp: the tools of esa's own server for agents, over the protocol as its SDK speaks it."""

import asyncio
import base64
import json

import pytest
from django.test import Client

from posts.agents.tools import TOOLS
from posts.models import Attachment, Post
from posts.tests.files import file, picture
from teams.models import AccessToken, ApiCall

PAGES = "page perPage"
# What esa's own server for agents takes: names of arguments, those that must be given with a star.
OFFICIAL = {
    "esa_get_teams": f"{PAGES} role",
    "esa_get_team_stats": "teamName",
    "esa_get_team_tags": f"teamName {PAGES}",
    "esa_get_team_members": f"teamName {PAGES} sort order",
    "esa_get_post": "teamName postNumber* truncate",
    "esa_search_posts": f"teamName query* sort order {PAGES}",
    "esa_create_post": "teamName name* bodyMd tags category wip message",
    "esa_update_post": "teamName postNumber* name bodyMd tags category wip message originalRevision",
    "esa_append_post": "teamName postNumber* content* wip message",
    "esa_prepend_post": "teamName postNumber* content* wip message",
    "esa_get_comment": "teamName commentId* include",
    "esa_create_comment": "teamName postNumber* bodyMd* user",
    "esa_update_comment": "teamName commentId* bodyMd* user",
    "esa_delete_comment": "teamName commentId*",
    "esa_get_post_backlinks": f"teamName postNumber* {PAGES}",
    "esa_get_post_comments": f"teamName postNumber* {PAGES}",
    "esa_get_team_comments": f"teamName {PAGES}",
    "esa_get_categories": f"teamName select* include descendantPosts {PAGES}",
    "esa_get_top_categories": "teamName",
    "esa_get_all_category_paths": f"teamName {PAGES} prefix suffix match exactMatch",
    "esa_archive_post": "teamName postNumber* message",
    "esa_ship_post": "teamName postNumber*",
    "esa_duplicate_post": "teamName postNumber* targetTeamName",
    "esa_rollback_post_revision": "teamName postNumber* revisionNumber* wip message",
    "esa_get_search_options_help": "",
    "esa_get_markdown_syntax_help": "",
    "esa_search_help": f"query* {PAGES}",
    "esa_get_attachment": "teamName url* forceSignedUrl",
}


class Agent:
    def __init__(self, member, granted="read write", **more):
        _token, self.secret = AccessToken.make(member.user, name="agent", granted=granted, **more)
        self.client = Client(HTTP_HOST="api.esa.localhost", enforce_csrf_checks=True)

    def send(self, message, **headers):
        headers = {"authorization": f"Bearer {self.secret}", "accept": "application/json, text/event-stream"} | headers
        return self.client.post("/mcp", json.dumps(message), content_type="application/json", headers=headers)

    def ask(self, method, **params):
        return self.send({"jsonrpc": "2.0", "id": 1, "method": method, "params": params}).json()

    def content(self, tool, /, **arguments):
        result = self.ask("tools/call", name=tool, arguments=arguments)["result"]
        return result["isError"], result["content"][0]

    def call(self, tool, /, **arguments):
        wrong, content = self.content(tool, **arguments)
        text = content["text"]
        return wrong, json.loads(text) if text.startswith("{") else text


@pytest.fixture
def post(alice):
    return Post.write(by=alice, name="Plan", category="dev", tags=["api"], body_md="one\n", wip=False)


# --- The protocol -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("era", ["legacy", "auto"])
def test_the_sdk_s_own_client_works_with_the_server(live_site, alice, era):
    """Over HTTP, in the protocol with a handshake and in that without."""
    import httpx2
    from mcp.client import Client as Speaker
    from mcp.client.streamable_http import streamable_http_client

    post = Post.write(by=alice, name="Plan", category="dev", tags=["api"], body_md="one\n", wip=False)
    _token, secret = AccessToken.make(alice.user, name="agent", granted="read write")

    async def work():
        async with (
            httpx2.AsyncClient(headers={"Authorization": f"Bearer {secret}"}, verify=False) as http,
            Speaker(streamable_http_client(live_site.url("/mcp"), http_client=http), mode=era) as speaker,
        ):
            tools = [tool.name for tool in (await speaker.list_tools()).tools]
            found = await speaker.call_tool("esa_search_posts", {"teamName": "docs", "query": "on:dev"})
            added = await speaker.call_tool(
                "esa_append_post", {"teamName": "docs", "postNumber": post.number, "content": "two\n"}
            )
            missing = await speaker.call_tool("esa_get_post", {"teamName": "docs", "postNumber": 999})
            resources = (await speaker.list_resources()).resources
            recent = await speaker.read_resource(resources[0].uri)
            prompt = await speaker.get_prompt("esa_summarize_post", {"teamName": "docs", "postNumber": "1"})
            return speaker.protocol_version, tools, found, added, missing, recent, prompt

    version, tools, found, added, missing, recent, prompt = asyncio.run(work())
    assert version == ("2025-11-25" if era == "legacy" else "2026-07-28")
    assert set(tools) == set(TOOLS)
    assert json.loads(found.content[0].text)["posts"][0]["category_and_title_and_tags"] == "dev/Plan #api"
    assert not added.is_error
    post.refresh_from_db()
    assert (post.body_md, post.revisions.get(number=2).via) == ("one\ntwo\n", "mcp")
    assert missing.is_error
    assert json.loads(missing.content[0].text)["error"] == "not_found"
    assert json.loads(recent.contents[0].text)["total_count"] == 1
    assert "two\n" in prompt.messages[0].content.text


def test_a_client_introduces_itself_and_is_told_what_there_is(alice):
    agent = Agent(alice)
    told = agent.ask(
        "initialize", protocolVersion="2025-06-18", capabilities={}, clientInfo={"name": "x", "version": "1"}
    )
    assert told["result"]["protocolVersion"] == "2025-06-18"
    assert told["result"]["serverInfo"]["name"] == "esa"
    assert {"tools", "resources", "prompts"} <= set(told["result"]["capabilities"])
    noted = agent.send({"jsonrpc": "2.0", "method": "notifications/initialized"})
    assert (noted.status_code, noted.content) == (202, b"")
    assert agent.ask("ping")["result"] == {}


def test_the_tools_are_those_of_esas_own_server_by_name_and_argument(alice):
    tools = {tool["name"]: tool for tool in Agent(alice).ask("tools/list")["result"]["tools"]}
    assert set(tools) - set(OFFICIAL) == {"esa_get_post_revisions"}  # ours: or nobody knows what to roll back to
    for name, arguments in OFFICIAL.items():
        schema = tools[name]["inputSchema"]
        assert set(schema["properties"]) == {word.rstrip("*") for word in arguments.split()}, name
        assert set(schema.get("required", ())) == {word[:-1] for word in arguments.split() if word.endswith("*")}, name
        assert tools[name]["title"], name
        assert tools[name]["description"], name
        reads = "_get_" in name or "search" in name
        assert tools[name]["annotations"]["readOnlyHint"] is reads, name
        assert tools[name]["annotations"]["destructiveHint"] is not reads, name
    revision = tools["esa_update_post"]["inputSchema"]["properties"]["originalRevision"]
    assert set(revision["required"]) == {"bodyMd", "number", "user"}
    assert "$ref" not in json.dumps(tools)
    assert "anyOf" not in json.dumps(tools)


def test_without_a_token_the_way_to_one_is_told(post):
    answer = Client(HTTP_HOST="api.esa.localhost").post("/mcp", "{}", content_type="application/json")
    assert answer.status_code == 401
    place = "http://api.esa.localhost/.well-known/oauth-protected-resource/mcp"
    assert answer["WWW-Authenticate"] == f'Bearer resource_metadata="{place}"'
    assert Client(HTTP_HOST="api.esa.localhost").get(place.removeprefix("http://api.esa.localhost")).status_code == 200


def test_a_session_in_a_browser_is_no_token(alice, sign_in):
    assert sign_in(alice).post("/mcp", "{}", content_type="application/json").status_code == 401


@pytest.mark.parametrize(
    "message",
    [
        None,
        1,
        "x",
        {},
        [],
        [{"jsonrpc": "2.0", "id": 1, "method": "ping"}],
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
@pytest.mark.parametrize("version", ["2025-11-25", "2026-07-28"])
def test_nonsense_gets_an_error_of_json_rpc(alice, message, version):
    answer = Agent(alice).send(message, **{"mcp-protocol-version": version})
    assert answer.status_code in {200, 202, 400, 404}
    if answer.status_code != 202:
        assert answer.json()["error"]["code"] in range(-32700, -32000)


def test_what_the_endpoint_does_not_do(alice):
    agent = Agent(alice)
    headers = {"authorization": f"Bearer {agent.secret}"}
    assert agent.client.get("/mcp", headers=headers).status_code == 405
    assert agent.client.delete("/mcp", headers=headers).status_code == 405
    headers["accept"] = "application/json, text/event-stream"
    broken = agent.client.post("/mcp", "{", content_type="application/json", headers=headers)
    assert (broken.status_code, broken.json()["error"]["code"]) == (400, -32700)
    assert agent.send({}, **{"mcp-protocol-version": "1999"}).status_code == 400
    assert agent.client.options("/mcp").status_code == 204
    listen = {"jsonrpc": "2.0", "id": 1, "method": "subscriptions/listen", "params": {}}
    assert agent.send(listen, **{"mcp-protocol-version": "2026-07-28", "mcp-method": "subscriptions/listen"}).json()[
        "error"
    ]


# --- Tools ------------------------------------------------------------------------------------------------------------


def test_agents_write_and_the_history_says_so(alice):
    agent = Agent(alice)
    wrong, made = agent.call("esa_create_post", teamName="docs", name="Notes", category="dev", tags=["x"], bodyMd="a\n")
    number = made["number"]
    assert (wrong, made["category_and_title_and_tags"], made["wip"]) == (False, "dev/Notes #x", "WIP")
    of = {"teamName": "docs", "postNumber": number}

    def text():
        return agent.call("esa_get_post", **of)[1]["body_md"]

    assert agent.call("esa_update_post", **of, bodyMd="b\n")[1]["overlapped"] is False
    assert text() == "b\n"
    mine = {"bodyMd": "a\n", "number": 1, "user": "alice"}
    assert agent.call("esa_update_post", **of, bodyMd="c\n", originalRevision=mine)[1]["overlapped"] is True
    agent.call("esa_update_post", **of, bodyMd="b\n")
    agent.call("esa_append_post", **of, content="end\n")
    agent.call("esa_prepend_post", **of, content="start\n")
    assert text() == "start\nb\nend\n"
    shipped = agent.call("esa_ship_post", **of)[1]
    assert shipped["wip"] == "Shipped"
    assert Post.objects.get(number=number).message == "Ship It!"
    agent.call("esa_rollback_post_revision", **of, revisionNumber=1)
    assert text() == "a\n"
    assert agent.call("esa_archive_post", **of)[1]["category_and_title_and_tags"] == "Archived/dev/Notes #x"
    copy = agent.call("esa_duplicate_post", **of)[1]
    assert (copy["category_and_title_and_tags"], copy["wip"]) == ("dev/Notes", "WIP")
    numbered = agent.call("esa_get_post_revisions", **of)[1]["revisions"]
    assert [each["number"] for each in numbered] == list(range(9, 0, -1))
    post = Post.objects.get(number=number)
    assert set(post.revisions.values_list("via", flat=True)) == {"mcp"}
    assert ApiCall.objects.filter(path=f"/v1/teams/docs/posts/{number}/append").exists()


def test_a_post_is_copied_into_another_team_of_the_person(alice, carol, post):
    carol.team.members.create(user=alice.user)
    made = Agent(alice).call(
        "esa_duplicate_post", teamName="docs", postNumber=post.number, targetTeamName="elsewhere.esa.localhost"
    )[1]
    assert made["url"].endswith(f"elsewhere.esa.localhost/posts/{made['number']}")
    stranger = Agent(carol).call(
        "esa_duplicate_post", teamName="docs", postNumber=post.number, targetTeamName="elsewhere"
    )
    assert stranger == (True, {"error": "not_found", "message": "Not found"})


def test_agents_read(post, alice, bob):
    comment = post.comment(by=bob, body_md="hm")
    agent = Agent(alice)
    of = {"teamName": "docs"}
    assert [team["name"] for team in agent.call("esa_get_teams")[1]["teams"]] == ["docs"]
    assert agent.call("esa_get_team_stats", **of)[1]["posts"] == 1
    assert agent.call("esa_get_team_tags", **of)[1]["tags"][0]["name"] == "api"
    members = agent.call("esa_get_team_members", **of, sort="joined", order="asc")[1]["members"]
    assert [member["screen_name"] for member in members] == ["alice", "bob"]
    found = agent.call("esa_search_posts", **of, query="in:dev", perPage=1)[1]
    assert (found["posts"][0]["number"], found["total_count"]) == (post.number, 1)
    assert agent.call("esa_search_posts", **of, query="*")[1]["total_count"] == 1
    assert agent.call("esa_search_posts", **of, query="after:2999-01-01")[1]["total_count"] == 0
    assert "xq OR yq" in agent.call("esa_search_posts", **of, query="xq yq")[1]["hint"]
    assert "hint" not in agent.call("esa_search_posts", **of, query="xq OR yq")[1]
    for name in ("esa_get_post_backlinks", "esa_get_post_revisions", "esa_get_post_comments"):
        assert agent.call(name, **of, postNumber=post.number)[0] is False
    told = agent.call("esa_get_comment", **of, commentId=comment.pk, include="stargazers")[1]
    assert (told["body_md"], told["stargazers"]) == ("hm", [])
    assert agent.call("esa_get_team_comments", **of)[1]["total_count"] == 1
    category = agent.call("esa_get_categories", **of, select="dev", include="posts", descendantPosts=True)[1]
    assert category["posts"][0]["number"] == post.number
    assert agent.call("esa_get_categories", **of, select="dev", include="parent_categories")[1]["parent_categories"]
    top = agent.call("esa_get_top_categories", **of)[1]
    assert top["categories"] == [{"full_name": "dev", "count": 1, "has_child": False}]
    paths = agent.call("esa_get_all_category_paths", **of, exactMatch="/dev/")[1]
    assert paths["categories"] == [{"path": "dev", "posts": 1}]


def test_long_texts_are_cut_unless_all_is_asked_for(alice):
    family = "\N{MAN}\N{ZERO WIDTH JOINER}\N{WOMAN}"
    post = Post.write(by=alice, name="Long", body_md=f"{family}\n" + "x" * 10_000)
    agent, of = Agent(alice), {"teamName": "docs", "postNumber": post.number}
    told = agent.call("esa_get_post", **of)[1]
    assert told["body_md"].endswith("x\n\n... (truncated)")
    assert told["body_md_stats"] == {"characters": 10_002, "lines": 2}
    assert agent.call("esa_get_post", **of, truncate=False)[1]["body_md"] == post.body_md
    assert "body_html" not in told
    assert len(agent.call("esa_search_posts", teamName="docs", query="")[1]["posts"][0]["body_md"]) < 600


def test_agents_comment(post, alice):
    agent, of = Agent(alice), {"teamName": "docs"}
    made = agent.call("esa_create_comment", **of, postNumber=post.number, bodyMd="a")[1]
    assert agent.call("esa_update_comment", **of, commentId=made["id"], bodyMd="b")[1]["body_md"] == "b"
    assert agent.call("esa_delete_comment", **of, commentId=made["id"])[0] is False
    assert not post.comments.exists()


@pytest.mark.parametrize("members_only", [False, True])
def test_agents_look_at_pictures_and_get_addresses_of_other_files(alice, carol, members_only):
    alice.team.members_only_files = members_only
    alice.team.save()
    shown = Attachment.attach(picture(), by=alice)
    other = Attachment.attach(file("a.pdf", b"%PDF-1.7 words"), by=alice)
    agent, of = Agent(alice), {"teamName": "docs"}
    for address in (shown.url, shown.path):
        wrong, content = agent.content("esa_get_attachment", **of, url=address)
        assert (wrong, content["type"], content["mimeType"]) == (False, "image", "image/png")
        assert base64.b64decode(content["data"]).startswith(b"\x89PNG")
    for told in (
        agent.call("esa_get_attachment", **of, url=shown.path, forceSignedUrl=True),
        agent.call("esa_get_attachment", **of, url=other.path),
    ):
        assert told[0] is False
        assert "signature=" in told[1]
        assert Client(HTTP_HOST="docs.esa.localhost").get(told[1].partition("localhost")[2]).status_code == 200
    assert agent.call("esa_get_attachment", **of, url="/uploads/none.png") == (True, "The team has no such file.")
    assert Agent(carol).call("esa_get_attachment", teamName="elsewhere", url=shown.path)[0] is True


@pytest.mark.parametrize(
    ("name", "number"), [("esa_get_markdown_syntax_help", 49), ("esa_get_search_options_help", 104)]
)
def test_help_is_a_post_of_the_team_docs(alice, name, number):
    Post.write(by=alice, name="Help", number=number, body_md="help")
    agent = Agent(alice)
    assert agent.call(name)[1]["number"] == number
    assert agent.call("esa_search_help", query="help", perPage=5)[1]["posts"][0]["number"] == number


def test_resources_and_the_prompt_in_the_persons_language(post, alice):
    agent = Agent(alice)
    uri = "esa://teams/docs/posts/recent"
    assert [each["uri"] for each in agent.ask("resources/list")["result"]["resources"]] == [uri]
    template = agent.ask("resources/templates/list")["result"]["resourceTemplates"][0]
    assert template["uriTemplate"] == "esa://teams/{teamName}/posts/recent"
    content = agent.ask("resources/read", uri=uri)["result"]["contents"][0]
    assert json.loads(content["text"])["posts"][0]["number"] == post.number
    for wrong in ("esa://teams//posts/recent", "esa://teams/nobody/posts/recent", "file:///etc/passwd"):
        assert "error" in agent.ask("resources/read", uri=wrong)
    assert agent.ask("prompts/list")["result"]["prompts"][0]["title"] == "Summarize a post"
    arguments = {"teamName": "docs", "postNumber": str(post.number)}
    prompt = agent.ask("prompts/get", name="esa_summarize_post", arguments=arguments)
    assert "one\n" in prompt["result"]["messages"][0]["content"]["text"]
    assert "error" in agent.ask("prompts/get", name="esa_summarize_post", arguments=arguments | {"postNumber": "x"})
    assert "error" in agent.ask("prompts/get", name="no_such_prompt")
    alice.user.language = "ja"
    alice.user.save()
    assert agent.ask("prompts/list")["result"]["prompts"][0]["title"] == "投稿を要約"


# --- The gate ---------------------------------------------------------------------------------------------------------


def test_the_same_rights_and_the_same_gate_as_the_api(post, alice, carol):
    reader = Agent(alice, "read")
    wrong, told = reader.call("esa_update_post", teamName="docs", postNumber=post.number, bodyMd="x")
    assert (wrong, told["error"]) == (True, "forbidden")
    outsider = Agent(carol)
    for name, more in (
        ("esa_get_post", {"postNumber": post.number}),
        ("esa_search_posts", {"query": ""}),
        ("esa_ship_post", {"postNumber": post.number}),
    ):
        wrong, told = outsider.call(name, teamName="docs", **more)
        assert (wrong, told) == (True, {"error": "not_found", "message": "Not found"})
    assert "error" in outsider.ask("resources/read", uri="esa://teams/docs/posts/recent")
    assert "error" in outsider.ask(
        "prompts/get", name="esa_summarize_post", arguments={"teamName": "docs", "postNumber": str(post.number)}
    )
    assert [each["uri"] for each in outsider.ask("resources/list")["result"]["resources"]] == [
        "esa://teams/elsewhere/posts/recent"
    ]
    post.refresh_from_db()
    assert post.body_md == "one\n"


def test_a_policy_holds_for_agents_too(post, alice):
    from teams.models import AccessPolicy

    hidden = Post.write(by=alice, name="Pay", category="hr", body_md="secret\n", wip=False)
    policy = AccessPolicy.objects.create(
        team=alice.team, name="dev", scopes=["read:post"], listed_only=True, categories=["dev"]
    )
    granted = ["read:post", "write:post"]
    token, secret = AccessToken.make(alice.user, name="v2", granted=granted, generation="v2", members=[alice])
    token.grants.get().approve(policy, by=alice)
    agent = Agent(alice)
    agent.secret = secret
    assert agent.call("esa_get_post", teamName="docs", postNumber=post.number)[0] is False
    assert agent.call("esa_get_post", teamName="docs", postNumber=hidden.number)[1]["error"] == "not_found"
    assert agent.call("esa_search_posts", teamName="docs", query="")[1]["total_count"] == 1
    assert agent.call("esa_ship_post", teamName="docs", postNumber=post.number)[1]["error"] == "forbidden"


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        ({"postNumber": 1}, "teamName is missing"),
        ({"teamName": "docs"}, "postNumber: Field required"),
        ({"teamName": "docs", "postNumber": "1/../../../user"}, "postNumber: Input should be a valid integer"),
        ({"teamName": "docs", "postNumber": 0}, "postNumber: "),
        ({"teamName": "docs", "postNumber": 10**30}, "postNumber: "),
    ],
)
def test_wrong_arguments_are_named_so_that_an_agent_can_mend_them(alice, arguments, why):
    wrong, told = Agent(alice).call("esa_get_post", **arguments)
    assert wrong
    assert why in told


def test_a_team_name_leads_to_no_other_address(alice):
    for name in ("../user", "docs/posts/1?", "docs%2F..", "どこ", "a\x00b"):
        assert Agent(alice).call("esa_get_team_stats", teamName=name)[0] is True
