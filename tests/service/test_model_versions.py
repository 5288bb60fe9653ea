"""Versions, promotion, roll-back, and files that were touched."""

import json
import shutil
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from fastapi import FastAPI
from starlette.testclient import TestClient

from recommender.artifact import FORMAT, feature_schema
from recommender.catalogue import PathwayKind
from recommender.outcomes import OutcomeRow
from recommender.warm_restart import NOTHING_KEPT
from service.access import GRANTS, OPERATOR, Actor, Role
from service.db import Database
from service.errors import ConflictError, DeniedError, NotFoundError, NotReadyError
from service.events.announcing import VERSION_PROMOTED
from service.model_versions.actions import promote_if_passed, promote_version
from service.model_versions.history import read_history
from service.model_versions.queries import find_active_version, passed_gate, refusals_of
from service.model_versions.training import kept_for, outcomes_digest, train_version
from service.recommendations.shelf import Shelf
from service.settings import Settings
from service.tables import ActiveModel, AuditRecord, ClassMember, Event, ModelVersion
from tests.service.conftest import Authorization, sqlite_only
from tests.service.worked_example import KNOWN

VERSION = "krasnodar-2024H1.1"
SignIn = Callable[[str], Authorization]


@pytest.fixture
def own(settings: Settings, tmp_path: Path) -> Settings:
    """Settings with a copy of the models, to be spoiled."""
    shutil.copytree(settings.models_dir, tmp_path / "models")
    return settings.model_copy(update={"models_dir": tmp_path / "models"})


def test_listing(client: TestClient, sign_in: SignIn) -> None:
    body = client.get("/v1/model-versions", headers=sign_in("navigator")).json()
    assert body["active_version"] == VERSION
    (row,) = body["versions"]
    assert (row["active"], row["edition_code"], row["passed_gate"]) == (True, "krasnodar-2024H1", None)


def test_promotion_and_roll_back(client: TestClient, sign_in: SignIn, ready: Database, own: Settings) -> None:
    second = train_version(ready, settings=own)
    assert second == "krasnodar-2024H1.2"
    for version in (second, VERSION):
        with ready.writing() as session:
            promote_version(session, actor=OPERATOR, version=version, settings=own)
        with ready.reading() as session:
            assert find_active_version(session) == version
    answer = client.post(f"/v1/model-versions/{VERSION}/promotion", headers=sign_in("region"))
    assert (answer.status_code, answer.json()["active"]) == (200, True)


def test_promotion_against_the_checks_and_the_way_back_over_http(
    application: FastAPI, client: TestClient, sign_in: SignIn, ready: Database, own: Settings
) -> None:
    second = train_version(ready, settings=own)
    with ready.writing() as session:
        row = session.get_one(ModelVersion, second)
        row.gate = gate(against=VERSION, holds_active=False)
    application.state.settings = own
    header, address = sign_in("region"), f"/v1/model-versions/{second}/promotion"
    assert client.post("/v1/model-versions/rollback", headers=header).status_code == 409  # nothing served before
    refused = client.post(address, headers=header)
    assert (refused.status_code, refused.json()["refusals"]) == (409, ["holds.active elective"])
    assert refused.json()["detail"] == (
        f"Версия «{second}» не прошла проверку и остаётся кандидатом. "
        "Не выполнено: не хуже версии, которая действовала (элективы)."
    )
    assert client.post(address, headers=header, json={"although": ""}).status_code == 422
    assert client.post(address, headers=header, json={"although": "для примера"}).json()["active"] is True
    listed = client.get("/v1/model-versions", headers=header).json()
    assert (listed["active_version"], listed["previous_version"]) == (second, VERSION)
    taken_back = client.post("/v1/model-versions/rollback", headers=header).json()
    assert (taken_back["version"], taken_back["active"]) == (VERSION, True)
    with ready.reading() as session:
        record = session.scalars(sa.select(AuditRecord).where(AuditRecord.subject == second)).all()[-1]
        assert (record.deed, record.facts["although"]) == ("model.promoted", "для примера")
        told = sa.select(Event.data).where(Event.event_type == VERSION_PROMOTED).order_by(Event.event_id)
        assert session.scalars(told).all() == [
            {"model_version": VERSION, "previous_version": None, "is_rollback": False},
            {"model_version": second, "previous_version": VERSION, "is_rollback": False},
            {"model_version": VERSION, "previous_version": second, "is_rollback": True},
        ]
    again = client.post(f"/v1/model-versions/{VERSION}/promotion", headers=header)
    assert again.status_code == 200
    with ready.reading() as session:
        assert len(session.scalars(told).all()) == 3  # the same one serves: nothing to tell


@pytest.mark.parametrize("file", ["ranker.npz", "model.joblib", "manifest.json"])
@sqlite_only
def test_a_touched_file_is_refused_before_it_is_read(ready: Database, own: Settings, file: str) -> None:
    path = own.models_dir / VERSION / file
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)
    with pytest.raises(NotReadyError, match="использовать нельзя"), ready.writing() as session:
        promote_version(session, actor=OPERATOR, version=VERSION, settings=own)


