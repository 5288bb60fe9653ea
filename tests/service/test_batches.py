"""Lists of many students in one file: the same bits as on a card, resumable, nobody else's."""

import csv
import hashlib
import io
import json
import sqlite3
from collections.abc import Callable
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from typing import Any

import openpyxl
import pytest
import sqlalchemy as sa
from pyarrow import parquet
from starlette.testclient import TestClient

from service.access import OPERATOR
from service.batches import making, ranking
from service.batches.actions import batch_file, batch_folder
from service.batches.sweeping import sweep
from service.clock import now
from service.db import Database
from service.errors import ConflictError
from service.installed import Installed
from service.jobs.actions import BATCH
from service.jobs.leases import claim_job
from service.privacy.erasure import erase_student
from service.settings import Settings
from service.tables import AuditRecord, Batch, Job
from service.worker import Stopping, do_next
from tests.service.conftest import Authorization
from tests.service.test_kept_answers import take_in
from tests.service.worked_example import BLANK, CLASS_A, CLASS_B, CLASS_ELSEWHERE, ELSEWHERE, KNOWN, example_text

SignIn = Callable[[str], Authorization]
REASON = {"reason": "сверка с журналом школы"}


@pytest.fixture
def settings(settings: Settings, tmp_path: Path) -> Settings:
    """Files of batches in a folder of the test's own."""
    key = tmp_path / "own" / "secret.key"
    key.parent.mkdir()
    key.write_bytes(settings.secret_key_file.read_bytes())
    return settings.model_copy(update={"secret_key_file": key})


def ask(client: TestClient, header: Authorization, **wanted: Any) -> dict[str, Any]:
    """Ask for a batch."""
    answer = client.post("/v1/batches", headers=header, json={**REASON, **wanted})
    assert answer.status_code == 202, answer.text
    row: dict[str, Any] = answer.json()
    assert answer.headers["location"] == f"/v1/batches/{row['batch_id']}"
    return row


def work(database: Database, settings: Settings) -> None:
    """A worker does what waits."""
    while True:
        with database.writing() as session:
            lease = claim_job(session, kinds=(BATCH,), seconds=settings.job_lease_seconds)
        if lease is None:
            return
        do_next(database, settings, lease, Stopping())


def made(client: TestClient, header: Authorization, database: Database, settings: Settings, **wanted: Any) -> bytes:
    """The file of a batch."""
    number = ask(client, header, **wanted)["batch_id"]
    work(database, settings)
    row = client.get(f"/v1/batches/{number}", headers=header).json()
    assert (row["state"], row["progress"]) == ("done", 1.0), row
    answer = client.get(f"/v1/batches/{number}/file", headers=header)
    assert answer.status_code == 200
    assert row["checksum"] == hashlib.sha256(answer.content).hexdigest()
    assert answer.headers["etag"] == f'"{row["checksum"]}"'
    content: bytes = answer.content
    return content


def cards(client: TestClient, header: Authorization, *students: str) -> list[tuple[Any, ...]]:
    """Places of lists as cards show them."""
    found = []
    for student in students:
        body = client.get(f"/v1/students/{student}/recommendations?k=10", headers=header).json()
        for ranked in body["lists"]:
            for item in ranked["items"]:
                found.append(
                    (student, ranked["kind"], item["rank"], item["pathway_code"], item["title_ru"], item["fit"],
                     item["demand_weight"], item["final"])
                )  # fmt: skip
    return found


def read_ndjson(content: bytes, _: Path) -> list[tuple[Any, ...]]:
    """Places of a file of lines."""
    lines = [json.loads(line) for line in content.decode().splitlines()]
    names = ("rank", "pathway_code", "title_ru", "fit", "demand_weight", "final")
    return [
        (line["student_id"], kind, *(item[name] for name in names))
        for line in lines
        for kind, items in line["lists"].items()
        for item in items
    ]


def _typed(row: list[Any]) -> tuple[Any, ...]:
    weight = float(row[6]) if row[6] not in ("", None) else None
    return (row[0], row[1], int(row[2]), row[3], row[4], float(row[5]), weight, float(row[7]))


