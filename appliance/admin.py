"""What the console may do to accounts: make administrators, give passwords, take second factors, lift locks."""

from appliance.domain import (
    access,
    audit,
    catalogue,
    guard,
    mfa,
    new_password,
    password_history,
    passwords,
    policies,
    seeds,
    setup,
    tokens,
    users,
)
from appliance.domain.access import Actor
from appliance.domain.names import folded
from appliance.errors import Missing
from appliance.store import Row, Store, Tx


def console() -> Actor:
    """Who the audit says it was."""
    return Actor(dialect="console", user=Row(id=0, login="console", name="命令行"), codes=frozenset({catalogue.ALL}))


def create(store: Store, login: str, password: str) -> None:
    """An administrator; the first one is the protected account."""
    with store.reading(console()) as tx:
        users.check(tx, login=login, password=password)
    hashed = passwords.hash_password(password)
    with store.writing(console()) as tx:
        if setup.needed(tx):
            setup.make_administrator(tx, login=login, password_hash=hashed)
        else:
            users.create(tx, login=login, password_hash=hashed, name=login, role_ids=[seeds.ADMINISTRATOR])
        audit.note(tx, "添加用户")


def set_password(store: Store, login: str, password: str) -> None:
    """A new password for anybody, the protected account too. It ends every sign-in and every lock."""
    with store.reading(console()) as tx:
        user = found(tx, login)
        users.check_password(tx, password, user.login)
    hashed = new_password.fresh(store, user.id, password)
    with store.writing(console()) as tx:
        user = found(tx, login)
        password_history.replace(tx, user.id, hashed)
        free(tx, user)
        audit.note(tx, f"重置{user.login}密码")


def reset_second_factor(store: Store, login: str) -> None:
    """Sign-in asks for no code any more; where one is required, a new one is set up at the next. Ends sign-ins."""
    with store.writing(console()) as tx:
        user = found(tx, login)
        guard.unlock(tx, user.login_key)
        mfa.turn_off(tx, user.id)
        audit.note(tx, f"重置{user.login}的MFA")


def unlock(store: Store, login: str) -> None:
    """No lock on the account, no block on any address: whoever asks may be shut out by either. Ends sign-ins too.

    An administrator is also let in from everywhere and at any time: there may be nobody else to do that for him.
    """
    with store.writing(console()) as tx:
        user = found(tx, login)
        free(tx, user)
        if access.is_administrator(tx, user.id):
            tx.change("users", user.id, allowed_addresses=[])
            policies.open_for(tx, user.id)
        tokens.end_all(tx, user.id, "unlock")
        audit.note(tx, f"解锁{user.login}")


def free(tx: Tx, user: Row) -> None:
    """Lift every lock that keeps somebody out."""
    guard.unlock(tx, user.login_key)
    guard.unblock_addresses(tx)
    tx.change("users", user.id, locked=False)


def found(tx: Tx, login: str) -> Row:
    """The account, or Missing."""
    user = tx.find("users", login_key=folded(login))
    if user is None:
        raise Missing()
    return user
