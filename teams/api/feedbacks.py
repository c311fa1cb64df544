"""Telling the operators something."""

from typing import Any

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.http import HttpResponse
from ninja import Router, Schema
from pydantic import Field

from esa.api import BadRequest
from teams.door import ApiRequest, PersonApiRequest, Token
from teams.models.feedback import Feedback

router = Router(tags=["feedback"])
of_team = Router(tags=["feedback"])


class FeedbackFields(Schema):
    message: str = Field(max_length=20_000)
    email: str = Field("", max_length=254, description="For the answer.")
    meta: dict[str, Any] = Field(default_factory=dict)


class FeedbackBody(Schema):
    feedback: FeedbackFields


@router.post("/feedbacks", auth=Token("write:feedback"), response={201: None}, summary="Give feedback")
def create(request: PersonApiRequest, body: FeedbackBody) -> HttpResponse:
    return _keep(request, body.feedback, "")


@of_team.post("/feedbacks", auth=Token("write:feedback"), response={201: None}, summary="Give feedback, about a team")
def create_of_team(request: ApiRequest, body: FeedbackBody) -> HttpResponse:
    return _keep(request, body.feedback, request.team.name)


def _keep(request: ApiRequest | PersonApiRequest, given: FeedbackFields, team_name: str) -> HttpResponse:
    if not given.message.strip():
        raise BadRequest("param is missing or the value is empty or invalid: feedback.message")
    if len(str(given.meta)) > 10_000:
        raise BadRequest("feedback.meta: too long")
    if given.email:
        try:
            validate_email(given.email)
        except ValidationError:
            raise BadRequest("feedback.email: not an e-mail address") from None
    Feedback.give(by=request.user, message=given.message, email=given.email, meta=given.meta, team_name=team_name)
    return HttpResponse(status=201, headers={"Content-Length": "0"})
