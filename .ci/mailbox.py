"""The stand-in for Mailpit: takes mail on port 1025, and shows on 8025 what came, as a page and at Mailpit's address for programs."""

import html
import json
from email import message_from_bytes, policy
from email.message import Message
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from aiosmtpd.controller import Controller

box: list[Message] = []


class Post:
    async def handle_DATA(self, _server: Any, _session: Any, envelope: Any) -> str:  # noqa: N802 - its name there
        box.insert(0, message_from_bytes(envelope.content, policy=policy.default))
        return "250 Kept"


class Page(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        mails = [{"Subject": str(mail["Subject"]), "To": [{"Address": str(mail["To"])}]} for mail in box]
        if self.path.startswith("/api/v1/messages"):
            kind, text = "application/json", json.dumps({"total": len(mails), "messages": mails})
        else:
            lines = "".join(f"<li>{html.escape(str(mail['Subject']))}" for mail in mails)
            kind, text = "text/html", f"<!doctype html><title>Mail</title><ul>{lines}</ul>"
        self.send_response(200)
        self.send_header("Content-Type", f"{kind}; charset=utf-8")
        self.end_headers()
        self.wfile.write(text.encode())


if __name__ == "__main__":
    Controller(Post(), hostname="0.0.0.0", port=1025).start()  # noqa: S104 - in a container
    ThreadingHTTPServer(("0.0.0.0", 8025), Page).serve_forever()  # noqa: S104
