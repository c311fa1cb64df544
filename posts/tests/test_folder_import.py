"""Importing a folder: what becomes of files, and that doing it again is safe."""

import os
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from posts.folder_import import FolderImport
from posts.models import Post
from posts.models.post import Draft
from posts.title import normalize_name
from teams.models import Event, Member


@pytest.fixture
def folder(tmp_path):
    def write(path: str, text: str) -> Path:
        file = tmp_path / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
        return file

    write("README.md", "# Handbook\n\n[setup](guide/setup.md#install) and [web](https://example.com/a.md)\n")
    write(
        "guide/setup.md",
        "---\ntitle: 'セットアップ #1'\ntags: [ops, 'how to']\nauthor: bob\ndate: 2024-05-06\nwip: true\n---\n"
        "## 導入 {#install}\n\nback to [home](../README.md), [gone](./gone.md), `[code](../README.md)`\n\n"
        "```\n[fence](../README.md)\n```\n\n![](./picture.png)\n<Sandpack />\n",
    )
    return tmp_path


def imported(team, folder):
    return FolderImport(team, folder, source="wiki").run()


def test_files_become_posts_and_links_become_post_links(alice, bob, folder):
    report = imported(alice.team, folder)
    readme, setup = Post.objects.order_by("number")

    assert (report.created, report.refused) == (2, {})
    assert readme.full_name == "README"
    assert f"[setup](/posts/{setup.number}#導入)" in readme.body_md
    assert "[web](https://example.com/a.md)" in readme.body_md
    assert setup.full_name == "guide/セットアップ &#35;1 #ops #how-to"
    assert (setup.created_by, setup.wip, setup.created_at.year) == (bob, True, 2024)
    assert f"[home](/posts/{readme.number})" in setup.body_md
    assert "`[code](../README.md)`" in setup.body_md
    assert "[fence](../README.md)" in setup.body_md
    assert "![](./picture.png)" in setup.body_md
    assert "{#install}" not in setup.body_md
    assert report.lost_links == {"guide/setup.md": ["./gone.md"]}
    assert report.strange == {"<Sandpack>": 1}
    assert readme.created_by.is_bot
    assert list(setup.backlinks()) == [readme]
    assert not Event.objects.filter(action="post_create", quiet=False).exists()


def test_importing_again_changes_nothing_and_brings_changes_only(alice, bob, folder):
    imported(alice.team, folder)
    assert imported(alice.team, folder).unchanged == 2
    assert Post.objects.count() == 2

    (folder / "README.md").write_text("# Handbook\n\nnew line\n", encoding="utf-8")
    report = imported(alice.team, folder)
    assert (report.updated, report.unchanged) == (1, 1)
    assert "new line" in Post.objects.get(name="README").body_md


def test_what_people_wrote_since_is_merged_or_left_alone(alice, folder):
    imported(alice.team, folder)
    readme = Post.objects.get(name="README")
    readme.revise(Draft(body_md=readme.body_md + "\nby alice\n"), by=alice)
    (folder / "README.md").write_text(
        "# Handbook 2\n\n[setup](guide/setup.md#install) and [web](https://example.com/a.md)\n"
    )
    assert imported(alice.team, folder).merged == 1
    readme.refresh_from_db()
    assert "Handbook 2" in readme.body_md
    assert "by alice" in readme.body_md

    readme.revise(Draft(body_md="# Alice's own\n"), by=alice)
    (folder / "README.md").write_text("# The folder's own\n")
    assert "README.md" in imported(alice.team, folder).refused
    readme.refresh_from_db()
    assert readme.body_md == "# Alice's own\n"


def test_what_people_wrote_outlives_many_imports(alice, folder):
    imported(alice.team, folder)
    post = Post.objects.get(name="README")
    post.revise(Draft(name="Alice's name", body_md=post.body_md + "\nby alice\n"), by=alice)
    text = (folder / "README.md").read_text()
    for time in range(3):
        (folder / "README.md").write_text(text.replace("Handbook", f"Handbook {time}"))
        assert imported(alice.team, folder).merged == 1
        post.refresh_from_db()
        assert f"Handbook {time}" in post.body_md
        assert "by alice" in post.body_md
        assert post.name == "Alice's name"


