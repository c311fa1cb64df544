"""API v1, put together: the only place that knows all its parts."""

from functools import cached_property
from typing import Any

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from ninja import NinjaAPI
from ninja.errors import ValidationError as InvalidParameters
from ninja.openapi.schema import OpenAPISchema
from ninja.operation import Operation

from esa import hosts
from esa.api import MergedParameters, answer
from posts.api import attachments, categories, comments, posts, revisions, sharings, stars, stats, tags, watches
from teams.api import emojis, feedbacks, invitations, members, teams, users
from teams.door import Token, answer_or_apologize

DESCRIPTION = """\
Everything that a person can do with posts, a program can do in their name, with an access token.

Parameters may be in the query, in a JSON body or in a form (`post[name]=…`). Unknown members are ignored. Times are ISO 8601
in the person's time zone. Lists come in pages of up to 100. 300 requests are answered in a quarter of an hour; the
headers `x-ratelimit-limit`, `x-ratelimit-remaining` and `x-ratelimit-reset` tell how many are left. Answers to GET carry
an ETag.
"""
REFUSALS = {
    400: ("bad_request", "Bad Request: param is missing or the value is empty or invalid: post"),
    401: ("unauthorized", "Unauthorized"),
    403: ("forbidden", "Forbidden"),
    404: ("not_found", "Not found"),
    406: ("not_acceptable", "Not Acceptable: this API answers in application/json"),
    413: ("request_entity_too_large", "Request Entity Too Large"),
    429: ("too_many_requests", "Retry after 60 seconds."),
    500: ("internal_server_error", "Internal Server Error"),
    503: ("unavailable", "esa cannot reach its database right now."),
}
LIMITS = {
    f"x-ratelimit-{name}": {"description": text, "schema": {"type": "integer"}}
    for name, text in (
        ("limit", "Requests per quarter of an hour."),
        ("remaining", "How many are left."),
        ("reset", "When the next quarter begins: seconds since 1970."),
    )
}


class Description(OpenAPISchema):
    """The OpenAPI document, with what django-ninja cannot know: the team in the path, rights, errors, headers."""

    def operation_details(self, operation: Operation) -> dict[str, Any]:
        details = super().operation_details(operation)
        tokens = [auth for auth in operation.auth_callbacks if isinstance(auth, Token)]
        for token in tokens:
            details["x-scope"] = token.scope
            details["description"] = f"{details.get('description', '').strip()}\n\nNeeds `{token.scope}`.".strip()
        for response in details["responses"].values():
            response["headers"] = LIMITS
        missing = REFUSALS if tokens else {code: REFUSALS[code] for code in (406, 500, 503)}
        details["responses"] |= {code: {"$ref": f"#/components/responses/{REFUSALS[code][0]}"} for code in missing}
        details["responses"][405] = {"description": "Method Not Allowed, without a body"}
        return details

    def get_paths(self) -> dict[str, Any]:
        paths = super().get_paths()
        for path, methods in paths.items():
            if "{team_name}" in path:
                team = {"in": "path", "name": "team_name", "required": True, "schema": {"type": "string"}}
                for details in methods.values():
                    details["parameters"] = [team, *details["parameters"]]
        return paths

    def get_components(self) -> dict[str, Any]:
        components = super().get_components()
        components["schemas"]["Error"] = {
            "type": "object",
            "properties": {"error": {"type": "string"}, "message": {"type": "string"}},
            "required": ["error", "message"],
            "additionalProperties": False,
        }
        components["responses"] = {
            code: {
                "description": message,
                "headers": LIMITS,
                "content": {
                    "application/json": {
                        "schema": {"$ref": "#/components/schemas/Error"},
                        "example": {"error": code, "message": message},
                    }
                },
            }
            for code, message in REFUSALS.values()
        }
        return components


class Api(NinjaAPI):
    @cached_property
    def description_of_itself(self) -> dict[str, Any]:
        return Description(self, "v1/")

    def get_openapi_schema(self, *, path_prefix: str | None = None, path_params: Any = None) -> Any:
        return self.description_of_itself


api = Api(
    title="esa API",
    version="1",
    description=DESCRIPTION,
    urls_namespace="v1",
    docs_url=None,
    openapi_url=None,
    parser=MergedParameters(),
    servers=[{"url": hosts.absolute(""), "description": settings.ESA_DOMAIN}],
)
T = "/teams/{team_name}"
api.add_router("", users.router)
api.add_router("", teams.router)
api.add_router("", feedbacks.router)
api.add_router(T, feedbacks.of_team)
api.add_router(T, teams.one_team)
for resource in (
    stats,
    members,
    posts,
    revisions,
    comments,
    stars,
    watches,
    categories,
    tags,
    attachments,
    sharings,
    invitations,
    emojis,
):
    api.add_router(T, resource.router)


@api.get("/openapi.json", include_in_schema=False, auth=None)
def openapi(request: HttpRequest) -> HttpResponse:
    return answer(api.get_openapi_schema())


@api.exception_handler(Http404)  # django-ninja has answers of its own for these two
@api.exception_handler(InvalidParameters)
@api.exception_handler(Exception)
def refused(request: HttpRequest, problem: Any) -> HttpResponse:
    return answer_or_apologize(request, problem)
