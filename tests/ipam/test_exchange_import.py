"""Imports: what a workbook means, every fault at once, all or nothing, and nothing where nothing changed."""

from typing import Any

import pytest

from appliance.app import App
from appliance.domain.exchange import imports, recorder
from tests.client import Client
from tests.ipam.books import EXECUTE, execute, export, faults, opened, preview, saved, send, table, workbook
from tests.ipam.calls import made, rows

FIELD = {"resource_type": "units", "name": "color", "label": "颜色", "field_type": "text"}


def whole_site() -> bytes:
    """Every sheet, each referring to those before; the unit below stands above its parent."""
    return workbook(
        网络区域=[["名称*", "编码"], ["生产区", "prod"]],
        单位=[["名称", "编码", "行政级别", "上级单位"], ["广州", "4401", "市级", "广东"], ["广东", "44", 1, None]],
        部门=[["名称", "单位名称"], ["信息中心", "广州"]],
        使用人=[["姓名", "工号", "单位", "部门"], ["张三", "1001", "广州", "信息中心"]],
        网关=[["IP地址", "网络区域"], ["10.0.0.1", "生产区"]],
        项目=[["名称", "单位"], ["门户", "广州"]],
        子网=[["名称", "CIDR", "网关", "网络区域", "VLAN ID"], ["办公", "10.0.0.0/28", "10.0.0.1", "生产区", 100]],
        IP地址=[
            ["IP地址", "子网", "网络区域", "状态", "使用人", "项目", "主机名", "到期时间"],
            ["10.0.0.2", "10.0.0.0/28", "生产区", "已分配", "张三", "门户", "web-1", "2030-12-31 00:00:00"],
            ["10.0.0.3", None, "生产区", "保留"],
        ],
    )


def counts(app: App) -> dict[str, Any]:
    """What of the address book there is, with the sum of versions."""
    names = ("areas", "units", "departments", "contacts", "gateways", "projects", "subnets", "addresses")
    with app.store.reading() as tx:
        found = {name: sorted((row["id"], row["version"]) for row in tx[name].find()) for name in names}
        return found | {"history": tx["address_history"].count()}


def test_a_workbook_makes_a_whole_site_with_forward_references(alice: Client) -> None:
    done = execute(alice, whole_site())
    assert (done["success"], sum(done["created"].values()), done["updated"]["ips"]) == (True, 8, 2)
    (ip,) = rows(alice, "ips", hostname="web-1")
    names = ("ip", "status", "allocate_type", "user_contact_name", "project_name", "network_area_name", "subnet_name")
    assert [ip[name] for name in names] == ["10.0.0.2", "allocated", "import", "张三", "门户", "生产区", "办公"]
    assert ip["expires_at"] == "2030-12-30T16:00:00Z"
    (subnet,) = rows(alice, "subnets")
    assert (subnet["gateway_name"], subnet["vlan_id"], subnet["used_ips"], subnet["total_ips"]) == (
        "10.0.0.1",
        100,
        1,
        14,
    )
    assert {unit["name"]: unit["parent_name"] for unit in rows(alice, "units")} == {"广州": "广东", "广东": None}


def test_a_preview_tells_everything_and_changes_nothing(appliance: App, alice: Client) -> None:
    before = counts(appliance)
    found = preview(alice, whole_site())
    assert found["summary"] == {"total": 10, "create": 8, "update": 2, "skip": 0, "error": 0, "warning": 0}
    assert (found["can_import"], found["file_name"], faults(found)) == (True, "数据.xlsx", [])
    assert [sheet["resource"] for sheet in found["sheets"]][:2] == ["network_areas", "units"]
    assert counts(appliance) == before
    assert list((appliance.settings.data / "exports").iterdir()) == []


