"""One's own account: what one says about oneself, one's face, and leaving for good."""

import io
import struct
import zlib

import pytest
from django.core.files.storage import default_storage
from django.core.files.uploadedfile import SimpleUploadedFile
from PIL import Image

from conftest import join
from teams.models import Member, User
from teams.tests.pictures import drawn, png

ROBERT = {"name": "Robert", "screen_name": "rob", "language": "ja", "time_zone": "Europe/Berlin", "theme": "dark"}


@pytest.fixture
def bobs(client, bob, settings):
    client.defaults["HTTP_HOST"] = settings.ESA_DOMAIN
    client.force_login(bob.user)
    return client


def upload(content: bytes, name: str = "x.png") -> SimpleUploadedFile:
    return SimpleUploadedFile(name, content, "image/png")


def test_a_person_changes_the_profile(bobs, bob):
    assert bobs.post("/user/profile", ROBERT)["Location"] == "/user/profile"
    user = User.objects.get(pk=bob.user_id)
    assert {field: getattr(user, field) for field in ROBERT} == ROBERT
    assert 'lang="ja"' in bobs.get("/user/profile").content.decode()


def test_a_posted_form_sets_only_what_it_shows(bobs, bob):
    bobs.post("/user/profile", ROBERT | {"is_staff": "on", "email": "x@example.com", "is_active": "", "password": "x"})
    user = User.objects.get(pk=bob.user_id)
    assert (user.email, user.is_staff, user.is_active) == ("bob@example.com", False, True)
    assert user.check_password("correct horse")


@pytest.mark.parametrize(
    "wrong",
    [
        {"screen_name": "ALICE"},
        {"screen_name": "esa_bot"},
        {"screen_name": "a b"},
        {"name": ""},
        {"language": "xx"},
        {"time_zone": "Mars"},
        {"theme": "pink"},
    ],
)
def test_what_cannot_be_is_refused_and_the_form_keeps_the_rest(bobs, alice, bob, wrong):
    answer = bobs.post("/user/profile", ROBERT | wrong)
    assert answer.status_code == 422
    assert answer.context["form"].errors.keys() == wrong.keys()
    assert User.objects.get(pk=bob.user_id).name == "Bob"


def test_one_may_write_one_s_own_name_in_another_case(bobs, bob):
    assert bobs.post("/user/profile", ROBERT | {"screen_name": "Bob"}).status_code == 302


def test_a_city_is_enough_for_a_time_zone(bobs, bob):
    bobs.post("/user/profile", ROBERT | {"time_zone": "tokyo"})
    assert User.objects.get(pk=bob.user_id).time_zone == "Asia/Tokyo"


# --- Icons ------------------------------------------------------------------------------------------------------------


def test_an_icon_is_redrawn_square_in_four_sizes_without_what_was_hidden_in_it(bobs, bob):
    photo = Image.new("RGB", (600, 400), "teal")
    exif = Image.Exif()
    exif[0x010E] = "my secret garden"
    bobs.post("/user/profile", ROBERT | {"picture": upload(drawn(photo, "JPEG", exif=exif))})
    user = User.objects.get(pk=bob.user_id)
    for size, pixels in [("thumb_s", 32), ("thumb_ms", 64), ("thumb_m", 128), ("thumb_l", 256)]:
        answer = bobs.get(user.icon.urls[size])
        content = b"".join(answer.streaming_content)
        with Image.open(io.BytesIO(content)) as picture:
            assert (picture.format, picture.size, dict(picture.getexif())) == ("WEBP", (pixels, pixels), {})
        assert "immutable" in answer["Cache-Control"]
        assert b"secret" not in content


def test_a_page_asks_for_no_larger_picture_than_it_shows(bobs, bob):
    bobs.post("/user/profile", ROBERT | {"picture": upload(png(600, 600))})
    icon = User.objects.get(pk=bob.user_id).icon
    assert icon.urls["thumb_m"] in bobs.get("/user/profile").content.decode()
    assert [icon.fitting(pixels) for pixels in [16, 24, 128, 200]] == [
        icon.urls[size] for size in ["thumb_s", "thumb_ms", "thumb_l", "thumb_l"]
    ]


def test_a_photograph_stands_upright(bobs, bob):
    photo = Image.new("RGB", (200, 200), "white")
    photo.paste("black", (0, 0, 100, 200))
    exif = Image.Exif()
    exif[0x0112] = 6  # lies on its side: what is left belongs on top
    bobs.post("/user/profile", ROBERT | {"picture": upload(drawn(photo, "JPEG", exif=exif))})
    answer = bobs.get(User.objects.get(pk=bob.user_id).icon.url)
    with Image.open(io.BytesIO(b"".join(answer.streaming_content))) as picture:
        shown = picture.convert("L").tobytes()
    assert shown[20 * 256 + 128] < 60
    assert shown[236 * 256 + 128] > 200


