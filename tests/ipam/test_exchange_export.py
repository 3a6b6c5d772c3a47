"""Exports: what is in them, who gets them, and that a real reader opens them."""

import csv
import os
import subprocess
import time
from pathlib import Path

import pytest

from appliance.app import App
from appliance.domain.exchange import files
from tests.client import Client
from tests.ipam.books import execute, export, opened, preview, table, workbook
from tests.ipam.calls import made

AREA_HEADERS = ["ID", "名称*", "编码", "描述"]
SHEETS = ["说明", "网络区域", "单位", "部门", "使用人", "网关", "项目", "子网", "IP地址"]
HEADERS = {
    "单位": ["ID", "名称*", "编码", "行政级别*", "上级单位", "描述"],
    "部门": ["ID", "名称*", "编码", "单位名称", "上级部门", "描述"],
    "使用人": ["ID", "姓名*", "工号", "电话", "邮箱", "单位", "部门", "职务", "描述"],
    "网关": ["ID", "IP地址*", "MAC地址", "网络区域", "描述"],
    "项目": ["ID", "名称*", "编码", "部门", "单位", "描述"],
    "子网": ["ID", "名称*", "CIDR*", "网关", "网络区域", "VLAN ID", "描述"],
}
ADDRESS_HEADERS = ["ID", "IP地址*", "子网", "网络区域", "状态", "使用人", "单位", "部门", "项目", "主机名"]
ADDRESS_HEADERS += ["MAC地址", "设备名称", "设备类型", "用途", "到期时间", "描述"]
DANGEROUS = ["=HYPERLINK(1)", "+1", "-1", "@SUM(A1)", "=cmd|'/c calc'!A0"]


@pytest.fixture
def filled(alice: Client) -> Client:
    """Two units, a department, a contact, a gateway, a subnet with an address that is taken."""
    province = made(alice, "units", name="广东", code="44", level=1)
    city = made(alice, "units", name="广州", level=2, parent_id=province["id"])
    department = made(alice, "departments", name="信息中心", unit_id=city["id"])
    contact = made(alice, "user_contacts", name="张三", unit_id=city["id"], department_id=department["id"])
    gateway = made(alice, "gateways", ip="192.168.1.1")
    made(alice, "projects", name="门户", unit_id=city["id"])
    subnet = made(alice, "subnets", name="办公", cidr="192.168.1.0/28", gateway_id=gateway["id"])
    wanted = {"subnet_id": subnet["id"], "user_contact_id": contact["id"], "hostname": "web-1", "device_type": "vm"}
    assert alice.post("/api/ips/allocate", wanted).status == 200
    return alice


def test_sheets_come_in_the_order_in_which_they_depend_with_the_documents_headers(filled: Client, bob: Client) -> None:
    book = opened(export(bob))
    assert book.sheetnames == [*SHEETS, "_meta"]
    assert table(book, "网络区域")[0] == AREA_HEADERS
    assert {title: table(book, title)[0] for title in HEADERS} == HEADERS
    assert table(book, "IP地址")[0] == ADDRESS_HEADERS


def test_administrators_get_definitions_and_groups_too(alice: Client) -> None:
    assert opened(export(alice)).sheetnames == [*SHEETS, "字段定义", "用户组", "_meta"]


def test_the_first_row_stays_choices_drop_down_and_the_map_is_hidden(filled: Client) -> None:
    book = opened(export(filled))
    assert {book[title].freeze_panes for title in SHEETS[1:]} == {"A2"}
    rules = {rule.formula1 for rule in book["IP地址"].data_validations.dataValidation}
    assert '"可用,已分配,保留,DHCP池,待审批,待回收,停用"' in rules
    assert book["_meta"].sheet_state == "hidden"


