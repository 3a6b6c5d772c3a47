"""Work in threads, so that terminals and everybody else hardly notice: workbooks, rows of large subnets."""

from collections.abc import Callable
from typing import Any, TypeVar

from gevent.threadpool import ThreadPool

quick, patient = ThreadPool(1), ThreadPool(1)
"""For workbooks somebody waits for, and for large imports, which would keep him waiting."""
Result = TypeVar("Result")


def discard(rows: list[Any]) -> None:
    """Let go of very many objects one by one: to do it at once would stop all threads for a tenth of a second."""
    while rows:
        rows.pop()


def within(pool: ThreadPool, work: Callable[..., Result], *arguments: Any) -> Result:
    """What some work in a thread gives, or what it raises."""
    result, error = pool.apply(attempted, (work, *arguments))
    if error is not None:
        raise error
    return result


def attempted(work: Callable[..., Any], *arguments: Any) -> tuple[Any, Exception | None]:
    """The same in the thread; what a thread raises gevent would print as a fault of ours."""
    try:
        return work(*arguments), None
    except Exception as error:  # noqa: BLE001 -- raised again where it was wanted
        return None, error
