"""Refusals in the domain's words; each dialect tells them to its clients in its own manner."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any, Self

Faults = dict[str, Any]
"""Field name to sentence, list of sentences, or nested faults."""


class Problem(Exception):
    """A request that is refused for a reason its sender can understand."""

    code = ""
    """What dialects with a list of codes call it, where its kind does not say so."""
    data: dict[str, Any] | None = None
    """What the client is told besides, where a refusal asks for something."""

    def __init__(self, sentence: str = "", /, **faults: Any) -> None:
        super().__init__(sentence or str(faults))
        self.sentence = sentence
        self.faults: Faults = {name: listed(fault) for name, fault in faults.items()}

    def coded(self, code: str) -> Self:
        """The same refusal with its code."""
        self.code = code
        return self


class Invalid(Problem):
    """Bad input: one sentence, or faults by field."""


class Misshapen(Invalid):
    """Bad input by its form alone, told under the caller's names; `right` is what was in order, under ours."""

    def __init__(self, right: dict[str, Any], /, **faults: Any) -> None:
        super().__init__("", **faults)
        self.right = right

    def add(self, faults: Faults) -> None:
        """Further faults of the same body, as far as their fields are not at fault already."""
        self.faults = joined({name: listed(fault) for name, fault in faults.items()}, self.faults)


class Taken(Invalid):
    """Bad input because something else has that name already."""


class Reserved(Invalid):
    """What the appliance itself needs stays as it is: seeded rows, the first account."""

    def __init__(self, sentence: str = "无法操作系统保留项") -> None:
        super().__init__(sentence)


class LastAdministrator(Reserved):
    """Afterwards nobody could administer."""


class Malformed(Invalid):
    """A body that is no JSON, or no object."""


NOTHING, BAD_TOKEN, OLD_TOKEN = "nothing", "token", "token expired"
BAD_KEY, DISABLED_KEY, OLD_KEY = "key", "key disabled", "key expired"


class Unknown(Problem):
    """Nobody we know: no, bad or ended credential. `why` is one of the words above, for dialects that say which."""

    def __init__(self, sentence: str = "", why: str = BAD_TOKEN) -> None:
        super().__init__(sentence)
        self.why = why


class Denied(Problem):
    """Somebody we know, without the right; `needs` names it. An empty sentence means: held nowhere."""

    def __init__(self, sentence: str = "", needs: Iterable[str] = ()) -> None:
        super().__init__(sentence)
        self.needs = list(needs)


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


def joined(further: Faults, told: Faults) -> Faults:
    """Faults of both, inside lists of shapes too; of a field in both, what was told first."""
    both = {
        name: joined(further[name], told[name]) for name in further.keys() & told.keys() if nested(further, told, name)
    }
    return further | told | both


def nested(further: Faults, told: Faults, name: str) -> bool:
    """Whether both have faults by name inside that field."""
    return isinstance(further[name], dict) and isinstance(told[name], dict)


def listed(fault: Any) -> Any:
    """A lone sentence becomes a list of one; lists and nested faults stay."""
    return [fault] if isinstance(fault, str) else fault


class Collector:
    """Gathers faults by field, so that all of them are told at once."""

    def __init__(self) -> None:
        self.faults: Faults = {}
        self.kinds: set[type[Invalid]] = set()

    def add(self, field: str, sentence: str, kind: type[Invalid] = Invalid) -> None:
        """Note one sentence about one field."""
        self.faults.setdefault(field, []).append(sentence)
        self.kinds.add(kind)

    def absorb(self, problem: Problem) -> None:
        """Take over the faults of a check that raised."""
        for field, sentences in problem.faults.items():
            self.faults.setdefault(field, []).extend(sentences)
        self.kinds.add(Taken if isinstance(problem, Taken) else Invalid)

    @contextmanager
    def taking_over(self) -> Iterator[None]:
        """Go on after a check that finds faults, with its faults noted."""
        try:
            yield
        except Invalid as problem:
            self.absorb(problem)


@contextmanager
def together() -> Iterator[Collector]:
    """Raise one Invalid at the end of the block if anything was collected: Taken if nothing else was wrong."""
    collector = Collector()
    yield collector
    if collector.faults:
        raise (Taken if collector.kinds == {Taken} else Invalid)(**collector.faults)