def test_a_file_that_moved_or_went_leaves_its_post_and_is_named(alice, folder):
    imported(alice.team, folder)
    number = Post.objects.get(name="README").number
    (folder / "README.md").rename(folder / "guide" / "README.md")
    report = imported(alice.team, folder)
    assert (report.created, report.gone) == (1, {"README.md": number})
    Post.objects.get(number=number).trash(by=alice)
    assert not imported(alice.team, folder).gone


def test_an_import_that_was_cut_off_goes_on_and_leaves_no_link_broken(alice, folder):
    def interrupt(done, of, path):
        if done == 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        FolderImport(alice.team, folder, source="wiki").run(interrupt)
    readme = Post.objects.get()
    assert "broken" in readme.body_html

    report = imported(alice.team, folder)
    assert (report.created, report.unchanged) == (1, 1)
    readme.refresh_from_db()
    assert "broken" not in readme.body_html


def test_two_imports_of_a_folder_at_once_make_one_post_of_each_file(alice, folder):
    imported(alice.team, folder)
    (folder / "README.md").write_text("# Handbook 2\n")
    (folder / "new.md").write_text("new\n")
    reports = []

    def overtake(done, of, path):
        if done == 1:
            reports.append(imported(alice.team, folder))

    slower = FolderImport(alice.team, folder, source="wiki").run(overtake)
    assert [(report.created, report.updated, report.unchanged) for report in [*reports, slower]] == [
        (1, 1, 1),
        (0, 0, 3),
    ]
    assert Post.objects.get(name="README").revision_number == 2


def test_whoever_joins_later_becomes_the_author(alice, carol, folder):
    (folder / "theirs.md").write_text(f"---\nauthor: X <{carol.user.email}>\n---\nhi\n")
    assert imported(alice.team, folder).unknown_authors[carol.user.email] == 1
    member = Member.join(alice.team, carol.user)
    report = imported(alice.team, folder)
    assert (report.updated, report.unknown_authors[carol.user.email]) == (1, 0)
    assert Post.objects.get(name="theirs").created_by == member
    assert imported(alice.team, folder).unchanged == 3


def test_both_moments_are_honoured(alice, folder):
    (folder / "old.md").write_text("---\ncreated_at: 2020-01-02T03:04:05+09:00\nupdated_at: 2021-06-07\n---\n")
    imported(alice.team, folder)
    post = Post.objects.get(name="old")
    assert (post.created_at.isoformat(), post.updated_at.year) == ("2020-01-01T18:04:05+00:00", 2021)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("---\na: &x [1]\nb: [*x, *x]\n---\nhi\n", "aliases"),
        ("---\ntitle: [\n---\nhi\n", "YAML"),
        ("nul \x00 here", "NUL"),
        ("---\ndate: 2024-13-45\n---\n", "month must be"),
        (f"---\na: {'[' * 3000}\n---\n", "recursion"),
        ("---\ntitle: '\u200b'\n---\n", "name"),
    ],
)
def test_a_bad_file_is_named_and_the_others_come_in(alice, folder, text, reason):
    (folder / "bad.md").write_text(text, encoding="utf-8")
    report = imported(alice.team, folder)
    assert reason in report.refused["bad.md"]
    assert report.created == 2


def test_a_file_without_a_title_is_called_by_its_first_heading_or_its_name(alice, folder):
    (folder / "a.md").write_text("<!--\n# Hidden\n-->\n\n## 所有権とは？\n", encoding="utf-8")
    (folder / "b.md").write_text("```\n# not a heading\n```\n", encoding="utf-8")
    imported(alice.team, folder)
    assert set(Post.objects.values_list("name", flat=True)) >= {"所有権とは？", "b"}


