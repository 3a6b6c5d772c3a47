"""Workbooks that mean harm, and files that are none (A29)."""

import io
import zipfile
from collections.abc import Callable
from typing import Any

import openpyxl
import pytest
from openpyxl.worksheet.formula import ArrayFormula

from tests.client import Client
from tests.ipam.books import BOUNDARY, PREVIEW, ended, execute, faults, form, preview, saved, send, workbook
from tests.ipam.calls import rows

GOOD = workbook(项目=[["名称"], ["a"]])
SHEET = "xl/worksheets/sheet1.xml"
NO_XLSX, TOO_BIG, LINKED = "不是有效的xlsx文件", "解压后过大或压缩比异常", "不允许外部链接、宏或嵌入对象"
NO_ENTITIES = "不允许DTD或外部实体"


def rebuilt(change: Callable[[str, bytes], bytes] | None = None, **added: bytes) -> bytes:
    """The good workbook with some parts changed or added."""
    target = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(GOOD)) as old, zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            content = old.read(name)
            new.writestr(name, change(name, content) if change else content)
        for name, content in added.items():
            new.writestr(name, content)
    return target.getvalue()


def in_sheet(old: bytes, fresh: bytes) -> bytes:
    return rebuilt(lambda name, content: content.replace(old, fresh, 1) if name == SHEET else content)


def refusal(client: Client, content: bytes) -> tuple[int, Any]:
    answer = send(client, PREVIEW, content)
    return answer.status, answer.json["error"]["details"].get("file")


XXE = b'<!DOCTYPE worksheet [<!ENTITY x SYSTEM "file:///etc/passwd">]><worksheet'
LAUGHS = b'<!DOCTYPE worksheet [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;">]><worksheet'
FAR_OFF = b"<!--" + b" " * 3_000_000 + b"-->" + XXE
HARM = {
    "no zip": (b"ID,name\n1,a\n", NO_XLSX),
    "an old xls": (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 512, NO_XLSX),
    "a cut zip": (GOOD[:-200], NO_XLSX),
    "a zip of something else": (
        rebuilt(lambda name, content: b"<Types/>" if "Content_Types" in name else content),
        NO_XLSX,
    ),
    "an external entity": (in_sheet(b"<worksheet", XXE), NO_ENTITIES),
    "a billion laughs": (in_sheet(b"<worksheet", LAUGHS), NO_ENTITIES),
    "an entity far behind": (in_sheet(b"<worksheet", FAR_OFF), TOO_BIG),
    "another encoding": (rebuilt(lambda n, c: c.decode().encode("utf-16") if n == SHEET else c), NO_XLSX),
    "an external link": (rebuilt(**{"xl/externalLinks/externalLink1.xml": b"<externalLink/>"}), LINKED),
    "a macro": (rebuilt(**{"xl/vbaProject.bin": b"x"}), LINKED),
    "an embedded object": (rebuilt(**{"xl/embeddings/oleObject1.bin": b"x"}), LINKED),
    "a bomb in a sheet": (in_sheet(b"<sheetData>", b"<sheetData>" + b" " * 30_000_000), TOO_BIG),
    "a bomb beside": (rebuilt(**{"docProps/x.bin": b"\0" * 20_000_000}), TOO_BIG),
    "too many parts": (rebuilt(**{f"x/{number}": b"" for number in range(1100)}), TOO_BIG),
    "a broken sheet": (in_sheet(b"</row>", b"</wor>"), NO_XLSX),
    "the same part twice": (rebuilt(**{"XL/worksheets/sheet1.xml": b"<worksheet/>"}), NO_XLSX),
}


@pytest.mark.parametrize("name", HARM)
def test_harm_is_refused_with_its_reason(alice: Client, name: str) -> None:
    content, reason = HARM[name]
    assert refusal(alice, content) == (400, reason)


def test_a_lie_about_the_size_is_no_way_in(alice: Client) -> None:
    content = bytearray(in_sheet(b"<sheetData>", b"<sheetData>" + b" " * 30_000_000))
    with zipfile.ZipFile(io.BytesIO(bytes(content))) as archive:
        size = archive.getinfo(SHEET).file_size.to_bytes(4, "little")
    while (at := content.find(size)) >= 0:
        content[at : at + 4] = (1000).to_bytes(4, "little")
    assert refusal(alice, bytes(content)) == (400, NO_XLSX)


