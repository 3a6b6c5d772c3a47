"""Workbooks in tests: made, opened, sent."""

import time
from io import BytesIO
from typing import Any

import gevent
import openpyxl

from tests.client import Answer, Client

BOUNDARY = "b0undary"
JOBS = "/api/smart/import/jobs/"
PREVIEW, EXECUTE = "/api/smart/import/preview", "/api/smart/import/execute"


def workbook(**sheets: list[list[Any]]) -> bytes:
    """A workbook of sheets with their rows, headers first."""
    book = openpyxl.Workbook()
    book.remove(book.worksheets[0])
    for title, rows in sheets.items():
        sheet = book.create_sheet(title)
        for row in rows:
            sheet.append(row)
    return saved(book)


def saved(book: Any) -> bytes:
    """A workbook as a file."""
    target = BytesIO()
    book.save(target)
    return target.getvalue()


def opened(content: bytes) -> Any:
    """A file as a workbook."""
    return openpyxl.load_workbook(BytesIO(content))


def table(book: Any, title: str) -> list[list[str]]:
    """The rows of a sheet as texts."""
    return [[cell or "" for cell in row] for row in book[title].iter_rows(values_only=True)]


def form(content: bytes, name: str = "数据.xlsx", **fields: str) -> bytes:
    """A form with one file."""
    parts = [f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="{n}"\r\n\r\n{v}\r\n' for n, v in fields.items()]
    head = f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="file"; filename="{name}"\r\n\r\n'
    return "".join(parts).encode() + head.encode() + content + f"\r\n--{BOUNDARY}--\r\n".encode()


def send(client: Client, path: str, content: bytes, **fields: str) -> Answer:
    """Upload a workbook."""
    kind = {"Content-Type": f"multipart/form-data; boundary={BOUNDARY}"}
    return client.call("POST", path, body=form(content, **fields), headers=kind)


def preview(client: Client, content: bytes, **fields: str) -> dict[str, Any]:
    answer = send(client, PREVIEW, content, **fields)
    assert answer.status == 200, answer.json
    return answer.json["data"]


def execute(client: Client, content: bytes, **fields: str) -> dict[str, Any]:
    answer = send(client, EXECUTE, content, **fields)
    assert answer.status == 200, answer.json
    return answer.json["data"]


def ended(client: Client, ident: str) -> dict[str, Any]:
    """A job when it is over."""
    until = time.monotonic() + 60
    while (job := client.get(JOBS + ident).json["data"])["status"] == "running":
        assert time.monotonic() < until
        gevent.sleep(0.01)
    return dict(job)


def export(client: Client, *resources: str, **more: Any) -> bytes:
    """The file of an export."""
    path = "/api/smart/export" if resources else "/api/smart/export/all"
    answer = client.post(path, {"resource_types": list(resources), **more})
    assert answer.status == 200, answer.json
    return client.get(answer.json["data"]["file_path"]).body


def faults(found: dict[str, Any]) -> list[tuple[str, int, str, str]]:
    """Sheet, row, field and code of every fault of a preview."""
    return [
        (sheet["resource"], row["row"], error["field"], error["code"])
        for sheet in found["sheets"]
        for row in sheet["rows"]
        for error in row["errors"]
    ]