@pytest.mark.parametrize(
    ("text", "name", "body"),
    [
        ("---\n\n# 線の後\n\n---\n\nx\n", "線の後", "---\n\n# 線の後\n\n---\n\nx\n"),
        ("--- 線\n\n---\n\na: b\n\n---\n", "a", "--- 線\n\n---\n\na: b\n\n---\n"),
        ("---\n\n---\nx\n", "a", "x\n"),
        ("\ufeff---\r\ntitle: '設計: API'\r\n---\r\nx\r\n", "設計: API", "x\n"),
        ("## `Box<T>`の型\n", "Box<T>の型", "## `Box<T>`の型\n"),
        ("題 {#id}\n===\n", "題", "題\n===\n"),
        ("<Note>\n[a](#top)\n</Note>\n", "a", "<Note>\n\n[a](#top)\n</Note>\n"),
        ("<div>\n[a](#top)\n</div>\n", "a", "<div>\n[a](#top)\n</div>\n"),
        ("<Item>\n    text\n</Item>\n", "a", "<Item>\n    text\n</Item>\n"),
        ("", "a", "\n"),
    ],
)
def test_a_text_comes_in_whole(alice, tmp_path, text, name, body):
    (tmp_path / "a.md").write_bytes(text.encode())
    imported(alice.team, tmp_path)
    post = Post.objects.get()
    assert (post.name, post.body_md) == (normalize_name(name), body)


def test_what_means_nothing_here_is_told_of(alice, tmp_path):
    head = "title: [a]\ntags: {a: b}\nwip: 'yes'\ndate: 2999-01-01\nlayout: wide"
    text = "<Tab />\n\n<script>\nx\n</script>\n\n::: tip\n:::\n\n`<Tab />` {{< x >}} ![[a.png]] [a](<b c>)\n\n"
    (tmp_path / "a.md").write_text(f"---\n{head}\n---\n{text}```\n{{{{#include a.rs}}}}\n<Tab />\n```\n")
    report = imported(alice.team, tmp_path)
    assert len(report.notes["a.md"]) == 4
    assert report.ignored == {"layout": 1}
    kinds = ("<Tab>", "<script>", ":::tip", "{{< x", "![[…]]", "{{#include")
    assert report.strange == dict.fromkeys(kinds, 1)


def test_what_is_no_file_of_the_folder_is_passed_over(alice, folder, tmp_path_factory):
    secret = tmp_path_factory.mktemp("elsewhere") / "secret.md"
    secret.write_text("# secret")
    (folder / "leak.md").symlink_to(secret)
    (folder / "loop.md").symlink_to("loop.md")
    (folder / "here").symlink_to(folder)
    (folder / "data.csv").write_text("")
    (folder / ".hidden.md").write_text("# secret")
    os.mkfifo(folder / "pipe.md")
    report = imported(alice.team, folder)
    assert report.left.keys() == {"leak.md", "loop.md", "here", "pipe.md"}
    assert report.other_files == {".csv": 1}
    assert Post.objects.count() == 2


def test_names_of_files_are_kept_composed(alice, tmp_path):
    (tmp_path / "か\u3099.md").write_text("[a](が.md)\n")  # as macOS writes them
    imported(alice.team, tmp_path)
    post = Post.objects.get(name="が")
    assert post.body_md == f"[a](/posts/{post.number})\n"
    (tmp_path / "か\u3099.md").rename(tmp_path / "が.md")
    assert imported(alice.team, tmp_path).unchanged == 1
    (tmp_path / "か\u3099.md").write_text("")
    assert "Unicode" in imported(alice.team, tmp_path).refused["が.md"]


def test_the_command_names_what_is_wrong(alice, folder):
    with pytest.raises(CommandError, match="no team"):
        call_command("import_markdown", "nobody", str(folder))
    call_command("import_markdown", "docs", str(folder), under="Imports/Wiki")
    assert Post.objects.filter(category="Imports/Wiki/guide").exists()


def test_the_command_says_what_it_did_whatever_files_are_called(alice, folder):
    (folder / "a\nb\x1b[31m.md").write_text("")
    (folder / os.fsdecode(b"\x83e.md")).write_text("")
    said = StringIO()
    with pytest.raises(CommandError, match="2 files"):
        call_command("import_markdown", "docs", str(folder), stdout=said)
    lines = said.getvalue().splitlines()
    assert lines[0].startswith("2 created")
    assert any(line.startswith("  refused  a\\nb\\x1b[31m.md") for line in lines)
    assert any("\\udc83e.md: its name is not UTF-8" in line for line in lines)
    assert any("./gone.md" in line for line in lines)


def test_the_command_can_be_interrupted(alice, folder, monkeypatch):
    def interrupt(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr("posts.management.commands.import_markdown.Command._progress", interrupt)
    said = StringIO()
    with pytest.raises(CommandError, match="Run it again"):
        call_command("import_markdown", "docs", str(folder), stdout=said)
    assert said.getvalue().startswith("0 created")
