"""People, roles and moments that tests of this dialect need besides those of conftest."""

from datetime import timedelta
from typing import Any

import pytest

from appliance import clock
from appliance.app import App
from appliance.domain import users
from appliance.store import Row, Tx
from tests.client import Client
from tests.conftest import signed_in


def employ(app: App, login: str, *codes: str, on: int | None = None, **profile: Any) -> Client:
    """Somebody signed in with a role of his own, which holds the codes: everywhere, or on a group. PASSWORD is his."""
    with app.store.writing() as tx:
        role = make_role(tx, f"role of {login}", *codes, on=on)
        like = tx.find("users", login="alice")
        assert like is not None
        row = {"name": login, "password_hash": like.password_hash} | profile
        ident = users.insert(tx, login=login, **row)
        tx.insert("user_roles", user_id=ident, role_id=role)
    return signed_in(app, login)


def make_role(tx: Tx, name: str, *codes: str, on: int | None = None) -> int:
    """A role that holds the codes: as base permissions, or on a group."""
    role = tx.insert("roles", name=name, name_key=name, code=name, code_key=name)
    for code in codes:
        held = {"role_id": role, "permission_id": number(tx, code)}
        if on is None:
            tx.insert("role_permissions", **held)
        else:
            tx.insert("grants", group_id=on, **held)
    return role


def number(tx: Tx, code: str) -> int:
    """The id of a permission."""
    found = tx.find("permissions", code=code)
    assert found is not None
    return found.id


def row(app: App, table: str, **equals: Any) -> Row:
    """The one row that is like this."""
    with app.store.reading() as tx:
        found = tx.find(table, **equals)
    assert found is not None
    return found


def rows(app: App, table: str, **equals: Any) -> list[Row]:
    """All rows that are like this, by id."""
    with app.store.reading() as tx:
        return [Row(one) for one in tx[table].find(order_by="id", **equals)]


def alter(app: App, table: str, ident: int, **columns: Any) -> None:
    """Set columns of a row, whatever the rules say."""
    with app.store.writing() as tx:
        tx.change(table, ident, **columns)


def last_operation(app: App) -> tuple[str, bool]:
    """The newest line of the operation log: its text, and whether something was done."""
    newest = rows(app, "operations")[-1]
    return newest.operation, newest.succeeded


def later(monkeypatch: pytest.MonkeyPatch, **delta: float) -> None:
    """Move the clock on."""
    moment = clock.now() + timedelta(**delta)
    monkeypatch.setattr(clock, "now", lambda: moment)
