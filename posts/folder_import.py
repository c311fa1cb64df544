"""Brings a folder of Markdown files into a team: each file one post, each run only what has changed since the last."""

import hashlib
import re
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from django.core.exceptions import ValidationError
from django.db import transaction

from posts import markdown_folder
from posts.markdown_folder import Document
from posts.models import ImportedFile, Post, Revision
from posts.models.post import SKIP_NOTICE, Clash, Draft, PostGone
from teams.models import Member, Team


@dataclass
class Report:
    """What an import did, and what it could not do."""

    created: int = 0
    updated: int = 0
    merged: int = 0
    unchanged: int = 0
    refused: dict[str, str] = field(default_factory=dict)  # path → why
    lost_links: dict[str, list[str]] = field(default_factory=dict)
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
        self._written: list[Post] = []

    def run(self, progress: Callable[[int, int, str], None] = lambda done, of, path: None) -> Report:
        documents = self._read()
        files = self._number(documents)
        find = markdown_folder.finder({path: (files[path].number, doc.anchors) for path, doc in documents.items()})
        for done, (path, document) in enumerate(documents.items(), 1):
            progress(done, len(documents), path)
            body, lost = markdown_folder.rewrite(document, find)
            if lost:
                self.report.lost_links[path] = lost
            self.report.strange.update(document.strange)
            try:
                self._save(files[path], document, body)
            except ValidationError as problem:
                self.report.refused[path] = " ".join(problem.messages)
        self._resolve_links_ahead()
        return self.report

    def _read(self) -> dict[str, Document]:
        documents = {}
        for path in markdown_folder.walk(self.folder):
            try:
                documents[path] = markdown_folder.read(self.folder, path, under=self.under)
            except markdown_folder.Unreadable as problem:
                self.report.refused[path] = str(problem)
        return documents

    @transaction.atomic
    def _number(self, documents: dict[str, Document]) -> dict[str, ImportedFile]:
        known = {row.path: row for row in ImportedFile.objects.filter(team=self.team, source=self.source)}
        for path in documents:
            if path not in known:
                known[path] = ImportedFile.objects.create(
                    team=self.team, source=self.source, path=path, number=self.team.next_post_number()
                )
        return known

    @transaction.atomic
    def _save(self, file: ImportedFile, document: Document, body: str) -> None:
        digest = hashlib.sha256(
            repr((document.category, document.name, document.tags, self._is_wip(document), body)).encode()
        ).hexdigest()
        if file.digest == digest and file.post_id:
            self.report.unchanged += 1
            return
        author = self._person(document.author)
        message = f"{SKIP_NOTICE} Imported from {file.source}/{file.path}"[:500]
        if file.post is None and file.digest:
            raise PostGone  # a person deleted it for good; an import does not bring it back
        if file.post is None:
            post = Post.write(
                by=self.by,
                name=document.name,
                category=document.category,
                tags=document.tags,
                body_md=body,
                wip=self._is_wip(document),
                message=message,
                via=Revision.Via.IMPORT,
                created_by=author,
                at=document.created_at or document.updated_at,
                number=file.number,
            )
            self._written.append(post)
            self.report.created += 1
            file.post, file.revision_number = post, post.revision_number
        else:
            draft = Draft(document.category, document.name, list(document.tags), body, self._is_wip(document), message)
            try:
                saved = file.post.revise(
                    draft, by=self.by, base_number=file.revision_number, via=Revision.Via.IMPORT, updated_by=author
                )
            except Clash:
                raise ValidationError(
                    f"people changed the same lines of post {file.number} since the last import; merge it by hand"
                ) from None
            self.report.merged += saved.merged
            self.report.updated += 1
            file.revision_number = saved.revision.number
        file.digest = digest
        file.save()

    def _resolve_links_ahead(self) -> None:
        """Posts that link to files which were written after them show those titles only now."""
        numbers = {post.number for post in self._written}
        for post in self._written:
            links = {int(number) for number in re.findall(r"\]\(/posts/([0-9]+)", post.body_md)}
            if any(number > post.number for number in links & numbers):
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
