"""Somebody's authenticator app, and the recovery codes he wrote down."""

from datetime import timedelta
from typing import Any

import pyotp

from appliance import clock
from tests.client import Answer, Client
from tests.identity.calls import ROOT, data

MFA = f"{ROOT}/mfa"


class Phone:
    """Shows codes of its own clock, which may be wrong."""

    def __init__(self, secret: str) -> None:
        self.totp = pyotp.TOTP(secret)
        self.recovery_codes: list[str] = []

    def code(self, *, late: float = 0) -> str:
        """The code of now, or of so many seconds ago."""
        return self.totp.at(clock.now() - timedelta(seconds=late))


def begin(client: Client) -> Phone:
    """A phone that has scanned the code, and shown none yet."""
    return Phone(data(client.post(MFA))["secret"])


def confirm(client: Client, code: Any) -> Answer:
    """The first code."""
    return client.post(f"{MFA}/confirm", {"code": code})


def enrolled(client: Client) -> Phone:
    """The phone of somebody whose sign-in asks for a code from now on; the code of now is still fresh."""
    phone = begin(client)
    phone.recovery_codes = data(confirm(client, phone.code(late=30)))["recovery_codes"]
    return phone
