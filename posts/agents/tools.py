"""What agents can do: the tools of esa's own server for agents, by name and argument, each a request or two to API v1.

Verbs, rights, policies, limits and the log are the API's; only the mark in the history says MCP. This module knows
neither the protocol (server.py) nor the requests (posts/views/agents.py).
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Any, Literal, Protocol, TypeVar
from urllib.parse import quote

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field
from pydantic.alias_generators import to_camel

from posts.agents import answers

Json = dict[str, Any]

HELP_TEAM = "docs"
SEARCH_HELP, MARKDOWN_HELP = 104, 49
"""Numbers of posts that hold the help; a new installation brings them along."""

FILE_SECONDS = 300
SHOWN_PICTURES = {"image/jpeg", "image/png", "image/gif", "image/webp"}
MOST_PICTURE_BYTES = 10 * 1024 * 1024


class Refused(Exception):
    """The API said no. Agents read why and act on it."""

    def __init__(self, told: Any) -> None:
        super().__init__(str(told))
        self.told = told


@dataclass(frozen=True)
class Picture:
    """An answer that agents look at."""

    content_type: str
    data: bytes


class Api(Protocol):
    """API v1 as whoever asks here sees it."""

    def __call__(self, method: str, path: str, parameters: Json | None = None) -> Any:
        """The answer to `method` on a path below /v1, or Refused."""

    def picture(self, address: str, types: set[str], most: int) -> Picture | None:
        """The bytes behind a signed address, if it is a picture of these types and no larger."""


# --- Arguments --------------------------------------------------------------------------------------------------------


def _team(name: Any) -> Any:
    """Agents know teams by their addresses, too: docs.example.com is docs."""
    return name.partition(".")[0] if isinstance(name, str) else name


class Arguments(BaseModel):
    """What a tool takes. Names are spelled as agents know them: teamName, bodyMd."""

    model_config = ConfigDict(alias_generator=to_camel, validate_by_name=True, validate_by_alias=True, extra="ignore")


Team = Annotated[str, BeforeValidator(_team), Field(description="Name of the team; esa_get_teams lists them.")]
Number = Annotated[int, Field(ge=1, le=2**31 - 1)]
PageNumber = Annotated[Number | None, Field(description="From 1.")]
PerPage = Annotated[Annotated[int, Field(ge=1, le=100)] | None, Field(description="At most 100.")]
PostNumber = Annotated[Number, Field(description="Number of the post.")]
Markdown = Annotated[str, Field(description="Markdown. Indent with four spaces.")]
Wip = Annotated[bool | None, Field(description="Whether the post is unfinished; false ships it.")]
Message = Annotated[str | None, Field(description="What changed, in a few words.")]
Author = Annotated[str | None, Field(description="Screen name of the author; owners of the team only.")]
Order = Literal["desc", "asc"] | None


class Pages(Arguments):
    page: PageNumber = None
    per_page: PerPage = None

    @property
    def pages(self) -> Json:
        return {"page": self.page, "per_page": self.per_page}


class TeamList(Pages):
    role: Annotated[Literal["member", "owner"] | None, Field(description="Only teams in which you are this.")] = None


class InTeam(Arguments):
    team_name: Team = ""

    @property
    def place(self) -> str:
        if not self.team_name:
            raise Refused("teamName is missing; esa_get_teams lists your teams.")
        return f"/teams/{quote(self.team_name, safe='')}"


class PagesInTeam(Pages, InTeam):
    pass


class MemberList(PagesInTeam):
    sort: Literal["posts_count", "joined", "last_accessed"] | None = None
    order: Order = None


class Search(Pages):
    query: Annotated[
        str,
        Field(
            description="In esa's search language; empty for all posts. Words are joined by AND unless OR stands between"
            " them; `in:dev/api` is a category with all below it, `on:dev/api` the category alone, `on:/` none; `#tag`,"
            " `@author`, `title:`, `wip:false`, `created:>2026-01-31`, `updated:<2026-01-31`, `stars:>3`. Try synonyms"
            " and both English and Japanese words with OR."
        ),
    ]

    @property
    def meant(self) -> str:
        """What agents that know other services write, in esa's words."""
        query = "" if self.query.strip() == "*" else self.query
        query = re.sub(r"\b(?:after|since):(?=\d{4}-\d\d-\d\d\b)", "created:>", query, flags=re.IGNORECASE)
        return re.sub(r"\b(?:before|until):(?=\d{4}-\d\d-\d\d\b)", "created:<", query, flags=re.IGNORECASE)