def test_a_formula_is_an_error_and_never_its_value(alice: Client) -> None:
    book = openpyxl.Workbook()
    book.active.title = "项目"
    book.active.append(["名称", "描述"])
    book.active.append(["a", "=1+1"])
    book.active.append(["b", None])
    book.active["B3"] = ArrayFormula("B3:B3", "=SUM(1,2)")
    book.active.append(["c", "#N/A"])
    found = preview(alice, saved(book))
    assert faults(found) == [("projects", line, "description", "INVALID_PARAMETER") for line in (2, 3, 4)]
    assert found["sheets"][0]["rows"][0]["errors"][0]["message"] == "不允许公式"


def test_control_characters_are_stripped(alice: Client) -> None:
    assert execute(alice, in_sheet(b">a<", b">a\x7fb<"))["success"]
    assert [row["name"] for row in rows(alice, "projects")] == ["ab"]


def test_more_rows_than_fifty_thousand_are_refused(alice: Client) -> None:
    book = openpyxl.Workbook(write_only=True)
    sheet = book.create_sheet("项目")
    for number in range(50_002):
        sheet.append([number])
    done = ended(alice, preview(alice, saved(book))["job_id"])
    assert (done["status"], done["error"]) == ("failed", "数据不能超过50000行")


def test_more_columns_than_sixty_four_are_refused(alice: Client) -> None:
    assert refusal(alice, workbook(项目=[["名称"], ["x"] * 65])) == (400, "列数不能超过64")
    assert preview(alice, workbook(项目=[["名称"], ["x"] * 64]))["summary"]["total"] == 1


def test_a_cell_at_the_end_of_the_world_costs_nothing(alice: Client) -> None:
    assert refusal(alice, in_sheet(b'r="2"', b'r="1048576"'))[0] == 400
    claims = in_sheet(b'<dimension ref="A1:A2"', b'<dimension ref="A1:XFD1048576"')
    assert preview(alice, claims)["summary"]["total"] == 1


# --- the form --------------------------------------------------------------------------------------------------------


def test_a_file_over_ten_mebibytes_is_refused(alice: Client) -> None:
    assert refusal(alice, b"PK\x03\x04" + bytes(10 * 2**20)) == (400, "文件不能超过10MiB")
    assert send(alice, PREVIEW, bytes(12 * 2**20)).status == 413


def test_a_form_without_its_parts_is_refused(alice: Client) -> None:
    kind = {"Content-Type": f"multipart/form-data; boundary={BOUNDARY}"}
    for body in (b"", b"x", f"--{BOUNDARY}--".encode(), form(GOOD)[:-10], form(GOOD).replace(b'name="file"', b"")):
        assert alice.call("POST", PREVIEW, body=body, headers=kind).status == 400
    without = {"Content-Type": "multipart/form-data"}
    assert alice.call("POST", PREVIEW, body=form(GOOD), headers=without).status == 400


def test_a_file_is_read_only_of_those_who_may_send_one(mallory: Client, stranger: Client) -> None:
    assert send(mallory, PREVIEW, bytes(12 * 2**20)).status == 403
    assert send(stranger, PREVIEW, bytes(12 * 2**20)).status == 401


def test_a_name_with_a_path_is_only_a_name(alice: Client) -> None:
    body = form(GOOD, name="..\\..\\etc/passwd.xlsx")
    kind = {"Content-Type": f"multipart/form-data; boundary={BOUNDARY}"}
    answer = alice.call("POST", PREVIEW, body=body, headers=kind)
    assert answer.json["data"]["file_name"] == "passwd.xlsx"


def test_a_row_of_nothing_known_makes_nothing(alice: Client) -> None:
    assert faults(preview(alice, workbook(项目=[["名称"], [" "], ["\u202ea"]]))) == [
        ("projects", 3, "name", "INVALID_PARAMETER")
    ]
    assert rows(alice, "projects") == []
