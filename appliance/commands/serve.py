"""`appliance serve`: takes the data folder, starts the application and the server around it."""

import gc
import sys

from appliance import datafolder, logs
from appliance.app import App
from appliance.crypto import BadKey
from appliance.errors import Problem
from appliance.hardening import harden
from appliance.server import Server
from appliance.settings import Settings

SWITCH = 0.0005  # seconds


def run(settings: Settings) -> int:
    """Serve until told to stop; the exit code."""
    harden()
    try:
        datafolder.prepare(settings.data)
        datafolder.hold(settings.data)
        logs.start(settings.log_file)
        server = Server(settings, ready(settings))
    except (datafolder.Unusable, BadKey, OSError) as error:
        return refuse(str(error))
    except Problem as problem:
        return refuse(f"the first administrator cannot be made: {problem}")
    settle()
    return server.run()


def settle() -> None:
    """What is there by now stays: to look through it for garbage again and again would stall terminals for 0.1 s.

    And a thread gives way to the loop sooner than after Python's 5 ms: an echo passes the loop five times and more.
    """
    gc.freeze()
    gc.enable()
    sys.setswitchinterval(SWITCH)


def ready(settings: Settings) -> App:
    """The application, with its first administrator if the environment names one."""
    app = App(settings)
    if settings.admin:
        app.create_first_administrator(settings.admin, settings.admin_password)
    return app


def refuse(sentence: str) -> int:
    """Say why there will be no appliance."""
    logs.stop()
    sys.stderr.write(f"appliance: {sentence}\n")
    return 1