class PostSearch(Search, InTeam):
    sort: Literal["updated", "created", "number", "stars", "watches", "comments", "best_match"] | None = None
    order: Order = None


class OfPost(InTeam):
    post_number: PostNumber

    @property
    def place(self) -> str:
        return f"{super().place}/posts/{self.post_number}"


class PagesOfPost(Pages, OfPost):
    pass


class PostToRead(OfPost):
    truncate: Annotated[
        bool, Field(description="Long texts are cut unless this is false; read all before you replace a text.")
    ] = True


class PostFields(Arguments):
    body_md: Markdown | None = None
    tags: list[str] | None = None
    category: Annotated[str | None, Field(description="Path such as dev/docs.")] = None
    message: Message = None

    @property
    def fields(self) -> Json:
        return _given(self.model_dump(include={"name", "body_md", "tags", "category", "wip", "message"}))


class NewPost(PostFields, InTeam):
    name: Annotated[str, Field(description="Title; may begin with the category: dev/docs/Title.")]
    wip: Annotated[bool, Field(description="Whether the post is unfinished; false ships it.")] = True


class OriginalRevision(Arguments):
    body_md: str
    number: Number
    user: str


class ChangedPost(PostFields, OfPost):
    name: Annotated[str | None, Field(description="Title.")] = None
    wip: Wip = None
    original_revision: Annotated[
        OriginalRevision | None,
        Field(description="What you began with, as you read it; what others saved since is merged."),
    ] = None


class Addition(OfPost):
    content: Annotated[
        str, Field(description="Markdown, added as it is; put an empty line where it meets the text, for a new block.")
    ]
    wip: Wip = None
    message: Message = None


class Archival(OfPost):
    message: Message = None


class Copy(OfPost):
    target_team_name: Annotated[
        str | None, BeforeValidator(_team), Field(description="The team to copy into; else the post's own.")
    ] = None


class Rollback(OfPost):
    revision_number: Annotated[Number, Field(description="The revision to go back to.")]
    wip: Wip = None
    message: Message = None


class OfComment(InTeam):
    comment_id: Annotated[int, Field(ge=1, le=2**63 - 1)]

    @property
    def place(self) -> str:
        return f"{super().place}/comments/{self.comment_id}"


class CommentToRead(OfComment):
    include: Annotated[Literal["stargazers"] | None, Field(description="Also who starred it.")] = None


class NewComment(OfPost):
    body_md: Markdown
    user: Author = None


class ChangedComment(OfComment):
    body_md: Markdown
    user: Author = None


class CategoryToRead(PagesInTeam):
    select: Annotated[str, Field(description="Path of the category.")]
    include: Literal["posts", "parent_categories"] | None = None
    descendant_posts: Annotated[bool | None, Field(description="With posts: also those of categories below.")] = None


class PathList(PagesInTeam):
    prefix: Annotated[str | None, Field(description="How the paths begin.")] = None
    suffix: Annotated[str | None, Field(description="How they end.")] = None
    match: Annotated[str | None, Field(description="What is somewhere in them.")] = None
    exact_match: Annotated[str | None, Field(description="The whole path; outer slashes do not matter.")] = None


class FileToRead(InTeam):
    url: Annotated[str, Field(description="Address of the file, or its path (/uploads/…).")]
    force_signed_url: Annotated[bool | None, Field(description="Only an address, even for a picture.")] = None


