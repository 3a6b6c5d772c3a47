"""Nobody's flood, pause or abuse costs more than a window of memory, nor the others their answers."""

import hashlib
import json
import time
from collections.abc import Callable, Iterator

import pytest
import websocket

from tests.terminal.world import Terminal, World, eventually

MEGABYTE = 1_000_000
HIGH = 256 * 1024
STALLED = 8


@pytest.fixture
def neighbour(world: World) -> Iterator[Callable[[], float]]:
    """Somebody who types a character now and then: the longest that he waited for one of fifty."""
    terminal = world.shell()
    terminal.type("stty raw; printf go.; cat\r")
    terminal.until("go.")

    def worst() -> float:
        waits = []
        for _ in range(50):
            began = time.monotonic()
            terminal.type("k")
            assert terminal.receive()
            waits.append(time.monotonic() - began)
            time.sleep(0.01)
        return max(waits)

    return worst


def flood(world: World, **query: int) -> Terminal:
    """A terminal in which `yes` runs and nobody reads."""
    terminal = world.shell(binary=1, **query)
    terminal.type("PS1=pro''mpt; yes\r")
    return terminal


def test_memory_stays_flat_while_a_flood_is_not_read(world: World, neighbour: Callable[[], float]) -> None:
    terminal = flood(world)
    time.sleep(1)
    before = world.memory()
    time.sleep(STALLED)
    assert world.memory() - before < 4 * MEGABYTE
    assert neighbour() < 0.3
    terminal.type("\x03")
    terminal.until("prompt")


def test_five_floods_that_are_not_read_add_little(world: World) -> None:
    world.shell().run("true")
    before = world.memory()
    terminals = [flood(world) for _ in range(5)]
    time.sleep(3)
    assert world.memory() - before < 5 * 4 * MEGABYTE
    assert len(terminals) == 5


def test_four_floods_that_are_read_leave_others_their_answers(world: World, neighbour: Callable[[], float]) -> None:
    for _ in range(4):
        terminal = flood(world)
        world.drain(terminal)
    time.sleep(0.5)
    assert neighbour() < 0.5


def test_a_page_that_sends_receipts_is_never_sent_much_ahead_of_them(world: World) -> None:
    terminal = flood(world, ack=1)
    received = received_until_quiet(terminal)
    assert HIGH <= received <= HIGH + 64 * 1024
    terminal.send({"type": 3, "data": received})
    again = received_until_quiet(terminal)
    assert HIGH <= again <= HIGH + 64 * 1024
    terminal.type("\x03")
    terminal.send({"type": 3, "data": received + again})
    terminal.until("prompt")


def received_until_quiet(terminal: Terminal) -> int:
    """How many bytes come until nothing comes for a second."""
    terminal.socket.settimeout(1)
    total = sum(len(frame) for frame in terminal.frames) if not hasattr(terminal, "counted") else 0
    terminal.counted = True  # type: ignore[attr-defined]
    try:
        while True:
            total += len(terminal.socket.recv_data()[1])
    except websocket.WebSocketTimeoutException:
        terminal.socket.settimeout(15)
        return total


def test_a_shell_that_does_not_read_pauses_who_types(world: World, neighbour: Callable[[], float]) -> None:
    terminal = world.shell()
    line = "0123456789abcdef" * 1000
    count = 200
    terminal.type(f"stty raw; printf go.; sleep 3; head -c {len(line) * count} | md5sum\r")
    terminal.until("go.")
    before = world.memory()
    pasting = world.paste(terminal, [line] * count)
    assert neighbour() < 0.5
    time.sleep(1)
    assert world.memory() - before < 4 * MEGABYTE
    terminal.until(hashlib.md5((line * count).encode(), usedforsecurity=False).hexdigest())
    pasting.join()


def test_a_message_over_64_kilobytes_ends_the_session_with_1009(world: World) -> None:
    terminal = world.shell()
    terminal.type("x" * 70_000)
    terminal.end()
    assert terminal.code == 1009
    eventually(lambda: world.sessions()[0]["status"] == "close")


def test_a_hundred_thousand_tiny_messages_are_served_but_not_at_once(
    world: World, neighbour: Callable[[], float]
) -> None:
    terminal = world.shell()
    tiny = websocket.ABNF.create_frame(json.dumps({"type": 9}), websocket.ABNF.OPCODE_TEXT).format()
    terminal.socket.settimeout(60)
    sending = world.push(terminal, tiny * 100_000)
    assert neighbour() < 0.5
    sending.join()
    assert terminal.run("echo alive") == "alive\r\n"


def test_a_storm_of_resizes_ends_at_the_last_one(world: World) -> None:
    terminal = world.shell()
    for columns in range(20, 520):
        terminal.resize(columns, 50)
    assert terminal.run("stty size") == "50 519\r\n"


def test_hostile_output_is_passed_on_unchanged_and_never_answered(world: World) -> None:
    hostile = (
        r"\033]52;c;aGk=\007 \033]8;;javascript:x\033\\x\033]8;;\033\\ \033P$qm\033\\ \033[21t \033[c \033[6n "
        r"**\030B00000000000000 \033]0;"
    )
    terminal = world.shell(binary=1)
    terminal.type(
        f"printf '{hostile}'; head -c 10000000 /dev/zero | tr '\\0' t; printf '\\007'; read -rt 1 x; printf \"[$x]\"\r"
    )
    terminal.socket.settimeout(30)
    tail = b""
    while b"[" not in tail or not tail.endswith(b"]"):
        tail = terminal.socket.recv_data()[1][-10:]
    assert tail.endswith(b"[]")
