"""Mail in development."""

import io

import pytest
from django.core.mail import EmailMultiAlternatives

from esa.mail import Console


def mail(subject="[docs] 議事録"):
    message = EmailMultiAlternatives(subject, "花子さんがコメントしました\n", "esa@example.com", ["kenji@example.com"])
    message.attach_alternative("<p>花子さんが", "text/html")
    return message


def test_a_terminal_shows_mail_as_somebody_would_read_it():
    terminal = io.StringIO()
    assert Console(stream=terminal).send_messages([mail(), mail("Hello")]) == 2
    shown = terminal.getvalue()
    assert "To: kenji@example.com\nSubject: [docs] 議事録\n\n花子さんがコメントしました\n" in shown
    assert "Subject: Hello" in shown
    assert "<p>" not in shown


def test_it_refuses_what_could_not_travel():
    with pytest.raises(ValueError, match="newline"):
        Console(stream=io.StringIO()).send_messages([mail("Hello\nBcc: everybody@example.com")])