def test_a_preview_is_executed_by_its_token_by_the_same_user_only(alice: Client, bob: Client) -> None:
    token = preview(alice, whole_site())["preview_token"]
    assert bob.post(EXECUTE, {"preview_token": token}).status == 400
    assert alice.post(EXECUTE, {"preview_token": token}).json["data"]["success"] is True
    assert alice.post(EXECUTE, {"preview_token": "x"}).json["error"]["details"] == {
        "preview_token": "预览已过期,请重新上传文件"
    }


def test_an_untouched_export_changes_nothing(appliance: App, alice: Client) -> None:
    made(alice, "field_definitions", **FIELD)
    execute(alice, whole_site())
    made(alice, "user_contacts", name="张三")  # two of a name, one without a number
    made(alice, "user_contacts", name="张三", phone="1")
    made(alice, "units", name="云南", level=1, description="a\r\nb", custom_fields={"color": "red"})
    made(alice, "user-groups", name="运维", user_ids=[alice.id], network_area_ids=[1])
    content, before = export(alice), counts(appliance)
    found = preview(alice, content)
    assert (found["summary"]["skip"], found["summary"]["warning"]) == (found["summary"]["total"], 0)
    done = execute(alice, content)
    assert (done["success"], sum(done["updated"].values()), sum(done["created"].values())) == (True, 0, 0)
    assert counts(appliance) == before


def test_every_fault_of_every_row_is_told_at_once_by_the_apis_codes(alice: Client) -> None:
    content = workbook(
        单位=[
            ["名称", "行政级别", "上级单位"],
            ["甲", "省级", "乙"],
            ["丙", "市级", ""],
            ["丁", 9, ""],
            ["", "省级", ""],
            ["戊", "市级", "没有"],
        ],
        子网=[["名称", "CIDR", "VLAN ID"], ["a", "10.0.0.0/24", 5000], ["b", "10.1.0.0/25"], ["c", "10.0.0.1/24"]],
        网关=[["IP地址", "MAC地址"], ["10.0.0.300", "zz"]],
    )
    found = preview(alice, content)
    assert not found["can_import"]
    assert faults(found) == [
        ("units", 2, "parent_id", "PARENT_NOT_FOUND"),
        ("units", 3, "parent_id", "MISSING_PARENT"),
        ("units", 4, "level", "INVALID_LEVEL"),
        ("units", 5, "name", "INVALID_PARAMETER"),
        ("units", 6, "parent_id", "PARENT_NOT_FOUND"),
        ("gateways", 2, "ip", "INVALID_PARAMETER"),
        ("gateways", 2, "mac_address", "INVALID_PARAMETER"),
        ("subnets", 2, "vlan_id", "INVALID_PARAMETER"),
        ("subnets", 4, "cidr", "INVALID_PARAMETER"),
    ]
    wrong = [row for sheet in found["sheets"] for row in sheet["rows"] if row["errors"]]
    assert {error["column"] for row in wrong for error in row["errors"]} >= {"上级单位", "CIDR", "VLAN ID"}


def test_rows_of_the_same_workbook_are_judged_together(alice: Client) -> None:
    content = workbook(
        子网=[["名称", "CIDR"], ["a", "10.0.0.0/24"], ["b", "10.0.0.128/25"], ["a", "10.0.1.0/24"]],
        项目=[["名称"], ["p"], ["P"]],
    )
    assert faults(preview(alice, content)) == [
        ("projects", 3, "", "ALREADY_EXISTS"),
        ("subnets", 3, "cidr", "SUBNET_OVERLAP"),
        ("subnets", 4, "name", "NAME_EXISTS"),
    ]


def test_one_fault_keeps_everything_out_unless_the_rest_is_wanted(appliance: App, alice: Client) -> None:
    content = workbook(单位=[["名称", "行政级别"], ["甲", "省级"], ["乙", "市级"]])
    before = counts(appliance)
    done = execute(alice, content)
    assert (done["success"], done["failed"], done["created"]) == (False, 1, {"units": 0})
    (error,) = done["errors"]
    assert (error["sheet_name"], error["row"], error["column"], error["code"]) == ("单位", 3, "", "MISSING_PARENT")
    assert counts(appliance) == before
    done = execute(alice, content, on_error="skip_invalid")
    assert (done["success"], done["failed"], done["created"]) == (True, 1, {"units": 1})
    assert [unit["name"] for unit in rows(alice, "units")] == ["甲"]