# --- Tools ------------------------------------------------------------------------------------------------------------

Taken = TypeVar("Taken", bound=Arguments)
Run = Callable[[Api, Any], "Json | str | Picture"]


@dataclass(frozen=True)
class Tool:
    """A tool as agents see it, and what it does."""

    name: str
    title: str
    description: str
    arguments: type[Arguments]
    run: Run
    reads: bool

    def schema(self) -> Json:
        """JSON Schema of the arguments, without what only pydantic needs: titles, references, `null` as a type."""
        schema = self.arguments.model_json_schema()
        plain: Json = _plain(schema, schema.get("$defs", {}))
        plain.pop("description", None)  # this class in our own words
        return {"type": "object", "properties": {}} | plain


TOOLS: dict[str, Tool] = {}


def tool(
    title: str, description: str, *, writes: bool = False
) -> Callable[[Callable[[Api, Taken], Any]], Callable[[Api, Taken], Any]]:
    """Make a tool of a function: its name is the tool's, its second parameter what the tool takes."""

    def add(run: Callable[[Api, Taken], Any]) -> Callable[[Api, Taken], Any]:
        name = f"esa_{run.__name__}"
        TOOLS[name] = Tool(name, title, description, run.__annotations__["given"], run, reads=not writes)
        return run

    return add


@tool("Your teams", "The teams you are in.")
def get_teams(api: Api, given: TeamList) -> Json:
    return _asked(api, "/teams", role=given.role, **given.pages)


@tool("Figures of a team", "How many members, posts, comments and stars a team has, and how many people are active.")
def get_team_stats(api: Api, given: InTeam) -> Json:
    return _asked(api, f"{given.place}/stats")


@tool("Tags of a team", "All tags of a team with the number of posts that have them, most used first.")
def get_team_tags(api: Api, given: PagesInTeam) -> Json:
    return _asked(api, f"{given.place}/tags", **given.pages)


@tool("Members of a team", "The members of a team with role, number of posts and when they were last there.")
def get_team_members(api: Api, given: MemberList) -> Json:
    return _asked(api, f"{given.place}/members", sort=given.sort, order=given.order, **given.pages)


@tool(
    "Read a post",
    "A post with its text, its figures and backlinks_count, the number of posts that link to it"
    " (esa_get_post_backlinks lists them, esa_get_post_comments its comments).",
)
def get_post(api: Api, given: PostToRead) -> Json:
    return answers.post(_asked(api, given.place), most=answers.LONG if given.truncate else None)


@tool("Search posts", "Find posts; each comes with the beginning of its text.")
def search_posts(api: Api, given: PostSearch) -> Json:
    query = given.meant
    found = _asked(api, f"{given.place}/posts", q=query, sort=given.sort, order=given.order, **given.pages)
    told = found | {"posts": [answers.post(post, most=answers.SHORT) for post in found["posts"]]}
    words = query.split()
    if not found["total_count"] and len(words) > 1 and "OR" not in words and "|" not in query:
        told["hint"] = f"Nothing has all of these words. Leave some out, or try: {' OR '.join(words)}"
    return told


@tool("Write a post", "A new post. It is WIP unless wip is false.", writes=True)
def create_post(api: Api, given: NewPost) -> Json:
    return answers.post(api("POST", f"{given.place}/posts", {"post": given.fields}))


@tool(
    "Change a post",
    "Title, text, tags, category or state of a post; what you leave out stays. wip: false ships it. To add to a text"
    " without reading it first, take esa_append_post or esa_prepend_post.",
    writes=True,
)
def update_post(api: Api, given: ChangedPost) -> Json:
    fields = given.fields
    if given.original_revision:
        fields["original_revision"] = given.original_revision.model_dump()
    saved = api("PATCH", given.place, {"post": fields})
    return answers.post(saved) | {"overlapped": saved["overlapped"]}


