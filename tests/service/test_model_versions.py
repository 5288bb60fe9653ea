"""Versions, promotion, roll-back, and files that were touched."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
import sqlalchemy as sa
from starlette.testclient import TestClient

from service.access import GRANTS, OPERATOR, Actor, Role
from service.db import Database
from service.errors import ConflictError, DeniedError, NotFoundError, NotReadyError
from service.model_versions.actions import promote_version
from service.model_versions.history import read_history
from service.model_versions.queries import find_active_version, passed_gate
from service.model_versions.training import train_version
from service.recommendations.shelf import Shelf
from service.settings import Settings
from service.tables import ActiveModel, ClassMember, ModelVersion
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
        row.manifest = {**row.manifest, "figures": figures(trained=0.2, random=0.3)}
    with pytest.raises(ConflictError, match="остаётся кандидатом"), ready.writing() as session:
        promote_version(session, actor=OPERATOR, version=VERSION, settings=own)
    with ready.writing() as session:
        promote_version(session, actor=OPERATOR, version=VERSION, settings=own, although="учебный пример")
    with ready.writing() as session:
        session.get_one(ModelVersion, VERSION).checksum = "0" * 64
    with pytest.raises(ConflictError, match="не та, что была обучена"), ready.writing() as session:
        promote_version(session, actor=OPERATOR, version=VERSION, settings=own, although="учебный пример")


def figures(trained: float, random: float) -> dict[str, dict[str, dict[str, float]]]:
    """Figures of one kind."""
    return {"elective": {"trained_ranker": {"ndcg5": trained}, "random": {"ndcg5": random}}}


def test_gate_by_hand() -> None:
    assert passed_gate({"figures": figures(0.4, 0.3)}) is True
    assert passed_gate({"figures": figures(0.3, 0.3)}) is False
    assert passed_gate({"figures": {}}) is None


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
