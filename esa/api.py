"""What all endpoints of API v1 share, and which knows no model: parameters merged from everywhere, esa's error object, the
page envelope, times. The contract is the API document (post 102 of a seeded team)."""

import json
import re
from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Annotated, Any

from django.core.exceptions import PermissionDenied, RequestDataTooBig, TooManyFilesSent, ValidationError
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse, QueryDict
from django.http.multipartparser import MultiPartParserError
from django.utils import timezone
from django.utils.datastructures import MultiValueDict
from ninja import Schema
from ninja.errors import ValidationError as InvalidParameters
from ninja.parser import Parser
from pydantic import BeforeValidator, ConfigDict, Field

MAX_PER_PAGE = 100
MAX_PARAMETER_DEPTH = 5
BRACKETS = re.compile(r"\[([^\[\]]*)\]")


class ApiError(Exception):
    """An answer other than success, as esa gives it: a status, a code word and a sentence."""

    def __init__(self, status: int, code: str, message: str, headers: dict[str, str] | None = None) -> None:
        super().__init__(message)
        self.status, self.code, self.message, self.headers = status, code, message, headers or {}


class BadRequest(ApiError):
    def __init__(self, message: str) -> None:
        super().__init__(400, "bad_request", f"Bad Request: {message}")


class Unauthorized(ApiError):
    def __init__(self) -> None:
        super().__init__(401, "unauthorized", "Unauthorized")


class Forbidden(ApiError):
    def __init__(self, message: str = "Forbidden") -> None:
        super().__init__(403, "forbidden", message)


def error(status: int, code: str, message: str, headers: dict[str, str] | None = None) -> JsonResponse:
    """Exactly esa's error object; some clients parse it only when the type says JSON with a charset."""
    answer = JsonResponse({"error": code, "message": message}, status=status, json_dumps_params={"ensure_ascii": False})
    answer["Content-Type"] = "application/json; charset=utf-8"
    for name, value in (headers or {}).items():
        answer[name] = value
    return answer


def answer_to(problem: Exception) -> HttpResponse | None:
    """The error answer for an exception that means a refusal; None for a bug."""
    match problem:
        case ApiError():
            return error(problem.status, problem.code, problem.message, problem.headers)
        case Http404():
            return error(404, "not_found", "Not found")
        case PermissionDenied():
            return error(403, "forbidden", str(problem) or "Forbidden")
        case ValidationError():
            return error(400, "bad_request", f"Bad Request: {'; '.join(problem.messages)}")
        case InvalidParameters():
            return error(400, "bad_request", f"Bad Request: {_named(problem)}")
        case RequestDataTooBig() | TooManyFilesSent():
            return error(413, "request_entity_too_large", "Request Entity Too Large")
    return None


# --- Parameters -------------------------------------------------------------------------------------------------------


def parameters(request: HttpRequest) -> dict[str, Any]:
    """Everything that the caller gave, as Rails sees it: the query string, then the form or JSON body over it.

    Clients send the same parameter in any of these, so no endpoint asks where one came from. `post[tags][]=a` nests.
    """
    merged = nested(request.GET)
    kind = request.content_type or ""
    if kind in {"multipart/form-data", "application/x-www-form-urlencoded"}:
        try:
            form = request.POST if request.method == "POST" else _form(request, kind)
        except (MultiPartParserError, UnicodeDecodeError, ValueError):
            raise BadRequest("the form cannot be read") from None
        merged = _over(merged, nested(form))
    elif body := request.body.strip():
        # Some clients send JSON under another type, or none; what is not JSON under another type is nobody's parameter.
        try:
            given = json.loads(body, parse_constant=_no_constant)
        except (ValueError, RecursionError):
            if kind in {"application/json", ""} or kind.endswith("+json"):
                raise BadRequest("the body is not JSON") from None
            given = {}
        if not isinstance(given, dict):
            raise BadRequest("the body is not a JSON object")
        merged = _over(merged, given)
    _refuse_nul(merged)
    return merged


def nested(fields: QueryDict | MultiValueDict[str, Any]) -> dict[str, Any]:
    """`post[name]=x&post[tags][]=a&urls=1,2` as the object it stands for."""
    tree: dict[str, Any] = {}
    for key, values in fields.lists():
        head, bracket, _rest = key.partition("[")
        path = [head, *BRACKETS.findall(key[len(head) :])] if bracket else [key]
        if len(path) <= MAX_PARAMETER_DEPTH:
            _plant(tree, path, values)
    return tree


class MergedParameters(Parser):
    """Gives django-ninja the merged parameters wherever it looks: query, form or body."""

    def parse_body(self, request: HttpRequest) -> dict[str, Any]:
        return dict(request.params)  # type: ignore[attr-defined]

    def parse_querydict(
        self, data: MultiValueDict[str, Any], list_fields: list[str], request: HttpRequest
    ) -> dict[str, Any]:
        if data is request.FILES:
            return super().parse_querydict(data, list_fields, request)
        return dict(request.params)  # type: ignore[attr-defined]


