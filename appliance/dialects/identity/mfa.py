"""Ours, beside the document: the second factor of the caller, and its reset for somebody who lost it."""

from io import BytesIO
from typing import Any

import gevent
import segno

from appliance.dialects.identity.envelope import identity, said
from appliance.dialects.identity.shapes import Word
from appliance.dialects.identity.users import named
from appliance.domain import duties, mfa, signing_in
from appliance.store import Tx
from appliance.web.fields import Plain, Wire
from appliance.web.route import SIGNED_IN, Reply
from appliance.web.serve import Desk

OWN: dict[str, Any] = {"needs": SIGNED_IN, "by_key": False}
ENROLLING: dict[str, Any] = {**OWN, "always": True, "door": duties.require_password_changed}
"""What answers while a second factor is due."""


class Code(Wire):
    """The second factor, at hand now."""

    code = Word(required=True)


class StatusView(Wire):
    """How the caller stands."""

    enabled = Plain()
    required = Plain()
    recovery_codes_left = Plain()


class EnrolmentView(Wire):
    """What an authenticator app needs: to be typed, to be opened, to be photographed."""

    secret = Plain()
    otpauth_uri = Plain(attribute="uri")
    qr_svg = Plain()


@identity.get("/mfa", gives=StatusView, **ENROLLING)
def show_mfa(tx: Tx) -> dict[str, Any]:
    """获取MFA状态"""
    return mfa.status(tx)._asdict()


@identity.post("/mfa", gives=EnrolmentView, audit="绑定MFA", outside=True, **ENROLLING)
def begin_mfa(desk: Desk) -> Reply:
    """绑定MFA"""
    with desk.writing() as tx:
        enrolment = mfa.enrol(tx, tx.actor.user)
    picture = gevent.get_hub().threadpool.apply(drawn, (enrolment.uri,))
    return said("请使用验证器扫描二维码", enrolment._asdict() | {"qr_svg": picture})


def drawn(text: str) -> str:
    """A QR code as SVG, on a ground of its own. Takes its time: call it in a thread."""
    picture = BytesIO()
    segno.make_qr(text, error="m").save(picture, kind="svg", light="#fff", xmldecl=False, omitsize=True, nl=False)
    return picture.getvalue().decode()


@identity.post("/mfa/confirm", takes=Code, audit="启用MFA", **ENROLLING)
def confirm_mfa(tx: Tx, shown: dict[str, str]) -> Reply:
    """启用MFA"""
    codes = mfa.confirm(tx, tx.actor.user_id, shown["code"], sign_in_id=tx.actor.sign_in_id)
    return said("MFA已启用", {"recovery_codes": codes})


@identity.delete("/mfa", takes=Code, audit="关闭MFA", outside=True, **OWN)
def turn_off_mfa(desk: Desk, shown: dict[str, str]) -> Reply:
    """关闭MFA"""
    signing_in.prove(desk.store, desk.actor, shown["code"])
    with desk.writing() as tx:
        mfa.turn_off(tx, tx.actor.user_id, sign_in_id=tx.actor.sign_in_id)
    return said("MFA已关闭")


@identity.post("/mfa/recovery-codes", takes=Code, audit="重新生成MFA恢复码", outside=True, **OWN)
def renew_recovery_codes(desk: Desk, shown: dict[str, str]) -> Reply:
    """重新生成MFA恢复码"""
    signing_in.prove(desk.store, desk.actor, shown["code"])
    with desk.writing() as tx:
        codes = mfa.new_recovery_codes(tx, tx.actor.user_id)
    return said("MFA恢复码已重新生成", {"recovery_codes": codes})


@identity.post("/users/<user>/mfa-reset", needs="system.user.update", audit="重置用户{user}的MFA", by_key=False)
def reset_mfa(tx: Tx, user: str) -> Reply:
    """重置用户MFA"""
    mfa.reset(tx, named(tx, user))
    return said("MFA已重置")