def bomb() -> bytes:
    """A PNG of a few bytes that claims to be 50,000 pixels square."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    head = struct.pack(">IIBBBBB", 50_000, 50_000, 8, 0, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(b"\0" * 1000)) + chunk(b"IEND", b"")
    )


SVG = b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'


@pytest.mark.parametrize(
    "content",
    [
        SVG,
        b"GIF89a<script>alert(1)</script>",
        png(50, 50)[:60],
        bomb(),
        b"%PDF-1.4",
        b"",
        b"\0" * (5 * 1024 * 1024 + 1),
    ],
    ids=["svg", "script", "torn", "bomb", "pdf", "empty", "large"],
)
def test_what_is_no_picture_is_refused(bobs, bob, content):
    answer = bobs.post("/user/profile", ROBERT | {"picture": upload(content)})
    assert answer.status_code == 422
    assert answer.context["form"].errors.keys() == {"picture"}
    assert not User.objects.get(pk=bob.user_id).icon


def test_a_new_icon_replaces_the_files_of_the_old_one(bobs, bob, django_capture_on_commit_callbacks):
    bobs.post("/user/profile", ROBERT | {"picture": upload(png(64, 64))})
    old = User.objects.get(pk=bob.user_id).icon.name
    with django_capture_on_commit_callbacks(execute=True):
        bobs.post("/user/profile", ROBERT | {"picture": upload(png(64, 64))})
    assert not default_storage.exists(f"{old}-thumb_l.webp")
    new = User.objects.get(pk=bob.user_id).icon.name
    with django_capture_on_commit_callbacks(execute=True):
        bobs.post("/user/profile", ROBERT | {"drop_icon": "on"})
    assert not User.objects.get(pk=bob.user_id).icon
    assert not default_storage.exists(f"{new}-thumb_l.webp")


@pytest.mark.parametrize("stem", ["x", "0" * 32 + "-thumb_l", "../../settings", "0" * 32])
def test_an_address_that_is_no_picture_s_is_404(client, db, stem):
    assert client.get(f"/icons/pictures/{stem}.webp", HTTP_HOST="esa.localhost").status_code == 404


def test_a_drawn_icon_tells_nobody_who_exists(client, bob, docs):
    known = client.get("/icons/bob.svg", HTTP_HOST="docs.esa.localhost")
    unknown = client.get("/icons/bub.svg", HTTP_HOST="nosuch.esa.localhost")
    assert known.status_code == unknown.status_code == 200
    assert known["Content-Type"] == "image/svg+xml"
    assert ">B<" in known.content.decode()
    assert "Cookie" not in known.get("Vary", "")
    assert "max-age=86400" in known["Cache-Control"]
    team = client.get("/icons/teams/docs.svg", HTTP_HOST="esa.localhost")
    assert ">D<" in team.content.decode()


# --- The switches of the menu -----------------------------------------------------------------------------------------


def test_the_menu_changes_theme_and_language_on_the_page_one_is_on(sign_in, bob):
    client = sign_in(bob)
    assert client.post("/user/theme", {"theme": "dark", "next": "/members"})["Location"] == "/members"
    assert (
        client.post("/user/language", {"language": "ja", "next": "/members?sort=joined"})["Location"]
        == "/members?sort=joined"
    )
    user = User.objects.get(pk=bob.user_id)
    assert (user.theme, user.language) == ("dark", "ja")


@pytest.mark.parametrize("where", ["https://evil.example/", "//evil.example", "/\\evil.example", "javascript:alert(1)"])
def test_the_menu_leads_nowhere_else(sign_in, bob, where):
    assert sign_in(bob).post("/user/theme", {"theme": "dark", "next": where})["Location"] == "/"


@pytest.mark.parametrize(
    ("path", "entered"), [("/user/theme", {"theme": "pink"}), ("/user/language", {"language": "xx"})]
)
def test_the_menu_refuses_what_it_does_not_offer(sign_in, bob, path, entered):
    assert sign_in(bob).post(path, entered).status_code == 400


def test_a_stranger_s_language_is_kept_in_the_browser(client, db):
    client.post("/user/language", {"language": "ja"}, HTTP_HOST="esa.localhost")
    assert 'lang="ja"' in client.get("/accounts/login/", HTTP_HOST="esa.localhost").content.decode()


# --- Deleting the account ---------------------------------------------------------------------------------------------


def test_an_account_is_deleted_and_what_was_written_keeps_its_name(bobs, docs, bob, alice):
    post = docs.posts.model.write(by=bob, name="One", body_md="", wip=False)
    assert bobs.post("/user/profile/delete", {"confirmation": "bob"})["Location"] == "http://esa.localhost/"
    assert not User.objects.filter(pk=bob.user_id).exists()
    member = Member.objects.get(pk=bob.pk)
    assert (member.user, member.handle, member.display_name, member.active) == (None, "bob", "Bob", False)
    post.refresh_from_db()
    assert post.created_by == member
    assert bobs.get("/teams").status_code == 302
    assert docs.members.active().get() == alice


def test_the_screen_name_has_to_be_typed(bobs, bob):
    assert bobs.post("/user/profile/delete", {"confirmation": "Bobby"}).status_code == 422
    assert User.objects.filter(pk=bob.user_id).exists()


def test_the_last_owner_of_a_team_cannot_go(client, settings, docs, alice, bob):
    client.defaults["HTTP_HOST"] = settings.ESA_DOMAIN
    client.force_login(alice.user)
    answer = client.post("/user/profile/delete", {"confirmation": "alice"})
    assert answer.status_code == 422
    assert answer.context["blocking"] == [docs]
    assert User.objects.filter(pk=alice.user_id).exists()
    join(docs, "second", "owner")
    assert client.post("/user/profile/delete", {"confirmation": "alice"}).status_code == 302


def test_the_name_of_somebody_gone_can_be_taken_without_becoming_them(bobs, docs, bob, alice):
    bobs.post("/user/profile/delete", {"confirmation": "bob"})
    again = join(docs, "bob")
    assert again.pk != bob.pk
    assert docs.members.active().get(user__screen_name="bob") == again
