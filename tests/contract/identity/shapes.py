"""Compares an answer with the sample of seed 003: every documented key in its order and kind, ours only behind them."""

from typing import Any

from tests.client import Answer
from tests.contract.alike import alike


def as_shown(answer: Answer, sample: dict[str, Any]) -> bool:
    """Whether it is the documented success, its message letter for letter, additive keys aside."""
    told = answer.json
    return answer.status == 200 and told["message"] == sample["message"] and alike(documented(told, sample), sample)


def documented(ours: Any, sample: Any) -> Any:
    """The part of an answer that the sample shows; keys of ours come after the documented ones."""
    if isinstance(sample, dict) and isinstance(ours, dict):
        return {key: documented(value, sample.get(key)) for key, value in list(ours.items())[: len(sample)]}
    if isinstance(sample, list) and isinstance(ours, list) and sample:
        return [documented(one, sample[0]) for one in ours]
    return ours


def refused(answer: Answer) -> tuple[int, str]:
    """Status and message of a refusal in this dialect's envelope."""
    told = answer.json
    assert (told["success"], told["code"], told["data"]) == (False, answer.status, {})
    return answer.status, told["message"]
