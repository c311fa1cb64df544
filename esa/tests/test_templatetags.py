"""Presentation helpers: what they say to eyes, screen readers and browsers."""

import re
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import pytest
from django.template import Context, Template
from django.test import RequestFactory
from django.utils import timezone, translation

from esa.templatetags.esa import STATIC, ago, avatar, icon, module_addresses, optional_url, time_tag


def test_an_icon_is_decoration_unless_it_has_a_label() -> None:
    assert 'aria-hidden="true"' in icon("star")
    assert 'role="img" aria-label="Stars &amp; more"' in icon("star", "Stars & more")


def test_every_icon_that_a_template_names_is_drawn() -> None:
    sprite = set(re.findall(r'<symbol id="([^"]+)"', (STATIC / "img" / "icons.svg").read_text()))
    root = STATIC.parent.parent
    named = {
        (name, str(path.relative_to(root)))
        for app in ("esa", "teams", "posts")
        for path in (root / app / "templates").rglob("*.html")
        for name in re.findall(r'{% icon "([^"]+)"', path.read_text())
    }
    assert {pair for pair in named if pair[0] not in sprite} == set()


class Someone(SimpleNamespace):
    def __str__(self) -> str:
        return str(self.name)


def test_somebody_without_a_picture_gets_their_first_letter_and_always_the_same_colour() -> None:
    hana = Someone(name="青木 <花>", icon=None)
    assert ">青</span>" in avatar(hana)
    assert avatar(hana) == avatar(hana)
    assert 'aria-label="青木 &lt;花&gt;"' in avatar(hana, 32, True)


def test_a_picture_is_shown_when_there_is_one_also_through_the_member() -> None:
    user = Someone(name="bob", icon=SimpleNamespace(fitting=lambda size: f"/icons/bob-{size}.webp"))
    assert 'src="/icons/bob-24.webp" alt=""' in avatar(user)
    assert 'src="/icons/bob-40.webp" alt="Bob"' in avatar(Someone(name="Bob", user=user), 40, True)


@pytest.mark.parametrize(
    ("passed", "words"),
    [
        (timedelta(seconds=20), "just now"),
        (timedelta(minutes=1, seconds=5), "1 minute ago"),
        (timedelta(minutes=59), "59 minutes ago"),
        (timedelta(hours=1), "1 hour ago"),
        (timedelta(hours=23, minutes=59), "23 hours ago"),
        (timedelta(days=6, hours=23), "6 days ago"),
    ],
)
def test_recent_moments_are_told_in_one_unit(passed: timedelta, words: str) -> None:
    with translation.override("en"):
        assert ago(timezone.now() - passed) == words


def test_older_moments_are_told_as_a_date_in_the_readers_zone() -> None:
    moment = datetime(2020, 1, 1, 20, 0, tzinfo=UTC)
    with translation.override("en"), timezone.override("Asia/Tokyo"):
        assert ago(moment) == "Jan. 2, 2020"
        assert 'datetime="2020-01-02T05:00:00+09:00"' in time_tag(moment)
    assert time_tag(None) == ""


def test_a_page_that_does_not_exist_has_no_address() -> None:
    assert optional_url("no_such_page", 12) == ""


def test_every_module_and_what_it_imports_is_in_the_import_map() -> None:
    addresses = module_addresses()
    assert addresses["controllers/menu"].endswith(".js")
    wanted = {
        (name, path.name)
        for path in (STATIC / "js").rglob("*.js")
        for name in re.findall(r'(?:from|import\()\s*"([^"]+)"', path.read_text())
    }
    assert {pair for pair in wanted if not pair[0].startswith("bundles/") and pair[0] not in addresses} == set()


def test_all_behaviours_come_in_one_file_and_bring_no_package_along(settings) -> None:
    text = (STATIC / "bundles" / "behaviours.js").read_text()
    names = {path.stem for path in (STATIC / "js" / "controllers").glob("*.js")}
    assert names == {name for name in names if re.search(rf'[{{,]"?{name}"?:\(\)=>', text)}
    assert not re.search(r'from"bundles/', text)  # they are asked for where they are needed
    assert "bundles/behaviours" in module_addresses()
    settings.DEBUG = True  # in development the single modules are taken
    assert "bundles/behaviours" not in module_addresses()


def test_the_import_map_carries_the_nonce_and_cannot_be_broken_out_of() -> None:
    request = RequestFactory().get("/")
    request.csp_nonce = "n0nce"  # type: ignore[attr-defined]
    html = Template("{% load esa %}{% import_map %}").render(Context({"request": request}))
    assert html.startswith('<script type="importmap" nonce="n0nce">')
    assert html.count("<") == 2


def test_the_cascade_imports_every_style_sheet_of_ours() -> None:
    imported = set(re.findall(r'url\("([^"]+)"\)', (STATIC / "css" / "app.css").read_text()))
    on_disk = {path.name for path in (STATIC / "css").glob("*.css")} - {"app.css", "diagram-frame.css"}
    assert imported == on_disk
