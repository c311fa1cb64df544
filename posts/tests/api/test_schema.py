"""The OpenAPI document: it is complete, it is true of every answer, and nothing that fits it breaks the server."""

import json
from typing import Any

import pytest
import requests
import schemathesis
from django.db import transaction
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis.checks import not_a_server_error
from schemathesis.core.transport import Response
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from posts.api.routes import T, api
from posts.models import Post
from posts.tests.api import nonsense
from teams.door import Token

EXAMPLES = 3


@pytest.fixture
def ground(docs, alice, bob, settings) -> None:
    settings.API_RATE_LIMIT = 1_000_000
    for number in range(3):
        post = Post.write(
            by=alice, category="dev/docs", name=f"p{number}", tags=["api"], body_md="- [x] a\n#1", wip=False
        )
        post.comment(by=bob, body_md="fine").star(by=alice)
        post.star(by=bob, body="a")
        post.append("more", by=alice)


def test_every_endpoint_says_what_it_needs_takes_and_answers(client):
    document = client.get("/v1/openapi.json").json()
    assert document["openapi"].startswith("3.1")
    operations = [
        (path, method, details) for path, methods in document["paths"].items() for method, details in methods.items()
    ]
    assert len(operations) >= 40
    assert len({details["operationId"] for _path, _method, details in operations}) == len(operations)
    for path, method, details in operations:
        place = f"{method} {path}"
        assert details["summary"], place
        assert {"401", "403", "404", "429", "500"} <= set(details["responses"]) or not details.get("security"), place
        given = {each["name"] for each in details["parameters"] if each["in"] == "path"}
        assert given == {part.strip("{}") for part in path.replace("...", "/").split("/") if part.startswith("{")}, (
            place
        )
        success = [answer for status, answer in details["responses"].items() if status in {"200", "201"}]
        assert all("content" in answer for answer in success) or "feedback" in path, place


def test_every_endpoint_of_a_team_asks_for_a_right():
    for router in api._get_bound_routers():
        if router.prefix.startswith(T):
            for view in router.path_operations.values():
                for operation in view.operations:
                    assert any(isinstance(auth, Token) for auth in operation.auth_callbacks), operation.view_func


def test_people_can_read_the_reference(client):
    page = client.get("/v1/docs", headers={"Host": "esa.localhost"})
    text = page.content.decode()
    assert page.status_code == 200
    for wanted in (
        "/v1/teams/{team_name}/posts/{number}/append",
        "post.content",
        "PostOut",
        "write:post",
        "too_many_requests",
    ):
        assert wanted in text
    assert "http" not in "".join(
        part.split(">")[0] for part in text.split("<script")[1:] if "src=" in part.split(">")[0]
    )


def test_nothing_that_fits_the_document_breaks_the_server(client, ground, program, alice, docs):
    """Random requests that the document allows, each on the same ground: no 500, and answers as they are documented."""
    secret = program(alice).secret
    document = json.loads(client.get("/v1/openapi.json").content)
    schema = schemathesis.openapi.from_dict(document)
    checks = [not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance]
    asked = set()
    for found in schema.get_all_operations():
        operation = found.ok()

        @settings(
            max_examples=EXAMPLES,
            deadline=None,
            database=None,
            derandomize=True,
            phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
        )
        @given(case=operation.as_strategy())
        def ask(case: Any) -> None:
            case.path_parameters = _likely(case.path_parameters or {})
            prepared = requests.Request(**case.as_transport_kwargs(base_url="http://esa.localhost")).prepare()
            path = case.formatted_path if case.formatted_path.startswith("/") else f"/{case.formatted_path}"
            with transaction.atomic():
                response = client.generic(
                    case.method,
                    path,
                    prepared.body or b"",
                    content_type=prepared.headers.get("Content-Type", "application/json"),
                    query_params=case.query or {},
                    headers={"Authorization": f"Bearer {secret}"},
                )
                transaction.set_rollback(True)
            assert response.status_code < 500, (case.method, path, prepared.body, response.content)
            case.validate_response(_as_seen(response, case), checks=checks)
            asked.add((case.method, case.path))

        ask()
    assert len(asked) == sum(len(methods) for methods in document["paths"].values())


def test_no_nonsense_breaks_the_server(client, ground, program, alice):
    """Wrong types, huge numbers, NUL bytes, ten million letters and broken JSON, for every operation and parameter."""
    secret = program(alice).secret
    document = json.loads(client.get("/v1/openapi.json").content)
    refused = 0
    for ask in nonsense.asks(document):
        with transaction.atomic():
            answer = client.generic(
                ask.method.upper(),
                ask.path,
                ask.body,
                content_type="application/json",
                query_params=ask.query,
                headers={"Authorization": f"Bearer {secret}"},
            )
            transaction.set_rollback(True)
        told = (ask.what, ask.method, ask.path, answer.status_code, answer.content[:200])
        assert answer.status_code < 500, told
        if ask.body and ask.what in {"a NUL character", "half of it", "a list", "deep"}:
            assert answer.status_code in {400, 404, 405}, told
        refused += answer.status_code in {400, 404}
    assert refused > 500


def _likely(parameters: dict[str, Any]) -> dict[str, Any]:
    """Numbers and names that exist, or nothing but 404 would come of it."""
    known = {"team_name": "docs", "number": 1, "revision": 1, "old": 1, "new": 2, "name_or_email": "bob"}
    return {name: known.get(name, value) for name, value in parameters.items()}


def _as_seen(response: Any, case: Any) -> Response:
    return Response(
        status_code=response.status_code,
        headers={name.lower(): [value] for name, value in response.headers.items()},
        content=response.content,
        request=requests.Request(case.method, "http://esa.localhost/").prepare(),
        elapsed=0,
        verify=False,
    )
