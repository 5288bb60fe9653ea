"""Files of schools over HTTP and by command: check, apply, wait for a worker, undo; names stay out of addresses."""

import io
import json
from collections.abc import Callable
from pathlib import Path
from urllib.parse import quote

import pytest
import sqlalchemy as sa
from openpyxl import load_workbook
from starlette.testclient import TestClient

from service.db import Database
from service.imports import routes
from service.imports.bringing import TAKEN_BACK
from service.imports.sweeping import sweep_contents
from service.jobs.actions import INTAKE
from service.jobs.leases import claim_job
from service.settings import Settings
from service.tables import Intake, Job, Student
from service.worker import Stopping, do_next
from tests.service.conftest import Authorization, sqlite_only
from tests.service.school_files import CLASS_LIST, book, text
from tests.service.test_cli import Operator, operator  # noqa: F401 - a fixture
from tests.service.worked_example import KNOWN

SignIn = Callable[[str], Authorization]
BAD = [["ФИО", "Класс", "Пол"], ["Кедрова Инна", "9А", "жж"], ["Липова Ия", "99А", "ж"]]
GOOD = [["ФИО", "Класс", "Пол"], ["Кедрова Инна", "9А", "ж"], ["Липова Ия", "9А", "ж"]]


def named(name: str) -> dict[str, str]:
    return {"Content-Disposition": f"attachment; filename*=UTF-8''{quote(name)}"}


@sqlite_only
def test_check_mark_mend_apply_undo(client: TestClient, sign_in: SignIn, ready: Database) -> None:
    header = sign_in("director") | named("Иванов Пётр.csv")
    report = client.post("/v1/imports", headers=header, content=text(BAD)).json()
    assert (report["file"], report["applied"], report["fault_count"]) == ("Иванов Пётр.csv", False, 2)
    refused = client.post("/v1/imports?mode=apply", headers=header, content=text(BAD))
    assert (refused.status_code, refused.json()["code"]) == (422, "import_refused")
    assert [fault["code"] for fault in refused.json()["report"]["parts"][0]["faults"]] == ["word", "class_title"]
    copy = client.post("/v1/marked-copies", headers=header, content=text(BAD))
    assert load_workbook(io.BytesIO(copy.content))["Таблица"]["C2"].comment.text == "допускается одно из: f, m (ж, м)"

    applied = client.post("/v1/imports?mode=apply", headers=header, content=text(GOOD)).json()
    assert (applied["applied"], applied["added_count"]) == (True, 2)
    rows = client.get("/v1/classes/sch01-2024-25-9a/students", headers=header).json()["students"]
    assert len(rows) == 4
    (first, *_) = client.get("/v1/intakes", headers=header).json()["intakes"]
    assert (first["intake_id"], first["state"], first["can_be_undone"]) == (applied["undo_id"], "applied", True)
    undone = client.post(f"/v1/intakes/{first['intake_id']}/undo", headers=header)
    assert undone.json()["state"] == "undone"
    rows = client.get("/v1/classes/sch01-2024-25-9a/students", headers=header).json()["students"]
    assert len(rows) == 2
    other = sign_in("metodist")
    assert client.get(f"/v1/intakes/{first['intake_id']}", headers=other).status_code == 404
    assert client.post(f"/v1/intakes/{first['intake_id']}/undo", headers=header).status_code == 409


