"""Sealing of secrets and the keys everything else is derived from (AES-256-GCM, HKDF-SHA-256)."""

import base64
import hashlib
import os
import secrets
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

KEY_BYTES = 32
NONCE_BYTES = 12
VERSION = b"\x01"


class BadKey(Exception):
    """The master key is malformed, or does not open what it should."""


class Vault:
    """Seals and opens secrets; a sealed one opens only in the row and column it was sealed for."""

    def __init__(self, master: bytes) -> None:
        if len(master) != KEY_BYTES:
            raise BadKey("the master key must be 32 bytes")
        self._sealer = AESGCM(derive(master, b"appliance seal"))
        self.signing_key = derive(master, b"appliance token")

    def seal(self, secret: str, place: str) -> bytes:
        """Encrypt `secret` for `place`, such as `vouchers.secret:<uuid>`."""
        nonce = secrets.token_bytes(NONCE_BYTES)
        return VERSION + nonce + self._sealer.encrypt(nonce, secret.encode(), place.encode())

    def open(self, sealed: bytes, place: str) -> str:
        """Decrypt; BadKey when it was sealed elsewhere, with another key, or altered."""
        nonce, body = sealed[1 : 1 + NONCE_BYTES], sealed[1 + NONCE_BYTES :]
        try:
            return self._sealer.decrypt(nonce, body, place.encode()).decode()
        except (InvalidTag, ValueError) as error:
            raise BadKey("sealed elsewhere or with another key") from error


def derive(master: bytes, purpose: bytes) -> bytes:
    """One key per purpose out of the master key."""
    return HKDF(algorithm=SHA256(), length=KEY_BYTES, salt=None, info=purpose).derive(master)


def load_master_key(path: Path, given: str | None = None, *, may_make: bool = True) -> bytes:
    """The master key: `given` (base64, from the environment), the file, or a new one in a new 0600 file.

    Where none may be made, because there is a database that was sealed with another, it is one that fits nothing.
    """
    if given:
        return decode_key(given)
    if not path.exists():
        fresh = secrets.token_bytes(KEY_BYTES)
        if not may_make:
            return fresh
        write_private(path, base64.b64encode(fresh) + b"\n")
    return decode_key(path.read_text())


def decode_key(text: str) -> bytes:
    """Base64 to 32 bytes, or BadKey."""
    try:
        key = base64.b64decode(text.strip(), validate=True)
    except ValueError as error:
        raise BadKey("the master key is not base64") from error
    if len(key) != KEY_BYTES:
        raise BadKey("the master key must be 32 bytes")
    return key


def write_private(path: Path, content: bytes) -> None:
    """Write a file that is readable by its owner alone from its first moment, and whole or not there."""
    beside = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    descriptor = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    beside.replace(path)


def digest(text: str) -> str:
    """SHA-256 in hex: how single-use tokens and API keys are stored."""
    return hashlib.sha256(text.encode()).hexdigest()
