"""Private keys: what is read, what is refused before it costs anything."""

import base64
import subprocess
import time
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from appliance import private_keys
from appliance.private_keys import Locked, Unreadable, load

PASSPHRASE = "correct passphrase 7"
RSA = rsa.generate_private_key(65537, 2048)


def openssl(*arguments: str) -> str:
    """The RSA key as openssl encrypts it."""
    pem = RSA.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    command = ["openssl", "pkcs8", "-topk8", "-passout", f"pass:{PASSPHRASE}", *arguments]
    return subprocess.run(command, input=pem, capture_output=True, check=True).stdout.decode()


def generated(folder: Path, *arguments: str) -> str:
    """A key as ssh-keygen makes it."""
    subprocess.run(["ssh-keygen", "-q", "-f", folder / "key", "-N", PASSPHRASE, *arguments], check=True)
    return (folder / "key").read_text()


@pytest.mark.parametrize(
    "arguments",
    [
        ("-t", "ed25519"),
        ("-t", "ed25519", "-Z", "aes256-gcm@openssh.com"),
        ("-t", "rsa", "-b", "2048"),
        ("-t", "rsa", "-b", "2048", "-m", "PEM"),
        ("-t", "ecdsa", "-b", "521", "-m", "PKCS8"),
    ],
)
def test_keys_of_ssh_keygen_open_with_their_passphrase_only(tmp_path: Path, arguments: tuple[str, ...]) -> None:
    text = generated(tmp_path, *arguments)
    assert load(text, PASSPHRASE)
    with pytest.raises(Locked):
        load(text)
    with pytest.raises(Unreadable):
        load(text, "another")


@pytest.mark.parametrize("arguments", [("-v2", "aes-256-cbc"), ("-v1", "PBE-SHA1-3DES"), ("-scrypt",)])
def test_keys_of_openssl_open(arguments: tuple[str, ...]) -> None:
    assert load(openssl(*arguments), PASSPHRASE)


def test_what_openssl_writes_before_a_curve_key_is_left_out() -> None:
    command = ["openssl", "ecparam", "-genkey", "-name", "prime256v1"]
    text = subprocess.run(command, capture_output=True, check=True).stdout.decode()
    assert "EC PARAMETERS" in text
    assert load(text)


def test_a_passphrase_that_is_not_needed_is_ignored() -> None:
    assert load(RSA.private_bytes(Encoding.PEM, PrivateFormat.OpenSSH, NoEncryption()).decode(), "x")


@pytest.mark.parametrize("arguments", [("-v2", "aes-256-cbc", "-iter", "9000000"), ("-scrypt", "-scrypt_N", "65536")])
def test_a_key_that_takes_long_to_open_is_refused_at_once(arguments: tuple[str, ...]) -> None:
    text = openssl(*arguments) if arguments[0] != "-scrypt" else costly_scrypt()
    assert refusal_time(text) < 0.2


def costly_scrypt() -> str:
    """What openssl itself would not write: N of 2**30."""
    lines = openssl("-scrypt").splitlines()
    body = base64.b64decode("".join(lines[1:-1]))
    assert body.count(b"\x02\x02\x40\x00\x02\x01\x08") == 1
    body = body.replace(b"\x02\x02\x40\x00\x02\x01\x08", b"\x02\x02\x7f\xff\x02\x01\x7f")
    return "\n".join([lines[0], base64.encodebytes(body).decode().strip(), lines[-1]])


def test_an_openssh_key_of_too_many_rounds_is_refused_at_once() -> None:
    lock = (
        PrivateFormat.OpenSSH.encryption_builder().kdf_rounds(private_keys.MOST_ROUNDS + 1).build(PASSPHRASE.encode())
    )
    assert refusal_time(RSA.private_bytes(Encoding.PEM, PrivateFormat.OpenSSH, lock).decode()) < 0.2


def refusal_time(text: str) -> float:
    """Seconds of work until the key is refused."""
    began = time.thread_time()
    with pytest.raises(Unreadable):
        load(text, PASSPHRASE)
    return time.thread_time() - began


def test_reading_a_key_costs_next_to_nothing() -> None:
    """The primes are not tested: no other thread runs while they are, for a second with 4096 bits."""
    key = rsa.generate_private_key(65537, 4096)
    text = key.private_bytes(Encoding.PEM, PrivateFormat.OpenSSH, NoEncryption()).decode()
    began = time.thread_time()
    load(text)
    assert time.thread_time() - began < 0.05


@pytest.mark.parametrize("nested", [b"\x30\x80", b"\x30\x84\x7f\xff\xff\xff", b"\x02", b"", b"\x30\x82\xff\xff" * 3000])
def test_a_broken_structure_is_refused(nested: bytes) -> None:
    body = base64.encodebytes(nested).decode()
    assert refusal_time(f"-----BEGIN ENCRYPTED PRIVATE KEY-----\n{body}-----END ENCRYPTED PRIVATE KEY-----") < 1


@pytest.mark.parametrize("size", [0, 1, 14, 15, 16, 40, 200])
def test_a_key_that_is_cut_short_is_refused(size: int) -> None:
    whole = RSA.private_bytes(Encoding.PEM, PrivateFormat.OpenSSH, NoEncryption()).decode().splitlines()
    body = base64.b64encode(base64.b64decode("".join(whole[1:-1]))[:size]).decode()
    assert refusal_time("\n".join([whole[0], body, whole[-1]])) < 1
