"""The editor's uploads, and hostile files."""

import io
import re
from datetime import timedelta

import pytest
from django.core.exceptions import ValidationError
from django.core.files.storage import default_storage
from django.test import Client
from django.utils import timezone
from hypothesis import given
from hypothesis import settings as bounded
from hypothesis import strategies as st
from PIL import Image, ImageCms

from esa.tests.s3 import in_memory
from posts.metadata import without_metadata
from posts.models import Attachment, Post
from posts.models.attachment import SignedTexts, _dimensions, forget_unused_forms
from posts.tests.files import SCRIPT, SVG, file, picture


def fetch(attachment, **more):
    return Client().get(attachment.path, HTTP_HOST="docs.esa.localhost", **more)


def test_a_pasted_picture_becomes_an_image_with_its_width_and_size(bob, sign_in):
    answer = sign_in(bob).post("/attachments", {"file": picture("image.png", size=(640, 20))})
    attachment = Attachment.objects.get()
    kilobytes = f"{attachment.size} B" if attachment.size < 1000 else f"{attachment.size / 1000:.1f} kB"
    assert answer.status_code == 201
    assert answer.json()["markdown"] == f'<img width="640" alt="image.png ({kilobytes})" src="{attachment.url}">'


def test_any_other_file_becomes_a_link_whatever_its_name(bob, sign_in):
    answer = sign_in(bob).post("/attachments", {"file": file("a]*(@bob) :sushi:.pdf", b"%PDF-1.7\n" + b"x" * 60_000)})
    attachment = Attachment.objects.get()
    post = Post.write(by=bob, name="x", body_md=answer.json()["markdown"])
    assert f'href="{attachment.url}"' in post.body_html
    assert ">a*(@bob) :sushi:.pdf (60.0 kB)</a>" in post.body_html


def test_only_members_upload(docs, alice, carol, sign_in):
    for who in (carol, None):
        assert sign_in(who, docs).post("/attachments", {"file": picture()}).status_code == 404
    assert not Attachment.objects.exists()


def test_an_upload_without_the_token_of_the_form_is_refused(bob, settings):
    client = Client(HTTP_HOST="docs.esa.localhost", enforce_csrf_checks=True)
    client.force_login(bob.user, backend=settings.AUTHENTICATION_BACKENDS[0])
    assert client.post("/attachments", {"file": picture()}).status_code == 403
    assert not Attachment.objects.exists()


def test_the_editor_is_told_in_a_sentence_what_is_wrong(bob, sign_in, settings):
    settings.ATTACHMENT_MAX_BYTES = 1024 * 1024
    answer = sign_in(bob).post("/attachments")
    assert (answer.status_code, answer.json()) == (400, {"message": "No file arrived. Try again."})
    assert sign_in(bob).post("/attachments", {"file": file("a", b"x" * 2_000_000)}).status_code in {400, 413}


@pytest.mark.parametrize(
    ("name", "content", "content_type"),
    [
        ("evil.svg", SVG, "image/svg+xml"),
        ("evil.html", b"<!doctype html>" + SCRIPT, "text/html"),
        ("evil.png", b"<!doctype html>" + SCRIPT, "image/png"),
        (
            "evil.xhtml",
            b'<?xml version="1.0"?><html xmlns="http://www.w3.org/1999/xhtml">' + SCRIPT + b"</html>",
            "image/gif",
        ),
        ("evil.js", b"alert(1)", "text/javascript"),
        ("evil.pdf", b"%PDF-1.7 /JavaScript (app.alert(1))", "application/pdf"),
        ("evil.swf", b"CWS\x0a" + b"\x00" * 40, "application/x-shockwave-flash"),
        ("evil.gif.html", b"\xff\xfe<\x00s\x00c\x00r\x00i\x00p\x00t\x00>\x00", "text/html"),
        ("empty.html", b"", "text/html"),
    ],
)
def test_what_might_run_is_downloaded_and_never_shown(bob, name, content, content_type):
    answer = fetch(Attachment.attach(file(name, content, content_type), by=bob))
    assert answer["Content-Disposition"].startswith("attachment;")
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert "sandbox" in answer["Content-Security-Policy"]
    assert "default-src 'none'" in answer["Content-Security-Policy"]
    assert not answer["Content-Type"].startswith(
        ("text/html", "image/svg", "text/javascript", "application/xhtml", "text/xml")
    )