@tool("Add to the end of a post", "Adds Markdown to the end of a text, as a new revision.", writes=True)
def append_post(api: Api, given: Addition) -> Json:
    return _add(api, given, "append")


@tool("Add to the start of a post", "Adds Markdown to the beginning of a text, as a new revision.", writes=True)
def prepend_post(api: Api, given: Addition) -> Json:
    return _add(api, given, "prepend")


@tool("Read a comment", "A comment by its id.")
def get_comment(api: Api, given: CommentToRead) -> Json:
    return answers.comment(_asked(api, given.place, include=given.include), most=answers.LONG)


@tool("Comment on a post", "A new comment under a post.", writes=True)
def create_comment(api: Api, given: NewComment) -> Json:
    made = api("POST", f"{given.place}/comments", {"comment": _given({"body_md": given.body_md, "user": given.user})})
    return answers.comment(made)


@tool("Change a comment", "The text of a comment of yours; owners may change any.", writes=True)
def update_comment(api: Api, given: ChangedComment) -> Json:
    return answers.comment(
        api("PATCH", given.place, {"comment": _given({"body_md": given.body_md, "user": given.user})})
    )


@tool("Delete a comment", "Deletes a comment of yours for good; owners may delete any.", writes=True)
def delete_comment(api: Api, given: OfComment) -> str:
    api("DELETE", given.place)
    return f"Comment {given.comment_id} is deleted."


@tool("Posts that link to a post", "Newest link first; WIP and archived posts are left out.")
def get_post_backlinks(api: Api, given: PagesOfPost) -> Json:
    found = _asked(api, f"{given.place}/backlinks", **given.pages)
    return found | {"posts": [answers.summary(post) for post in found["posts"]]}


@tool("Comments of a post", "The comments of a post, last changed first.")
def get_post_comments(api: Api, given: PagesOfPost) -> Json:
    return _comments(_asked(api, f"{given.place}/comments", **given.pages))


@tool("Comments of a team", "The comments of a team, newest first.")
def get_team_comments(api: Api, given: PagesInTeam) -> Json:
    return _comments(_asked(api, f"{given.place}/comments", **given.pages))


@tool("Read a category", "The categories in a category; with include also its posts, or the levels above it.")
def get_categories(api: Api, given: CategoryToRead) -> Json:
    asked = {"select": given.select, "include": given.include, "descendant_posts": given.descendant_posts}
    return answers.category(_asked(api, f"{given.place}/categories", **asked, **given.pages))


@tool("Categories at the top", "The top of a team's tree of categories.")
def get_top_categories(api: Api, given: InTeam) -> Json:
    return answers.category(_asked(api, f"{given.place}/categories/top"))


@tool(
    "Paths of all categories",
    "Every category path of a team with its number of posts, in the order of the alphabet; to survey the tree, or to"
    " find a category by a part of its path.",
)
def get_all_category_paths(api: Api, given: PathList) -> Json:
    wanted = given.model_dump(include={"prefix", "suffix", "match", "exact_match"})
    return _asked(api, f"{given.place}/categories/paths", v=2, **wanted, **given.pages)


@tool("Archive a post", "Moves a post below Archived/: dev/docs becomes Archived/dev/docs.", writes=True)
def archive_post(api: Api, given: Archival) -> Json:
    return answers.post(api("POST", f"{given.place}/archive", {"post": _given({"message": given.message})}))


@tool("Ship a post", "Takes a post out of WIP and changes nothing else.", writes=True)
def ship_post(api: Api, given: OfPost) -> Json:
    return answers.post(api("PATCH", given.place, {"post": {"wip": False, "message": "Ship It!"}}))


