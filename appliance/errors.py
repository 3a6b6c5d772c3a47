"""Refusals in the domain's words; each dialect tells them to its clients in its own manner."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

Faults = dict[str, Any]
"""Field name to sentence, list of sentences, or nested faults."""


class Problem(Exception):
    """A request that is refused for a reason its sender can understand."""

    def __init__(self, sentence: str = "", **faults: Any) -> None:
        super().__init__(sentence or str(faults))
        self.sentence = sentence
        self.faults: Faults = {name: listed(fault) for name, fault in faults.items()}


class Invalid(Problem):
    """Bad input: one sentence, or faults by field."""


class Taken(Invalid):
    """Bad input because something else has that name already."""


class Unknown(Problem):
    """Nobody we know: no, bad or ended credential."""


class Denied(Problem):
    """Somebody we know, without the right. An empty sentence means: held nowhere."""


class Missing(Problem):
    """The thing is not there, or the caller may not know that it is."""


class Conflict(Problem):
    """It would be fine, but not in the present state of things."""


class Throttled(Problem):
    """Too many tries; come back in `seconds`."""

    def __init__(self, seconds: int) -> None:
        super().__init__()
        self.seconds = seconds


class TooLarge(Problem):
    """The body is larger than we read."""


class Unavailable(Problem):
    """Read-only because of a wrong master key, or stopping."""


def listed(fault: Any) -> Any:
    """A lone sentence becomes a list of one; lists and nested faults stay."""
    return [fault] if isinstance(fault, str) else fault


class Collector:
    """Gathers faults by field, so that all of them are told at once."""

    def __init__(self) -> None:
        self.faults: Faults = {}
        self.kind: type[Problem] = Invalid

    def add(self, field: str, sentence: str) -> None:
        """Note one sentence about one field."""
        self.faults.setdefault(field, []).append(sentence)

    def absorb(self, problem: Problem) -> None:
        """Take over the faults of a check that raised."""
        for field, sentences in problem.faults.items():
            self.faults.setdefault(field, []).extend(sentences)


@contextmanager
def together() -> Iterator[Collector]:
    """Raise one Invalid at the end of the block if anything was collected."""
    collector = Collector()
    yield collector
    if collector.faults:
        raise Invalid(**collector.faults)
