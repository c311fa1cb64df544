"""What API v1 says about posts and what hangs on them, as the reference describes it; and what it takes."""

from typing import Annotated, Any

from ninja import Schema
from pydantic import BeforeValidator, Field

from esa.api import Answer, Page
from teams.api.schemas import Moment, UserOut

# --- Answers ----------------------------------------------------------------------------------------------------------


class StarOut(Answer):
    created_at: str = Moment
    body: str | None = Field(description="The quoted text, if any.")
    user: UserOut


class StarPage(Page):
    stargazers: list[StarOut]


class WatcherOut(Answer):
    created_at: str = Moment
    user: UserOut


class WatcherPage(Page):
    watchers: list[WatcherOut]


class CommentOut(Answer):
    id: int
    body_md: str
    body_html: str
    created_at: str = Moment
    updated_at: str = Moment
    post_number: int
    url: str
    created_by: UserOut
    stargazers_count: int
    star: bool
    stargazers: list[StarOut] = Field(default_factory=list, description="Only when included.")


class CommentPage(Page):
    comments: list[CommentOut]


class SharingOut(Answer):
    html: str
    slides: str


class SummaryOut(Answer):
    number: int
    name: str
    full_name: str
    wip: bool
    tags: list[str]
    category: str | None
    url: str
    created_at: str = Moment
    updated_at: str = Moment


class SummaryPage(Page):
    posts: list[SummaryOut]


class PostOut(Answer):
    number: int
    name: str = Field(description="Without category and tags; a literal # and / are `&#35;` and `&#47;`.")
    full_name: str = Field(examples=["dev/2026/11/23/hi! #api #dev"])
    wip: bool
    body_md: str
    body_html: str
    created_at: str = Moment
    message: str
    url: str
    updated_at: str = Moment
    tags: list[str]
    category: str | None
    revision_number: int
    created_by: UserOut
    updated_by: UserOut
    kind: str = Field(description="`flow` where category or name hold a date, else `stock`.")
    comments_count: int
    tasks_count: int
    done_tasks_count: int
    stargazers_count: int
    watchers_count: int
    star: bool
    watch: bool
    sharing_urls: SharingOut | None
    comments: list[CommentOut] = Field(default_factory=list, description="Only when included; newest update first.")
    stargazers: list[StarOut] = Field(default_factory=list, description="Only when included.")


class OnePostOut(PostOut):
    backlinks_count: int
    backlinks: list[SummaryOut] = Field(default_factory=list, description="Only when included; at most 15.")


class PatchedPostOut(PostOut):
    overlapped: bool = Field(description="Whether lines clashed; then both sides stand in the text between markers.")


class PostPage(Page):
    posts: list[PostOut]


class BeginningOut(Answer):
    name: str = Field(description="With the category, without tags.")
    body_md: str


class NewPostOut(Answer):
    post: BeginningOut


class RevisionOut(Answer):
    number: int
    name: str
    full_name: str
    category: str | None
    tags: list[str]
    body_md: str
    body_html: str
    diff: str | None = Field(description="HTML, against the revision before; null for the first one.")
    message: str | None
    created_at: str = Moment
    updated_at: str = Moment
    wip: bool
    created_by: UserOut
    url: str


class RevisionPage(Page):
    revisions: list[RevisionOut]


class OneRevisionOut(Answer):
    revision: RevisionOut


class DiffOut(Answer):
    from_revision_number: int
    to_revision_number: int
    diff_html: str
    diff_text: str


class ComparisonOut(Answer):
    diff: DiffOut


class CategoryOut(Answer):
    name: str
    full_name: str
    count: int
    has_child: bool


class ParentCategoryOut(CategoryOut):
    selected: bool


class ParentLevelOut(Answer):
    current_category: str
    categories: list[ParentCategoryOut]


class NoCategoryOut(Answer):
    name: str
    count: int


class CategoryPage(Page):
    current_category: str
    categories: list[CategoryOut]
    parent_categories: list[ParentLevelOut] = Field(default_factory=list, description="Only when included.")
    readme: PostOut | None
    descendant_posts: bool = Field(False, description="Only with `include=posts`.")
    posts: list[PostOut] = Field(default_factory=list, description="Only when included.")
    no_category: NoCategoryOut | None = Field(None, description="Only at the top.")


class PathOut(Answer):
    path: str | None = Field(description="null for posts without a category.")
    posts: int


class PathsOut(Answer):
    """With `v=2` also the six fields of a page."""

    categories: list[PathOut]
    prev_page: int | None = None
    next_page: int | None = None
    total_count: int = 0
    page: int = 1
    per_page: int = 20
    max_per_page: int = 100


class MovedOut(Answer):
    count: int = Field(description="How many categories changed.")
    from_: str = Field(alias="from")
    to: str


class TagOut(Answer):
    name: str
    posts_count: int


class TagPage(Page):
    tags: list[TagOut]


# --- What comes in ----------------------------------------------------------------------------------------------------
# Unknown members are ignored; null is as good as absent.


def _none_as(default: Any) -> BeforeValidator:
    return BeforeValidator(lambda value: default if value is None else value)


Text = Annotated[str, _none_as("")]
Message = Annotated[str, Field(max_length=500), _none_as("")]
OwnersOnly = Field("", description="A screen name, or `esa_bot`; for owners of the team only.")


def _number(value: Any) -> Any:
    """Empty text is what some programs send for nothing."""
    return None if value == "" else value


Number = Annotated[int | None, Field(ge=1, le=2**31 - 1), BeforeValidator(_number)]


class OriginalRevision(Schema):
    """What the writer began with, for the three-way merge."""

    body_md: str | None = None
    number: Number = None
    user: Text = Field("", description="Who edited last; not looked at.")


class PostFields(Schema):
    name: Text = Field("", description="May hold category and tags: `dev/2026/hi! #api`.")
    body_md: str | None = None
    tags: list[str] | None = None
    category: str | None = Field(None, description="Outer slashes are dropped; empty means none.")
    wip: bool | None = None
    message: Message = ""
    user: Text = OwnersOnly
    created_by: Text = OwnersOnly
    updated_by: Text = OwnersOnly


class NewPost(PostFields):
    template_post_id: Number = Field(None, description="The number of a template; what is given wins over it.")
    parent_post_id: Number = Field(None, description="The number of a post to copy; what is given wins over it.")


class ChangedPost(PostFields):
    original_revision: OriginalRevision | None = None


class NewPostBody(Schema):
    post: NewPost


class ChangedPostBody(Schema):
    post: ChangedPost


class Addition(Schema):
    content: str = Field(min_length=1, description="Glued on as it is; no newline is added.")
    wip: bool | None = None
    message: Message = ""


class AdditionBody(Schema):
    post: Addition


class Archival(Schema):
    message: Message = ""


class ArchivalBody(Schema):
    post: Annotated[Archival, _none_as({})] = Archival()


class Rollback(Archival):
    wip: bool | None = None


class RollbackBody(Schema):
    post: Annotated[Rollback, _none_as({})] = Rollback()


class CommentFields(Schema):
    body_md: str = Field(min_length=1)
    user: Text = OwnersOnly


class CommentBody(Schema):
    comment: CommentFields


class ChangedComment(Schema):
    body_md: str | None = None
    user: Text = OwnersOnly


class ChangedCommentBody(Schema):
    comment: ChangedComment


class StarBody(Schema):
    body: Annotated[str, Field(max_length=1000), _none_as("")] = ""


class MoveBody(Schema):
    from_: str = Field(alias="from", min_length=1)
    to: str = Field(min_length=1)
