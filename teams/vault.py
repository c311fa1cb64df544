"""What is stored so that only esa's key reads it: the secrets of second factors, and those of chats."""

import base64
import logging
import os

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings

logger = logging.getLogger(__name__)

MARK = "fernet:"
PURPOSE = b"esa second factors"


def seal(text: str) -> str:
    return MARK + _keys().encrypt(text.encode()).decode()


def unseal(stored: str) -> str:
    """The text, by SECRET_KEY or one of SECRET_KEY_FALLBACKS. What was stored before there was a vault is as it was.

    With no key that fits, nobody knows the secret any more: a random one is returned, to which no code belongs.
    """
    if not stored.startswith(MARK):
        return stored
    try:
        return _keys().decrypt(stored.removeprefix(MARK).encode()).decode()
    except InvalidToken:
        logger.error("a secret was sealed with a key that is in neither SECRET_KEY nor SECRET_KEY_FALLBACKS")
        return base64.b32encode(os.urandom(20)).decode()


def _keys() -> MultiFernet:
    return MultiFernet([Fernet(_derived(key)) for key in (settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS)])


def _derived(secret: str) -> bytes:
    derive = HKDF(algorithm=SHA256(), length=32, salt=None, info=PURPOSE)
    return base64.urlsafe_b64encode(derive.derive(secret.encode()))
