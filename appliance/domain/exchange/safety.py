"""What a workbook has to be before anything reads it: bounded, of plain XML, without links (ipam 9, A29)."""

import zipfile
from io import BytesIO

from appliance.errors import Invalid

LARGEST = 10 * 1024 * 1024
UNPACKED, RATIO, ENTRIES = 200 * 1024 * 1024, 100, 1000
SMALL = 1024 * 1024
"""What is smaller than this unpacked is harmless whatever its ratio."""
TEXTS, PARTS = 40 * 1024 * 1024, 10 * 1024 * 1024
"""The most of the parts that are held in memory whole: shared texts, and styles and the like."""
BLOCK, OVERLAP = 1024 * 1024, 16
ROW_ENDS = (b"</row>", b":row>")
KIND = b"application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml"
NO_XLSX, TOO_BIG, LINKED = "不是有效的xlsx文件", "解压后过大或压缩比异常", "不允许外部链接、宏或嵌入对象"
NO_ENTITIES = "不允许DTD或外部实体"
FOREIGN = ("xl/externallinks/", "xl/embeddings/", "xl/activex/", "xl/connections", "xl/querytables/", "xl/model/")


def check(content: bytes) -> int:
    """Go on with a plain workbook only; about how many rows it has. Takes its time: call it in a thread."""
    if len(content) > LARGEST:
        raise Invalid(file="文件不能超过10MiB")
    if not content.startswith(b"PK\x03\x04"):
        raise Invalid(file=NO_XLSX)
    try:
        with zipfile.ZipFile(BytesIO(content)) as archive:
            check_sizes(archive)
            return check_parts(archive)
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, EOFError, OSError, ValueError):
        raise Invalid(file=NO_XLSX) from None


def check_sizes(archive: zipfile.ZipFile) -> None:
    """Neither too much nor too many, by what the archive says; more than it says is never unpacked."""
    entries = archive.infolist()
    unpacked = sum(one.file_size for one in entries)
    packed = sum(one.compress_size for one in entries) or 1
    if len(entries) > ENTRIES or unpacked > UNPACKED or (unpacked > SMALL and unpacked / packed > RATIO):
        raise Invalid(file=TOO_BIG)
    for one in entries:
        steep = one.file_size > SMALL and one.file_size > RATIO * max(one.compress_size, 1)
        if steep or one.file_size > most(one.filename.lower()):
            raise Invalid(file=TOO_BIG)
    if len({one.filename.lower() for one in entries}) != len(entries):
        raise Invalid(file=NO_XLSX)


def most(name: str) -> int:
    """How large a part may be."""
    if "/worksheets/" in name:
        return UNPACKED
    return TEXTS if name.endswith("sharedstrings.xml") else PARTS


def check_parts(archive: zipfile.ZipFile) -> int:
    """A workbook by its own table of contents; every part plain XML, none of another origin. The rows of its sheets."""
    names = [name.lower() for name in archive.namelist()]
    if "[Content_Types].xml" not in archive.namelist() or KIND not in archive.read("[Content_Types].xml"):
        raise Invalid(file=NO_XLSX)
    if any(name.startswith(FOREIGN) or name.endswith("vbaproject.bin") for name in names):
        raise Invalid(file=LINKED)
    plain = [one for one in archive.infolist() if one.filename.lower().endswith((".xml", ".rels", ".vml"))]
    return sum(check_xml(archive, one) for one in plain)


def check_xml(archive: zipfile.ZipFile, entry: zipfile.ZipInfo) -> int:
    """No document type, thus no entity, in an encoding that cannot hide one; no link to other files. Ends of rows."""
    relations = entry.filename.lower().endswith(".rels")
    before, rows = b"", 0
    with archive.open(entry) as part:
        while block := part.read(BLOCK):
            if not before and b"\0" in block[:4]:
                raise Invalid(file=NO_XLSX)
            window = before + block
            if b"<!DOCTYPE" in window or b"<!ENTITY" in window:
                raise Invalid(file=NO_ENTITIES)
            if relations and b"externalLink" in window:
                raise Invalid(file=LINKED)
            rows += sum(window.count(end) - before.count(end) for end in ROW_ENDS)
            before = block[-OVERLAP:]
    return rows
