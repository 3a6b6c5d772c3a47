"""TLS at the socket: on wherever others can reach us, with a certificate of our own, and stalled by nobody."""

import hashlib
import ipaddress
import signal
import ssl
import stat
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from cryptography import x509

from appliance.server_tls import self_signed
from tests.server.harness import Small, request, rest, status

EVERYWHERE = "0.0.0.0:0"


def ask(small: Small) -> int:
    """The status of a request over TLS."""
    with small.secure() as connection:
        connection.sendall(request("GET / HTTP/1.1", "Connection: close"))
        return status(rest(connection))


def shown(small: Small) -> str:
    """The fingerprint of the certificate that the server shows."""
    with small.secure() as connection:
        return hashlib.sha256(connection.getpeercert(binary_form=True) or b"").hexdigest()


def test_on_an_address_others_reach_tls_is_on_and_plain_http_gets_nothing(start: Callable[..., Small]) -> None:
    small = start(EVERYWHERE)
    assert small.url.startswith("https://")
    assert ask(small) == 200
    assert small.say(request("GET / HTTP/1.1")) == b""


def test_plain_http_there_only_by_setting(start: Callable[..., Small]) -> None:
    assert status(start(EVERYWHERE, plain_http="true").get()) == 200


def test_our_certificate_is_private_lasts_and_names_every_address(start: Callable[..., Small]) -> None:
    small = start(EVERYWHERE, host_names="jump.example.com")
    assert stat.S_IMODE((small.data / "tls.pem").stat().st_mode) == 0o600
    certificate = x509.load_pem_x509_certificate((small.data / "tls.pem").read_bytes())
    names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert {"localhost", "jump.example.com"} <= set(names.get_values_for_type(x509.DNSName))
    assert ipaddress.ip_address("127.0.0.1") in names.get_values_for_type(x509.IPAddress)
    first = shown(small)
    small.stop()
    assert shown(start(EVERYWHERE)) == first


@pytest.mark.filterwarnings("ignore:ssl.TLSVersion")
def test_older_protocols_are_refused(start: Callable[..., Small]) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    context.set_ciphers("ALL:@SECLEVEL=0")
    context.minimum_version = ssl.TLSVersion.TLSv1
    context.maximum_version = ssl.TLSVersion.TLSv1_1
    with start(EVERYWHERE).connect() as connection, pytest.raises(ssl.SSLError, match=r"(?i)protocol"):
        context.wrap_socket(connection)


def test_a_stalled_handshake_holds_up_nobody_and_is_cut(start: Callable[..., Small]) -> None:
    small = start(EVERYWHERE)
    stalled = [small.connect() for _ in range(20)]
    for connection in stalled[:10]:
        connection.sendall(b"\x16\x03\x01\x02\x00\x01")
    began = time.monotonic()
    assert ask(small) == 200
    assert time.monotonic() - began < 5
    assert all(rest(connection) == b"" for connection in stalled)
    assert time.monotonic() - began < 10


def test_a_renewed_certificate_is_taken_up_on_sighup_and_a_broken_one_is_not(
    start: Callable[..., Small], tmp_path: Path
) -> None:
    pair = tmp_path / "pair.pem"
    pair.write_bytes(self_signed(()))
    small = start(tls_certificate=str(pair), tls_key=str(pair))
    first = shown(small)
    pair.write_bytes(self_signed(()))
    small.process.send_signal(signal.SIGHUP)
    small.log("server.reopened")
    second = shown(small)
    assert second != first
    pair.write_text("rubbish")
    small.process.send_signal(signal.SIGHUP)
    assert small.log("certificate.refused")
    assert shown(small) == second
