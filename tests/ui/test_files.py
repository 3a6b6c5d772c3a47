"""The built UI as URLs: caching, compressed siblings, security headers, and no way out of its folder."""

import re
from pathlib import Path

import pytest

from appliance.web.files import Files

INDEX = '<script nonce="__NONCE__"></script><meta property="csp-nonce" nonce="__NONCE__">'
ESCAPES = [
    "/assets/../secret",
    "/assets/%2e%2e/secret",
    "/assets/..%5csecret",
    "/assets/..\\secret",
    "//etc/passwd",
    "/assets//etc/passwd",
    "/assets/\x00",
    "/assets/app-1.js\x00.png",
    "/etc/passwd",
    "/assets/link",
    "/assets/out/secret",
    "/assets/．．/secret",
    "/assets/app-1.js/",
    "/assets/app-1.js\n",
    "/assets",
    "/index.html/../secret",
    "/secret",
    "/.secret",
    "assets/app-1.js",
    "/assets/" + "a" * 5000,
]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    dist = tmp_path / "dist"
    (dist / "assets").mkdir(parents=True)
    (dist / "media" / "avatars").mkdir(parents=True)
    (dist / "index.html").write_text(INDEX)
    (dist / "assets" / "app-1.js").write_text("plain")
    (dist / "assets" / "app-1.js.br").write_text("brotli")
    (dist / "assets" / "app-1.js.gz").write_text("gzip")
    (dist / "media" / "avatars" / "default.png").write_bytes(b"\x89PNG")
    (dist / ".secret").write_text("secret")
    (tmp_path / "secret").write_text("secret")
    (dist / "assets" / "link").symlink_to(tmp_path / "secret")
    (dist / "assets" / "out").symlink_to(tmp_path)
    return dist


def headers(answer):
    return dict(answer.headers)


def test_the_page_gets_a_fresh_nonce_that_its_policy_names(folder):
    first, second = Files(folder).serve("/"), Files(folder).serve("/index.html")
    nonce = re.search(rb'script nonce="([^"]+)"', first.body)[1].decode()
    assert f"style-src 'self' 'nonce-{nonce}'" in headers(first)["Content-Security-Policy"]
    assert b"__NONCE__" not in first.body
    assert first.body != second.body
    assert headers(first)["Cache-Control"] == "no-cache"


def test_every_answer_carries_the_security_headers(folder):
    for path in ("/", "/assets/app-1.js", "/media/avatars/default.png"):
        sent = headers(Files(folder).serve(path))
        assert sent["Content-Security-Policy"].startswith(
            "default-src 'none'; script-src 'self'; style-src 'self' 'nonce-"
        )
        assert "require-trusted-types-for 'script'" in sent["Content-Security-Policy"]
        assert sent["X-Content-Type-Options"] == "nosniff"
        assert sent["Referrer-Policy"] == "no-referrer"
        assert sent["Cross-Origin-Opener-Policy"] == "same-origin"


@pytest.mark.parametrize(
    ("accepted", "body", "encoding"),
    [
        ("gzip, deflate, br", b"brotli", "br"),
        ("gzip", b"gzip", "gzip"),
        ("br;q=0, gzip", b"gzip", "gzip"),
        ("", b"plain", None),
        ("identity", b"plain", None),
    ],
)
def test_an_asset_comes_in_the_smallest_form_the_browser_takes(folder, accepted, body, encoding):
    answer = Files(folder).serve("/assets/app-1.js", {"accept-encoding": accepted})
    assert (answer.status, answer.body, headers(answer).get("Content-Encoding")) == (200, body, encoding)
    assert headers(answer)["Content-Type"] == "text/javascript; charset=utf-8"
    assert headers(answer)["Vary"] == "Accept-Encoding"


def test_an_asset_is_immutable_and_not_sent_twice(folder):
    files = Files(folder)
    first = files.serve("/assets/app-1.js")
    again = files.serve("/assets/app-1.js", {"if-none-match": headers(first)["ETag"]})
    assert "immutable" in headers(first)["Cache-Control"]
    assert (again.status, again.body) == (304, b"")


def test_the_default_avatar_is_a_picture_that_is_checked_again(folder):
    answer = Files(folder).serve("/media/avatars/default.png")
    assert headers(answer)["Content-Type"] == "image/png"
    assert headers(answer)["Cache-Control"] == "no-cache"


@pytest.mark.parametrize("path", ESCAPES)
def test_no_path_leads_out_of_the_folder(folder, path):
    assert Files(folder).serve(path) is None


def test_a_checkout_without_a_build_says_how_to_build(tmp_path):
    answer = Files(tmp_path / "nothing").serve("/")
    assert answer.status == 200
    assert b"UI not built: run ./build.sh" in answer.body
    assert Files(tmp_path / "nothing").serve("/assets/app-1.js") is None
