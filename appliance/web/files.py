"""Serves the built web UI: a page with a fresh nonce, hash-named assets for ever, and nothing outside its folder."""

import hashlib
import mimetypes
import re
import secrets
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import NamedTuple

PACKAGE = Path(__file__).resolve().parent.parent
IMMUTABLE = "public, max-age=31536000, immutable"
REVALIDATE = "no-cache"
# Plain names only: a dot never starts one, so "..", "//", NUL, a backslash or an encoded one cannot be written at all.
SERVED = re.compile(r"/(?:assets|media)(?:/[A-Za-z0-9_-][A-Za-z0-9_.-]*)+|/third-party-notices\.md")
LONGEST = 200  # beyond it the system refuses to look a name up
ENCODINGS = {"br": ".br", "gzip": ".gz"}
TYPES = {".js": "text/javascript; charset=utf-8", ".css": "text/css; charset=utf-8", ".md": "text/plain; charset=utf-8"}
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'nonce-{nonce}'; img-src 'self' data:; font-src 'self'; "
    "connect-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'; trusted-types vue; "
    "require-trusted-types-for 'script'"
)
NOT_BUILT = """<!doctype html><html lang="en"><meta charset="utf-8"><title>appliance</title>
<p>UI not built: run ./build.sh</p><p>界面尚未构建：请运行 ./build.sh</p></html>
"""

Header = tuple[str, str]


class Answer(NamedTuple):
    """What goes back to the browser, whoever speaks WSGI for us."""

    status: int
    headers: list[Header]
    body: bytes


class Stored(NamedTuple):
    """A file's bytes as they lie in the folder, read once."""

    body: bytes
    etag: str


class Files:
    """The folder of the built UI, seen as URLs."""

    def __init__(self, folder: Path | None = None) -> None:
        self.folder = (folder or built()).resolve()
        self.read = cache(_read)

    def serve(self, path: str, headers: Mapping[str, str] | None = None) -> Answer | None:
        """Answer a GET or HEAD of a decoded path, None when it is no page of the UI. Header names are in lower case."""
        wanted = headers or {}
        if path in ("/", "/index.html"):
            return self._page()
        found = self._find(path)
        return self._file(path, found, wanted) if found else None

    def _page(self) -> Answer:
        nonce = secrets.token_urlsafe(18)
        index = self.folder / "index.html"
        text = index.read_text("utf-8") if index.is_file() else NOT_BUILT
        body = text.replace("__NONCE__", nonce).encode()
        return Answer(200, [*security(nonce), ("Content-Type", "text/html; charset=utf-8"), cached(REVALIDATE)], body)

    def _find(self, path: str) -> Path | None:
        if len(path) > LONGEST or not SERVED.fullmatch(path):
            return None
        found = self.folder / path[1:]
        inside = found.is_file() and found.resolve() == found  # a symbolic link resolves to somewhere else
        return found if inside else None

    def _file(self, path: str, found: Path, wanted: Mapping[str, str]) -> Answer:
        encoding, sibling = _sibling(found, wanted.get("accept-encoding", ""))
        stored = self.read(sibling)
        headers = [*security(secrets.token_urlsafe(18)), ("ETag", stored.etag), ("Vary", "Accept-Encoding")]
        headers.append(cached(IMMUTABLE if path.startswith("/assets/") else REVALIDATE))
        if stored.etag in wanted.get("if-none-match", ""):
            return Answer(304, headers, b"")
        headers.append(("Content-Type", _type(found)))
        if encoding:
            headers.append(("Content-Encoding", encoding))
        return Answer(200, headers, stored.body)


def built() -> Path:
    """Where the UI lies: inside the package when packed, else in the checkout."""
    packed = PACKAGE / "_web"
    return packed if packed.is_dir() else PACKAGE.parent / "static" / "dist"


def security(nonce: str) -> list[Header]:
    """The headers every answer of the UI carries."""
    return [
        ("Content-Security-Policy", POLICY.format(nonce=nonce)),
        ("X-Content-Type-Options", "nosniff"),
        ("Referrer-Policy", "no-referrer"),
        ("Cross-Origin-Opener-Policy", "same-origin"),
    ]


def cached(how: str) -> Header:
    """The caching rule as a header."""
    return ("Cache-Control", how)


def _sibling(found: Path, accepted: str) -> tuple[str, Path]:
    """The smallest form of a file that this browser takes."""
    names = {part.strip().split(";")[0] for part in accepted.split(",") if not re.search(r";\s*q=0(\.0*)?\s*$", part)}
    for encoding, suffix in ENCODINGS.items():
        sibling = found.with_name(found.name + suffix)
        if encoding in names and sibling.is_file():
            return encoding, sibling
    return "", found


def _read(path: Path) -> Stored:
    body = path.read_bytes()
    return Stored(body, f'"{hashlib.sha256(body).hexdigest()[:20]}"')


def _type(path: Path) -> str:
    return TYPES.get(path.suffix) or mimetypes.guess_type(path.name)[0] or "application/octet-stream"
