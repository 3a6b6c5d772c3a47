"""Regular expressions of others: short, and of a form that cannot run away."""

import re

LONGEST = 200
MOST_UNBOUNDED = 3


def is_safe(pattern: str) -> bool:
    """Whether it compiles, and nothing that is repeated repeats or chooses within, looks around or refers back."""
    if len(pattern) > LONGEST:
        return False
    try:
        re.compile(pattern)
    except (re.error, OverflowError, RecursionError):
        return False
    return not runs_away(bare(pattern))


def bare(pattern: str) -> str:
    """The pattern with escapes and classes as plain letters; back references stay visible as `\\`."""
    text, at = "", 0
    while at < len(pattern):
        sign = pattern[at]
        if sign == "\\":
            text += "\\" if pattern[at + 1 : at + 2].isdigit() else "x"
            at += 2
        elif sign == "[":
            at = end_of_class(pattern, at)
            text += "x"
        else:
            text += sign
            at += 1
    return text


def end_of_class(pattern: str, at: int) -> int:
    """The place behind a class in brackets."""
    at += 2 if pattern[at + 1 : at + 2] == "^" else 1
    at += pattern[at : at + 1] == "]"
    while at < len(pattern) and pattern[at] != "]":
        at += 2 if pattern[at] == "\\" else 1
    return at + 1


def runs_away(text: str) -> bool:
    """Whether a group that varies within is repeated, or too much of anything follows too much of anything."""
    if "\\" in text or "(?" in text.replace("(?:", "") or text.count(".*") + text.count(".+") > MOST_UNBOUNDED:
        return True
    varies: list[bool] = [False]
    for at, sign in enumerate(text):
        if sign == "(":
            varies.append(False)
        elif sign in "*+{|" or (sign == "?" and text[at - 1 : at] not in "("):
            varies[-1] = True
        elif sign == ")":
            inner = varies.pop()
            if inner and text[at + 1 : at + 2] in ("*", "+", "{"):
                return True
            varies[-1] = varies[-1] or inner
    return False
