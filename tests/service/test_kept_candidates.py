"""Folders of old candidates: which go, which stay, and what is said of those that went."""

import shutil
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa
from starlette.testclient import TestClient

from service.access import OPERATOR
from service.clock import now
from service.db import Database
from service.doctor import check_installation, check_versions
from service.errors import ConflictError
from service.installed import Installed
from service.model_versions.actions import promote_version
from service.model_versions.keeping import find_superfluous, keep_last
from service.model_versions.training import train_version
from service.settings import Settings
from service.tables import AuditRecord, ModelVersion, Showing
from service.terminal_models import print_versions
from tests.service.conftest import Authorization, sqlite_only
from tests.service.worked_example import KNOWN

FIRST = "krasnodar-2024H1.1"  # serves
SignIn = Callable[[str], Authorization]


@pytest.fixture
def own(settings: Settings, tmp_path: Path) -> Settings:
    """Two candidates are kept."""
    shutil.copytree(settings.models_dir, tmp_path / "models")
    return settings.model_copy(update={"models_dir": tmp_path / "models", "keep_candidates": 2})


def folders(settings: Settings) -> list[str]:
    """Versions that have a folder, by their numbers."""
    return sorted(path.name.rpartition(".")[2] for path in settings.models_dir.iterdir())


def numbered(number: int) -> str:
    """A version of the worked example."""
    return f"krasnodar-2024H1.{number}"


def test_the_newest_candidates_keep_their_folders(ready: Database, own: Settings) -> None:
    for _ in range(4):
        train_version(ready, settings=own)
    assert folders(own) == ["1", "4", "5"]  # 1 serves
    with ready.reading() as session:
        rows = session.scalars(sa.select(ModelVersion).order_by(ModelVersion.version)).all()
        assert [row.folder_removed_at is not None for row in rows] == [False, True, True, False, False]
        deeds = session.scalars(sa.select(AuditRecord.subject).where(AuditRecord.deed == "model.folder_removed"))
        assert sorted(deeds) == [numbered(2), numbered(3)]


def test_what_has_served_or_was_shown_stays(ready: Database, own: Settings) -> None:
    served, shown = (train_version(ready, settings=own) for _ in range(2))
    with ready.writing() as session:
        promote_version(session, actor=OPERATOR, version=served, settings=own)
        promote_version(session, actor=OPERATOR, version=FIRST, settings=own)
        session.add(
            Showing(
                student_id=KNOWN,
                shown_at=now(),
                actor_id="operator",
                as_of=own.as_of,
                model_version=shown,
                demand_strength=0.05,
                k=1,
                items=[],
            )
        )
    for _ in range(4):
        train_version(ready, settings=own)
    assert folders(own) == ["1", "2", "3", "6", "7"]


def test_one_that_was_promoted_meanwhile_stays(ready: Database, own: Settings) -> None:
    """Found superfluous, but promoted before its row could be marked."""
    second = train_version(ready, settings=own)
    with ready.writing() as session:
        session.get_one(ModelVersion, second).trained_at -= timedelta(days=1)
        for number in (8, 9):
            session.add(ModelVersion(version=numbered(number), trained_at=now(), checksum="", manifest={}))
    with ready.reading() as session:
        assert find_superfluous(session, own.keep_candidates) == [second]
    with ready.writing() as session:
        promote_version(session, actor=OPERATOR, version=second, settings=own)
    keep_last(ready, own)
    with ready.reading() as session:
        assert session.get_one(ModelVersion, second).folder_removed_at is None
    assert folders(own) == ["1", "2"]


@sqlite_only
def test_what_a_kill_left_is_finished_next_time(ready: Database, own: Settings) -> None:
    """Marked, and half of the folder still there."""
    second = train_version(ready, settings=own)
    with ready.writing() as session:
        session.get_one(ModelVersion, second).folder_removed_at = now()
    (own.models_dir / second / "ranker.npz").unlink()
    keep_last(ready, own)
    assert folders(own) == ["1"]


@sqlite_only
def test_what_is_said_of_it(
    client: TestClient,
    sign_in: SignIn,
    ready: Database,
    own: Settings,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for _ in range(3):
        train_version(ready, settings=own)
    with pytest.raises(ConflictError) as refused, ready.writing() as session:
        promote_version(session, actor=OPERATOR, version=numbered(2), settings=own, although="хочу")
    day = f"{now():%d.%m.%Y}"
    assert str(refused.value) == (
        f"Папка кандидата «{numbered(2)}» удалена {day}: хранятся последние 2. Обучите модель заново: orientir train."
    )
    told = {check.title: (check.fine, check.text) for check in check_versions(ready, own, None)}
    assert told[numbered(2)] == (True, f"старый кандидат, папка удалена {day}")
    assert check_versions(ready, own, numbered(2))[0].fine
    assert all(check.fine for check in check_installation(ready, own) if check.title == "Модель")
    monkeypatch.setenv("COLUMNS", "200")
    print_versions(Installed(own, ready).model_versions())
    assert f"старый кандидат, папка удалена {day}" in capsys.readouterr().out
    rows = client.get("/v1/model-versions", headers=sign_in("region")).json()["versions"]
    assert [row["folder_removed_at"] is not None for row in rows] == [False, False, True, False]
