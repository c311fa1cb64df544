"""The seal: how the sanitiser tells our HTML from HTML that an author wrote.

Classes and data attributes of ours carry a secret of this process while the document is put together. The sanitiser
lets only sealed ones pass, then the seal is taken off. So no author can write a mention, a check box that ticks
another task, or an embed, and none can borrow a class of the application.
"""

import secrets

SEAL = f"s{secrets.token_hex(8)}-"


def unseal(html: str) -> str:
    return html.replace(SEAL, "")
