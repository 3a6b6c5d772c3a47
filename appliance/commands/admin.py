"""`appliance admin`: accounts, for whoever owns the data folder; works also while the appliance runs."""

import os
import re
import sys

from appliance import clock
from appliance.app import App
from appliance.crypto import BadKey
from appliance.datafolder import Unusable, prepare
from appliance.domain import guard, passwords, seeds, setup, tokens, users
from appliance.domain.names import folded
from appliance.errors import Invalid, Missing, Problem
from appliance.settings import Settings
from appliance.store import Row, Tx

LOGIN = re.compile(r"[A-Za-z0-9_.@-]{1,64}")
NOBODY = "there is no such account"


def run(settings: Settings, command: str, login: str) -> int:
    """Carry out one command; the exit code."""
    os.umask(0o077)
    try:
        prepare(settings.data)
        app = App(settings)
        told = COMMANDS[command](app, login.strip(), settings)
    except Missing:
        return refuse(f"{login}: {NOBODY}")
    except Problem as problem:
        broken = [sentence for sentences in problem.faults.values() for sentence in sentences]
        return refuse(f"{login}: {problem.sentence or '; '.join(broken)}")
    except (BadKey, Unusable) as error:
        return refuse(str(error))
    sys.stdout.write(f"{login}: {told}\n")
    app.store.close()
    return 0


def create(app: App, login: str, settings: Settings) -> str:
    """An administrator; the first one is the protected account."""
    if not LOGIN.fullmatch(login):
        raise Invalid("a login is 1 to 64 of A-Z a-z 0-9 _ . @ -")
    hashed = passwords.hash_password(typed(settings, login))
    with app.store.writing() as tx:
        if setup.needed(tx):
            setup.make_administrator(tx, login=login, password_hash=hashed)
        else:
            ident = users.insert(tx, login=login, password_hash=hashed, name=login)
            tx.insert("user_roles", user_id=ident, role_id=seeds.ADMINISTRATOR, created_at=clock.now())
    return "is an administrator now"


def password(app: App, login: str, settings: Settings) -> str:
    """A new password. It ends every sign-in, and any lock."""
    with app.store.reading() as tx:
        found(tx, login)
    hashed = passwords.hash_password(typed(settings, login))
    with app.store.writing() as tx:
        user = found(tx, login)
        moment = clock.now()
        kept = {"password_at": moment, "must_change_password": False, "password_expires_at": None}
        tx.change("users", user.id, password_hash=hashed, **kept)
        users.remember_password(tx, user.id, hashed, moment)
        tokens.end_all(tx, user.id, "password")
        guard.unlock(tx, user.login_key)
    return "has a new password now"


def unlock(app: App, login: str, _: Settings) -> str:
    """No lock on the account, no block on any address: whoever asks may be shut out by either."""
    with app.store.writing() as tx:
        user = found(tx, login)
        guard.unlock(tx, user.login_key)
        guard.unblock_addresses(tx)
        tx.change("users", user.id, locked=False)
    return "may sign in again"


COMMANDS = {"create": create, "password": password, "unlock": unlock}


def found(tx: Tx, login: str) -> Row:
    """The account, or Missing."""
    user = tx.find("users", login_key=folded(login))
    if user is None:
        raise Missing()
    return user


def typed(settings: Settings, login: str) -> str:
    """The new password, from the environment or standard input, held to the rules."""
    given = settings.admin_password or from_terminal()
    broken = passwords.faults(given, login, full=settings.strict_passwords)
    if broken:
        raise Invalid(password=broken)
    return given


def from_terminal() -> str:
    """A line of standard input; unseen when it is typed."""
    if not sys.stdin.isatty():
        return sys.stdin.readline().rstrip("\r\n")
    from getpass import getpass

    return getpass("Password: ")


def refuse(sentence: str) -> int:
    """Say what is wrong."""
    sys.stderr.write(f"appliance: {sentence}\n")
    return 1
