"""Inviting people, for owners."""

from typing import Any

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.http import HttpResponse
from ninja import Query, Router, Schema
from pydantic import Field

from esa.api import Answer, BadRequest, Page, Paging, answer, moment, nothing
from teams.api.schemas import Moment
from teams.door import ApiRequest, Token
from teams.forms import MAX_INVITATIONS
from teams.models import Invitation
from teams.scoping import find_invitation, pending_invitations

router = Router(tags=["invitation"])
READ, WRITE = Token("read:invitation", owners=True), Token("admin:invitation", owners=True)


class LinkOut(Answer):
    url: str


class InvitationOut(Answer):
    email: str
    code: str
    expires_at: str = Moment
    url: str


class InvitationPage(Page):
    invitations: list[InvitationOut]


class InvitedOut(Answer):
    invitations: list[InvitationOut]
    rejected_emails: list[str] = Field(description="Always empty: teams restrict no domains.")


class Emails(Schema):
    emails: list[str] = Field(description=f"At most {MAX_INVITATIONS}.")


class InvitationsBody(Schema):
    member: Emails
    force: bool = Field(False, description="Taken for the sake of older programs.")


def invitation_json(invitation: Invitation) -> dict[str, Any]:
    return {
        "email": invitation.email,
        "code": invitation.code,
        "expires_at": moment(invitation.expires_at),
        "url": invitation.url,
    }


@router.get("/invitation", auth=READ, response=LinkOut, summary="The team's invitation link")
def link(request: ApiRequest) -> HttpResponse:
    return answer({"url": request.team.invitation_url})


@router.post("/invitation_regenerator", auth=WRITE, response=LinkOut, summary="Change the invitation link")
def regenerate(request: ApiRequest) -> HttpResponse:
    """The old one no longer works."""
    request.team.regenerate_invitation()
    return answer({"url": request.team.invitation_url})


@router.get("/invitations", auth=READ, response=InvitationPage, summary="Invitations by e-mail that wait")
def index(request: ApiRequest, paging: Query[Paging]) -> HttpResponse:
    waiting = pending_invitations(request).select_related("team").order_by("-created_at", "-pk")
    return paging.of("invitations", waiting, invitation_json)


@router.post("/invitations", auth=WRITE, response={201: InvitedOut}, summary="Invite by e-mail")
def create(request: ApiRequest, body: InvitationsBody) -> HttpResponse:
    """Who is in the team already gets no mail; who was invited before gets a new link."""
    emails = [email.strip().lower() for email in body.member.emails]
    if not emails:
        raise BadRequest("param is missing or the value is empty or invalid: member.emails")
    if len(emails) > MAX_INVITATIONS:
        raise BadRequest(f"member.emails: at most {MAX_INVITATIONS} at once")
    for email in emails:
        try:
            validate_email(email)
        except ValidationError:
            raise BadRequest(f"member.emails: not an e-mail address: {email[:60]}") from None
    invited = request.team.invite(emails, by=request.member)
    return answer({"invitations": [invitation_json(each) for each in invited.invitations], "rejected_emails": []}, 201)


@router.delete("/invitations/{str:code}", auth=WRITE, response={204: None}, summary="Cancel an invitation")
def delete(request: ApiRequest, code: str) -> HttpResponse:
    find_invitation(request, code).delete()
    return nothing()
