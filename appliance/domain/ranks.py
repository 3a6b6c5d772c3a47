"""What somebody is, in one word: admin, operator, auditor, or what a role of our own is called (ipam 8)."""

from collections.abc import Iterable

from appliance.domain import members, roles, seeds
from appliance.errors import Invalid
from appliance.store import Row, Tx

WORDS = {seeds.ADMINISTRATOR: "admin", seeds.CLIENT: "operator", seeds.AUDITOR: "auditor"}
IDS = {word: ident for ident, word in WORDS.items()} | {"user": seeds.CLIENT, "viewer": seeds.AUDITOR}
NO_SUCH = "角色不存在: {}"


def attach(tx: Tx, rows: list[Row]) -> None:
    """Complete users with `roles`, their words, and `role`, the highest."""
    members.add_roles(tx, rows)
    custom = {ident for row in rows for ident in row["roles"]} - WORDS.keys()
    called = WORDS | roles.codes(tx, custom)
    for row in rows:
        row["roles"] = [called[ident] for ident in row["roles"] if ident in called]
        row["role"] = row["roles"][0] if row["roles"] else ""


def of(tx: Tx, user: Row) -> Row:
    """One user, completed."""
    row = Row(user)
    attach(tx, [row])
    return row


def id_of(tx: Tx, word: str, field: str = "role") -> int:
    """The role a word means, or Invalid."""
    if word in IDS:
        return IDS[word]
    row = roles.by_word(tx, word)
    if row is None:
        raise Invalid(**{field: NO_SUCH.format(word[:64])})
    return int(row.id)


def ids_of(tx: Tx, words: Iterable[str]) -> list[int]:
    """The roles that words mean."""
    return [id_of(tx, word, "roles") for word in words]


def word_of(tx: Tx, role_id: int) -> str:
    """What a role is called."""
    return WORDS.get(role_id) or roles.codes(tx, [role_id]).get(role_id, "")
