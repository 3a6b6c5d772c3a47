"""The certificate browsers see: the operator's pair, or one we sign ourselves at the first start."""

import hashlib
import socket
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID
from gevent import ssl

from appliance import logs
from appliance.crypto import write_private
from appliance.datafolder import CERTIFICATE
from appliance.interfaces import addresses
from appliance.settings import Settings

LIFE = timedelta(days=820)  # browsers refuse certificates that live longer than 825 days
RENEWED = timedelta(days=30)  # before the end, at the next start or SIGHUP
CIPHERS = "ECDHE+AESGCM:ECDHE+CHACHA20"


def context(settings: Settings) -> Any:
    """What new connections are wrapped with."""
    made = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    made.minimum_version = ssl.TLSVersion.TLSv1_2
    made.set_ciphers(CIPHERS)
    made.options |= ssl.OP_NO_RENEGOTIATION
    made.set_alpn_protocols(["http/1.1"])
    pair = (settings.tls_certificate, settings.tls_key) if settings.tls_certificate else (own_pair(settings),)
    try:
        made.load_cert_chain(*pair)
    except OSError as error:  # which says what is wrong, but not with which file
        raise OSError(f"the certificate {pair[0]} cannot be used: {error}") from None
    return made


def own_pair(settings: Settings) -> Path:
    """The file with our key and certificate in one; made now if there is none or it is about to end."""
    path = settings.data / CERTIFICATE
    if not path.exists() or ends_soon(path):
        write_private(path, self_signed(settings.host_names))
        logs.note("certificate.made", fingerprint=fingerprint(path))
    return path


def ends_soon(path: Path) -> bool:
    """Whether it is time for a new one."""
    certificate = x509.load_pem_x509_certificate(path.read_bytes())
    return certificate.not_valid_after_utc < datetime.now(UTC) + RENEWED


def fingerprint(path: Path) -> str:
    """SHA-256 of the certificate as browsers show it, to compare by eye."""
    der = x509.load_pem_x509_certificate(path.read_bytes()).public_bytes(serialization.Encoding.DER)
    return hashlib.sha256(der).digest().hex(":").upper()


def self_signed(more_names: tuple[str, ...]) -> bytes:
    """A new key on P-256 and its certificate, for every name and address this machine answers to."""
    key = ec.generate_private_key(ec.SECP256R1())
    host = socket.gethostname() or "localhost"
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, host[:64])])
    begun = datetime.now(UTC) - timedelta(hours=1)  # clocks of browsers may be a little behind
    builder = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(begun)
        .not_valid_after(begun + LIFE)
        .add_extension(x509.SubjectAlternativeName(alternatives(["localhost", host, *more_names])), critical=False)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
    )
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    return private + builder.sign(key, SHA256()).public_bytes(serialization.Encoding.PEM)


def alternatives(names: list[str]) -> list[x509.GeneralName]:
    """Names as names, addresses as addresses, each once."""
    found: dict[str, x509.GeneralName] = {}
    for name in [*names, *addresses()]:
        try:
            found[name] = x509.IPAddress(ip_address(name))
        except ValueError:
            if name.isascii():
                found[name] = x509.DNSName(name)
    return list(found.values())
