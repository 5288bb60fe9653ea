"""Erasing a child leaves no trace; exporting leaves nothing out; the clock erases by the same function."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
import sqlalchemy as sa
from starlette.testclient import TestClient

from service import audit
from service.access import GRANTS, OPERATOR, Actor, Role
from service.app import create_app
from service.db import Database
from service.errors import ImportRefusedError, InvalidInputError, NotFoundError
from service.imports.vocabularies import ImportTools
from service.installation import Today
from service.model_versions.actions import promote_version
from service.model_versions.history import read_history
from service.model_versions.training import train_version
from service.privacy.erasure import erase_student, scrub_erased
from service.privacy.holdings import COLUMNS, EXPORTED, HOLDINGS
from service.privacy.retention import apply_retention, preview_retention
from service.recommendations.district_child import Desk
from service.recommendations.district_process import DistrictProcess
from service.settings import Settings
from service.tables import AuditRecord, Erasure, Job, ModelVersion, Student, Table
from tests.service import canary
from tests.service.canary import CANARY, FIRST, LAST, PAPER, REASON, TRACES
from tests.service.conftest import Authorization, sqlite_only
from tests.service.test_imports import take
from tests.service.worked_example import BLANK, CLASS_A, ELSEWHERE, KNOWN, REFUSED

SignIn = Callable[[str], Authorization]
AT = f"/v1/students/{CANARY}"
DIRECTOR = Actor("user:2", Role.SCHOOL_ADMIN, "Администратор", GRANTS[Role.SCHOOL_ADMIN], school_code="sch01")
ASKED = {"ground": "request", "document": "вх. № 12 от 01.10.2024"}


def known_there(desk: Desk) -> list[str]:
    """Asked of the process that ranks the district: whom it keeps."""
    with desk.reading() as (_, _, district, _):
        return list(district.facts.student_ids)


def tables_about_students() -> set[str]:
    """Every table that can hold a pseudonym in a column of its own."""
    return {table.name for table in Table.metadata.sorted_tables if "student_id" in table.columns}


# --- erasure


def test_a_canary_leaves_no_trace(
    client: TestClient, sign_in: SignIn, ready: Database, settings: Settings, tools: ImportTools
) -> None:
    director = sign_in("director")
    canary.let_in(ready, tools)
    canary.live(client, sign_in("navigator"), director)
    assert canary.found_in_tables(ready) == set(TRACES)  # the search finds what there is
    if ready.is_sqlite:
        assert canary.found_in_files(*canary.files_of(ready)) == set(TRACES)

    done = client.post(f"{AT}/erasure", headers=director, json=ASKED)
    assert done.status_code == 200, done.text
    act = done.json()
    removed = {each["table"]: each["row_count"] for each in act["removed"]}
    assert removed == {
        "students": 1, "student_identities": 1, "class_members": 2, "consent_records": 1, "answer_sheets": 1,
        "scale_scores": 5, "term_marks": 4, "knowledge_results": 1, "wishes": 3, "trial_attendances": 1,
        "showings": 1, "decisions": 1, "talk_notes": 1, "audit_aliases": 1,
    }  # fmt: skip
    assert (act["erased_by"], act["ground"], act["document"]) == ("director", "request", ASKED["document"])
    assert act["is_scrubbed"]
    assert [line["deed"] for line in act["trail"]] == [
        "card.read", "decisions.read", "showings.read", "consents.read", "notes.read", "decision.made",
        "note.written", "what_if.read", "consents.set", "readings.read", "student.exported",
    ]  # fmt: skip
    assert canary.found_in_bytes(done.content) == set()  # the act does not say whose data they were

    assert canary.found_in_tables(ready) == set()
    assert canary.found_in_files(settings.models_dir) == set()
    if ready.is_sqlite:
        assert canary.found_in_files(*canary.files_of(ready)) == set()
    with ready.reading() as session:
        assert audit.verify(session).first_broken is None  # the chain is whole
    for address in ("", "/export", "/readings", "/consents", "/recommendations"):
        assert client.get(AT + address, headers=director).status_code == 404
    listed = client.get(f"/v1/classes/{CLASS_A}/students", headers=director)
    assert canary.found_in_bytes(listed.content) == set()


def test_the_cache_of_the_district_lets_go(
    client: TestClient, sign_in: SignIn, ready: Database, tools: ImportTools
) -> None:
    canary.let_in(ready, tools)
    process = client.app.state.districts._process  # type: ignore[attr-defined] # Starlette's own
    assert CANARY in process.ask(known_there)
    assert client.post(f"{AT}/erasure", headers=sign_in("director"), json={"ground": "mistake"}).status_code == 200
    assert process._child is None
    assert CANARY not in process.ask(known_there)


def test_another_process_notices_an_erasure(ready: Database, settings: Settings, tools: ImportTools) -> None:
    canary.let_in(ready, tools)
    other = DistrictProcess(settings)
    assert CANARY in other.ask(known_there)
    with ready.writing() as session:
        erase_student(session, actor=OPERATOR, student_id=CANARY, ground="mistake")
    assert CANARY not in other.ask(known_there)
    other.close()


@sqlite_only
def test_the_next_model_is_trained_without_the_child(
    ready: Database, settings: Settings, tools: ImportTools, tmp_path: Path
) -> None:
    own = settings.model_copy(update={"models_dir": tmp_path / "models"})
    canary.let_in(ready, tools)
    first = train_version(ready, settings=own)
    with ready.writing() as session:
        promote_version(session, actor=OPERATOR, version=first, settings=own, although="пример")
        history, _ = read_history(session, tools.reference, own)
        assert CANARY in {outcome.student_id for outcome in history.outcomes}
    with ready.writing() as session:
        act = erase_student(session, actor=DIRECTOR, student_id=CANARY, ground="request")
    assert act.was_learned_from
    assert "Обучение без них поставлено в очередь" in act.notes[0]
    with ready.reading() as session:
        job = session.scalars(sa.select(Job).order_by(Job.job_id.desc())).first()
        assert job is not None
        assert (job.kind, job.state, job.cause) == ("training", "queued", "erasure 1")
        history, _ = read_history(session, tools.reference, own)
        assert CANARY not in repr((history.outcomes, history.students, history.rows, history.shown))
    second = train_version(ready, settings=own)
    with ready.reading() as session:
        counts = [session.get_one(ModelVersion, version).manifest["outcome_count"] for version in (first, second)]
        assert counts[1] == counts[0] - 1
    assert any((own.models_dir / second).glob("*.npz"))
    assert canary.found_in_files(own.models_dir) == set()  # nor does any version before hold the child's rows


def test_who_was_erased_does_not_come_back_with_a_file(ready: Database, tools: ImportTools) -> None:
    canary.let_in(ready, tools)
    with ready.writing() as session:
        erase_student(session, actor=DIRECTOR, student_id=CANARY, ground="request")
    with pytest.raises(ImportRefusedError) as refused, ready.writing() as session:
        take(session, tools, "roster", canary.only("roster"), actor=DIRECTOR)
    report = refused.value.facts["report"]
    assert isinstance(report, dict)
    assert "данные этого ученика стёрты: уберите строку" in report["faults"][0]["remedy"]
    assert canary.found_in_bytes(repr(report).encode()) == set()
    assert canary.found_in_tables(ready) == set()


def test_only_the_own_school_erases_and_a_name_is_no_document(ready: Database, tools: ImportTools) -> None:
    canary.let_in(ready, tools)
    with pytest.raises(NotFoundError), ready.writing() as session:
        erase_student(session, actor=DIRECTOR, student_id=ELSEWHERE, ground="request")
    with pytest.raises(InvalidInputError, match="не должно быть имени"), ready.writing() as session:
        erase_student(session, actor=DIRECTOR, student_id=CANARY, ground="request", document=f"заявл. {LAST}")
    with ready.reading() as session:
        assert session.get(Student, CANARY) is not None
        assert session.scalars(sa.select(Erasure)).all() == []


@sqlite_only
def test_while_somebody_reads_the_file_is_scrubbed_later(ready: Database, tools: ImportTools) -> None:
    canary.let_in(ready, tools)
    quick = Database(ready.url.render_as_string(hide_password=False))
    sa.event.listen(quick.engine, "connect", lambda connection, _: connection.execute("PRAGMA busy_timeout=50"))
    with ready.reading() as reader:
        reader.scalar(sa.select(Student.student_id))  # holds the rows of before
        with quick.writing() as session:
            act = erase_student(session, actor=OPERATOR, student_id=CANARY, ground="request")
        assert not scrub_erased(quick)
        assert any("orientir db scrub" in note for note in act.notes)
        assert canary.found_in_files(*canary.files_of(ready)) != set()
    assert scrub_erased(quick)
    assert canary.found_in_files(*canary.files_of(ready)) == set()
    with ready.reading() as session:
        assert session.scalars(sa.select(Erasure.scrubbed_at)).one() is not None
    quick.close()


def test_everything_about_a_student_is_erased() -> None:
    assert {holding.name for holding in HOLDINGS} == tables_about_students()
    for name in tables_about_students() - {"students"}:
        keys = Table.metadata.tables[name].foreign_keys
        assert any(key.ondelete == "CASCADE" for key in keys if key.parent.name == "student_id"), name


# --- export


def test_everything_about_a_student_is_exported(
    client: TestClient, sign_in: SignIn, ready: Database, tools: ImportTools
) -> None:
    canary.let_in(ready, tools)
    director = sign_in("director")
    canary.live(client, sign_in("navigator"), director)
    body = client.get(f"{AT}/export", headers=director).json()
    tables = {table["table"]: table for purpose in body["purposes"] for table in purpose["tables"]}
    assert set(tables) | set(body["not_exported"]) == tables_about_students()
    assert all(body["not_exported"].values())
    for name, table in tables.items():
        core = Table.metadata.tables[name]
        assert [column["name"] for column in table["columns"]] == [column.name for column in core.columns]
        with ready.reading() as session:
            of = sa.select(sa.func.count()).select_from(core).where(core.c.student_id == CANARY)
            assert len(table["rows"]) == session.scalar(of), name
    assert tables["student_identities"]["rows"][0]["last_name"] == LAST
    assert tables["decisions"]["rows"][0]["reason"] == REASON
    assert {"card.read", "lists.shown", "student.exported"} <= {reading["deed"] for reading in body["readings"]}
    assert next(each for each in body["consents"]["consents"] if each["purpose"] == "naming")["document"] == PAPER
    with ready.reading() as session:
        assert session.scalars(sa.select(AuditRecord.deed).order_by(AuditRecord.audit_id)).all()[-1] == (
            "student.exported"
        )


def test_every_exported_column_has_its_title() -> None:
    columns = {column.name for holding in EXPORTED for column in holding.core.columns}
    assert columns == set(COLUMNS)


# --- readings


def test_who_read_the_card(client: TestClient, sign_in: SignIn) -> None:
    client.get(f"/v1/students/{KNOWN}", headers=sign_in("navigator"))
    client.get(f"/v1/students/{KNOWN}/recommendations", headers=sign_in("navigator"))
    client.get(f"/v1/students/{BLANK}", headers=sign_in("navigator"))
    body = client.get(f"/v1/students/{KNOWN}/readings", headers=sign_in("director")).json()
    assert [(line["who"], line["deed"]) for line in body["readings"]] == [
        ("navigator", "lists.shown"),
        ("navigator", "card.read"),
    ]
    assert client.get(f"/v1/students/{KNOWN}/readings", headers=sign_in("navigator")).status_code == 403
    assert client.get(f"/v1/students/{ELSEWHERE}/readings", headers=sign_in("director")).status_code == 404


# --- names


def test_no_name_in_logs_and_errors(
    settings: Settings, ready: Database, tools: ImportTools, sign_in: SignIn, capfd: pytest.CaptureFixture[str]
) -> None:
    canary.let_in(ready, tools)
    counsellor, director = sign_in("navigator"), sign_in("director")
    capfd.readouterr()
    talkative = create_app(settings.model_copy(update={"log_level": "DEBUG"}), ready)
    broken_roster = canary.only("roster").replace(",f,yes", ",женский,yes")
    wrong = [
        ("POST", f"{AT}/decisions", {"json": {"pathway_code": "нет-такого", "decision": "declined", "reason": LAST}}),
        ("POST", f"{AT}/decisions", {"json": {"pathway_code": canary.PATHWAY, "decision": FIRST}}),
        ("PUT", f"{AT}/consents", {"json": {"consents": [{"purpose": LAST, "given_on": "2024-09-02"}]}}),
        ("PUT", f"{AT}/consents", {"json": {LAST: FIRST}}),
        ("POST", f"{AT}/erasure", {"json": {"ground": "request", "document": f"от {FIRST}"}}),
        ("POST", "/v1/recommendations", {"json": {"student": {"grade": 9, "school_code": LAST}}}),
        ("POST", "/v1/imports/roster?mode=apply", {"content": broken_roster.encode()}),
        ("POST", "/v1/imports/marks?mode=apply", {"content": f"student_id\n{LAST}\n".encode()}),
        ("GET", "/v1/students/s7777777/export", {}),
        ("POST", "/v1/sessions", {"json": {"login": LAST, "password": FIRST}}),
    ]
    with TestClient(talkative, raise_server_exceptions=False) as client:
        canary.live(client, counsellor, director)
        for method, path, sent in wrong:
            answer = client.request(method, path, headers=director, **sent)
            assert answer.status_code >= 400, (path, answer.status_code)
            assert not {"last name", "first name"} & canary.found_in_bytes(answer.content), (path, answer.text)
        client.post(f"{AT}/erasure", headers=director, json=ASKED)
    logged = capfd.readouterr()
    assert '"event"' in logged.err  # something was logged
    assert canary.found_in_bytes((logged.out + logged.err).encode()) == set()


# --- the retention clock


OLD = "sold2222"
LEFT_LONG_AGO = f"{OLD},2019-20,11А,{LAST},{FIRST},f,yes,yes,yes,,\n"


def test_the_clock_names_and_erases_whose_term_is_over(ready: Database, tools: ImportTools) -> None:
    head = canary.only("roster").splitlines()[0] + "\n"
    with ready.writing() as session:
        take(session, tools, "roster", head + LEFT_LONG_AGO, actor=DIRECTOR)
    today = Today(date(2024, 10, 1), "2024-25")
    with ready.reading() as session:
        preview = preview_retention(session, actor=OPERATOR, today=today, years=3)
        assert preview.left_before == "2020-21"
        assert [(school.school_code, school.student_ids) for school in preview.schools] == [("sch01", [OLD])]
        assert preview.schools[0].row_counts == {"students": 1, "student_identities": 1, "class_members": 1}
        assert preview_retention(session, actor=OPERATOR, today=today, years=5).schools == []
        with pytest.raises(InvalidInputError, match="ORIENTIR_RETENTION_YEARS"):
            preview_retention(session, actor=OPERATOR, today=today, years=None)
    acts = list(apply_retention(ready, actor=OPERATOR, today=today, years=3))
    assert [(act.ground, act.school_code) for act in acts] == [("retention", "sch01")]
    assert list(apply_retention(ready, actor=OPERATOR, today=today, years=3)) == []  # begun again, nothing is left
    with ready.reading() as session:
        assert set(session.scalars(sa.select(Student.student_id))) == {KNOWN, BLANK, REFUSED, ELSEWHERE}


def test_a_school_reads_whose_term_is_over_of_its_own(
    client: TestClient, sign_in: SignIn, ready: Database, tools: ImportTools
) -> None:
    head = canary.only("roster").splitlines()[0] + "\n"
    elsewhere = replace(DIRECTOR, school_code="sch02")
    with ready.writing() as session:
        take(session, tools, "roster", head + LEFT_LONG_AGO, actor=DIRECTOR)
        take(session, tools, "roster", head + LEFT_LONG_AGO.replace(OLD, "sold3333"), actor=elsewhere)
    found = client.get("/v1/retention", headers=sign_in("director")).json()
    assert (found["years"], found["left_before"]) == (3, "2020-21")
    assert [(each["school_code"], each["student_ids"]) for each in found["schools"]] == [("sch01", [OLD])]
    assert client.get("/v1/retention", headers=sign_in("navigator")).status_code == 403


def test_broken_off_the_clock_goes_on(ready: Database, tools: ImportTools) -> None:
    head = canary.only("roster").splitlines()[0] + "\n"
    with ready.writing() as session:
        take(session, tools, "roster", head + LEFT_LONG_AGO + LEFT_LONG_AGO.replace(OLD, "sold3333"), actor=DIRECTOR)
    today = Today(date(2024, 10, 1), "2024-25")
    first = apply_retention(ready, actor=OPERATOR, today=today, years=3)
    next(first)
    first.close()  # killed after the first
    with ready.reading() as session:
        assert len(session.scalars(sa.select(Erasure)).all()) == 1
    assert len(list(apply_retention(ready, actor=OPERATOR, today=today, years=3))) == 1
