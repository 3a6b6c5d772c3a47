"""The first start: a one-time token for the set-up page, and the first administrator (README 4)."""

import hmac
import secrets
from datetime import datetime, timedelta

from sqlalchemy import func, select

from appliance import clock
from appliance.crypto import digest
from appliance.domain import seeds, users
from appliance.errors import Denied, Missing
from appliance.store import Tx
from appliance.store.tables import users as user_table

OPTION = "setup_token"
FILE = "setup-url"
"""Where the address of the set-up page lies while it is good for something."""
LIFE = timedelta(minutes=30)
DEFAULT_NAME = "管理员"
WRONG = "设置令牌无效或已使用"


def needed(tx: Tx) -> bool:
    """Whether nobody has ever been made: a wizard never opens again, not even when people are gone."""
    return tx.value(select(func.count()).select_from(user_table)) == 0


def new_token(tx: Tx) -> str:
    """A fresh one-time token for the set-up page; the one before is void."""
    token = secrets.token_urlsafe(24)
    value = {"hash": digest(token), "until": (clock.now() + LIFE).isoformat()}
    found = tx.find("options", name=OPTION)
    if found:
        tx.change("options", found.id, value=value)
    else:
        tx.insert("options", name=OPTION, value=value)
    return token


def check_token(tx: Tx, token: str) -> None:
    """Go on only with the token that the console printed, within its life."""
    found = tx.find("options", name=OPTION)
    value = found.value if found else {"hash": "", "until": clock.now().isoformat()}
    right = hmac.compare_digest(value["hash"], digest(token))
    if not right or datetime.fromisoformat(value["until"]) <= clock.now():
        raise Denied(WRONG)


def make_administrator(tx: Tx, *, login: str, password_hash: str, name: str = DEFAULT_NAME) -> int:
    """The first account: id 1, role 1, protected. Missing when there is one already."""
    if not needed(tx):
        raise Missing()
    ident = users.insert(tx, login=login, password_hash=password_hash, name=name or DEFAULT_NAME, protected=True)
    tx.insert("user_roles", user_id=ident, role_id=seeds.ADMINISTRATOR, created_at=clock.now())
    tx["options"].delete(name=OPTION)
    tx.after_commit(lambda: (tx.settings.data / FILE).unlink(missing_ok=True))
    return ident
