"""What a mail shows of a text."""

from esa import markdown
from posts.glimpses import MAILED, for_mail

ADDRESS = "https://docs.example.com/posts/12#comment-3"


def mailed(body: str) -> str:
    return for_mail(markdown.render(body).html, ADDRESS)


def test_links_in_a_mail_lead_somewhere():
    assert mailed("[a](/posts/3) [b](https://x.example/) [c](#d)") == (
        '<p><a href="https://docs.example.com/posts/3">a</a> <a href="https://x.example/">b</a>'
        ' <a href="https://docs.example.com/posts/12#d">c</a></p>\n'
    )


def test_pictures_and_boxes_are_told_in_words():
    assert "<p>Fig. 1</p>" in mailed("![Fig. 1](/files/1.png)")
    assert "☑ salt" in mailed("- [x] salt\n- [ ] soup")
    assert "☐ soup" in mailed("- [x] salt\n- [ ] soup")


def test_what_runs_or_is_only_for_pages_stays_out():
    assert "<pre><code>puts 1\n</code></pre>" in mailed("```ruby\nputs 1\n```")
    hostile = '<p class=a onclick=x() data-line=1><span>hi</span><script>x()</script><a href="javascript:x()">a</a></p>'
    assert for_mail(hostile, ADDRESS) == "<p>hi<a>a</a></p>"


def test_a_long_text_ends_between_lines_and_closes_what_was_open():
    shown = mailed("\n".join(f"- {number} **soup**" for number in range(2000)))
    assert len(shown) < MAILED
    assert shown.endswith("<p>…</p></ul>")
    assert shown.count("<li>") == shown.count("</li>") == shown.count("</strong>")
