"""The people of a team."""

from django.db.models import F
from django.http import Http404, HttpResponse
from ninja import Query, Router

from esa.api import BadRequest, Paging, answer, nothing
from teams.api.schemas import MemberOut, MemberPage
from teams.door import ApiRequest, Token
from teams.json import member_json
from teams.scoping import counted_members, find_member_by_name_or_email

router = Router(tags=["member"])
SORTS = {"posts_count": "seen_posts", "joined": "joined_at", "last_accessed": "last_accessed_at"}


@router.get("/members", auth=Token("read:member"), response=MemberPage, summary="Members of a team")
def index(
    request: ApiRequest,
    paging: Query[Paging],
    sort: str = Query("posts_count", description="`posts_count`, `joined` or `last_accessed`."),
    order: str = Query("desc", description="`desc` or `asc`."),
) -> HttpResponse:
    column = F(SORTS.get(sort, "seen_posts"))
    ascending = order == "asc"
    by = column.asc(nulls_first=True) if ascending else column.desc(nulls_last=True)
    members = counted_members(request).order_by(by, "pk" if ascending else "-pk")
    return paging.of("members", members, lambda member: member_json(member, request.member))


@router.get("/members/{str:name_or_email}", auth=Token("read:member"), response=MemberOut, summary="A member")
def show(request: ApiRequest, name_or_email: str) -> HttpResponse:
    """By screen name, by e-mail address, or `me`."""
    wanted = request.member.handle if name_or_email == "me" else name_or_email
    return answer(member_json(find_member_by_name_or_email(request, wanted), request.member))


@router.delete(
    "/members/{str:name_or_email}",
    auth=Token("admin:member", owners=True),
    response={204: None},
    summary="Remove a member",
)
def delete(request: ApiRequest, name_or_email: str) -> HttpResponse:
    """For owners; nobody can remove themselves like this."""
    if name_or_email == "me":
        raise Http404
    member = find_member_by_name_or_email(request, name_or_email)
    if member.pk == request.member.pk:
        raise BadRequest("you cannot remove yourself from the team")
    member.leave(by=request.member)
    return nothing()