def test_rows_that_exist_are_updated_skipped_or_an_error(alice: Client) -> None:
    made(alice, "projects", name="门户", code="p1")
    content = workbook(项目=[["名称", "编码", "描述"], ["门户网站", "P1", "新"]])
    assert execute(alice, content, on_exists="skip")["skipped"] == {"projects": 1}
    assert execute(alice, content, on_exists="error")["errors"][0]["code"] == "ALREADY_EXISTS"
    sheet = preview(alice, content)["sheets"][0]
    assert sheet["rows"][0]["changes"] == {
        "name": ["门户", "门户网站"],
        "code": ["p1", "P1"],
        "description": ["", "新"],
    }
    assert execute(alice, content)["updated"] == {"projects": 1}
    assert [row["name"] for row in rows(alice, "projects")] == ["门户网站"]


def test_blank_leaves_alone_and_a_word_empties(alice: Client) -> None:
    made(alice, "projects", name="a", code="ca", description="x")
    execute(alice, workbook(项目=[["名称", "编码", "描述"], ["a", "", ""]]))
    assert rows(alice, "projects")[0]["code"] == "ca"
    execute(alice, workbook(项目=[["名称", "编码", "描述"], ["a", "<清空>", "<清空>"]]))
    row = rows(alice, "projects")[0]
    assert (row["code"], row["description"]) == (None, None)


def test_an_id_counts_only_where_the_key_agrees(alice: Client) -> None:
    first, second = made(alice, "projects", name="a", code="c"), made(alice, "projects", name="b")
    content = workbook(
        项目=[["ID", "名称", "编码", "描述"], [first["id"], "a2", "c", ""], [first["id"], "b", "", "neu"]]
    )
    found = preview(alice, content)
    assert [row["warnings"] for row in found["sheets"][0]["rows"]] == [[], ["ID与关键字段不符,已按关键字段匹配"]]
    execute(alice, content)
    assert {row["id"]: (row["name"], row["description"]) for row in rows(alice, "projects")} == {
        first["id"]: ("a2", None),
        second["id"]: ("b", "neu"),
    }


@pytest.mark.parametrize("header", ["名称", "name", "NAME", "名称*", "项目名(name)", "项目名(NAME)"])
def test_headers_may_be_labels_fields_or_both(alice: Client, header: str) -> None:
    found = preview(alice, workbook(项目=[[header], ["a"]]))
    assert (found["summary"]["create"], found["sheets"][0]["columns"]) == (
        1,
        [{"header": header, "field": "name", "mapped": True}],
    )


def test_an_unknown_column_or_sheet_is_told(alice: Client) -> None:
    found = preview(alice, workbook(项目=[["名称", "心情"], ["a", "好"]], 别的=[["x"], ["y"]]))
    assert found["sheets"][0]["unknown_columns"] == ["心情"]
    assert found["warnings"] == ["别的: 未知的工作表已忽略"]
    assert found["summary"]["warning"] == 2


def test_renamed_headers_and_sheets_of_an_export_still_fit(alice: Client) -> None:
    made(alice, "projects", name="a")
    book = opened(export(alice, "projects"))
    book["项目"]["B1"], book["项目"]["E2"] = "我们的叫法", "x"
    book["项目"]["F2"] = "neu"
    book["项目"]["E2"] = None
    book["项目"].title = "工程"
    found = preview(alice, saved(book))
    assert (found["sheets"][0]["resource"], found["sheets"][0]["columns"][1]["field"]) == ("projects", "name")
    assert found["summary"]["update"] == 1


