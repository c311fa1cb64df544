"""What people type into a form about posts, before a verb takes it."""

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from posts import merge
from posts.models.post import Draft
from posts.title import TITLE_LIMIT, Title, TitleError, parse


class PostForm(forms.Form):
    """The editor: one title field, the text, a word on the change, and the revision that the writer began with."""

    title = forms.CharField(
        label=_("Title"),
        max_length=TITLE_LIMIT,
        error_messages={
            "required": _("Give the post a name: it goes after the last “/” and before the #tags."),
        },
    )
    body_md = forms.CharField(label=_("Text"), required=False, strip=False, widget=forms.Textarea)
    message = forms.CharField(
        label=_("Change message"),
        required=False,
        max_length=500,
        error_messages={"max_length": _("The change message has more than 500 characters.")},
    )
    base_number = forms.IntegerField(required=False, min_value=1, widget=forms.HiddenInput)
    # Which of the two buttons it was; a form sent without either keeps the text to the team.
    wip = forms.TypedChoiceField(
        choices=[("true", "Save as WIP"), ("false", "Ship It!")],
        coerce=lambda value: value != "false",
        empty_value="true",
        required=False,
    )
    # A name for this save, and the names of those before it that got no answer (posts/attempts.py).
    attempt = forms.RegexField(r"^[0-9a-f-]{36}$", required=False)
    unanswered = forms.RegexField(r"^[0-9a-f-]{36}(,[0-9a-f-]{36}){0,9}$", required=False)
    # From the conflict page: the text has been looked through, and whether marks may stay in it.
    resolving = forms.BooleanField(required=False)
    keep_marks = forms.BooleanField(label=_("The marks belong in the text: save it as it is"), required=False)

    def clean_title(self) -> Title:
        try:
            return parse(self.cleaned_data["title"])
        except TitleError as problem:
            raise ValidationError(problem.message, problem.code) from problem

    def clean(self) -> dict[str, Any]:
        given = super().clean() or {}
        if given.get("resolving") and not given.get("keep_marks") and merge.unresolved(given.get("body_md", "")):
            raise ValidationError(
                _("There are still conflict marks (<<<<<<<, =======, >>>>>>>) in the text. Choose what stays."), "marks"
            )
        return given

    @property
    def draft(self) -> Draft:
        given = self.cleaned_data
        return Draft(
            category=given["title"].category,
            name=given["title"].name,
            tags=list(given["title"].tags),
            body_md=given["body_md"],
            wip=given["wip"] in {True, "true"},
            message=given["message"],
        )

    @property
    def unanswered_attempts(self) -> list[str]:
        return [attempt for attempt in self.cleaned_data["unanswered"].split(",") if attempt]
