"""The reference of API v1 for people, made from the document that programs read."""

import re
from dataclasses import dataclass, field
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.html import escape
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from posts.api.routes import REFUSALS, api


@dataclass
class Field:
    """A parameter, or a member of an object."""

    name: str
    type: str
    required: bool = False
    place: str = ""
    description: str = ""


@dataclass
class Endpoint:
    method: str
    path: str
    summary: str
    paragraphs: list[SafeString]
    scope: str
    parameters: list[Field] = field(default_factory=list)
    body: list[Field] = field(default_factory=list)
    answers: list[tuple[str, str]] = field(default_factory=list)


@require_safe
def show(request: HttpRequest) -> HttpResponse:
    document = api.get_openapi_schema()
    groups: dict[str, list[Endpoint]] = {}
    for path, methods in document["paths"].items():
        for method, details in methods.items():
            groups.setdefault(details["tags"][0], []).append(_endpoint(document, method, path, details))
    objects = {
        name: _fields(document, schema)
        for name, schema in sorted(document["components"]["schemas"].items())
        if schema.get("properties")
    }
    about = paragraphs_of(document["info"]["description"])
    context = {"document": document, "about": about, "groups": groups, "objects": objects, "refusals": REFUSALS}
    return render(request, "posts/references/show.html", context)


def paragraphs_of(text: str) -> list[SafeString]:
    return [said(each) for each in text.split("\n\n") if each.strip()]


def said(text: str) -> SafeString:
    """A paragraph in the reader's language, if posts/api/wording.py has it; what stands in backquotes is code."""
    text = " ".join(text.split())
    if scope := re.fullmatch(r"Needs `([\w:]+)`\.", text):
        text = _("Needs `%(scope)s`.") % {"scope": scope[1]}
    elif text:
        text = _(text)
    return mark_safe(re.sub("`([^`]*)`", r"<code>\1</code>", escape(text)))  # noqa: S308  # it is escaped


def _endpoint(document: dict[str, Any], method: str, path: str, details: dict[str, Any]) -> Endpoint:
    content: dict[str, Any] = details.get("requestBody", {}).get("content", {})
    first = next(iter(content.values()), None)
    sent = first["schema"] if first else {}
    answers = [
        (str(status), _type(next(iter(answer["content"].values()))["schema"]) if "content" in answer else "")
        for status, answer in details["responses"].items()
        if str(status).startswith("2")
    ]
    parameters = [
        Field(
            each["name"],
            _type(each["schema"]),
            each.get("required", False),
            each["in"],
            said(each.get("description", "")),
        )
        for each in details["parameters"]
    ]
    return Endpoint(
        method.upper(),
        path,
        said(details["summary"]),
        paragraphs_of(details.get("description", "")),
        details.get("x-scope", ""),
        parameters,
        _flat(document, sent),
        answers,
    )


def _flat(document: dict[str, Any], schema: dict[str, Any], before: str = "") -> list[Field]:
    """The members of a body, those of inner objects as `post.name`."""
    rows = []
    for each in _fields(document, _resolved(document, schema)):
        inner = _resolved(document, _resolved(document, schema)["properties"][each.name])
        if inner.get("properties"):
            rows += _flat(document, inner, f"{before}{each.name}.")
        else:
            rows.append(Field(f"{before}{each.name}", each.type, each.required, "body", each.description))
    return rows


def _fields(document: dict[str, Any], schema: dict[str, Any]) -> list[Field]:
    required = schema.get("required", [])
    return [
        Field(name, _type(inner), name in required, "", said(inner.get("description", "")))
        for name, inner in schema.get("properties", {}).items()
    ]


def _resolved(document: dict[str, Any], schema: dict[str, Any]) -> dict[str, Any]:
    """The schema behind a reference, also where it may be null."""
    for option in [schema, *schema.get("anyOf", []), *schema.get("allOf", [])]:
        if name := option.get("$ref", "").rpartition("/")[2]:
            found: dict[str, Any] = document["components"]["schemas"][name]
            return found
    return schema


def _type(schema: dict[str, Any]) -> str:
    if "$ref" in schema:
        return str(schema["$ref"]).rpartition("/")[2]
    if options := schema.get("anyOf") or schema.get("allOf"):
        return " | ".join(_type(option) for option in options)
    if schema.get("type") == "array":
        return f"{_type(schema.get('items', {}))}[]"
    return str(schema.get("type", "any"))
