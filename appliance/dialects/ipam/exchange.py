"""Workbooks: export, download, preview, import, jobs, templates (ipam 9)."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from appliance.dialects.ipam.envelope import Body, Query, ipam, said
from appliance.domain import audit
from appliance.domain.collections import READ, WRITE
from appliance.domain.exchange import export, files, imports, jobs, safety
from appliance.domain.exchange.imports import ON_ERROR, How, Wish, chosen
from appliance.domain.exchange.running import ON_EXISTS
from appliance.errors import Invalid
from appliance.web.request import Upload
from appliance.web.route import Reply
from appliance.web.serve import Desk

KIND = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
EXPORTED, IMPORTED, NOT_IMPORTED, IN_BACKGROUND = "导出成功", "导入成功", "导入失败,未写入任何数据", "正在后台处理"
BLOCK = 256 * 1024
NO_FILE, LOOKING, EXECUTING = "请上传xlsx文件", "导入预览", "执行导入"


@ipam.post("/api/smart/export", needs=READ, takes=Body, audit="智能导出", outside=True)
def export_some(desk: Desk, body: dict[str, Any]) -> Reply:
    with desk.reading() as tx:
        rows = export.chosen(tx, export.asked(tx, body), body)
    return exported(desk, rows)


@ipam.post("/api/smart/export/all", needs=READ, takes=Body, audit="导出全部", outside=True)
def export_everything(desk: Desk, body: dict[str, Any]) -> Reply:
    with desk.reading() as tx:
        rows = export.chosen(tx, export.everything(tx), {"include_dependencies": False})
    return exported(desk, rows)


def exported(desk: Desk, rows: export.Chosen) -> Reply:
    """The file is made first, then told in the audit."""
    answer = export.make(desk.store, desk.actor, rows)
    with desk.writing() as tx:
        tx.tell("exports", rows=answer["rows"])
    return said(EXPORTED, answer)


@ipam.get("/exports/<name>", needs=READ, outside=True)
def download(desk: Desk, name: str) -> Reply:
    """下载导出文件"""
    path = files.find(desk.settings.data, desk.actor, name)
    size = ("Content-Length", str(path.stat().st_size))
    return attachment(export.called(files.made_at(path)), pieces(path), size)


def pieces(path: Path) -> Iterator[bytes]:
    """A file in portions."""
    with path.open("rb") as file:
        while block := file.read(BLOCK):
            yield block


def attachment(name: str, body: Any, *headers: tuple[str, str]) -> Reply:
    """A file for the caller's disk."""
    told = ("Content-Disposition", f'attachment; filename="{name}"')
    return Reply(body=body, kind=KIND, headers=[told, *headers])


@ipam.get("/api/smart/import/template", needs=READ, takes=Query, outside=True)
def give_template(desk: Desk, query: dict[str, Any]) -> Reply:
    """下载导入模板"""
    resource = str(query.get("type") or "all")
    body = export.template(desk.store, desk.actor, resource)
    return attachment(f"import_template_{resource}.xlsx", body)


@ipam.post("/api/smart/import/preview", needs=WRITE, takes=Body, audit=LOOKING, outside=True, upload=safety.LARGEST)
def preview(desk: Desk, body: dict[str, Any]) -> Reply:
    wish = wished(desk, body)
    result = begun(desk, wish, "preview", LOOKING, lambda work: imports.preview(wish, desk.writing, work))
    return answered(result, "success")


@ipam.post("/api/smart/import/execute", needs=WRITE, takes=Body, audit=EXECUTING, outside=True, upload=safety.LARGEST)
def execute(desk: Desk, body: dict[str, Any]) -> Reply:
    wish = wished(desk, body)
    result = begun(desk, wish, "execute", EXECUTING, lambda work: executed(desk, wish, work))
    return answered(result, IMPORTED if result.get("success") else NOT_IMPORTED)


def begun(desk: Desk, wish: Wish, kind: str, operation: str, act: jobs.Act) -> dict[str, Any]:
    """A result, or a job, which notes itself when it is refused."""
    return jobs.run(desk.actor.user_id, kind, wish.rows, act, lambda: note_refusal(desk, operation))


def executed(desk: Desk, wish: Wish, work: jobs.Work) -> dict[str, Any]:
    """The import; one that wrote nothing leaves its line in the audit too."""
    result = imports.execute(wish, desk.writing, work)
    if not result["success"]:
        note_refusal(desk, EXECUTING)
    return result


def note_refusal(desk: Desk, operation: str) -> None:
    """The audit line of what came to nothing."""
    if desk.store.read_only:
        return
    with desk.store.writing(desk.actor) as tx:
        audit.note(tx, operation, succeeded=False)


def answered(result: dict[str, Any], message: str) -> Reply:
    """A result, or a job."""
    return said(IN_BACKGROUND if "job_id" in result else message, result)


def wished(desk: Desk, body: dict[str, Any]) -> Wish:
    """The workbook that was sent, or the one of a preview, and how to import it."""
    on_error = chosen("on_error", body.get("on_error"), ON_ERROR)
    how = How(desk.store, desk.actor, on_error, chosen("on_exists", body.get("on_exists"), ON_EXISTS))
    file = body.get("file")
    if isinstance(file, Upload) and file.content:
        return imports.sent(how, file.name, file.content)
    if not body.get("preview_token"):
        raise Invalid(file=NO_FILE)
    return imports.again(how, body["preview_token"])


@ipam.get("/api/smart/import/jobs/<ident>", needs=WRITE)
def show_job(tx: Any, ident: str) -> dict[str, Any]:
    """获取导入任务"""
    return jobs.state(tx.actor.user_id, ident, is_admin=tx.actor.is_admin)
