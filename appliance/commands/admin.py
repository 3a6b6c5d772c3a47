"""`appliance admin`: accounts, for whoever owns the data folder; works also while the appliance runs."""

import os
import sys

from appliance import admin
from appliance.app import App
from appliance.crypto import BadKey
from appliance.datafolder import Unusable, prepare
from appliance.errors import Missing, Problem
from appliance.settings import Settings

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
    admin.create(app.store, login, typed(settings))
    return "is an administrator now"


def password(app: App, login: str, settings: Settings) -> str:
    """A new password, which ends every sign-in and every lock."""
    with app.store.reading() as tx:
        admin.found(tx, login)
    admin.set_password(app.store, login, typed(settings))
    return "has a new password now"


def unlock(app: App, login: str, _: Settings) -> str:
    """Let somebody in again."""
    admin.unlock(app.store, login)
    return "may sign in again"


def mfa_reset(app: App, login: str, _: Settings) -> str:
    """Sign-in asks somebody for no code any more."""
    admin.reset_second_factor(app.store, login)
    return "signs in without a second factor now"


COMMANDS = {"create": create, "password": password, "unlock": unlock, "mfa-reset": mfa_reset}


def typed(settings: Settings) -> str:
    """The new password, from the environment or standard input."""
    return settings.admin_password or from_terminal()


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
