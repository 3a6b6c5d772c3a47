"""`appliance bench`: measures this installation on this machine, as ratios taken in one run."""

import argparse
from collections.abc import Sequence
from importlib import import_module

BENCHES = {
    "http": "a list of 20 hosts, beside the bare server library",
    "terminal": "echo, bulk, memory and Ctrl-C of SSH sessions, beside OpenSSH's own client",
    "sign-in": "sign-ins per second, and the echo of a terminal while twenty sign in at once",
    "ipam": "lists of a million addresses beside a thousand, and allocation in networks of any size",
    "beside": "echo of a terminal beside a large import and a new /16, and the import beside openpyxl",
    "start": "cold and warm start of the executable, beside an installed environment",
}


def main(arguments: Sequence[str]) -> int:
    """Run one bench; the exit code."""
    parser = argparse.ArgumentParser("appliance bench", description="Measure this installation.")
    commands = parser.add_subparsers(title="benches", metavar="bench", required=True)
    for name, text in BENCHES.items():
        bench = import_module(f"appliance.bench.{name.replace('-', '_')}")
        command = commands.add_parser(name, help=text, description=f"Measures {text}.")
        command.add_argument("--json", action="store_true", help="print no table, only the line of JSON")
        bench.flags(command)
        command.set_defaults(measure=bench.measure, bench=name)
    return run(parser.parse_args(arguments))


def run(asked: argparse.Namespace) -> int:
    """Measure, and print what was found."""
    from appliance.bench.report import Unable, show

    try:
        figures = asked.measure(asked)
    except Unable as reason:
        print(f"appliance bench: {reason}")
        return 1
    print(show(asked.bench, figures, table=not asked.json), flush=True)
    return 0