def read_csv(content: bytes, _: Path) -> list[tuple[Any, ...]]:
    """Places of a table of text."""
    assert content.startswith(b"\xef\xbb\xbf")
    return [_typed(row) for row in list(csv.reader(io.StringIO(content.decode("utf-8-sig"))))[1:]]


def read_xlsx(content: bytes, _: Path) -> list[tuple[Any, ...]]:
    """Places of a workbook."""
    with closing(openpyxl.load_workbook(io.BytesIO(content))) as book:
        rows = list(book.active.iter_rows(values_only=True))
    return [_typed(list(row)) for row in rows[1:]]


def read_parquet(content: bytes, _: Path) -> list[tuple[Any, ...]]:
    """Places of a file of columns."""
    return [tuple(row.values()) for row in parquet.read_table(io.BytesIO(content)).to_pylist()]


def read_sqlite(content: bytes, folder: Path) -> list[tuple[Any, ...]]:
    """Places of a database."""
    path = folder / "batch.sqlite"
    path.write_bytes(content)
    with closing(sqlite3.connect(path)) as connection:
        return list(connection.execute("SELECT * FROM lists"))


READERS = {
    "ndjson": read_ndjson, "csv": read_csv, "xlsx": read_xlsx, "parquet": read_parquet, "sqlite": read_sqlite,
}  # fmt: skip


@pytest.mark.parametrize("file_format", sorted(READERS))
def test_a_file_holds_what_the_cards_show(
    client: TestClient, sign_in: SignIn, ready: Database, settings: Settings, tmp_path: Path, file_format: str
) -> None:
    header = sign_in("director")
    content = made(client, header, ready, settings, file_format=file_format)
    # of school 1: whoever's representative agreed; s4444444 is not there
    places, shown = READERS[file_format](content, tmp_path), cards(client, header, KNOWN, BLANK)
    if file_format == "xlsx":  # a workbook keeps 16 digits, the others every bit
        shown = [tuple(pytest.approx(v, rel=1e-14) if isinstance(v, float) else v for v in place) for place in shown]
    assert places == shown


def test_a_class_and_only_what_changed(
    client: TestClient, sign_in: SignIn, ready: Database, settings: Settings, tmp_path: Path
) -> None:
    header = sign_in("director")
    number = ask(client, header, class_id=CLASS_A)["batch_id"]
    work(ready, settings)
    row = client.get(f"/v1/batches/{number}", headers=header).json()
    assert (row["student_count"], row["model_version"], row["demand_edition"]) == (
        2, "krasnodar-2024H1.1", "krasnodar-2024H1",
    )  # fmt: skip
    empty = made(client, header, ready, settings, since_revision=row["revision"])
    assert empty == b""
    marks = example_text("marks", "sch01").replace("s2222222,2023-24,4,5,4,4,3", "s2222222,2023-24,4,5,2,4,3")
    take_in(client, header, "marks", marks)
    changed = read_ndjson(made(client, header, ready, settings, since_revision=row["revision"]), tmp_path)
    assert {place[0] for place in changed} == {KNOWN}


