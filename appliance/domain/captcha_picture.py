"""Draws a captcha: letters of a small font, bent, moved and crossed by lines, as a PNG of our own making."""

import base64
import math
import secrets
import struct
import zlib

ALPHABET = "ACDEFGHJKMNPRTUVWXY34679"
WIDTH, HEIGHT, SCALE = 140, 48, 5
PAPER, INK = 255, 40
ROWS = {
    "A": "04 0a 11 11 1f 11 11",
    "C": "0e 11 10 10 10 11 0e",
    "D": "1e 11 11 11 11 11 1e",
    "E": "1f 10 10 1e 10 10 1f",
    "F": "1f 10 10 1e 10 10 10",
    "G": "0e 11 10 17 11 11 0f",
    "H": "11 11 11 1f 11 11 11",
    "J": "07 02 02 02 02 12 0c",
    "K": "11 12 14 18 14 12 11",
    "M": "11 1b 15 15 11 11 11",
    "N": "11 19 15 13 11 11 11",
    "P": "1e 11 11 1e 10 10 10",
    "R": "1e 11 11 1e 14 12 11",
    "T": "1f 04 04 04 04 04 04",
    "U": "11 11 11 11 11 11 0e",
    "V": "11 11 11 11 11 0a 04",
    "W": "11 11 11 15 15 1b 11",
    "X": "11 11 0a 04 0a 11 11",
    "Y": "11 11 0a 04 04 04 04",
    "3": "1f 02 04 02 01 11 0e",
    "4": "02 06 0a 12 1f 02 02",
    "6": "06 08 10 1e 11 11 0e",
    "7": "1f 01 02 04 08 08 08",
    "9": "0e 11 11 0f 01 02 0c",
}
GLYPHS = {sign: [int(row, 16) for row in rows.split()] for sign, rows in ROWS.items()}


def word(length: int = 4) -> str:
    """Letters to be read."""
    return "".join(secrets.choice(ALPHABET) for _ in range(length))


def picture(text: str) -> str:
    """The letters as a data URL."""
    return "data:image/png;base64," + base64.b64encode(png(drawn(text))).decode()


def drawn(text: str) -> list[bytearray]:
    """Rows of grey pixels."""
    canvas = [bytearray([PAPER - secrets.randbelow(40) for _ in range(WIDTH)]) for _ in range(HEIGHT)]
    for place, sign in enumerate(text):
        letter(canvas, GLYPHS[sign], 8 + place * 33)
    for _ in range(3):
        line(canvas)
    return canvas


def letter(canvas: list[bytearray], glyph: list[int], left: int) -> None:
    """One letter, slanted and bent by chance."""
    slant, phase, depth = (secrets.randbelow(61) - 30) / 100, secrets.randbelow(628) / 100, secrets.randbelow(30) / 10
    top = secrets.randbelow(9)
    for y in range(7 * SCALE):
        shift = left + slant * (y - 17) + depth * math.sin(y / 6 + phase)
        for x in range(5 * SCALE):
            if glyph[y // SCALE] >> (4 - x // SCALE) & 1:
                dot(canvas, int(x + shift), y + top + 2)


def line(canvas: list[bytearray]) -> None:
    """A wave across everything."""
    height, slope, phase = secrets.randbelow(HEIGHT), (secrets.randbelow(61) - 30) / 100, secrets.randbelow(628) / 100
    for x in range(WIDTH):
        dot(canvas, x, int(height + slope * (x - WIDTH / 2) + 3 * math.sin(x / 11 + phase)))


def dot(canvas: list[bytearray], x: int, y: int) -> None:
    """One dark pixel, if it lies on the canvas."""
    if 0 <= x < WIDTH and 0 <= y < HEIGHT:
        canvas[y][x] = INK + secrets.randbelow(60)


def png(rows: list[bytearray]) -> bytes:
    """Grey pixels as a PNG file."""
    head = struct.pack(">IIBBBBB", len(rows[0]), len(rows), 8, 0, 0, 0, 0)
    pixels = zlib.compress(b"".join(b"\0" + bytes(row) for row in rows))
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", pixels) + chunk(b"IEND", b"")


def chunk(kind: bytes, data: bytes) -> bytes:
    """One part of a PNG file."""
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
