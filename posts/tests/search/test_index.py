"""The search row follows the post, in the same transaction."""

from datetime import timedelta

import pytest
from django.core.management import call_command
from django.db import connection, transaction
from django.utils import timezone

from posts.models import Post, PostSearch
from posts.models.post import Draft
from posts.search import index
from posts.search.text import needle, term, tsquery
from posts.tests.search.asking import Ask
from teams.models import Member


def row_of(post: Post) -> PostSearch:
    return PostSearch.objects.get(post_id=post.pk)


def write(by: Member, name: str = "Hello", **fields: object) -> Post:
    return Post.write(by=by, name=name, **fields)  # type: ignore[arg-type]


def test_writing_makes_the_row(alice: Member) -> None:
    post = write(alice, "会議 の記録", category="議事録/2026/01/02", tags=["定例"], body_md="# 決まったこと\n\n本文")
    row = row_of(post)
    assert row.norm == "会議の記録\n定例\n議事録/2026/01/02/会議の記録\n#決まったこと\n本文\n"
    assert (row.name, row.path, row.tags, row.headings) == ("会議の記録", "議事録/2026/01/02", ["定例"], "決まったこと")
    assert row.norm[row.body_at - 1 : row.talk_at - 2] == "#決まったこと\n本文"
    assert row.reading == "kaiginokiroku"
    assert (row.number, row.wip, row.flow, row.archived) == (post.number, True, True, False)
    assert row.created_by_id == row.updated_by_id == alice.pk
    assert (row.created_at, row.updated_at) == (post.created_at, post.updated_at)


def test_every_change_of_a_post_reaches_the_row(alice: Member, bob: Member) -> None:
    post = write(alice, body_md="before")
    post.revise(Draft(name="Other", body_md="after", tags=["Tag"], category="Dev", wip=False), by=bob)
    row = row_of(post)
    assert "after" in row.norm
    assert "before" not in row.norm
    assert (row.name, row.path, row.tags, row.wip) == ("other", "dev", ["tag"], False)
    assert (row.created_by_id, row.updated_by_id) == (alice.pk, bob.pk)
    post.archive(by=bob)
    assert row_of(post).archived


def test_the_bin_is_not_in_the_index(alice: Member) -> None:
    post = write(alice)
    post.trash(by=alice)
    assert not PostSearch.objects.exists()
    post.restore(by=alice)
    assert row_of(post).name == "hello"


def test_comments_are_in_the_row_as_they_come_and_go(alice: Member, bob: Member) -> None:
    post = write(alice, body_md="text")
    first = post.comment(by=bob, body_md="賛成です")
    post.comment(by=alice, body_md="Thanks")
    row = row_of(post)
    assert row.norm[row.talk_at - 1 :] == "賛成です\nthanks"
    first.edit(by=bob, body_md="反対です")
    assert row_of(post).norm.endswith("反対です\nthanks")
    first.remove(by=bob)
    assert row_of(post).norm.endswith("text\nthanks")


def test_a_comment_on_a_stale_copy_does_not_bring_old_text_back(alice: Member, bob: Member) -> None:
    stale = Post.objects.get(pk=write(alice, body_md="old words").pk)
    Post.objects.get(pk=stale.pk).revise(Draft(body_md="new words"), by=alice)
    stale.comment(by=bob, body_md="hm")
    assert "new words" in row_of(stale).norm


def test_what_is_rolled_back_was_never_found(alice: Member) -> None:
    class Oops(Exception):
        pass

    def write_and_fail() -> None:
        with transaction.atomic():
            write(alice)
            assert PostSearch.objects.exists()
            raise Oops

    with pytest.raises(Oops):
        write_and_fail()
    assert not PostSearch.objects.exists()


def test_stars_and_watches_leave_the_row_alone(alice: Member, bob: Member) -> None:
    post = write(alice)
    before = row_of(post).indexed_at
    post.star(by=bob)
    post.watch(by=bob)
    assert row_of(post).indexed_at == before


def test_the_index_tells_what_only_the_title_says(alice: Member) -> None:
    """Or `body:` would read the texts of a whole category for a word that is in its name."""
    write(alice, "障害 report", category="障害/API", tags=["db"], body_md="直した api")
    said = {word: tsquery(term(needle(word)).probes, said=True) for word in ("障害", "report", "db", "直した", "api")}
    with connection.cursor() as cursor:
        for word, query in said.items():
            cursor.execute("SELECT keys @@ %s::tsquery FROM post_search", [query])
            assert cursor.fetchone() == (word in ("直した", "api"),), word


def test_rows_made_before_that_are_found_all_the_same(alice: Member, ask: Ask) -> None:
    for name, body in (("障害", "会議"), ("会議", "障害"), ("障害", "障害")):
        write(alice, name, body_md=body)
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE post_search SET version = 3, keys = array_to_tsvector(ARRAY("
            "SELECT lexeme FROM unnest(tsvector_to_array(keys)) AS lexeme WHERE lexeme NOT LIKE '-%'))"
        )
    assert [ask(source).total for source in ("body:障害", "-body:障害", "障害", "comment:障害")] == [2, 1, 3, 0]


def test_odd_text_can_be_saved_and_is_indexed(alice: Member) -> None:
    odd = "it's \\ a 'quoted' \\' thing & | ! :* <-> 'x':A \u200d 🎉 𠮷 ﷺ \x01"
    post = write(alice, "'; --", body_md=odd)
    assert row_of(post).norm.startswith("'; --\n")


def test_a_huge_text_can_be_saved(alice: Member) -> None:
    blob = " ".join(f"{number * 7919:x}{number:x}" for number in range(60_000))
    post = write(alice, body_md=blob)
    assert row_of(post).norm.endswith(blob[-20:] + "\n")


def test_reindex_repairs_rows_that_are_missing_old_or_astray(
    alice: Member, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    missing, old, fine, binned = (write(alice, name) for name in ("missing", "old", "fine", "binned"))
    row_of(missing).delete()
    PostSearch.objects.filter(post_id=old.pk).update(version=0, norm="garbage")
    Post.objects.filter(pk=binned.pk).update(deleted_at=timezone.now())
    untouched = row_of(fine).indexed_at
    call_command("reindex")
    assert row_of(missing).name == "missing"
    assert row_of(old).norm.startswith("old\n")
    assert row_of(fine).indexed_at == untouched
    assert not PostSearch.objects.filter(post_id=binned.pk).exists()
    assert "2" in capsys.readouterr().out


def test_a_full_reindex_resumes_where_it_was_stopped(alice: Member) -> None:
    posts = [write(alice, f"post {number}") for number in range(5)]
    began = timezone.now()
    PostSearch.objects.update(norm="garbage")
    work = index.rebuild(before=began, batch=2)
    assert next(work) == 2
    work.close()
    assert PostSearch.objects.count() == 5  # a rebuild never empties the results
    assert PostSearch.objects.filter(norm="garbage").count() == 3
    assert sum(index.rebuild(before=began, batch=2)) == 3
    assert not PostSearch.objects.filter(norm="garbage").exists()
    assert sum(index.rebuild(before=began)) == 0
    assert sum(index.rebuild(before=timezone.now() + timedelta(seconds=1), batch=2)) == len(posts)
