"""Workbooks as people import them: many addresses with everything they refer to."""

from collections.abc import Iterator
from io import BytesIO
from typing import Any

HEADERS = [
    *("IP地址", "子网", "网络区域", "状态", "使用人", "单位", "部门", "项目", "主机名", "MAC地址", "设备名称"),
    *("设备类型", "用途", "到期时间", "描述"),
]
UNITS, DEPARTMENTS, CONTACTS, PROJECTS = 20, 50, 200, 50


def made(network: str, count: int) -> bytes:
    """So many addresses of a /16 written `10.1`, and a small organisation around them."""
    import openpyxl

    book = openpyxl.Workbook(write_only=True)
    for title, rows in {**organisation(), "IP地址": [HEADERS, *addresses(network, count)]}.items():
        sheet = book.create_sheet(title)
        for row in rows:
            sheet.append(row)
    target = BytesIO()
    book.save(target)
    return target.getvalue()


def organisation() -> dict[str, list[list[str]]]:
    """Units, departments, people and projects."""
    people = [[f"人{n}", f"n{n}", f"单位{n % DEPARTMENTS % UNITS}", f"部门{n % DEPARTMENTS}"] for n in range(CONTACTS)]
    return {
        "单位": [["名称", "编码", "行政级别"], *[[f"单位{n}", f"u{n}", "省级"] for n in range(UNITS)]],
        "部门": [["名称", "单位名称"], *[[f"部门{n}", f"单位{n % UNITS}"] for n in range(DEPARTMENTS)]],
        "使用人": [["姓名", "工号", "单位", "部门"], *people],
        "项目": [["名称", "部门"], *[[f"项目{n}", f"部门{n}"] for n in range(PROJECTS)]],
    }


def addresses(network: str, count: int) -> Iterator[list[Any]]:
    """One row each."""
    for n in range(count):
        department = n % DEPARTMENTS
        place = [f"{network}.{n // 250}.{n % 250 + 1}", f"{network}.0.0/16", "默认区域", "已分配", f"人{n % CONTACTS}"]
        home = [f"单位{department % UNITS}", f"部门{department}", f"项目{n % PROJECTS}", f"host-{n}"]
        device = [f"02:00:00:{n >> 16 & 255:02x}:{n >> 8 & 255:02x}:{n & 255:02x}", f"rack-{n % 40}", "服务器"]
        yield [*place, *home, *device, "测试", "2030-12-31 00:00:00", f"row {n}"]


def seconds_to_read(content: bytes) -> float:
    """What openpyxl itself takes for nothing but the values."""
    import time

    import openpyxl

    begun = time.perf_counter()
    for sheet in openpyxl.load_workbook(BytesIO(content), read_only=True).worksheets:
        for _ in sheet.iter_rows(values_only=True):
            pass
    return time.perf_counter() - begun
