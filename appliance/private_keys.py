"""Private keys of SSH users in any of the usual wrappings, read without stalling the process."""

import base64
import re
import struct
from collections.abc import Iterator
from math import prod

from cryptography.exceptions import InvalidTag, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key, load_ssh_private_key

PrivateKey = RSAPrivateKey | EllipticCurvePrivateKey | Ed25519PrivateKey

BLOCK = re.compile(rb"-----BEGIN ([A-Z0-9 ]+)-----\s.*?-----END \1-----", re.DOTALL)
OPENSSH, ENCRYPTED, BESIDE = b"OPENSSH PRIVATE KEY", b"ENCRYPTED PRIVATE KEY", b"EC PARAMETERS"
MAGIC = b"openssh-key-v1\0"
# What checking a passphrase may cost. A round of OpenSSH's takes 5 to 10 ms and leaves the interpreter free;
# PKCS#8's do not, and 100,000 of them take 50 ms in which no terminal moves.
MOST_ROUNDS = 128
MOST_ITERATIONS = 100_000
MOST_SCRYPT = 2**18
CURVES = {"secp256r1", "secp384r1", "secp521r1"}
RSA_BITS = range(1024, 8192 + 1)
INTEGER, SEQUENCE = 0x02, 0x30


class Unreadable(Exception):
    """No private key of a kind that we use, or not with that passphrase."""


class Locked(Unreadable):
    """An encrypted key without its passphrase."""


def load(text: str, passphrase: str | None = None) -> PrivateKey:
    """The key; a passphrase that it does not need is ignored. May take seconds: call it in a thread."""
    try:
        kind, block = only_block(text.encode())
        refuse_work(kind, block)
        return usable(opened(kind, block, passphrase))
    except (ValueError, InvalidTag, UnsupportedAlgorithm, NotImplementedError, struct.error) as error:
        raise Unreadable from error


def only_block(data: bytes) -> tuple[bytes, bytes]:
    """The kind and the text of the one private key; what `openssl ecparam` writes before one is left out."""
    blocks = [found for found in BLOCK.finditer(data) if found[1] != BESIDE]
    if len(blocks) != 1:
        raise ValueError("not exactly one key")
    return blocks[0][1], blocks[0][0] + b"\n"


def opened(kind: bytes, block: bytes, passphrase: str | None) -> object:
    """Read without the passphrase where that suffices, else with it."""
    read = load_ssh_private_key if kind == OPENSSH else load_pem_private_key
    # The check of an RSA key tests its primes: a second and more in which no other thread runs.
    skipping = {"unsafe_skip_rsa_key_validation": True}
    try:
        return read(block, None, **skipping)
    except TypeError:  # it is encrypted
        if not passphrase:
            raise Locked from None
    return read(block, passphrase.encode(), **skipping)


def usable(key: object) -> PrivateKey:
    """A key of a kind that SSH servers take, or ValueError."""
    if isinstance(key, RSAPrivateKey) and key.key_size in RSA_BITS:
        return key
    if isinstance(key, Ed25519PrivateKey) or (isinstance(key, EllipticCurvePrivateKey) and key.curve.name in CURVES):
        return key
    raise ValueError("a kind of key that we do not use")


def refuse_work(kind: bytes, block: bytes) -> None:
    """Whoever brings a key says how much work its passphrase makes; ValueError when that is too much."""
    if kind not in (OPENSSH, ENCRYPTED):
        return
    body = base64.b64decode(b"".join(block.split(b"-----")[2].split()))
    if kind == OPENSSH and rounds(body) > MOST_ROUNDS:
        raise ValueError("too many rounds")
    if kind == ENCRYPTED and too_slow([int.from_bytes(number) for number in integers(algorithm(body))]):
        raise ValueError("too many iterations")


def too_slow(costs: list[int]) -> bool:
    """Iterations and perhaps a key length, or scrypt's three parameters."""
    return prod(costs[:3]) > MOST_SCRYPT if len(costs) > 2 else costs[:1] > [MOST_ITERATIONS]


def rounds(body: bytes) -> int:
    """How often OpenSSH's derivation is repeated; 0 for a key without passphrase."""
    if not body.startswith(MAGIC):
        raise ValueError("no OpenSSH key")
    at, strings = len(MAGIC), []
    for _ in ("cipher", "derivation", "its options"):
        (length,) = struct.unpack_from(">I", body, at)
        strings.append(body[at + 4 : at + 4 + length])
        at += 4 + length
    return int.from_bytes(strings[2][-4:])


def algorithm(body: bytes) -> bytes:
    """The part of an encrypted PKCS#8 key that says how it is encrypted."""
    (_, outer), *_ = values(body)
    (_, inner), *_ = values(outer)
    return inner


def integers(data: bytes, depth: int = 4) -> Iterator[bytes]:
    """Every integer in a DER structure, in order, as deep as the parameters of an encryption go."""
    for tag, content in values(data):
        if tag == INTEGER:
            yield content
        elif tag == SEQUENCE and depth:
            yield from integers(content, depth - 1)


def values(data: bytes) -> Iterator[tuple[int, bytes]]:
    """The values of a DER sequence, one after the other; ValueError at the first that is cut short."""
    while data:
        tag, size, start = data[0], data[1] if len(data) > 1 else 0, 2
        if size & 0x80:
            start += size & 0x7F
            size = int.from_bytes(data[2:start])
        if len(data) < start + size:
            raise ValueError("cut short")
        yield tag, data[start : start + size]
        data = data[start + size :]