def test_a_large_file_waits_for_a_worker_and_its_content_goes(
    client: TestClient, sign_in: SignIn, ready: Database, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(routes, "LARGE_BYTES", 10)
    header = sign_in("director") | named("spisok.xlsx")
    content = book({"Лист1": CLASS_LIST})
    states = {}
    for mode, body in (("check", content), ("apply", content), ("apply", text(BAD))):
        name = header if body is content else header | named("a.csv")
        answer = client.post(f"/v1/imports?mode={mode}", headers=name, content=body)
        assert answer.status_code == 202
        at = answer.headers["location"]
        assert client.get(at, headers=header).json()["state"] == "queued"
        with ready.writing() as session:
            lease = claim_job(session, kinds=(INTAKE,), seconds=30)
        assert lease is not None
        do_next(ready, settings, lease, Stopping())
        row = client.get(at, headers=header).json()
        states[mode, row["state"]] = (
            row["report"]["applied"],
            row["report"]["added_count"],
            row["report"]["fault_count"],
        )
    assert states == {
        ("check", "done"): (False, 1, 0),
        ("apply", "applied"): (True, 1, 0),
        ("apply", "done"): (False, 0, 2),
    }
    with ready.reading() as session:
        assert list(session.scalars(sa.select(Intake.content).where(Intake.content.is_not(None)))) == []
        assert session.scalar(sa.select(sa.func.count()).select_from(Student)) == 5


@sqlite_only
def test_a_file_that_cannot_be_read_ends_its_job_with_the_reason(
    client: TestClient, sign_in: SignIn, ready: Database, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(routes, "LARGE_BYTES", 1)
    header = sign_in("director") | named("Липова Ия.xlsx")
    at = client.post("/v1/imports", headers=header, content=b"PK\x03\x04 no archive").headers["location"]
    with ready.writing() as session:
        lease = claim_job(session, kinds=(INTAKE,), seconds=30)
    assert lease is not None
    do_next(ready, settings, lease, Stopping())
    row = client.get(at, headers=header).json()
    assert (row["state"], row["report"]) == ("failed", None)
    assert "повреждён" in row["error"]
    assert "Липова" not in row["error"]


@sqlite_only
def test_a_waiting_file_goes_with_an_erasure_and_after_its_job(
    client: TestClient, sign_in: SignIn, ready: Database, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(routes, "LARGE_BYTES", 1)
    header = sign_in("director") | named("a.csv")
    at = client.post("/v1/imports?mode=apply", headers=header, content=text(GOOD)).headers["location"]
    erased = client.post("/v1/students/s3333333/erasure", headers=header, json={"ground": "request"})
    assert erased.status_code == 200, erased.text
    with ready.writing() as session:
        lease = claim_job(session, kinds=(INTAKE,), seconds=30)
    assert lease is not None
    do_next(ready, settings, lease, Stopping())
    row = client.get(at, headers=header).json()
    assert (row["state"], row["error"]) == ("failed", TAKEN_BACK)
    client.post("/v1/imports?mode=apply", headers=header, content=text(GOOD))
    with ready.writing() as session:
        session.execute(sa.update(Job).where(Job.kind == INTAKE).values(state="failed"))
    assert (sweep_contents(ready), sweep_contents(ready)) == (1, 0)


@sqlite_only
def test_a_report_that_is_kept_holds_no_row_of_children(
    client: TestClient, sign_in: SignIn, ready: Database, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(routes, "LARGE_BYTES", 1)
    header = sign_in("director") | named("a.csv")
    unknown = text([["Кедрова", "Инна"], ["Липова", "Ия"]])
    at = client.post("/v1/imports", headers=header, content=unknown).headers["location"]
    with ready.writing() as session:
        lease = claim_job(session, kinds=(INTAKE,), seconds=30)
    assert lease is not None
    do_next(ready, settings, lease, Stopping())
    row = client.get(at, headers=header)
    assert row.json()["report"]["sheets"][0]["headings"] == []
    assert "Кедрова" not in row.text
    mixed = text([["ФИО", "Класс", "Пол", "Липова Ия"], ["Кедрова Инна", "9А", "ж", ""]])
    at = client.post("/v1/imports", headers=header, content=mixed).headers["location"]
    with ready.writing() as session:
        lease = claim_job(session, kinds=(INTAKE,), seconds=30)
    assert lease is not None
    do_next(ready, settings, lease, Stopping())
    row = client.get(at, headers=header)
    (warning,) = row.json()["report"]["parts"][0]["warnings"]
    assert (warning["code"], warning["letter"], warning["heading"]) == ("column_not_read", "D", None)
    assert "Липова" not in row.text


@sqlite_only
def test_columns_are_settled_for_the_school(client: TestClient, sign_in: SignIn) -> None:
    header = sign_in("director") | named("a.csv")
    rows = [["Фамилия дитяти", "Имя дитяти", "Класс", "Дом"], ["Кедрова", "Инна", "9А", "7"]]
    found = client.post("/v1/imports", headers=header, content=text(rows)).json()
    assert found["sheets"][0]["missing"] or found["fault_count"]
    meaning = {"Фамилия дитяти": "last_name", "Имя дитяти": "first_name", "Класс": "class_title", "Дом": ""}
    kept = client.put("/v1/column-meanings", headers=header, json={"table": "roster", "columns": meaning})
    assert kept.status_code == 200, kept.text
    applied = client.post("/v1/imports?mode=apply", headers=header, content=text(rows)).json()
    assert (applied["applied"], applied["added_count"], applied["warning_count"]) == (True, 1, 0)


def test_the_command_takes_files_of_schools(operator: Operator, tmp_path: Path) -> None:  # noqa: F811
    operator.do("db", "upgrade")
    operator.do("reference", "load")
    operator.do("import", "tests/service/example")
    file = tmp_path / "список.xlsx"
    file.write_bytes(book({"Лист1": CLASS_LIST}))
    told = operator.do("import", str(file), "--school", "sch01", "--check", "--report", str(tmp_path / "r.json"))
    assert "Проверено: список.xlsx: новых строк 1" in told
    assert json.loads((tmp_path / "r.json").read_text(encoding="utf-8"))[0]["parts"][0]["table"] == "roster"
    assert "Загружено" in operator.do("import", str(file), "--school", "sch01")
    (tmp_path / "bad.csv").write_bytes(text(BAD))
    bad = operator.do(
        "import", str(tmp_path / "bad.csv"), "--school", "sch01", "--check", "--marked", str(tmp_path / "m")
    )
    assert "2, C: допускается одно из: f, m" in bad
    assert (tmp_path / "m" / "bad-замечания.xlsx").is_file()
    refused = operator.run("import", str(tmp_path / "bad.csv"), "--school", "sch01")
    assert (refused.returncode, "строка 2, столбец C: допускается" in refused.stderr) == (3, True)
    (tmp_path / "odd.csv").write_bytes(text([["Фамилия дитяти", "Имя дитяти", "Класс"], ["Кедров", "Лев", "9А"]]))
    settled = [f"--column={heading}" for heading in ("Фамилия дитяти=last_name", "Имя дитяти=first_name")]
    told = operator.do("import", str(tmp_path / "odd.csv"), "--school", "sch01", "--table", "roster", *settled)
    assert "Загружено: odd.csv: новых строк 1" in told
    assert "прежних 1" in operator.do("import", str(tmp_path / "odd.csv"), "--school", "sch01")
    assert operator.run("import", str(tmp_path / "odd.csv"), "--school", "sch01", "--column=Имя=x").returncode == 3
    assert "отменена" in operator.do("undo-import", "sch01")
    assert operator.run("undo-import", "sch01").returncode == 4


def test_an_erasure_leaves_nothing_of_files_brought_in(
    client: TestClient, sign_in: SignIn, ready: Database, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    header = sign_in("director") | named("Ольхина Вера.csv")
    client.post("/v1/imports?mode=apply", headers=header, content=text(GOOD))
    monkeypatch.setattr(routes, "LARGE_BYTES", 10)
    waiting = client.post("/v1/imports?mode=apply", headers=header, content=text(GOOD[:2])).headers["location"]
    wanted = {"ground": "request", "document": "вх. № 12"}
    assert client.post(f"/v1/students/{KNOWN}/erasure", headers=header, json=wanted).status_code == 200
    with ready.reading() as session:
        left = session.execute(sa.select(Intake.file_name, Intake.content, Intake.report)).all()
    assert left == [("—", None, None)] * 2
    with ready.writing() as session:
        lease = claim_job(session, kinds=(INTAKE,), seconds=30)
    assert lease is not None
    do_next(ready, settings, lease, Stopping())
    row = client.get(waiting, headers=header).json()
    assert (row["state"], row["error"], row["applied_at"]) == ("failed", TAKEN_BACK, None)
    with ready.reading() as session:
        assert session.get_one(Job, lease.job_id).result == TAKEN_BACK
