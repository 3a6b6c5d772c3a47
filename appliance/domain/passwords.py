"""Passwords: their rules (identity 8) and their hashing, off the loop and few at a time."""

import base64
import hashlib
import os
import secrets
import unicodedata
from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta
from typing import TypeVar

import bcrypt
from gevent.threadpool import ThreadPool

COST = 12
KEPT = 5
AT_ONCE, POLITE = 2, 10
TEMPORARY = timedelta(days=1)
SIGNS = "ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnpqrstuvwxyz23456789!#%+-=?@"
LENGTH = "密码长度须为8到128个字符"
NAMED = "密码不能包含用户名"
CLASSES = "密码须包含大写字母、小写字母、数字、特殊字符中的至少三类"
COMMON = "密码过于常见"
REUSED = "不能使用最近5次用过的密码"
UNPRINTABLE = "密码不能包含控制字符"
COMMON_WORDS = (
    "password password1 password12 password123 password1! p@ssw0rd p@ssword passw0rd 12345678 123456789 1234567890 "
    "qwertyui qwerty123 qwertyuiop 1q2w3e4r 1qaz2wsx 1qaz@wsx abc12345 abcd1234 a1234567 aa123456 admin123 admin@123 "
    "administrator root1234 welcome1 welcome123 letmein1 iloveyou sunshine1 changeme changeme1 test1234 11111111 "
    "88888888 00000000 66666666 12341234 87654321 asdfghjk zxcvbnm1"
)
COMMON_ONES = frozenset(COMMON_WORDS.split())
DUMMY = "$2b$12$abcdefghijklmnopqrstuuLa1ARDLvS/xdlzGTPfrQgad3CyF4J0."
"""What a password is compared with when there is no such user, so that the answer takes as long."""
_pool = ThreadPool(AT_ONCE)
T = TypeVar("T")


def faults(password: str, login: str, *, full: bool) -> list[str]:
    """The rules a new password breaks; `full` adds those of seed 003 to the floor."""
    broken = floor(password, login)
    return broken + (strict(password, login) if full else [])


def floor(password: str, login: str) -> list[str]:
    """What holds at every door."""
    broken = [] if 8 <= len(password) <= 128 else [LENGTH]
    if any(unicodedata.category(sign) == "Cc" for sign in password):
        broken.append(UNPRINTABLE)
    if password.casefold() == login.casefold():
        broken.append(NAMED)
    return broken


def strict(password: str, login: str) -> list[str]:
    """What seed 003 asks for besides."""
    broken = [] if classes(password) >= 3 else [CLASSES]
    name, folded = login.casefold(), password.casefold()
    if len(name) >= 3 and name in folded and name != folded:
        broken.append(NAMED)
    if folded in COMMON_ONES:
        broken.append(COMMON)
    return broken


def classes(password: str) -> int:
    """How many of lower, upper, digit and other occur."""
    tests = (str.islower, str.isupper, str.isdigit, lambda sign: not sign.isalnum())
    return sum(any(test(sign) for sign in password) for test in tests)


def digest(password: str) -> bytes:
    """Short enough for bcrypt, which stops at 72 bytes, whatever was typed."""
    return base64.b64encode(hashlib.sha256(password.encode("utf-8", "surrogatepass")).digest())


def hash_password(password: str) -> str:
    """The bcrypt hash to store; waits in a thread. Never inside a transaction."""
    return _pool.apply(politely, (lambda: bcrypt.hashpw(digest(password), bcrypt.gensalt(COST)).decode(),))


def matches(password: str, hashed: str) -> bool:
    """Whether it is that password; takes the same time for any hash. Never inside a transaction."""
    return _pool.apply(politely, (lambda: bcrypt.checkpw(digest(password), hashed.encode()),))


def politely(work: Callable[[], T]) -> T:
    """Work in a thread of the pool, after everything else the machine has to do: terminals above all."""
    with suppress(OSError):  # where a sandbox forbids even that
        os.setpriority(os.PRIO_PROCESS, 0, POLITE)  # of this thread alone, as Linux has it
    return work()


def temporary(login: str) -> str:
    """A random password that keeps every rule."""
    while True:
        password = "".join(secrets.choice(SIGNS) for _ in range(16))
        if not faults(password, login, full=True):
            return password


def is_one_of(password: str, hashes: list[str]) -> bool:
    """Whether any of the hashes is of that password. Never inside a transaction."""
    return any(matches(password, hashed) for hashed in hashes)