LISTS = f"/v1/students/{KNOWN}/recommendations"


def spoil(folder: Path) -> None:
    """One bit of the arrays, as a tired disk would."""
    content = bytearray((folder / "ranker.npz").read_bytes())
    content[len(content) // 2] ^= 1
    (folder / "ranker.npz").write_bytes(content)


@sqlite_only
def test_a_broken_version_gives_way_to_the_one_before_then_to_expert_weights(ready: Database, own: Settings) -> None:
    second = train_version(ready, settings=own)
    with ready.writing() as session:
        promote_version(session, actor=OPERATOR, version=second, settings=own)
    shelf = Shelf(own)
    with ready.reading() as session:
        whole = shelf.take(session)
        assert (whole.model.version, whole.degradation) == (second, None)
        spoil(own.models_dir / second)
        fallen = Shelf(own).take(session)
        assert fallen.model.version == VERSION
        said = f"Модель «{second}» использовать нельзя: списки составляет предыдущая, «{VERSION}»."
        assert fallen.degradation == said
        assert shelf.take(session) is whole  # what serves stands in memory and stays
        shutil.rmtree(own.models_dir / VERSION)
        expert = Shelf(own).take(session)
        assert expert.model.version == "expert-weights"
        assert "экспертным весам" in (expert.degradation or "")
        assert not expert.model.ranker.is_calibrated.any()


@sqlite_only
def test_a_folder_that_was_put_back_serves_again(ready: Database, own: Settings, tmp_path: Path) -> None:
    kept = tmp_path / "kept"
    shutil.copytree(own.models_dir / VERSION, kept)
    shutil.rmtree(own.models_dir / VERSION)
    shelf = Shelf(own)
    with ready.reading() as session:
        assert shelf.take(session).model.version == "expert-weights"
        shutil.copytree(kept, own.models_dir / VERSION)
        assert (shelf.take(session).model.version, shelf.take(session).degradation) == (VERSION, None)


@sqlite_only
def test_lists_are_there_before_the_first_training(client: TestClient, sign_in: SignIn, ready: Database) -> None:
    with ready.writing() as session:
        session.execute(sa.delete(ActiveModel))
    answer = client.get(LISTS, headers=sign_in("navigator")).json()
    assert answer["model_version"] == "expert-weights"
    assert answer["degradation"] == (
        "Модель ещё не обучена: списки составлены по экспертным весам, без опыта прошлых лет."
    )
    assert answer["lists"][0]["items"]
    assert answer["fit_is_calibrated"] is False


@sqlite_only
def test_refusals_of_promotion(ready: Database, own: Settings) -> None:
    school_admin = Actor("user:1", Role.SCHOOL_ADMIN, "", GRANTS[Role.SCHOOL_ADMIN], "sch01")
    with pytest.raises(DeniedError), ready.writing() as session:
        promote_version(session, actor=school_admin, version=VERSION, settings=own)
    with pytest.raises(NotFoundError), ready.writing() as session:
        promote_version(session, actor=OPERATOR, version="none.1", settings=own)
    with ready.writing() as session:
        row = session.get_one(ModelVersion, VERSION)
        row.gate = gate(against=VERSION, beats_random=False)
    with pytest.raises(ConflictError, match="остаётся кандидатом"), ready.writing() as session:
        promote_version(session, actor=OPERATOR, version=VERSION, settings=own)
    with ready.writing() as session:
        promote_version(session, actor=OPERATOR, version=VERSION, settings=own, although="учебный пример")
    with ready.writing() as session:
        session.get_one(ModelVersion, VERSION).checksum = "0" * 64
    with pytest.raises(ConflictError, match="не та, что была обучена"), ready.writing() as session:
        promote_version(session, actor=OPERATOR, version=VERSION, settings=own, although="учебный пример")


def gate(*, against: str | None = None, held_back: str | None = "2023-24", **met: bool | None) -> dict[str, Any]:
    """A gate with one check a word: beats_random=False."""
    one = {"kind": "elective", "figure": 0.1, "interval": [0.0, 0.2], "limit": 0.0, "bound": "low"}
    checks = [{**one, "code": name.replace("_", "."), "is_met": is_met} for name, is_met in met.items()]
    return {"against": against, "held_back": held_back, "checks": checks}


def test_gate_by_hand() -> None:
    told = ModelVersion(version="v", manifest={}, gate=gate(beats_random=True, calibration=None))
    refused = ModelVersion(version="v", manifest={}, gate=gate(beats_random=True, holds_active=False))
    assert (passed_gate(told), refusals_of(told)) == (True, [])
    assert (passed_gate(refused), refusals_of(refused)) == (False, ["holds.active elective"])
    assert passed_gate(ModelVersion(version="v", manifest={}, gate=gate(held_back=None, twins_sex=True))) is None
    assert passed_gate(ModelVersion(version="v", manifest={}, gate=None)) is None
    assert passed_gate(ModelVersion(version="v", manifest={"refusals": ["twins.sex"]}, gate=None)) is False


@sqlite_only
def test_what_was_compared_with_another_version_waits_for_a_new_training(ready: Database, settings: Settings) -> None:
    with ready.writing() as session:
        row = session.get_one(ModelVersion, VERSION)
        row.gate, row.promoted_at = gate(against="2019H1.1", beats_random=True), None
    with pytest.raises(ConflictError, match="сравнивали не с той"), ready.writing() as session:
        promote_version(session, actor=OPERATOR, version=VERSION, settings=settings)
    with ready.writing() as session:
        session.get_one(ModelVersion, VERSION).gate = gate(against=VERSION, beats_random=True)
        promote_version(session, actor=OPERATOR, version=VERSION, settings=settings)


@sqlite_only
@pytest.mark.parametrize(
    ("policy", "found", "is_promoted"),
    [
        ("person", {"beats_random": True, "holds_active": True}, False),
        ("automatic", {"beats_random": True, "holds_active": True}, True),
        ("automatic", {"beats_random": True, "holds_active": False}, False),
        ("automatic", {"beats_random": True, "holds_active": None}, False),  # not compared: a person decides
    ],
)
def test_who_promotes(
    ready: Database, settings: Settings, policy: str, found: dict[str, bool | None], *, is_promoted: bool
) -> None:
    own = settings.model_copy(update={"promotion": policy})
    with ready.writing() as session:
        row = session.get_one(ModelVersion, VERSION)
        row.gate, row.promoted_at = gate(against=VERSION, **found), None
        assert promote_if_passed(session, actor=OPERATOR, row=row, settings=own) is is_promoted
        assert (row.promoted_at is not None) is is_promoted


@pytest.mark.parametrize(
    ("cause", "others", "is_kept"),
    [("edition krasnodar-2024H1", [], True), ("edition krasnodar-2024H1", [3], False), ("by hand", [], False)],
)
def test_a_new_list_alone_restarts_warm(cause: str, others: list[int], *, is_kept: bool) -> None:
    """One consent withdrawn, one grade corrected: everything is measured again."""
    outcomes = [
        OutcomeRow(f"s{number}", "2022-23", PathwayKind.ELECTIVE, "sch01-e1", date(2022, 9, 5), 2)
        for number in range(5)
    ]
    measured = {"pull": None, "slope": 1.0, "level": 0.0, "is_calibrated": True, "width": None}
    active = {
        "format": FORMAT, "feature_schema": feature_schema(), "years": ["2022-23"], "kinds": {"elective": measured},
        "earlier_kinds": {}, "outcomes_digest": outcomes_digest(outcomes, b"key"),
    }  # fmt: skip
    now = outcomes_digest([row for number, row in enumerate(reversed(outcomes)) if number not in others], b"key")
    assert (kept_for(active, cause, now) != NOTHING_KEPT) is is_kept
    assert kept_for({**active, "format": 2}, cause, now) == NOTHING_KEPT
    assert kept_for(None, cause, now) == NOTHING_KEPT
    assert outcomes_digest(outcomes, b"another key") != active["outcomes_digest"]


@sqlite_only
def test_only_those_who_agreed_are_learned_from(ready: Database, settings: Settings, tools) -> None:
    with ready.writing() as session:
        history, _ = read_history(session, tools.reference, settings)
        assert {s.student_id for rows in history.students.values() for s in rows} == {KNOWN, "s5555555"}
        assert [(o.student_id, o.pathway_code, o.relevance) for o in history.outcomes] == [(KNOWN, "col01-tr001", 3)]
        session.get_one(ClassMember, (KNOWN, "2024-25")).consent_learning = False  # withdrawn: last year's yes is over
    with ready.reading() as session:
        history, _ = read_history(session, tools.reference, settings)
        assert {s.student_id for rows in history.students.values() for s in rows} == {"s5555555"}
        assert history.outcomes == []
        assert KNOWN not in repr(history.rows)


@sqlite_only
def test_lists_that_were_looked_at_are_part_of_the_history(
    client: TestClient, sign_in: SignIn, ready: Database, settings: Settings, tools
) -> None:
    answer = client.get(f"/v1/students/{KNOWN}/recommendations", headers=sign_in("navigator")).json()
    first = answer["lists"][0]["items"][0]["pathway_code"]
    with ready.reading() as session:
        history, _ = read_history(session, tools.reference, settings)
    assert {row.student_id for row in history.shown} == {KNOWN}
    assert (first, 1) in [(row.pathway_code, row.rank) for row in history.shown]


@sqlite_only
def test_a_manifest_says_where_the_data_came_from(settings: Settings) -> None:
    manifest = json.loads((settings.models_dir / VERSION / "manifest.json").read_text(encoding="utf-8"))
    assert (manifest["data"], manifest["edition"], manifest["as_of"]) == ("synthetic", "krasnodar-2024H1", "2024-10-01")
