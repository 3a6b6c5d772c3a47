"""Groups, hosts and vouchers as tests need them, made through the API like everybody's."""

from typing import Any

from tests.client import Answer, Client

OK = {"code": 200, "msg": "OK"}
DEFAULT, SHOP = 1, 2
KINDS = {"groups": "group", "hosts": "resource", "vouchers": "voucher"}


def add(client: Client, kind: str, /, **facts: Any) -> int:
    """Add one and tell its id."""
    answer = client.post(f"/api/resource/{KINDS[kind]}/add/", facts)
    assert answer.json == OK, answer.json
    return int(listed(client, kind, desc=True, page_size=1)[0]["id"])


def add_group(client: Client, name: str, parent: int | None = None) -> int:
    return add(client, "groups", name=name, parent=parent, role=1)


def add_host(client: Client, name: str, address: str, group: int = SHOP, **facts: Any) -> int:
    return add(client, "hosts", name=name, ipv4_address=address, group=group, protocol=1, **facts)


def add_voucher(client: Client, name: str, group: int = SHOP, **facts: Any) -> int:
    facts = facts or {"password": "Example-2026.0"}
    return add(client, "vouchers", name=name, username="root", group=group, **facts)


def edit(client: Client, kind: str, **changes: Any) -> Answer:
    return client.post(f"/api/resource/{KINDS[kind]}/edit/", changes)


def remove(client: Client, kind: str, *idents: Any) -> Answer:
    return client.post(f"/api/resource/{KINDS[kind]}/del/", {"id_list": list(idents)})


def listed(client: Client, kind: str, **query: Any) -> Any:
    """The rows of a list."""
    return client.get(f"/api/resource/{KINDS[kind]}/get/", **query).detail


def names(client: Client, kind: str, **query: Any) -> list[str]:
    return [row["name"] for row in listed(client, kind, **query)]


def one(client: Client, kind: str, ident: int) -> Any:
    """One row of a list."""
    return next(row for row in listed(client, kind, all=True) if row["id"] == ident)