def test_relations_are_names_and_every_cell_is_text(filled: Client) -> None:
    book = opened(export(filled))
    row = next(row for row in table(book, "IP地址") if row[9] == "web-1")
    assert row[1:9] == ["192.168.1.2", "192.168.1.0/28", "默认区域", "已分配", "张三", "", "", ""]
    assert table(book, "子网")[1][2:5] == ["192.168.1.0/28", "192.168.1.1", "默认区域"]
    assert table(book, "单位")[2][1:5] == ["广州", "", "市级", "广东"]
    kinds = {(cell.data_type, cell.number_format) for cell in book["IP地址"][2] if cell.value}
    assert kinds == {("s", "@")}


@pytest.mark.parametrize("text", DANGEROUS)
def test_text_that_looks_like_a_formula_stays_text_there_and_back(alice: Client, text: str) -> None:
    made(alice, "network_areas", name="生产", description=text)
    content = export(alice, "network_areas")
    cell = opened(content)["网络区域"]["D3"]
    assert (cell.data_type, cell.value) == ("s", text)
    assert preview(alice, content)["summary"]["skip"] == 2


def test_dependencies_come_along_with_their_ancestors_only_when_asked(filled: Client) -> None:
    with_all = opened(export(filled, "departments"))
    assert with_all.sheetnames == ["说明", "单位", "部门", "_meta"]
    assert [row[1] for row in table(with_all, "单位")[1:]] == ["广东", "广州"]
    alone = opened(export(filled, "departments", include_dependencies=False))
    assert alone.sheetnames == ["说明", "部门", "_meta"]


def test_filters_are_those_of_lists_by_resource_or_bare(filled: Client) -> None:
    for filters in ({"level": {"eq": 1}}, {"units": {"level": {"eq": 1}}}):
        book = opened(export(filled, "units", filters=filters))
        assert [row[1] for row in table(book, "单位")[1:]] == ["广东"]
    wrong = filled.post("/api/smart/export", {"resource_types": ["units"], "filters": {"units": {"nope": 1}}})
    assert (wrong.status, list(wrong.json["error"]["details"])) == (400, ["filters.units.nope"])


def test_a_keyword_narrows_what_goes_out(filled: Client) -> None:
    book = opened(export(filled, "units", keyword="广州", include_dependencies=False))
    assert [row[1] for row in table(book, "单位")[1:]] == ["广州"]


def test_what_cannot_be_exported_is_refused(alice: Client, bob: Client, mallory: Client) -> None:
    assert alice.post("/api/smart/export", {"resource_types": []}).status == 400
    assert alice.post("/api/smart/export", {"resource_types": ["users"]}).status == 400
    assert bob.post("/api/smart/export", {"resource_types": ["user-groups"]}).status == 403
    assert mallory.post("/api/smart/export/all").status == 403


def test_a_scope_limits_what_goes_out(filled: Client, bob: Client) -> None:
    made(filled, "network_areas", name="别处")
    area = filled.get("/api/network_areas", keyword="别处").json["data"]["list"][0]["id"]
    made(filled, "user-groups", name="g", user_ids=[bob.id], network_area_ids=[area])
    book = opened(export(bob))
    assert [row[1] for row in table(book, "网络区域")[1:]] == ["别处"]
    assert table(book, "IP地址")[1:] == []


def test_the_answer_names_the_file_and_the_file_is_an_attachment(alice: Client) -> None:
    answer = alice.post("/api/smart/export", {"resource_types": ["units"]}).json
    data = answer["data"]
    assert (answer["code"], answer["message"], data["rows"]) == (200, "导出成功", {"units": 0})
    assert data["file_name"].startswith("export_20")
    assert data["expires_at"].endswith("Z")
    file = alice.get(data["file_path"])
    assert (file.status, len(file.body)) == (200, data["file_size"])
    assert file.header("Content-Disposition") == f'attachment; filename="{data["file_name"]}"'
    assert file.header("X-Content-Type-Options") == "nosniff"
    assert len(data["file_path"]) == len("/exports/") + 32 + len(".xlsx")


