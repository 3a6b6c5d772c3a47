"""The time, so that tests can move it: aware UTC inside, zones only at the edges."""

from datetime import UTC, datetime


def now() -> datetime:
    """This moment, in UTC with its zone."""
    return datetime.now(UTC)


def stamp(moment: datetime) -> int:
    """Whole seconds since 1970, as tokens carry them."""
    return int(moment.timestamp())
