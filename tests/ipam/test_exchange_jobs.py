"""Large workbooks in the background: progress, result, whose they are; and the same over a real connection."""

import os
import time
from collections.abc import Callable, Iterator
from typing import Any

import gevent
import pytest
import requests
from gevent import monkey

from appliance.app import App
from appliance.domain.exchange import files, imports, jobs, reader
from tests.client import Client
from tests.conftest import PASSWORD
from tests.ipam.books import EXECUTE, JOBS, ended, execute, preview, send, workbook
from tests.ipam.calls import rows
from tests.live import Live

NativeEvent = monkey.get_original("threading", "Event")
MANY = workbook(项目=[["名称"], *([f"p{number}"] for number in range(30))])
WRONG = workbook(项目=[["名称"], *([f"p{number}"] for number in range(30)), ["p1"]])


@pytest.fixture
def few(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is more than ten rows is many, but is read at once."""
    monkeypatch.setattr(jobs, "AT_ONCE", 10)


@pytest.fixture
def very_few(few: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is more than ten rows is not even read at once."""
    monkeypatch.setattr(imports, "BESIDES", 0)


class Halted:
    """Stops the thread of an import in a phase, as a large workbook would take long there."""

    def __init__(self) -> None:
        self.phase, self.reached, self.further = "", NativeEvent(), NativeEvent()

    def step(self, work: jobs.Work, done: int) -> None:
        if work.phase == self.phase and done == 15:
            self.reached.set()
            assert self.further.wait(20)

    def at(self, phase: str, begin: Callable[[], Any]) -> Any:
        """What `begin` gives, once the phase is reached."""
        self.phase = phase
        begun = begin()
        gevent.get_hub().threadpool.apply(self.reached.wait, (20,))
        assert self.reached.is_set()
        return begun

    def go_on(self) -> None:
        self.further.set()


@pytest.fixture
def halted(monkeypatch: pytest.MonkeyPatch) -> Iterator[Halted]:
    found = Halted()
    monkeypatch.setattr(jobs.Work, "step", lambda work, done: found.step(work, done))
    yield found
    found.go_on()


@pytest.mark.usefixtures("few")
def test_a_large_import_is_a_job_with_progress_and_a_result(alice: Client) -> None:
    job = execute(alice, MANY)
    assert set(job) == {"job_id", "status"}
    done = ended(alice, job["job_id"])
    assert (done["status"], done["progress"]["percent"], done["error"]) == ("success", 100, None)
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


@pytest.mark.usefixtures("very_few")
def test_progress_goes_through_reading_judging_and_writing(alice: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[dict[str, Any]] = []
    step = jobs.Work.step

    def watched(self: jobs.Work, done: int) -> None:
        step(self, done)
        seen.append(self.progress())

    monkeypatch.setattr(jobs.Work, "step", watched)
    assert ended(alice, execute(alice, MANY)["job_id"])["status"] == "success"
    assert list(dict.fromkeys(one["phase"] for one in seen)) == ["reading", "judging", "writing"]
    assert [one["percent"] for one in seen] == sorted(one["percent"] for one in seen)
    judged = [one for one in seen if one["phase"] == "judging"]
    assert (judged[0]["done"], judged[-1]["done"], judged[-1]["total"], judged[-1]["percent"]) == (1, 30, 30, 90.0)


@pytest.mark.usefixtures("very_few")
def test_a_large_file_that_is_bad_is_refused_at_once_or_by_its_job(appliance: App, alice: Client) -> None:
    assert send(alice, EXECUTE, MANY[:-200]).status == 400
    wide = workbook(项目=[["名称"], *(["x"] * 65 for number in range(30))])
    done = ended(alice, execute(alice, wide)["job_id"])
    assert (done["status"], done["error"], done["result"]) == ("failed", "列数不能超过64", None)
    with appliance.store.reading() as tx:
        lines = tx["operations"].find(operation="执行导入")
    assert [line["succeeded"] for line in lines] == [False, False]


@pytest.mark.usefixtures("few")
def test_others_read_and_write_while_a_workbook_is_judged(alice: Client, halted: Halted) -> None:
    job = halted.at("judging", lambda: execute(alice, MANY))
    assert alice.post("/api/units", {"name": "甲", "level": 1}).status == 201
    assert [row["name"] for row in rows(alice, "units")] == ["甲"]
    halted.go_on()
    assert ended(alice, job["job_id"])["result"]["created"] == {"projects": 30}


@pytest.mark.usefixtures("few")
def test_while_a_workbook_is_written_others_read_and_writers_wait(alice: Client, halted: Halted) -> None:
    job = halted.at("writing", lambda: execute(alice, MANY))
    writer = gevent.spawn(alice.post, "/api/units", {"name": "甲", "level": 1})
    assert rows(alice, "projects") == []
    gevent.sleep(0)
    assert not writer.ready()
    halted.go_on()
    assert writer.get(timeout=20).status == 201
    assert ended(alice, job["job_id"])["status"] == "success"
    assert alice.get("/api/projects/count").json["data"]["count"] == 30


@pytest.mark.usefixtures("few")
def test_only_a_few_jobs_wait(alice: Client) -> None:
    wanted = {"preview_token": imports.keep(alice.id, reader.read("x.xlsx", MANY))}
    answers = [alice.post(EXECUTE, wanted) for _ in range(jobs.WAITING + 1)]
    assert [answer.status for answer in answers] == [200] * jobs.WAITING + [429]
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
