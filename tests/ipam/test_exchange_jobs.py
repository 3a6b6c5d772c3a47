"""Large workbooks in the background: progress, result, whose they are; and the same over a real connection."""

import os
import time
from typing import Any

import gevent
import pytest
import requests

from appliance.app import App
from appliance.domain.exchange import files, imports, reader
from tests.client import Client
from tests.conftest import PASSWORD
from tests.ipam.books import EXECUTE, execute, preview, workbook
from tests.ipam.calls import rows
from tests.live import Live

JOBS = "/api/smart/import/jobs/"
MANY = workbook(项目=[["名称"], *([f"p{number}"] for number in range(30))])
WRONG = workbook(项目=[["名称"], *([f"p{number}"] for number in range(30)), ["p1"]])


@pytest.fixture
def few(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is more than ten rows is many."""
    monkeypatch.setattr(imports, "AT_ONCE", 10)


def ended(client: Client, ident: str) -> dict[str, Any]:
    """A job when it is over."""
    until = time.monotonic() + 60
    while (job := client.get(JOBS + ident).json["data"])["status"] == "running":
        assert time.monotonic() < until
        gevent.sleep(0.01)
    return dict(job)


@pytest.mark.usefixtures("few")
def test_a_large_import_is_a_job_with_progress_and_a_result(alice: Client) -> None:
    job = execute(alice, MANY)
    assert set(job) == {"job_id", "status"}
    assert alice.get(JOBS + job["job_id"]).json["data"]["progress"] == {"done": 0, "total": 30, "percent": 0.0}
    done = ended(alice, job["job_id"])
    assert (done["status"], done["progress"]["done"], done["error"]) == ("success", 30, None)
    assert done["result"]["created"] == {"projects": 30}
    assert alice.get("/api/projects/count").json["data"]["count"] == 30


@pytest.mark.usefixtures("few")
def test_a_large_preview_gives_its_token_at_the_end(alice: Client) -> None:
    done = ended(alice, preview(alice, MANY)["job_id"])
    assert done["result"]["summary"]["create"] == 30
    job = alice.post(EXECUTE, {"preview_token": done["result"]["preview_token"]}).json["data"]
    assert ended(alice, job["job_id"])["status"] == "success"


@pytest.mark.usefixtures("few")
def test_a_job_that_finds_a_fault_fails_and_writes_nothing(alice: Client) -> None:
    done = ended(alice, execute(alice, WRONG)["job_id"])
    assert (done["status"], done["error"]) == ("failed", "导入失败,未写入任何数据")
    assert done["result"]["errors"][0]["row"] == 32
    assert rows(alice, "projects") == []


@pytest.mark.usefixtures("few")
def test_a_job_is_its_owners_and_the_administrators(alice: Client, bob: Client, carol: Client) -> None:
    ident = execute(bob, MANY)["job_id"]
    assert ended(bob, ident)["status"] == "success"
    assert [who.get(JOBS + ident).status for who in (alice, carol)] == [200, 403]
    other = ended(alice, execute(alice, MANY)["job_id"])["job_id"]
    assert bob.get(JOBS + other).status == bob.get(JOBS + "x").status == 404


@pytest.mark.usefixtures("few")
def test_others_read_and_write_while_a_workbook_is_judged(alice: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[int] = []
    rehearsed = imports.rehearsed

    def watched(wish: Any, step: Any) -> Any:
        def between(done: int) -> None:
            step(done)
            if done == 15 and not seen:
                seen.append(alice.post("/api/units", {"name": "甲", "level": 1}).status)

        return rehearsed(wish, between)

    monkeypatch.setattr(imports, "rehearsed", watched)
    assert ended(alice, execute(alice, MANY)["job_id"])["result"]["created"] == {"projects": 30}
    assert seen == [201]


@pytest.mark.usefixtures("few")
def test_only_a_few_jobs_wait(alice: Client) -> None:
    wanted = {"preview_token": imports.keep(alice.id, reader.parsed("x.xlsx", MANY))}
    answers = [alice.post(EXECUTE, wanted) for _ in range(imports.WAITING + 1)]
    assert [answer.status for answer in answers] == [200] * imports.WAITING + [429]
    assert answers[-1].header("Retry-After") == "60"
    idents = [answer.json["data"]["job_id"] for answer in answers[:-1]]
    assert {ended(alice, ident)["status"] for ident in idents} == {"success"}


def test_a_copy_that_an_ended_process_left_is_removed(appliance: App) -> None:
    left = files.folder(appliance.settings.data) / "work-x"
    left.mkdir()
    (left / "appliance.db").touch()
    appliance.chores.forget_what_is_over()
    assert left.exists()
    os.utime(left, (time.time() - 3601,) * 2)
    appliance.chores.forget_what_is_over()
    assert not left.exists()


def test_an_upload_and_a_download_over_a_real_connection(live: Live) -> None:
    body = {"username": "alice", "password": PASSWORD}
    token = requests.post(f"{live.url}/api/login", json=body, timeout=20).json()["data"]["token"]
    head = {"Authorization": f"Bearer {token}"}
    sent = {"file": ("数据.xlsx", MANY)}
    answer = requests.post(f"{live.url}/api/smart/import/execute", files=sent, headers=head, timeout=60).json()
    assert (answer["message"], answer["data"]["created"]) == ("导入成功", {"projects": 30})
    wanted = {"resource_types": ["projects"]}
    path = requests.post(f"{live.url}/api/smart/export", json=wanted, headers=head, timeout=60).json()["data"]
    file = requests.get(live.url + path["file_path"], headers=head, timeout=20)
    assert (file.status_code, len(file.content)) == (200, path["file_size"])