def _form(request: HttpRequest, kind: str) -> QueryDict:
    """Django reads forms of POST only; PATCH, PUT and DELETE may carry one, too."""
    if kind == "multipart/form-data":
        form, request._files = request.parse_file_upload(request.META, request)  # type: ignore[attr-defined]
        return form
    return QueryDict(request.body, encoding="utf-8")


def _plant(tree: dict[str, Any], path: list[str], values: list[Any]) -> None:
    at: dict[str, Any] = tree
    for position, name in enumerate(path):
        rest = path[position + 1 :]
        if rest == [""]:
            at[name] = list(values)
            return
        if not rest:
            at[name] = values[-1]
            return
        inner = at.setdefault(name, {})
        if not isinstance(inner, dict):
            return
        at = inner


def _over(below: dict[str, Any], above: dict[str, Any]) -> dict[str, Any]:
    merged = dict(below)
    for name, value in above.items():
        old = merged.get(name)
        merged[name] = _over(old, value) if isinstance(old, dict) and isinstance(value, dict) else value
    return merged


def _refuse_nul(value: Any) -> None:
    """PostgreSQL stores neither NUL nor half a surrogate pair; better said here than found there."""
    stack = [value]
    while stack:
        item = stack.pop()
        if isinstance(item, str):
            if "\x00" in item:
                raise BadRequest("a parameter contains a NUL character")
            try:
                item.encode()  # a hundred times faster than a look at each character
            except UnicodeEncodeError:
                raise BadRequest("a parameter is not valid Unicode") from None
        elif isinstance(item, dict):
            stack.extend(item.keys())
            stack.extend(item.values())
        elif isinstance(item, list):
            stack.extend(item)


def _no_constant(name: str) -> Any:
    raise ValueError(f"{name} is not JSON")


def _named(problem: InvalidParameters) -> str:
    """Which parameter is wrong and how, in one line: `post.tags: Input should be a valid list`."""
    said = []
    for fault in problem.errors[:5]:
        place = ".".join(
            str(part) for part in fault.get("loc", ()) if part not in {"body", "query", "path", "data", "form"}
        )
        if fault.get("type") == "missing":
            return f"param is missing or the value is empty or invalid: {place}"
        said.append(f"{place}: {fault.get('msg', 'invalid')}")
    return "; ".join(said) or "invalid parameters"


# --- Answers ----------------------------------------------------------------------------------------------------------


def moment(when: datetime) -> str:
    """ISO 8601 with offset and whole seconds, in the time zone of the token's person."""
    return timezone.localtime(when).replace(microsecond=0).isoformat()


def answer(data: Any, status: int = 200) -> HttpResponse:
    """A success: compact JSON in UTF-8, with the keys in the order in which they were put in."""
    text = json.dumps(data, ensure_ascii=False, separators=(",", ":"))
    return HttpResponse(text, status=status, content_type="application/json; charset=utf-8")


def nothing() -> HttpResponse:
    """A success that has nothing to say."""
    return HttpResponse(status=204)


class Paging(Schema):
    """Which page of a list. Nonsense is the default, and too many are clamped."""

    page: Annotated[int, BeforeValidator(lambda value: positive(value, 1))] = Field(1, ge=1, description="From 1.")
    per_page: Annotated[int, BeforeValidator(lambda value: min(positive(value, 20), MAX_PER_PAGE))] = Field(
        20, ge=1, description=f"At most {MAX_PER_PAGE}; more are clamped."
    )

    @property
    def start(self) -> int:
        return (self.page - 1) * self.per_page

    def of(self, key: str, rows: "QuerySet[Any] | list[Any]", to_json: Callable[[Any], dict[str, Any]]) -> HttpResponse:
        """One page of rows, in the envelope."""
        count = len(rows) if isinstance(rows, list) else rows.count()
        shown = rows[self.start : self.start + self.per_page] if self.start < count else []
        return answer({key: [to_json(row) for row in shown], **self.envelope(count)})

    def envelope(self, total: int) -> dict[str, int | None]:
        return {
            "prev_page": self.page - 1 if self.page > 1 else None,
            "next_page": self.page + 1 if self.page * self.per_page < total else None,
            "total_count": total,
            "page": self.page,
            "per_page": self.per_page,
            "max_per_page": MAX_PER_PAGE,
        }


class Answer(Schema):
    """A documented answer: these keys, no others."""

    model_config = ConfigDict(extra="forbid")


class Page(Answer):
    """The six fields at the same level as the rows."""

    prev_page: int | None
    next_page: int | None
    total_count: int
    page: int
    per_page: int
    max_per_page: int


def positive(value: Any, default: int) -> int:
    """A number from 1 up, as text or number; anything else, or one beyond a database's integers, is the default."""
    text = str(value) if isinstance(value, int | str) and not isinstance(value, bool) else ""
    return int(text) if re.fullmatch(r"[0-9]{1,9}", text, re.ASCII) and int(text) > 0 else default


def listed(value: Any) -> set[str]:
    """A comma list such as `include=comments,stargazers`."""
    parts: Iterable[Any] = value.split(",") if isinstance(value, str) else value if isinstance(value, list) else ()
    return {str(part).strip() for part in parts}
