"""The live preview: the same HTML as of a saved post, and nothing is kept."""

from posts.models import Post


def test_a_preview_is_what_a_saved_post_would_show(alice, bob, sign_in):
    Post.write(by=alice, name="Other", body_md="x")
    text = "# 見出し\r\n\r\n@bob #1 :sushi:\r\n\r\n- [x] a\r\n- [ ] b\r\n"
    told = sign_in(alice).post("/preview", {"body_md": text}).json()

    assert told["html"] == Post.write(by=alice, name="Same", body_md=text).body_html
    assert "Other" in told["html"]
    assert (told["tasks_count"], told["done_tasks_count"]) == (2, 1)


def test_a_preview_keeps_nothing(alice, sign_in):
    sign_in(alice).post("/preview", {"body_md": "# x"})
    assert not alice.team.posts.exists()


def test_a_preview_is_as_safe_as_a_post(alice, sign_in):
    html = (
        sign_in(alice)
        .post("/preview", {"body_md": "<script>alert(1)</script><img src=x onerror=alert(1)>"})
        .json()["html"]
    )
    assert "<script" not in html
    assert "onerror" not in html


def test_a_text_that_is_too_long_is_refused(alice, sign_in, settings):
    settings.MAX_BODY_LENGTH = 10
    answer = sign_in(alice).post("/preview", {"body_md": "x" * 11})
    assert answer.status_code == 422
    assert "10 are allowed" in answer.json()["message"]


def test_a_preview_is_asked_for_by_post(alice, sign_in):
    assert sign_in(alice).get("/preview?body_md=x").status_code == 405