def test_only_the_owner_and_administrators_get_a_file(alice: Client, bob: Client, carol: Client) -> None:
    path = bob.post("/api/smart/export", {"resource_types": ["units"]}).json["data"]["file_path"]
    assert [who.get(path).status for who in (bob, alice, carol)] == [200, 200, 404]
    assert Client(alice.app).get(path).status == 401
    assert [alice.get(f"/exports/{name}").status for name in ("", "..", "x.xlsx", "0" * 32 + ".xlsx")] == [404] * 4


def test_a_file_is_gone_after_a_day_and_removed(appliance: App, alice: Client) -> None:
    path = alice.post("/api/smart/export", {"resource_types": ["units"]}).json["data"]["file_path"]
    (file,) = files.folder(appliance.settings.data).iterdir()
    assert file.stat().st_mode & 0o077 == 0
    appliance.chores.forget_what_is_over()
    assert alice.get(path).status == 200
    old = time.time() - 86_401
    os.utime(file, (old, old))
    assert alice.get(path).status == 404
    appliance.chores.forget_what_is_over()
    assert not file.exists()


def test_an_export_is_in_the_audit(appliance: App, alice: Client) -> None:
    export(alice, "units")
    with appliance.store.reading() as tx:
        (row,) = tx["operations"].find(operation="智能导出")
    assert (row["login"], row["details"]) == ("alice", [{"what": "exports", "rows": {"units": 0}}])


@pytest.mark.parametrize("resource", ["network_areas", "ips", "all"])
def test_templates_carry_a_sample_and_rules_and_import_to_nothing(alice: Client, resource: str) -> None:
    answer = alice.get("/api/smart/import/template", type=resource)
    assert answer.header("Content-Disposition") == f'attachment; filename="import_template_{resource}.xlsx"'
    book = opened(answer.body)
    first = book.worksheets[1]
    assert first["B1"].comment.text.startswith("必填")
    assert first["A2"].value == "示例"
    summary = preview(alice, answer.body)["summary"]
    assert (summary["error"], summary["create"], summary["skip"]) == (0, 0, summary["total"])


def test_the_sample_row_without_its_mark_is_right(alice: Client) -> None:
    book = opened(alice.get("/api/smart/import/template").body)
    rows = {s.title: [[v or "" for v in row] for row in s.iter_rows(values_only=True)] for s in book.worksheets[1:-1]}
    for title in rows:
        rows[title][1][0] = ""
    assert execute(alice, workbook(**rows))["success"] is True


def convert(folder: Path, kind: str, source: str = "x.xlsx") -> None:
    """LibreOffice opens a file of a folder and saves it as something else."""
    profile = f"-env:UserInstallation=file://{folder}/profile"
    command = ["soffice", profile, "--headless", "--convert-to", kind, "--outdir", str(folder), str(folder / source)]
    subprocess.run(command, check=True, capture_output=True, timeout=120)


def test_libreoffice_opens_an_export_and_reads_the_same(filled: Client, tmp_path: Path) -> None:
    made(filled, "network_areas", name="公式区", description=DANGEROUS[0])
    content = export(filled)
    (tmp_path / "x.xlsx").write_bytes(content)
    convert(tmp_path, "csv:Text - txt - csv (StarCalc):44,34,76,1,,0,false,true,false,false,false,-1")
    book = opened(content)
    for title in SHEETS[1:]:
        read = list(csv.reader((tmp_path / f"x-{title}.csv").read_text("utf-8-sig").splitlines()))
        assert read == table(book, title), title


def test_what_libreoffice_saved_again_still_changes_nothing(filled: Client, tmp_path: Path) -> None:
    made(filled, "network_areas", name="公式区", code="007", description=DANGEROUS[0])
    (tmp_path / "x.xlsx").write_bytes(export(filled))
    convert(tmp_path, "ods")
    (tmp_path / "x.xlsx").unlink()
    convert(tmp_path, "xlsx:Calc MS Excel 2007 XML", "x.ods")
    found = preview(filled, (tmp_path / "x.xlsx").read_bytes())
    assert (found["summary"]["skip"], found["summary"]["warning"]) == (found["summary"]["total"], 0)
