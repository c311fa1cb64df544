"""What agents are told of posts, comments and categories: the API's answers without what costs them reading: no HTML, no
long texts that they did not ask for."""

from typing import Any

import regex

Json = dict[str, Any]

LONG, SHORT = 10_000, 500
"""Characters of a text that is read, and of one in a list."""

CUT = "\n\n... (truncated)"


def post(shown: Json, *, most: int | None = 0) -> Json:
    """A post; with the first `most` characters of its text, all of it for None, none of it for 0."""
    told: Json = {
        "number": shown["number"],
        "url": shown["url"],
        "revision_number": shown["revision_number"],
        "wip": _state(shown),
        "kind": shown["kind"],
        "category_and_title_and_tags": shown["full_name"],
    }
    if most != 0:
        text = shown["body_md"]
        told["body_md"] = _cut(text, most)
        told["body_md_stats"] = {
            "characters": len(regex.findall(r"\X", text)),
            "lines": text.count("\n") + 1 if text else 0,
        }
    told |= {name: shown[name] for name in ("created_at", "updated_at", "created_by", "updated_by")}
    counts = ("tasks_count", "done_tasks_count", "comments_count", "stargazers_count", "watchers_count")
    told["stats"] = {name: shown[name] for name in counts}
    if "backlinks_count" in shown:
        told["backlinks_count"] = shown["backlinks_count"]
    return told


def summary(shown: Json) -> Json:
    return {
        "number": shown["number"],
        "url": shown["url"],
        "category_and_title_and_tags": shown["full_name"],
        "wip": _state(shown),
        "created_at": shown["created_at"],
        "updated_at": shown["updated_at"],
    }


def comment(shown: Json, *, most: int | None = None) -> Json:
    told: Json = {name: shown[name] for name in ("id", "post_number", "url")}
    told["body_md"] = _cut(shown["body_md"], most)
    told |= {name: shown[name] for name in ("created_at", "updated_at", "created_by")}
    told["stats"] = {"stargazers_count": shown["stargazers_count"], "star": shown["star"]}
    if "stargazers" in shown:
        told["stargazers"] = shown["stargazers"]
    return told


def category(shown: Json) -> Json:
    told = shown | {"categories": [_branch(each) for each in shown["categories"]]}
    if "parent_categories" in shown:
        told["parent_categories"] = [
            level | {"categories": [_branch(each) for each in level["categories"]]}
            for level in shown["parent_categories"]
        ]
    told["readme"] = post(shown["readme"], most=SHORT) if shown["readme"] else None
    if "posts" in shown:
        told["posts"] = [post(each, most=SHORT) for each in shown["posts"]]
    return told


def revision(shown: Json) -> Json:
    names = ("number", "full_name", "message", "created_at", "created_by", "url")
    return {name: shown[name] for name in names} | {"wip": _state(shown)}


def _branch(shown: Json) -> Json:
    return {name: shown[name] for name in ("full_name", "count", "has_child")}


def _state(shown: Json) -> str:
    return "WIP" if shown["wip"] else "Shipped"


def _cut(text: str, most: int | None) -> str:
    return text if most is None or len(text) <= most else text[:most] + CUT
