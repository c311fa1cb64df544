"""Brings a folder of Markdown files into a team: each file one post, each run only what has changed since the last."""

import hashlib
import re
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from django.core.exceptions import ValidationError
from django.db import transaction

from posts import folder_links, markdown_folder
from posts.markdown_folder import Document, Unreadable
from posts.models import ImportedFile, Post, Revision
from posts.models.post import SKIP_NOTICE, Clash, Draft
from teams.models import Member, Team


@dataclass
class Report:
    """What an import did, and what it could not do."""

    created: int = 0
    updated: int = 0
    merged: int = 0
    unchanged: int = 0
    refused: dict[str, str] = field(default_factory=dict)  # path → why
    left: dict[str, str] = field(default_factory=dict)  # path of what was not opened → why
    gone: dict[str, int] = field(default_factory=dict)  # path that is no longer there → number of its post, which stays
    other_files: Counter[str] = field(default_factory=Counter)  # by the end of their names
    lost_links: dict[str, list[str]] = field(default_factory=dict)
    pictures: dict[str, list[str]] = field(default_factory=dict)  # that lie in the folder
    notes: dict[str, list[str]] = field(default_factory=dict)
    ignored: Counter[str] = field(default_factory=Counter)  # keys of front matter
    unknown_authors: Counter[str] = field(default_factory=Counter)
    strange: Counter[str] = field(default_factory=Counter)