@pytest.mark.parametrize("kind", ["GIF", "PNG", "JPEG", "BMP", "WEBP"])
def test_a_picture_that_is_also_a_page_is_served_as_the_picture(bob, kind):
    answer = fetch(Attachment.attach(picture("evil.html", kind, tail=SCRIPT), by=bob))
    assert answer["Content-Type"] == f"image/{kind.lower()}"
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert "sandbox" in answer["Content-Security-Policy"]
    assert Attachment.objects.get().key.rpartition(".")[2] in {"gif", "png", "jpg", "bmp", "webp"}


@pytest.mark.parametrize(
    "name",
    [
        "../../../etc/passwd",
        "..\\..\\win.ini",
        "a\r\nX-Evil: 1.png",
        'a".png',
        "/abs.png",
        "..",
        "",
        "x" * 999 + ".png",
        "\u202egnp.exe",
    ],
)
def test_a_name_breaks_out_of_nothing(bob, name):
    sent = picture("x.png")
    attachment = Attachment.attach(sent, by=bob, name=name)
    answer = fetch(attachment)
    assert answer.status_code == 200
    assert "X-Evil" not in answer
    assert "/" not in attachment.name
    assert "\\" not in attachment.name
    assert attachment.key.startswith("uploads/")
    assert ".." not in attachment.key


def test_a_picture_that_claims_to_be_huge_is_not_decoded(bob):
    bomb = picture(size=(1, 1))
    data = bytearray(bomb.read())
    data[16:24] = (60_000).to_bytes(4, "big") * 2
    attachment = Attachment.attach(file("bomb.png", bytes(data)), by=bob)
    assert fetch(attachment).status_code == 200


@pytest.mark.parametrize(
    "path", ["uploads/", "uploads/%2e%2e/x", "uploads/../conftest.py", "uploads//etc/passwd", "media/x"]
)
def test_paths_lead_nowhere_else(bob, sign_in, path):
    default_storage.save("secret.txt", file("secret.txt", b"x"))
    assert sign_in(bob).get(f"/{path}").status_code == 404


def unmasked(answer):
    """A page without the parts that are new on every request."""
    return re.sub(rb'"[A-Za-z0-9+/=_-]{22,64}"', b"", answer.content)


def test_a_file_that_is_not_there_and_one_that_is_kept_away_look_the_same(docs, alice, carol, sign_in):
    docs.guard_files(True, by=alice)
    alice.refresh_from_db()
    secret = Attachment.attach(picture(), by=alice)
    absent = secret.path[:-5] + "f.png"
    for who in (carol, None):
        client = sign_in(who, docs)
        there, nowhere = client.get(secret.path), client.get(absent)
        assert there.status_code == nowhere.status_code
        if who is None:
            named, missing = (path.rpartition("/")[2] for path in (secret.path, absent))
            assert there["Location"].replace(named, "") == nowhere["Location"].replace(missing, "")
        else:
            assert unmasked(there).replace(secret.key.encode(), b"") == unmasked(nowhere).replace(
                absent[1:].encode(), b""
            )


def test_texts_go_out_with_signed_addresses(docs, alice, carol):
    public = Attachment.attach(picture(), by=alice)
    docs.guard_files(True, by=alice)
    alice.refresh_from_db()
    attachment = Attachment.attach(picture(), by=alice)
    text = (
        f'<img src="{attachment.url}"> ![]({attachment.path}) <{attachment.path}>'
        f" {public.url} https://x.example{attachment.path} /none{attachment.path}"
    )
    texts = SignedTexts.of(docs, [text], 60)
    signed = texts.markdown(None, text)
    assert signed.count("?expires=") == 3
    assert signed.count("&signature=") == 3
    assert signed.endswith(f" {public.url} https://x.example{attachment.path} /none{attachment.path}")
    assert texts.html(None, text).count("&amp;signature=") == 3
    assert texts.markdown(None, signed) == signed
    assert SignedTexts.of(carol.team, [text], 60).markdown(None, text) == text