@tool(
    "Copy a post",
    "A new WIP post with title, category and text of another; dates in the title become today's. In the same team"
    " unless targetTeamName says otherwise.",
    writes=True,
)
def duplicate_post(api: Api, given: Copy) -> Json:
    source = InTeam(team_name=given.team_name)
    target = InTeam(team_name=given.target_team_name or given.team_name)
    start = _asked(api, f"{source.place}/posts/new", parent_post_id=given.post_number)["post"]
    return answers.post(api("POST", f"{target.place}/posts", {"post": {**start, "wip": True}}))


@tool("Go back to a revision", "Makes an earlier revision of a post the newest.", writes=True)
def rollback_post_revision(api: Api, given: Rollback) -> Json:
    wanted = _given({"wip": given.wip, "message": given.message})
    return answers.post(api("POST", f"{given.place}/revisions/{given.revision_number}/rollback", {"post": wanted}))


@tool("History of a post", "The revisions of a post, newest first, with who saved them and why.")
def get_post_revisions(api: Api, given: PagesOfPost) -> Json:
    found = _asked(api, f"{given.place}/revisions", **given.pages)
    return found | {"revisions": [answers.revision(revision) for revision in found["revisions"]]}


@tool("How to search", "How searches are written. Read it before a search by date, tag, category or figures.")
def get_search_options_help(api: Api, given: Arguments) -> Json:
    return _help(api, SEARCH_HELP)


@tool("How to write", "How Markdown is written in esa. Read it when unsure, before you write a text or a comment.")
def get_markdown_syntax_help(api: Api, given: Arguments) -> Json:
    return _help(api, MARKDOWN_HELP)


@tool("Search the help", "What esa's words mean and how esa is used.")
def search_help(api: Api, given: Search) -> Json:
    return search_posts(api, PostSearch(team_name=HELP_TEAM, sort="best_match", **given.model_dump()))


@tool(
    "Look at a file",
    "A file of a team: pictures come as pictures; anything else, very large pictures and whatever forceSignedUrl is set"
    " for as an address that works for five minutes.",
)
def get_attachment(api: Api, given: FileToRead) -> str | Picture:
    wanted = {"urls": [given.url], "expires_in": FILE_SECONDS, "v": 2}
    ((_asked_for, address),) = api("POST", f"{given.place}/signed_urls", wanted)["signed_urls"]
    if address is None:
        raise Refused("The team has no such file.")
    picture = None if given.force_signed_url else api.picture(address, SHOWN_PICTURES, MOST_PICTURE_BYTES)
    return picture or str(address)


# --- Inside -----------------------------------------------------------------------------------------------------------


def _asked(api: Api, path: str, **parameters: Any) -> Json:
    answer: Json = api("GET", path, _given(parameters))
    return answer


def _given(parameters: Json) -> Json:
    return {name: value for name, value in parameters.items() if value is not None}


def _add(api: Api, given: Addition, where: str) -> Json:
    wanted = _given({"content": given.content, "wip": given.wip, "message": given.message})
    return answers.post(api("POST", f"{given.place}/{where}", {"post": wanted}))


def _comments(found: Json) -> Json:
    return found | {"comments": [answers.comment(comment, most=answers.SHORT) for comment in found["comments"]]}


def _help(api: Api, number: int) -> Json:
    return get_post(api, PostToRead(team_name=HELP_TEAM, post_number=number))


def _plain(schema: Any, definitions: Json) -> Any:
    if isinstance(schema, list):
        return [_plain(each, definitions) for each in schema]
    if not isinstance(schema, dict):
        return schema
    if "anyOf" in schema:
        (meant,) = [each for each in schema["anyOf"] if each != {"type": "null"}]
        schema = meant | schema
    if "$ref" in schema:
        schema = definitions[schema["$ref"].rpartition("/")[2]] | schema
    return {
        name: {key: _plain(value, definitions) for key, value in told.items()}
        if name == "properties"
        else _plain(told, definitions)
        for name, told in schema.items()
        if name not in {"title", "$ref", "$defs", "anyOf"} and not (name == "default" and told is None)
    }