class FolderImport:
    """One run. Numbers are given out to all files first and kept in ImportedFile, so that links among files resolve and a
    run that was cut off goes on where it stopped."""

    def __init__(
        self,
        team: Team,
        folder: Path,
        *,
        by: Member | None = None,
        under: str = "",
        source: str = "",
        wip: bool | None = None,
    ) -> None:
        self.team, self.folder, self.under = team, folder, under
        self.by = by or team.bot
        self.source = (source or folder.resolve().name)[:200]
        self.wip = wip
        self.report = Report()
        self._people: dict[str, Member | None] = {}

    def run(self, progress: Callable[[int, int, str], None] = lambda done, of, path: None) -> Report:
        documents = self._read()
        files = self._number(documents)
        finder = folder_links.Finder({path: (files[path].number, doc) for path, doc in documents.items()})
        for done, (path, document) in enumerate(documents.items(), 1):
            progress(done, len(documents), path)
            rewritten = folder_links.rewrite(document, finder)
            self._note(document, rewritten)
            try:
                self._save(files[path], document, rewritten.body)
            except ValidationError as problem:
                self.report.refused[path] = " ".join(problem.messages)
        self._resolve_links_ahead()
        return self.report

    def _read(self) -> dict[str, Document]:
        documents: dict[str, Document] = {}
        for path in markdown_folder.walk(self.folder, self._leave):
            try:
                document = markdown_folder.read(self.folder, path, under=self.under)
                if document.path in documents:
                    raise Unreadable("another file's name differs from its name only in how Unicode is composed")
                documents[document.path] = document
            except Unreadable as problem:
                self.report.refused[path] = str(problem)
        return documents

    def _leave(self, path: str, why: str) -> None:
        if why:
            self.report.left[path] = why
        else:
            self.report.other_files[PurePosixPath(path).suffix.lower() or "without an ending"] += 1

    @transaction.atomic
    def _number(self, documents: dict[str, Document]) -> dict[str, ImportedFile]:
        Team.objects.select_for_update(no_key=True).get(pk=self.team.pk)  # two runs at once number one after the other
        rows = ImportedFile.objects.filter(team=self.team, source=self.source).select_related("post__created_by")
        known = {
            row.path: row
            for row in rows.defer("merged_md", "post__body_md", "post__body_html", "post__toc").order_by("path")
        }
        for path in documents:
            if path not in known:
                known[path] = ImportedFile.objects.create(
                    team=self.team, source=self.source, path=path, number=self.team.next_post_number()
                )
        self.report.gone = {
            path: row.number
            for path, row in known.items()
            if row.post and not row.post.deleted_at and not (self.folder / path).exists() and path not in documents
        }
        return known

    def _note(self, document: Document, rewritten: folder_links.Rewritten) -> None:
        for found, kept in (
            (rewritten.lost, self.report.lost_links),
            (rewritten.pictures, self.report.pictures),
            (document.notes, self.report.notes),
        ):
            if found:
                kept[document.path] = list(dict.fromkeys(found))
        self.report.ignored.update(document.ignored)
        self.report.strange.update(document.strange)

    @transaction.atomic
    def _save(self, file: ImportedFile, document: Document, body: str) -> None:
        digest = hashlib.sha256(
            repr((document.category, document.name, document.tags, self._is_wip(document), body)).encode()
        ).hexdigest()
        author = self._person(document.author)
        if not self._has(file, digest, author):
            # Another run of the same folder may have been quicker. Its post is asked for once its lock is gone, not joined.
            file = ImportedFile.objects.select_for_update().get(pk=file.pk)
        if self._has(file, digest, author):
            self.report.unchanged += 1
            return
        message = f"{SKIP_NOTICE} Imported from {file.source}/{file.path}"[:500]
        draft = Draft(document.category, document.name, list(document.tags), body, self._is_wip(document), message)
        if file.post:
            self._revise(file, file.post, draft, document, author)
        elif file.digest:
            raise ValidationError("somebody deleted its post for good; it is not brought back")
        else:
            self._write(file, draft, document, author)
        file.digest = digest
        file.save()

    def _has(self, file: ImportedFile, digest: str, author: Member) -> bool:
        """Whether the post is as the file is now; whoever was no member at the last import can be one today."""
        post = file.post
        known_now = post and post.deleted_at is None and post.created_by == self.by != author
        return bool(post and file.digest == digest and not known_now)

    def _write(self, file: ImportedFile, draft: Draft, document: Document, author: Member) -> None:
        file.post = Post.write(
            by=self.by,
            name=document.name,
            category=document.category,
            tags=document.tags,
            body_md=draft.body_md or "",
            wip=self._is_wip(document),
            message=draft.message,
            via=Revision.Via.IMPORT,
            created_by=author,
            at=document.created_at or document.updated_at,
            changed_at=document.updated_at,
            number=file.number,
        )
        file.revision_number = file.post.revision_number
        self.report.created += 1

    def _revise(self, file: ImportedFile, post: Post, draft: Draft, document: Document, author: Member) -> None:
        later = document.updated_at and document.updated_at > post.updated_at
        try:
            saved = post.revise(
                draft,
                by=self.by,
                base_number=file.revision_number,
                base_body=file.merged_md or None,
                via=Revision.Via.IMPORT,
                updated_by=author,
                created_by=author if post.created_by == self.by else None,
                at=document.updated_at if later else None,
            )
        except Clash:
            raise ValidationError(
                f"people changed the same lines of post {file.number} since the last import; merge it by hand"
            ) from None
        if saved.merged:
            file.merged_md = draft.body_md or ""
        else:
            file.revision_number, file.merged_md = saved.revision.number, ""
        self.report.merged += saved.merged
        self.report.updated += 1

    def _resolve_links_ahead(self) -> None:
        """Posts that link to files which were written after them, perhaps by a later run, look like it only now."""
        posts = self.team.posts.alive()
        numbers = set(posts.values_list("number", flat=True))
        files = ImportedFile.objects.filter(team=self.team, source=self.source)
        for post in posts.filter(pk__in=files.values("post"), body_html__contains="post-ref broken"):
            if any(int(number) in numbers for number in re.findall(r"/posts/([0-9]{1,9})", post.body_md)):
                post.render_again()

    def _is_wip(self, document: Document) -> bool:
        return document.wip if self.wip is None else self.wip

    def _person(self, name: str) -> Member:
        """The member that the front matter names; esa_bot (or whoever imports) stands in for strangers."""
        if not name:
            return self.by
        if name not in self._people:
            by_email = self.team.members.filter(user__email__iexact=name)
            named = self.team.members.named(name.removeprefix("@"))
            self._people[name] = (by_email | named).select_related("user", "team").first()
        member = self._people[name]
        if member is None:
            self.report.unknown_authors[name] += 1
        return member or self.by
