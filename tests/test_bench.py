"""The benches run, tiny, and print what they found; how fast it was is not asserted here."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from appliance import bench
from appliance.bench import sshd
from appliance.bench.report import Figure, percentile, show

ROOT = Path(__file__).parent.parent
TINY = {
    "http": ["--rounds", "1", "--seconds", "0.2", "--connections", "4"],
    "terminal": ["--rounds=1", "--keys=5", "--sessions=2", "--floods=1", "--megabytes=1", "--seconds=1"],
    "start": ["--rounds", "1"],
    "ipam": ["--rounds=1", "--networks=1"],
    "beside": ["--rows=20", "--keys=5", "--rounds=1"],
    "sign-in": ["--rounds=1", "--seconds=3", "--people=2", "--keys=5"],
}


def measured(*arguments: str) -> tuple[list[str], dict[str, Any]]:
    """The table and the JSON of a bench that was started as operators start it."""
    command = [sys.executable, "-m", "appliance", "bench", *arguments]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stdout + done.stderr
    *table, last = done.stdout.splitlines()
    return table, json.loads(last)


@pytest.mark.parametrize("name", TINY)
def test_a_bench_prints_a_table_and_json(name: str) -> None:
    table, told = measured(name, *TINY[name])
    assert told["bench"] == name
    assert table[0].split() == ["what", "measured", "target"]
    assert [line[: len(figure["what"])] for line, figure in zip(table[1:], told["figures"], strict=True)] == [
        figure["what"] for figure in told["figures"]
    ]
    named = {figure["name"]: figure["value"] for figure in told["figures"]}
    assert len(named) == len(told["figures"]) > 1
    assert all(isinstance(value, float) for value in named.values())


def test_with_json_there_is_no_table() -> None:
    table, told = measured("start", "--json", "--rounds", "1")
    assert not table
    assert {"what", "value", "unit", "target", "met"} < told["figures"][0].keys()


def test_a_missed_target_is_told() -> None:
    figures = [Figure("fast", "a fast thing", 0.5, "s", "≤ 1"), Figure("slow", "a slow thing", 0.5, "×", "≥ 1")]
    _, fast, slow, _ = show("start", figures, table=True).splitlines()
    assert fast.endswith("≤ 1  ok")
    assert slow.endswith("≥ 1  MISSED")


def test_a_percentile_is_one_of_the_values() -> None:
    assert percentile(range(1, 101), 0.5) == 51
    assert percentile([3.0], 0.99) == 3.0


def test_without_sshd_it_says_what_is_missing(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture) -> None:
    monkeypatch.setattr(sshd, "PLACES", "/nowhere")
    assert bench.main(["terminal"]) == 1
    assert "apt-get install openssh-server" in capsys.readouterr().out