def test_what_was_made_before_a_worker_died_is_not_made_again(
    client: TestClient, sign_in: SignIn, ready: Database, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    header = sign_in("director")
    whole = made(client, header, ready, settings)
    monkeypatch.setattr(making, "CHUNK", 1)
    ranked: list[tuple[str, ...]] = []

    def rank(session: Any, serving: Any, student_ids: Any, k: int, strength: float) -> ranking.Places:
        ranked.append(tuple(student_ids))
        if len(ranked) == 2:
            raise KeyboardInterrupt
        return ranking.rank_places(session, serving, student_ids, k, strength)

    monkeypatch.setattr(making, "rank_places", rank)
    number = ask(client, header)["batch_id"]
    with pytest.raises(KeyboardInterrupt):
        work(ready, settings)
    assert [part.name[:5] for part in (batch_folder(settings, number) / "parts").glob("*.npz")] == ["00000"]
    assert client.get(f"/v1/batches/{number}", headers=header).json()["state"] == "queued"  # given back
    work(ready, settings)
    assert ranked == [(KNOWN,), (BLANK,), (BLANK,)]  # the first chunk once
    assert client.get(f"/v1/batches/{number}/file", headers=header).content == whole
    assert not (batch_folder(settings, number) / "parts").exists()


@pytest.mark.parametrize("backend", ["sqlite"])
def test_what_was_made_from_facts_of_before_is_made_again(
    client: TestClient, sign_in: SignIn, ready: Database, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    header, write = sign_in("director"), making.write_file
    number = ask(client, header)["batch_id"]

    def stop(*_: Any) -> int:
        raise KeyboardInterrupt

    monkeypatch.setattr(making, "write_file", stop)
    with pytest.raises(KeyboardInterrupt):
        work(ready, settings)  # every part is made, no file
    marks = example_text("marks", "sch01").replace("s2222222,2023-24,4,5,4,4,3", "s2222222,2023-24,4,5,2,4,3")
    take_in(client, header, "marks", marks)
    monkeypatch.setattr(making, "write_file", write)
    work(ready, settings)
    resumed = client.get(f"/v1/batches/{number}/file", headers=header).content
    assert resumed == made(client, header, ready, settings)


@pytest.mark.parametrize("backend", ["sqlite"])
def test_a_chunk_of_another_layout_is_not_mixed_in(ready: Database, settings: Settings) -> None:
    with pytest.raises(ConflictError, match="сменились"):
        making.rank_chunk(settings, "another layout", 3, 0.05, [KNOWN])
    making._here(settings)[0].close()
    making._here.cache_clear()


def test_several_processes_make_the_same_bytes(
    client: TestClient, sign_in: SignIn, ready: Database, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(making, "CHUNK", 1)
    whole = made(client, sign_in("director"), ready, settings)
    beside = settings.model_copy(update={"batch_processes": 2})
    assert made(client, sign_in("director"), ready, beside) == whole


def test_a_reason_is_asked_of_people_and_recorded(client: TestClient, sign_in: SignIn, ready: Database) -> None:
    header = sign_in("navigator")
    answer = client.post("/v1/batches", headers=header, json={})
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid_input")
    assert "причина останется в журнале" in answer.json()["detail"]
    number = ask(client, header)["batch_id"]
    with ready.reading() as session:
        facts = session.scalars(sa.select(AuditRecord.facts).where(AuditRecord.deed == "batch.asked")).one()
    assert facts["reason"] == REASON["reason"]
    assert number == 1


def test_a_systems_key_takes_its_school(
    client: TestClient, give_key: Callable[..., Authorization], ready: Database, settings: Settings, tmp_path: Path
) -> None:
    key = give_key("recommendations:read")
    answer = client.post("/v1/batches", headers=key, json={"file_format": "csv"})
    assert (answer.status_code, answer.json()["scope"]) == (202, "school")
    work(ready, settings)
    content = client.get(f"/v1/batches/{answer.json()['batch_id']}/file", headers=key).content
    assert {place[0] for place in read_csv(content, tmp_path)} == {KNOWN, BLANK}


def test_nobody_has_another_schools_file(
    client: TestClient, sign_in: SignIn, ready: Database, settings: Settings
) -> None:
    mine = ask(client, sign_in("director"))["batch_id"]
    work(ready, settings)
    stranger = sign_in("navigator2")
    for path in ("", "/file"):
        assert client.get(f"/v1/batches/{mine}{path}", headers=stranger).status_code == 404
    assert client.delete(f"/v1/batches/{mine}", headers=stranger).status_code == 404
    assert client.get("/v1/batches", headers=stranger).json() == {"batches": []}
    elsewhere = {**REASON, "class_id": CLASS_ELSEWHERE}
    assert client.post("/v1/batches", headers=sign_in("director"), json=elsewhere).status_code == 404
    assert client.post("/v1/batches", headers=sign_in("metodist"), json=REASON).status_code == 403


def test_no_more_than_three_at_once(client: TestClient, sign_in: SignIn) -> None:
    header = sign_in("director")
    numbers = [ask(client, header)["batch_id"] for _ in range(3)]
    answer = client.post("/v1/batches", headers=header, json=REASON)
    assert (answer.status_code, answer.json()["code"], answer.headers["retry-after"]) == (
        429, "too_many_batches", "60",
    )  # fmt: skip
    assert client.delete(f"/v1/batches/{numbers[0]}", headers=header).status_code == 204
    assert client.get(f"/v1/batches/{numbers[0]}", headers=header).json()["state"] == "removed"
    assert client.delete(f"/v1/batches/{numbers[0]}", headers=header).status_code == 404
    ask(client, header)


def test_files_go_when_their_time_is_over_or_a_child_is_erased(
    client: TestClient, sign_in: SignIn, ready: Database, settings: Settings
) -> None:
    header = sign_in("director")
    numbers = [ask(client, header, class_id=each)["batch_id"] for each in (CLASS_A, CLASS_B)]
    work(ready, settings)
    files = [batch_folder(settings, number) for number in numbers]
    assert all(folder.is_dir() for folder in files)
    assert sweep(ready, settings) == 0
    with ready.writing() as session:
        session.get_one(Batch, numbers[1]).expires_at = now() - timedelta(seconds=1)
    assert sweep(ready, settings) == 1
    assert [folder.is_dir() for folder in files] == [True, False]
    with ready.writing() as session:
        erase_student(session, actor=OPERATOR, student_id=KNOWN, ground="request")
    assert client.get(f"/v1/batches/{numbers[0]}/file", headers=header).status_code == 404  # at once
    assert sweep(ready, settings) == 1
    assert not files[0].is_dir()


def test_a_child_erased_while_a_batch_is_made_is_in_no_file(
    client: TestClient, sign_in: SignIn, ready: Database, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    number = ask(client, sign_in("director"))["batch_id"]
    write = making.write_file

    def erase_first(*arguments: Any) -> int:
        with ready.writing() as session:
            erase_student(session, actor=OPERATOR, student_id=KNOWN, ground="request")
        return write(*arguments)

    monkeypatch.setattr(making, "write_file", erase_first)
    work(ready, settings)
    with ready.reading() as session:
        assert session.get_one(Batch, number).checksum is None
        assert session.scalars(sa.select(Job.result).where(Job.kind == BATCH)).one() == "removed"
    sweep(ready, settings)
    assert not batch_folder(settings, number).exists()


@pytest.mark.parametrize("backend", ["sqlite"])
def test_a_title_is_never_a_formula(
    client: TestClient, sign_in: SignIn, ready: Database, settings: Settings, tmp_path: Path
) -> None:
    head = "2024-25,profile_class,sch01-tech-eng,tech-eng,"
    catalogue = example_text("catalogue").replace(head, f"{head}=HYPERLINK(1)")
    answer = client.post("/v1/imports/catalogue?mode=apply", headers=sign_in("metodist"), content=catalogue.encode())
    assert answer.status_code == 200, answer.text
    header = sign_in("director")
    titles = {place[4] for place in read_csv(made(client, header, ready, settings, file_format="csv"), tmp_path)}
    assert any(title.startswith("'=HYPERLINK(1)") for title in titles)
    content = made(client, header, ready, settings, file_format="xlsx")
    with closing(openpyxl.load_workbook(io.BytesIO(content))) as book:
        kinds = {cell.data_type for row in book.active.iter_rows(min_col=5, max_col=5) for cell in row}
    assert kinds == {"s"}


def test_a_file_of_a_batch_is_its_owners_alone(
    client: TestClient, sign_in: SignIn, ready: Database, settings: Settings
) -> None:
    number = ask(client, sign_in("director"))["batch_id"]
    work(ready, settings)
    with ready.reading() as session:
        path = batch_file(settings, session.get_one(Batch, number))
    assert path.stat().st_mode & 0o077 == 0


@pytest.mark.parametrize("backend", ["sqlite"])
def test_the_operator_takes_the_region(ready: Database, settings: Settings, tmp_path: Path) -> None:
    here = Installed(settings, ready)
    row = here.make_batch(
        tmp_path / "all.csv", file_format="csv", class_id=None, k=3, since=0, reason="выгрузка оператора"
    )
    assert (row.scope, row.student_count, row.state) == ("region", 3, "done")
    assert {place[0] for place in read_csv((tmp_path / "all.csv").read_bytes(), tmp_path)} == {KNOWN, BLANK, ELSEWHERE}