def test_a_text_knows_its_teams_files(alice, carol):
    from posts.links import TeamLinks

    attachment = Attachment.attach(picture(), by=alice)
    ours, theirs = TeamLinks(alice.team), TeamLinks(carol.team)
    assert ours.is_attachment(attachment.url)
    assert ours.is_attachment(attachment.path)
    assert not theirs.is_attachment(attachment.url)


# --- Parts, and what came before --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("asked", "status", "told", "content"),
    [
        ("bytes=0-3", 206, "bytes 0-3/10", b"0123"),
        ("bytes=8-", 206, "bytes 8-9/10", b"89"),
        ("bytes=-3", 206, "bytes 7-9/10", b"789"),
        ("bytes=-99", 206, "bytes 0-9/10", b"0123456789"),
        ("bytes=5-999", 206, "bytes 5-9/10", b"56789"),
        ("bytes=10-", 416, "bytes */10", b""),
        ("bytes=-0", 416, "bytes */10", b""),
        ("bytes=4-2", 200, None, b"0123456789"),
        ("bytes=0-1,4-5", 200, None, b"0123456789"),
        ("lines=0-1", 200, None, b"0123456789"),
        ("bytes=" + "9" * 30 + "-", 200, None, b"0123456789"),
        ("", 200, None, b"0123456789"),
    ],
)
def test_a_part_of_a_file(bob, asked, status, told, content):
    attachment = Attachment.attach(file("digits.txt", b"0123456789"), by=bob)
    answer = fetch(attachment, headers={"Range": asked} if asked else {})
    assert (answer.status_code, answer.get("Content-Range"), answer.getvalue()) == (status, told, content)
    assert answer["Accept-Ranges"] == "bytes"
    if status != 416:
        assert answer["Content-Length"] == str(len(content))
    assert answer["X-Content-Type-Options"] == "nosniff"


def test_a_part_of_a_file_in_s3(bob, settings):
    with in_memory("media"):
        options = {"bucket_name": "media", "region_name": "us-east-1"}
        settings.STORAGES = settings.STORAGES | {"default": {"BACKEND": "esa.storage.Media", "OPTIONS": options}}
        attachment = Attachment.attach(file("digits.txt", b"0123456789"), by=bob)
        part, tail = (fetch(attachment, headers={"Range": asked}) for asked in ("bytes=2-4", "bytes=-1"))
        assert (part.status_code, part.getvalue(), part["Content-Range"]) == (206, b"234", "bytes 2-4/10")
        assert tail.getvalue() == b"9"
        assert fetch(attachment).getvalue() == b"0123456789"
        assert fetch(attachment, headers={"Range": "bytes=10-"}).status_code == 416
        default_storage.delete(attachment.key)
        assert fetch(attachment).status_code == 302


def test_a_part_is_given_to_whoever_has_the_rest_of_this_file(bob):
    attachment = Attachment.attach(file("digits.txt", b"0123456789"), by=bob)
    etag = fetch(attachment)["ETag"]
    assert fetch(attachment, headers={"Range": "bytes=2-3", "If-Range": etag}).getvalue() == b"23"
    assert fetch(attachment, headers={"Range": "bytes=2-3", "If-Range": '"other"'}).status_code == 200
    assert fetch(attachment, headers={"If-None-Match": etag}).status_code == 304


def test_a_part_of_a_members_only_file_is_as_closed_as_the_whole(docs, alice, carol, sign_in):
    docs.guard_files(True, by=alice)
    alice.refresh_from_db()
    attachment = Attachment.attach(file("digits.txt", b"0123456789"), by=alice)
    assert fetch(attachment, headers={"Range": "bytes=0-1"}).status_code == 302
    assert sign_in(carol, docs).get(attachment.path, headers={"Range": "bytes=0-1"}).status_code == 404
    assert sign_in(alice).get(attachment.path, headers={"Range": "bytes=0-1"}).getvalue() == b"01"