def test_custom_fields_have_columns_and_may_be_defined_in_the_same_workbook(alice: Client) -> None:
    content = workbook(
        字段定义=[["资源类型", "字段名", "显示名称", "字段类型"], ["项目", "budget", "预算", "整数"]],
        项目=[["名称", "预算"], ["a", "12"], ["b", "viel"]],
    )
    assert faults(preview(alice, content)) == [("projects", 3, "custom_fields.budget", "INVALID_PARAMETER")]
    execute(alice, content, on_error="skip_invalid")
    assert rows(alice, "projects")[0]["custom_fields"] == {"budget": 12}
    assert table(opened(export(alice, "projects")), "项目")[0][-1] == "预算"


# --- addresses -------------------------------------------------------------------------------------------------------


def addresses(*lines: list[Any]) -> bytes:
    return workbook(IP地址=[["IP地址", "状态", "主机名", "描述"], *lines])


def test_addresses_change_state_only_as_allocating_and_releasing_would(alice: Client) -> None:
    made(alice, "subnets", name="s", cidr="10.0.0.0/28")
    done = execute(alice, addresses(["10.0.0.1", "已分配", "h1", "d"], ["10.0.0.2", "保留", "", ""]))
    assert done["updated"] == {"ips": 2}
    assert [row["status"] for row in rows(alice, "ips", order="ip", page_size=2)] == ["allocated", "reserved"]
    execute(alice, addresses(["10.0.0.1", "可用", "", ""], ["10.0.0.2", "已分配", "h2", ""]))
    first, second = rows(alice, "ips", order="ip", page_size=2)
    assert (first["status"], first["hostname"], first["released_at"] is not None) == ("available", None, True)
    assert (second["status"], second["hostname"], second["allocate_type"]) == ("allocated", "h2", "import")
    events = [row["event"] for row in rows(alice, "ips/history", ip="10.0.0.1")]
    assert events == ["released", "allocated"]


def test_states_nobody_may_go_to_and_strange_addresses_are_faults(alice: Client) -> None:
    made(alice, "subnets", name="s", cidr="10.0.0.0/28")
    content = addresses(
        ["10.0.0.1", "待审批", "", ""],
        ["10.0.0.2", "", "h", ""],
        ["10.0.0.0", "已分配", "", ""],
        ["192.168.9.9", "已分配", "", ""],
        ["10.0.0.3", "什么", "", ""],
    )
    assert [(row, code) for _, row, _, code in faults(preview(alice, content))] == [
        (2, "INVALID_STATE"),
        (3, "INVALID_STATE"),
        (4, "IP_NOT_AVAILABLE"),
        (5, "IP_NOT_IN_SUBNET"),
        (6, "INVALID_PARAMETER"),
    ]


def test_an_address_of_a_sparse_subnet_comes_into_being(alice: Client) -> None:
    made(alice, "subnets", name="s", cidr="2001:db8::/64")
    done = execute(alice, addresses(["2001:db8::10", "已分配", "v6", ""]))
    assert done["created"] == {"ips": 1}
    assert [row["ip"] for row in rows(alice, "ips")] == ["2001:db8::10"]


def test_cool_down_applies_and_released_rows_do_not_come_back(alice: Client) -> None:
    made(alice, "subnets", name="s", cidr="10.0.0.0/28", release_cooldown_hours=2)
    execute(alice, addresses(["10.0.0.1", "已分配", "h1", ""]))
    execute(alice, addresses(["10.0.0.1", "可用", "", ""]))
    assert rows(alice, "ips", order="ip", page_size=1)[0]["status"] == "quarantine"


# --- who, and beside whom --------------------------------------------------------------------------------------------


def test_who_may_import_what(alice: Client, bob: Client, carol: Client) -> None:
    group = workbook(用户组=[["名称"], ["g"]])
    assert faults(preview(bob, group)) == [("user-groups", 2, "", "FORBIDDEN")]
    assert execute(alice, group)["created"] == {"user-groups": 1}
    assert carol.post(EXECUTE, {"preview_token": "x"}).status == 403


