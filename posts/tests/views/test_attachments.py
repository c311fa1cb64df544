"""The editor's uploads, and hostile files."""

import re

import pytest
from django.core.files.storage import default_storage
from django.test import Client

from posts.models import Attachment, Post
from posts.models.attachment import SignedTexts
from posts.tests.files import SCRIPT, SVG, file, picture


def fetch(attachment):
    return Client().get(attachment.path, HTTP_HOST="docs.esa.localhost")


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
