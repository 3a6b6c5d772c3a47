"""What a bench found: figures with their targets, as a table and as one line of JSON."""

import json
import operator
import os
import platform
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from statistics import median

COMPARE = {"≥": operator.ge, "≤": operator.le}


class Unable(Exception):
    """This machine lacks what the bench needs; the sentence is for the operator."""


@dataclass(frozen=True)
class Figure:
    """One measured value. `target` is a comparison such as "≤ 3", empty where there is none."""

    name: str
    what: str
    value: float
    unit: str = ""
    target: str = ""

    @property
    def met(self) -> bool | None:
        """Whether the target is reached."""
        if not self.target:
            return None
        sign, number = self.target.split()
        return bool(COMPARE[sign](self.value, float(number)))


def show(bench: str, figures: Sequence[Figure], *, table: bool) -> str:
    """The table, if wanted, and as the last line everything as JSON."""
    found = [{**asdict(figure), "value": round(figure.value, 4), "met": figure.met} for figure in figures]
    told = json.dumps({"bench": bench, "machine": machine(), "figures": found}, ensure_ascii=False)
    return "\n".join([*(drawn(figures) if table else []), told])


def machine() -> dict[str, object]:
    """What the figures were taken on."""
    return {"processors": os.cpu_count(), "kind": platform.machine(), "load": os.getloadavg()[0]}


def drawn(figures: Sequence[Figure]) -> list[str]:
    """Aligned columns, a line each."""
    width = max(len(figure.what) for figure in figures)
    lines = [f"{'what':{width}} {'measured':>10} {'':9} target"]
    for figure in figures:
        verdict = {True: "  ok", False: "  MISSED", None: ""}[figure.met]
        lines.append(
            f"{figure.what:{width}} {figure.value:10.{digits(figure.value)}f} {figure.unit:9} {figure.target}{verdict}"
        )
    return [line.rstrip() for line in lines]


def digits(value: float) -> int:
    """Three figures that count, more or less."""
    return 3 if abs(value) < 1 else 2 if abs(value) < 100 else 0


def percentile(values: Sequence[float], share: float) -> float:
    """The value that this share of all values stays below; 0 of none."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))] if ordered else 0.0


def middle(values: Sequence[float]) -> float:
    """The median."""
    return float(median(values))
