"""The command line: what there is to say, and which module does it. Imports nothing heavy before it is needed."""

import argparse
import sys
from collections.abc import Callable, Sequence
from typing import Any

from appliance import __version__
from appliance.settings import FILE, PREFIX, TABLE, Faults, Settings, flag, load

Arguments = argparse.Namespace
ROOT_DATA = "/var/lib/appliance as root, else ~/.local/share/appliance"


def main(arguments: Sequence[str] | None = None) -> int:
    """Do what the command line asks; the exit code."""
    parser = described()
    asked = parser.parse_args(arguments)
    if "run" not in asked:
        parser.print_help()
        return 2
    try:
        return int(asked.run(asked) or 0)
    except Faults as faults:
        print("appliance: these settings cannot be used:", *faults.sentences, sep="\n  ", file=sys.stderr)
        return 2
    except BrokenPipeError:  # as in `appliance routes | head`
        sys.stderr.close()
        return 1


def described() -> argparse.ArgumentParser:
    """Every command with its flags."""
    parser = argparse.ArgumentParser("appliance", description="A jump host in one file.")
    parser.add_argument("--version", action="version", version=__version__)
    commands = parser.add_subparsers(title="commands", metavar="")
    add = Adder(commands)
    add("serve", serve, "run the appliance", settings=True)
    admin_commands(add("admin", None, "accounts, without signing in: also while the appliance runs"))
    add("routes", routes, "print every route: method, path, permission, dialect, handler")
    add("openapi", openapi, "print the description of the API as JSON")
    add("doctor", doctor, "look for what keeps the appliance from working", settings=True)
    bench_parser = add("bench", bench, "measure this installation", add_help=False, prefix_chars="\0")
    bench_parser.add_argument("rest", nargs=argparse.REMAINDER)
    add("version", lambda _: print(__version__), "print the version")
    return parser


class Adder:
    """Adds a command with its help and, where it reads settings, their flags."""

    def __init__(self, commands: Any) -> None:
        self.commands = commands

    def __call__(
        self, name: str, run: Callable[[Arguments], Any] | None, text: str, *, settings: bool = False, **more: Any
    ) -> argparse.ArgumentParser:
        """The parser of the new command."""
        parser: argparse.ArgumentParser = self.commands.add_parser(
            name, help=text, description=f"{text[0].upper()}{text[1:]}.", **more
        )
        if run:
            parser.set_defaults(run=run)
        if settings:
            setting_flags(parser)
        return parser


def setting_flags(parser: argparse.ArgumentParser) -> None:
    """A flag for every setting that is no secret."""
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument("--config", metavar="FILE", help=f"settings file, instead of {FILE} in the data folder")
    for setting in TABLE:
        told = setting.metadata
        if told["secret"]:
            continue
        default = ROOT_DATA if setting.name == "data" else told["default"]
        meaning = f"{told['meaning']} [{str(default).lower() if isinstance(default, bool) else default or 'none'}]"
        more: dict[str, Any] = {"metavar": setting.name.rpartition("_")[2].upper()}
        if isinstance(told["default"], bool):
            more = {"action": argparse.BooleanOptionalAction}
        parser.add_argument(
            flag(setting.name), dest=setting.name, default=None, help=meaning.replace("%", "%%"), **more
        )
    secret = [f"  {PREFIX}{s.name.upper():15} {s.metadata['meaning']}" for s in TABLE if s.metadata["secret"]]
    parser.epilog = "\n".join(
        [
            f"Each is also a variable such as {PREFIX}IDLE_LIMIT, or a line of {FILE} such as idle_limit = 30;",
            "a flag is stronger than a variable, a variable stronger than the file. By environment only:",
            *secret,
        ]
    )


def admin_commands(parser: argparse.ArgumentParser) -> None:
    """`admin create`, `admin password` and the others."""
    add = Adder(parser.add_subparsers(title="commands", metavar="", required=True))
    typed = f"the password comes from {PREFIX}ADMIN_PASSWORD or the first line of standard input"
    texts = {
        "create": f"make an administrator; {typed}",
        "password": f"give somebody a new password, which ends all his sign-ins; {typed}",
        "unlock": "let somebody in again who was locked out, and every blocked address; administrators from everywhere",
        "mfa-reset": "take the second factor from somebody who lost it, which ends all his sign-ins",
    }
    for name, text in texts.items():
        command = add(name, admin, text)
        command.add_argument("login", help="whose account")
        command.add_argument("--data", help=f"the data folder [{ROOT_DATA}]")
        command.add_argument("--config", metavar="FILE", help=f"settings file, instead of {FILE} in the data folder")
        command.set_defaults(command=name)


def settings_of(asked: Arguments) -> Settings:
    """The settings that the command line, the environment and the file make together."""
    return load(vars(asked))


def serve(asked: Arguments) -> int:
    """Run the appliance."""
    from appliance.commands.serve import run

    return run(settings_of(asked))


def admin(asked: Arguments) -> int:
    """Change an account in the data folder."""
    from appliance.commands.admin import run

    return run(settings_of(asked), asked.command, asked.login)


def routes(_: Arguments) -> None:
    """Print the table of routes."""
    from appliance.commands.routes import table

    for line in table():
        print(line)


def openapi(_: Arguments) -> None:
    """Print the description of the API."""
    from appliance.commands.routes import description

    print(description())


def doctor(asked: Arguments) -> int:
    """Print what was looked at, and fail if anything is wrong."""
    from appliance.doctor import examine

    findings = examine(settings_of(asked))
    for finding in findings:
        print(finding)
    return 1 if any(finding.bad for finding in findings) else 0


def bench(asked: Arguments) -> int:
    """Measure."""
    from appliance.bench import main as measure

    return int(measure(asked.rest) or 0)