def test_a_scope_limits_what_is_written(alice: Client, bob: Client) -> None:
    area = made(alice, "network_areas", name="一区")["id"]
    made(alice, "projects", name="p")
    made(alice, "user-groups", name="g", user_ids=[bob.id], network_area_ids=[area])
    content = workbook(
        网关=[["IP地址", "网络区域"], ["10.0.0.1", "一区"], ["10.0.0.2", "默认区域"]],
        项目=[["名称", "描述"], ["p", "x"]],
    )
    wrong = {(resource, row) for resource, row, _, _ in faults(preview(bob, content))}
    assert wrong == {("gateways", 3), ("projects", 2)}


def test_an_import_is_one_line_of_the_audit_with_what_it_changed(appliance: App, alice: Client) -> None:
    execute(alice, workbook(项目=[["名称"], ["a"], ["b"]]))
    with appliance.store.reading() as tx:
        (line,) = tx["operations"].find(operation="执行导入")
    assert [one["new"]["name"] for one in line["details"]] == ["a", "b"]
    assert (line["succeeded"], line["login"]) == (True, "alice")


def test_an_import_that_wrote_nothing_leaves_its_line_too(appliance: App, alice: Client) -> None:
    execute(alice, workbook(项目=[["名称"], ["a"], ["a"]]))
    with appliance.store.reading() as tx:
        (line,) = tx["operations"].find(operation="执行导入")
    assert (line["succeeded"], line["details"]) == (False, [])


def test_the_audit_of_a_large_import_has_its_beginning_and_says_how_much_more_there_was(
    appliance: App, alice: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(recorder, "LONGEST_STORY", 2)
    execute(alice, workbook(项目=[["名称"], ["a"], ["b"], ["c"], ["d"]]))
    with appliance.store.reading() as tx:
        (line,) = tx["operations"].find(operation="执行导入")
    assert [one["what"] for one in line["details"]] == ["projects", "projects", "import"]
    assert line["details"][-1]["further_changes"] == 2
    assert len(rows(alice, "projects")) == 4


def test_what_changed_meanwhile_is_judged_again(appliance: App, alice: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    rehearsed, tries = imports.rehearsed, []

    def disturbed(*arguments: Any) -> Any:
        result = rehearsed(*arguments)
        if not tries:
            made(alice, "projects", name="a")  # somebody was quicker
        tries.append(1)
        return result

    monkeypatch.setattr(imports, "rehearsed", disturbed)
    done = execute(alice, workbook(项目=[["名称", "描述"], ["a", "x"]]))
    assert (len(tries), done["created"], done["updated"]) == (2, {"projects": 0}, {"projects": 1})


def test_an_address_taken_meanwhile_is_never_taken_twice(
    appliance: App, alice: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    made(alice, "subnets", name="s", cidr="10.0.0.0/28")
    rehearsed, tries = imports.rehearsed, []

    def disturbed(*arguments: Any) -> Any:
        result = rehearsed(*arguments)
        if not tries:
            assert alice.post("/api/ips/allocate", {"ip": "10.0.0.1", "hostname": "quick"}).status == 200
        tries.append(1)
        return result

    monkeypatch.setattr(imports, "rehearsed", disturbed)
    execute(alice, addresses(["10.0.0.2", "已分配", "b", ""], ["10.0.0.1", "保留", "", ""]))
    first, second = rows(alice, "ips", order="ip", page_size=2)
    assert (first["hostname"], first["status"], second["status"]) == ("quick", "allocated", "available")


def test_the_words_of_a_form_are_checked(alice: Client) -> None:
    content = workbook(项目=[["名称"], ["a"]])
    assert send(alice, EXECUTE, content, on_error="x").json["error"]["details"] == {"on_error": "不在可选值中"}
    assert alice.post(EXECUTE, {}).json["error"]["details"] == {"file": "请上传xlsx文件"}
