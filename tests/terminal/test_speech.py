"""What is said in both directions, over a real shell."""

import hashlib
import json
import os
import time
from pathlib import Path

import pytest
import websocket

from tests.terminal.world import Terminal, World

BLOCK = 20_000_000


def test_a_command_is_answered(world: World) -> None:
    terminal = world.shell()
    assert terminal.run("echo $((6 * 7))") == "42\r\n"
    assert terminal.run("echo $TERM") == "xterm-256color\r\n"


def test_it_is_a_login_shell_of_the_size_that_was_asked_for(world: World) -> None:
    terminal = world.shell(cols=101, rows=33)
    assert terminal.run("shopt -q login_shell && stty size") == "33 101\r\n"


@pytest.mark.parametrize("wrong", [{"cols": "0", "rows": "-1"}, {"cols": "100000", "rows": "x"}, {}])
def test_without_a_usable_size_it_is_80_by_24(world: World, wrong: dict[str, str]) -> None:
    assert world.shell(**wrong).run("stty size") == "24 80\r\n"


def test_the_shell_sees_a_resize(world: World) -> None:
    terminal = world.shell()
    terminal.resize(132, 43)
    assert terminal.run("stty size") == "43 132\r\n"


def test_input_goes_to_the_shell_as_it_is(world: World) -> None:
    terminal = world.shell()
    text = "中文 «é» \\n \" ' $(x) \u00a0 \U0001f600"
    terminal.type("printf go.; IFS= read -r line; printf '[%s]' \"$line\"\r")
    terminal.until("go.")
    terminal.type(text + "\r")
    terminal.until(f"[{text}]")


def test_the_same_json_in_a_binary_frame_is_input_too(world: World) -> None:
    terminal = world.shell()
    terminal.socket.send_binary(json.dumps({"type": 2, "data": "echo bin''ary\r"}).encode())
    terminal.until("binary\r\n")


NONSENSE = [
    *(
        '{"type":2',
        "null",
        "[]",
        "[1,2]",
        '"text"',
        "0",
        "{}",
        '{"type":2}',
        '{"type":9,"data":"x"}',
        "\x00",
        "{" * 5000,
    ),
    *('{"type":2,"data":5}', '{"type":2,"data":""}', '{"type":2,"data":null}', '{"type":"2","data":"exit\\r"}'),
    *('{"type":2,"data":"\\ud83d"}', '{"type":true,"data":{"cols":5,"rows":5}}', '{"type":2.0,"data":"exit\\r"}'),
    *('{"type":1}', '{"type":1,"data":{}}', '{"type":1,"data":[80,24]}', '{"type":1,"data":{"cols":"5","rows":"5"}}'),
    *('{"type":1,"data":{"cols":0,"rows":24}}', '{"type":1,"data":{"cols":1001,"rows":24}}'),
    *('{"type":1,"data":{"cols":80,"rows":true}}', '{"type":1,"data":{"cols":1e3,"rows":24}}'),
    *('{"type":3,"data":-1}', '{"type":3,"data":99999999999999999999999}', '{"type":4,"data":"exit\\r"}'),
]


def test_nonsense_is_ignored_and_harms_nothing(world: World) -> None:
    terminal = world.shell()
    for text in NONSENSE:
        terminal.send(text)
        terminal.socket.send_binary(text.encode())
    terminal.socket.send_binary(b"\xff\xfe")
    assert terminal.run("stty size") == "24 80\r\n"


@pytest.mark.parametrize("opcode", [websocket.ABNF.OPCODE_TEXT, websocket.ABNF.OPCODE_BINARY])
def test_an_empty_frame_is_a_polite_goodbye(world: World, opcode: int) -> None:
    terminal = world.shell()
    terminal.socket.send(b"", opcode)
    said = len(terminal.frames)
    terminal.end()
    assert (terminal.code, terminal.reason, len(terminal.frames)) == (1000, "", said)


