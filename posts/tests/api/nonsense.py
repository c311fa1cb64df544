"""Requests that no program should send, made for every operation out of the API's own document."""

import json
from collections.abc import Iterator
from typing import Any, NamedTuple

HUGE = "x" * 10_000_000
VALUES: dict[str, Any] = {
    "a NUL character": "a\x00b",
    "half a letter": "\ud800",
    "a number beyond all columns": 10**40,
    "a number below all": -(10**40),
    "no number": 1e400,
    "a list of lists": [[[]]],
    "an object": {"a": {"b": {}}},
    "true": True,
    "nothing": None,
}
KNOWN = {"team_name": "docs", "number": 1, "revision": 1, "old": 1, "new": 2, "name_or_email": "bob", "pk": 1}


class Ask(NamedTuple):
    what: str
    method: str
    path: str
    query: dict[str, Any]
    body: bytes


def asks(document: dict[str, Any]) -> Iterator[Ask]:
    for path, methods in document["paths"].items():
        there = path.format(**{name: KNOWN.get(name, "x") for name in _named(path)})
        for method, details in methods.items():
            body = _body(document, details)
            names = [each["name"] for each in details["parameters"] if each["in"] == "query"]
            for what, value in VALUES.items() if body or names else ():
                query = {name: value if isinstance(value, str | int) else json.dumps(value) for name in names}
                yield Ask(what, method, there, _sendable(query), json.dumps(_filled(body, value)).encode())
            if body:
                yield Ask("ten million letters", method, there, {}, json.dumps(_filled(body, HUGE, most=1)).encode())
                for what, text in (("half of it", b'{"post": {"name": "x'), ("a list", b"[]"), ("deep", b"[" * 99_999)):
                    yield Ask(what, method, there, {}, text)
            for what, name in (("a NUL in the path", "%00"), ("a huge number in the path", "9" * 40)):
                yield Ask(what, method, path.format(**dict.fromkeys(_named(path), name)), {}, b"{}")


def _sendable(query: dict[str, Any]) -> dict[str, Any]:
    """Half a letter cannot be written into an address; its bytes can."""
    return {name: "%ED%A0%80" if value == "\ud800" else value for name, value in query.items()}


def _named(path: str) -> list[str]:
    return [part.split("}")[0] for part in path.split("{")[1:]]


def _body(document: dict[str, Any], details: dict[str, Any]) -> Any:
    """A body with every member that the document knows, each a stand-in."""
    content = details.get("requestBody", {}).get("content", {})
    schema = next((kind["schema"] for name, kind in content.items() if name == "application/json"), None)
    return _stand_in(document, schema) if schema else None


def _stand_in(document: dict[str, Any], schema: dict[str, Any]) -> Any:
    if "$ref" in schema:
        schema = document["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
    for choice in schema.get("anyOf", schema.get("allOf", ())):
        return _stand_in(document, choice)
    if "properties" in schema:
        return {name: _stand_in(document, each) for name, each in schema["properties"].items()}
    return ...


def _filled(body: Any, value: Any, most: int = 100) -> Any:
    """The body with the value for its stand-ins: for all, or for the first `most` of them and a word for the others."""
    left = [most]

    def fill(part: Any) -> Any:
        if isinstance(part, dict):
            return {name: fill(each) for name, each in part.items()}
        left[0] -= 1
        return value if left[0] >= 0 else "x"

    return fill(body)