def test_files_of_members_only_teams_may_be_larger(docs, alice, settings):
    settings.ATTACHMENT_MAX_BYTES, settings.MEMBERS_ATTACHMENT_MAX_BYTES = 1024 * 1024, 2 * 1024 * 1024
    large = file("a.bin", b"x" * (1024 * 1024 + 1))
    with pytest.raises(ValidationError, match="up to 1 MB"):
        Attachment.attach(large, by=alice)
    docs.guard_files(True, by=alice)
    alice.refresh_from_db()
    assert Attachment.attach(large, by=alice).size == 1024 * 1024 + 1
    with pytest.raises(ValidationError, match="up to 2 MB"):
        Attachment.attach(file("a.bin", b"x" * (2 * 1024 * 1024 + 1)), by=alice)


def test_forms_that_nobody_used_are_forgotten(alice):
    old, new = (Attachment.reserve(by=alice, name="a.png", content_type="image/png") for _ in range(2))
    kept = Attachment.attach(picture(), by=alice)
    day_ago = timezone.now() - timedelta(days=1)
    Attachment.objects.filter(pk__in=[old.pk, kept.pk]).update(created_at=day_ago)
    forget_unused_forms()
    assert set(Attachment.objects.all()) == {new, kept}
    assert fetch(kept).status_code == 200


# --- What a camera writes ---------------------------------------------------------------------------------------------


def photograph(kind="JPEG", turned=6, **more):
    exif = Image.Exif()
    exif[0x0112] = turned
    exif[0x010F] = "SECRETCAM"
    exif.get_ifd(0x8825)[2] = (35.0, 41.0, 22.0)
    xmp = b"<x:xmpmeta xmlns:x='adobe:ns:meta/'>SECRETPLACE</x:xmpmeta>"
    return picture(f"photo.{kind.lower()}", kind, size=(60, 40), exif=exif.tobytes(), xmp=xmp, **more)


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
@pytest.mark.parametrize("turned", [1, 6])
def test_where_a_photograph_was_taken_is_not_kept_and_how_to_turn_it_is(bob, kind, turned):
    colours = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    more = {"comment": b"SECRETNOTE"} if kind == "JPEG" else {}
    sent = photograph(kind, turned, icc_profile=colours, tail=b"SECRETTAIL" if kind != "WEBP" else b"", **more)
    assert b"SECRET" in sent.read()
    attachment = Attachment.attach(sent, by=bob)
    stored = fetch(attachment).getvalue()
    assert b"SECRET" not in stored
    assert attachment.size == len(stored)
    assert (attachment.width, attachment.height) == (60, 40)
    with Image.open(io.BytesIO(stored)) as kept, Image.open(sent) as before:
        assert dict(kept.getexif()) == ({} if turned == 1 else {0x0112: turned})
        assert kept.getexif().get_ifd(0x8825) == {}
        assert kept.info["icc_profile"] == colours
        assert kept.tobytes() == before.tobytes()  # not compressed anew


def test_animations_stay_animations(bob):
    frames = [Image.new("RGB", (8, 8), (shade, 0, 0)) for shade in (0, 99, 200)]
    sent = io.BytesIO()
    frames[0].save(sent, "WEBP", save_all=True, append_images=frames[1:], exif=photograph().read()[:0] or b"")
    stored = fetch(Attachment.attach(file("a.webp", sent.getvalue()), by=bob)).getvalue()
    with Image.open(io.BytesIO(stored)) as kept:
        assert kept.n_frames == 3


@bounded(max_examples=40, deadline=None)
@given(
    kind=st.sampled_from(["JPEG", "PNG", "WEBP"]),
    cut=st.integers(0, 2000),
    at=st.integers(0, 2000),
    byte=st.binary(max_size=3),
)
def test_a_broken_picture_is_kept_as_it_came_and_breaks_nothing(kind, cut, at, byte):
    data = photograph(kind).read()
    broken = data[: max(20, len(data) - cut)]
    broken = broken[:at] + byte + broken[at + len(byte) :]
    clean = without_metadata(f"image/{kind.lower()}", broken)
    assert len(clean) <= len(broken) + 100
    _dimensions(io.BytesIO(broken))
