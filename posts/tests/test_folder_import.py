"""Importing a folder: what becomes of files, and that doing it again is safe."""

from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from posts.folder_import import FolderImport
from posts.models import Post
from posts.models.post import Draft
from teams.models import Event


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


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("---\na: &x [1]\nb: [*x, *x]\n---\nhi\n", "aliases"),
        ("---\ntitle: [\n---\nhi\n", "YAML"),
        ("nul \x00 here", "NUL"),
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


def test_links_out_of_the_folder_are_not_followed(alice, folder, tmp_path_factory):
    secret = tmp_path_factory.mktemp("elsewhere") / "secret.md"
    secret.write_text("# secret")
    (folder / "leak.md").symlink_to(secret)
    imported(alice.team, folder)
    assert not Post.objects.filter(name="secret").exists()


def test_the_command_names_what_is_wrong(alice, folder):
    with pytest.raises(CommandError, match="no team"):
        call_command("import_markdown", "nobody", str(folder))
    call_command("import_markdown", "docs", str(folder), under="Imports/Wiki")
    assert Post.objects.filter(category="Imports/Wiki/guide").exists()
