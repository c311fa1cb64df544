"""Mail in development: on the terminal, as somebody would read it."""

import sys
from collections.abc import Sequence
from typing import Any, TextIO

from django.core.mail import EmailMessage
from django.core.mail.backends.base import BaseEmailBackend

RULE = "─" * 72


class Console(BaseEmailBackend):
    """Prints who gets what, in plain words and letters, where Django's own prints the message as it travels: Japanese
    subjects in base64, and everything a second time in HTML. `filemail://` keeps whole messages."""

    def __init__(self, *arguments: Any, stream: TextIO | None = None, **options: Any) -> None:
        self.stream = stream or sys.stdout
        super().__init__(*arguments, **options)

    def send_messages(self, email_messages: Sequence[EmailMessage]) -> int:
        for message in email_messages:
            message.message()  # what could not travel is refused here, too
            head = {"From": message.from_email, "To": ", ".join(message.recipients()), "Subject": message.subject}
            lines = [f"{name}: {value}" for name, value in head.items()]
            # In one piece, for other threads print here as well.
            self.stream.write("\n".join([RULE, *lines, "", str(message.body).rstrip(), RULE, ""]))
            self.stream.flush()
        return len(email_messages)
