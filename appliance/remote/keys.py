"""Private keys in any of the usual wrappings, and the fingerprints of public ones."""

import base64
import binascii
import hashlib
import io
from typing import Any

import paramiko
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
    load_ssh_private_key,
)

OPENSSH = b"-----BEGIN OPENSSH PRIVATE KEY-----"
MAGIC = b"openssh-key-v1\x00"
KDF_ROUNDS = 512
KINDS: list[tuple[type, type]] = [
    (Ed25519PrivateKey, paramiko.Ed25519Key),
    (EllipticCurvePrivateKey, paramiko.ECDSAKey),
    (RSAPrivateKey, paramiko.RSAKey),
]


class Unreadable(Exception):
    """No private key of ours, or not with that passphrase."""


def load(text: str, passphrase: str | None) -> paramiko.PKey:
    """The key a voucher holds. Deriving a key from a passphrase takes long: call it in a thread."""
    try:
        return for_paramiko(parse(text.strip().encode() + b"\n", (passphrase or "").encode() or None))
    except (ValueError, TypeError, UnsupportedAlgorithm, paramiko.SSHException) as error:
        raise Unreadable from error


def parse(data: bytes, passphrase: bytes | None) -> Any:
    """OpenSSH's own format, else PEM (PKCS#1, PKCS#8, SEC 1)."""
    if not data.startswith(OPENSSH):
        return load_pem_private_key(data, passphrase)
    if rounds(data) > KDF_ROUNDS:
        raise ValueError("a passphrase that takes minutes to check")
    return load_ssh_private_key(data, passphrase)


def rounds(data: bytes) -> int:
    """How much work the passphrase of an OpenSSH key is made to cost."""
    try:
        body = base64.b64decode(b"".join(data.split(b"-----")[2].split()))
        message = paramiko.Message(body.removeprefix(MAGIC))
        message.get_binary(), message.get_binary()
        options = paramiko.Message(message.get_binary())
        options.get_binary()
        return int(options.get_int())
    except (IndexError, binascii.Error) as error:
        raise ValueError("no OpenSSH key") from error


def for_paramiko(key: Any) -> paramiko.PKey:
    """A key of `cryptography` as paramiko wants it; it does not read every wrapping itself."""
    text = key.private_bytes(Encoding.PEM, PrivateFormat.OpenSSH, NoEncryption()).decode()
    for kind, wrapper in KINDS:
        if isinstance(key, kind):
            return wrapper.from_private_key(io.StringIO(text))  # type: ignore[attr-defined]
    raise ValueError("a kind of key we do not use")


def fingerprint(public: bytes) -> str:
    """As `ssh-keygen -l` prints it."""
    return "SHA256:" + base64.b64encode(hashlib.sha256(public).digest()).decode().rstrip("=")