def test_the_end_of_the_shell_is_the_end_of_the_session_without_a_sentence(world: World) -> None:
    terminal = world.shell()
    terminal.type("printf 'last wo''rds'; exit 3\r")
    terminal.end()
    assert "last words" in terminal.seen
    assert (terminal.code, terminal.reason) == (1000, "")


def test_a_character_split_between_reads_stays_whole(world: World) -> None:
    terminal = world.shell()
    said = terminal.run(r"for b in \\344 \\270 \\255 \\360 \\237 \\230 \\200; do printf $b; sleep 0.05; done")
    assert said == "中\U0001f600"
    assert all(isinstance(frame, str) for frame in terminal.frames)


def test_what_is_no_utf8_is_replaced_and_ends_nothing(world: World) -> None:
    terminal = world.shell()
    assert terminal.run(r"printf 'a\377b\300c\344\270d'") == "a\ufffdb\ufffdc\ufffdd"
    assert terminal.run("head -c 100000 /dev/urandom | tr -d '\\r\\n'") != ""
    assert terminal.run("echo alive") == "alive\r\n"


def test_half_a_character_at_the_end_is_not_lost(world: World) -> None:
    terminal = world.shell()
    terminal.type("printf '\\344\\270'; exec true\r")
    assert terminal.end().endswith("\ufffd")


def test_with_binary_the_bytes_come_as_they_are(world: World) -> None:
    terminal = world.shell(binary=1)
    assert terminal.run(r"printf 'x\377\344\270y'") == "x\ufffd\ufffdy"
    assert b"x\xff\xe4\xb8y" in b"".join(frame for frame in terminal.frames if isinstance(frame, bytes))


def test_with_binary_a_sentence_of_ours_is_a_text_frame(world: World) -> None:
    terminal = world.open(host_id=99, binary=1)
    assert terminal.end() == "资源不存在"


def poured(terminal: Terminal, file: Path) -> bytes:
    """The content of a file as the terminal shows it."""
    terminal.run("stty raw")
    terminal.type(f"cat {file}; printf the''end\r")
    return terminal.bytes_until(b"theend")


def test_nothing_of_twenty_megabytes_is_lost(world: World, tmp_path: Path) -> None:
    content = os.urandom(BLOCK // 100) * 100
    (tmp_path / "bytes").write_bytes(content)
    assert poured(world.shell(binary=1), tmp_path / "bytes") == content


def test_nothing_of_ten_megabytes_of_text_is_lost_or_torn(world: World, tmp_path: Path) -> None:
    content = ("".join(chr(code) for code in range(0x4E00, 0x9FA5)) + "\n").encode() * (BLOCK // 2 // 62_764)
    (tmp_path / "text").write_bytes(content)
    assert poured(world.shell(), tmp_path / "text") == content


def test_output_comes_in_frames_of_at_most_32_kilobytes(world: World) -> None:
    terminal = world.shell(binary=1)
    terminal.run("head -c 2000000 /dev/zero | tr '\\0' x")
    sizes = [len(frame) for frame in terminal.frames]
    assert max(sizes) <= 32 * 1024
    assert len(sizes) < 2_000_000 / 4096, "small pieces are put together"


def interrupted(terminal: Terminal) -> float:
    """Seconds from Ctrl-C in a running `yes` to the prompt."""
    terminal.type("PS1=pro''mpt; yes\r")
    terminal.until("y\r\n" * 1000)
    began = time.monotonic()
    terminal.type("\x03")
    terminal.until("prompt", since=len(terminal.seen))
    return time.monotonic() - began


def test_ctrl_c_in_a_flood_gives_the_prompt_within_300_ms(world: World) -> None:
    assert interrupted(world.shell()) < 0.3


def test_a_pasted_megabyte_arrives_whole(world: World) -> None:
    terminal = world.shell()
    content = "0123456789abcdeé" * 60_000
    terminal.type(f"stty raw; echo list''ening; head -c {len(content.encode())} | md5sum\r")
    terminal.until("listening\r\n".replace("\r", ""))
    for start in range(0, len(content), 30_000):
        terminal.type(content[start : start + 30_000])
    terminal.until(hashlib.md5(content.encode(), usedforsecurity=False).hexdigest())
