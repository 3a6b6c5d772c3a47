"""Private keys as paramiko wants them, and the fingerprints of public ones."""

import base64
import hashlib
import io

import paramiko
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from gevent.threadpool import ThreadPool

from appliance import private_keys
from appliance.private_keys import PrivateKey

_pool = ThreadPool(2)


def load(text: str, passphrase: str) -> paramiko.PKey | None:
    """The key a voucher holds, or None. Waits in a thread: a passphrase takes long to check."""
    return _pool.apply(read, (text, passphrase))


def read(text: str, passphrase: str) -> paramiko.PKey | None:
    """The same, at once; gevent would log what a thread raises, so it raises nothing."""
    try:
        return wrapped(private_keys.load(text, passphrase))
    except private_keys.Unreadable:
        return None


def wrapped(key: PrivateKey) -> paramiko.PKey:
    """A key of `cryptography` in paramiko's class for it."""
    if isinstance(key, RSAPrivateKey):
        return paramiko.RSAKey(key=key)
    if isinstance(key, EllipticCurvePrivateKey):
        return paramiko.ECDSAKey(vals=(key, key.public_key()))
    plain = key.private_bytes(Encoding.PEM, PrivateFormat.OpenSSH, NoEncryption())
    return paramiko.Ed25519Key.from_private_key(io.StringIO(plain.decode()))


def fingerprint(public: bytes) -> str:
    """As `ssh-keygen -l` prints it."""
    return "SHA256:" + base64.b64encode(hashlib.sha256(public).digest()).decode().rstrip("=")
