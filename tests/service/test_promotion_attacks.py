"""What must not serve: a pointer moved by two at once, comparisons never made, versions made for another program."""

import shutil
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from fastapi import FastAPI
from starlette.testclient import TestClient

from service.access import OPERATOR
from service.catalogue.queries import get_reference
from service.db import Database
from service.errors import ConflictError, NotReadyError
from service.model_versions.actions import lock_pointer, promote_if_passed, promote_version, register_version
from service.model_versions.gate import find_active
from service.model_versions.queries import find_active_version, passed_gate, was_compared_with_another
from service.model_versions.training import train_version
from service.settings import Settings, read_secret_key
from service.tables import ActiveModel, AuditRecord, ClassMember, Job, ModelVersion
from tests.service.conftest import Authorization, sqlite_only

VERSION = "krasnodar-2024H1.1"
PASSED = {
    "code": "holds.active", "kind": "elective", "figure": 0.1, "interval": [0.0, 0.2], "limit": 0.0, "bound": "low",
    "is_met": True,
}  # fmt: skip
UNTOLD = {**PASSED, "is_met": None}
TWINS = {**PASSED, "code": "twins.sex", "kind": None}


@pytest.fixture
def own(settings: Settings, tmp_path: Path) -> Settings:
    """Settings with a copy of the models, to be spoiled; candidates that pass serve at once."""
    shutil.copytree(settings.models_dir, tmp_path / "models")
    return settings.model_copy(update={"models_dir": tmp_path / "models", "promotion": "automatic"})


def gate(*checks: dict[str, Any], against: str | None, active: str | None = None) -> dict[str, Any]:
    """A gate of the year 2023-24; by hand."""
    return {"active": active or against, "against": against, "held_back": "2023-24", "checks": list(checks)}


# --- automatic promotion ---


@sqlite_only
@pytest.mark.parametrize(
    ("found", "is_promoted"),
    [
        (gate(PASSED, against=VERSION), True),
        (gate(PASSED, UNTOLD, against=VERSION), False),  # a kind could not be compared
        (gate(TWINS, against=VERSION), False),  # nothing was judged on any choice
        (gate(PASSED, against="2019H1.1"), False),  # another version was made to serve meanwhile
        (gate(TWINS, {**PASSED, "code": "beats.random"}, against=None, active=VERSION), False),  # it cannot be used
    ],
)
def test_what_waits_for_a_person_is_no_error(
    ready: Database, own: Settings, found: dict[str, Any], *, is_promoted: bool
) -> None:
    with ready.writing() as session:
        row = session.get_one(ModelVersion, VERSION)
        row.gate, row.promoted_at = found, None
        assert promote_if_passed(session, actor=OPERATOR, row=row, settings=own) is is_promoted


@sqlite_only
def test_a_training_goes_through_while_the_active_version_cannot_be_used(ready: Database, own: Settings) -> None:
    shutil.rmtree(own.models_dir / VERSION)
    version = train_version(ready, settings=own)
    with ready.reading() as session:
        row = session.get_one(ModelVersion, version)
        assert row.gate is not None
        assert (row.gate["active"], row.gate["against"], find_active_version(session)) == (VERSION, None, VERSION)
        assert session.scalars(sa.select(Job.state)).all() == ["done"]
    with ready.writing() as session:  # and the way out is open: what was compared with what served may serve
        promote_version(session, actor=OPERATOR, version=version, settings=own)


def test_a_training_goes_through_where_nobody_agreed_to_learning(ready: Database, own: Settings) -> None:
    """Knowledge alone, looked at with nobody: there is nothing to tell, and that is told."""
    with ready.writing() as session:
        session.execute(sa.update(ClassMember).values(consent_learning=False))
    version = train_version(ready, settings=own)
    with ready.reading() as session:
        row = session.get_one(ModelVersion, version)
        assert row.gate is not None
        assert {check["is_met"] for check in row.gate["checks"] if check["code"] != "latency"} == {None}
        assert (passed_gate(row), find_active_version(session)) == (None, VERSION)


def test_a_version_judged_on_no_choice_has_not_passed() -> None:
    row = ModelVersion(version="v", manifest={}, gate=gate(TWINS, UNTOLD, against=VERSION))
    assert passed_gate(row) is None
    row.gate = gate(TWINS, PASSED, against=VERSION)
    assert passed_gate(row) is True


@sqlite_only
def test_a_candidate_is_compared_with_what_serves_in_place_of_a_broken_version(ready: Database, own: Settings) -> None:
    second = train_version(ready, settings=own)
    with ready.writing() as session:
        promote_version(session, actor=OPERATOR, version=second, settings=own)
    reference = get_reference(own)
    with ready.reading() as session:
        assert [find_active(session, own, reference)[0].version] == [second]
        (own.models_dir / second / "ranker.npz").write_bytes(b"")
        assert [find_active(session, own, reference)[0].version] == [VERSION]
        row = ModelVersion(version="v", manifest={}, gate=gate(PASSED, against=VERSION, active=second))
        assert not was_compared_with_another(row, second)
        assert was_compared_with_another(row, VERSION)


# --- versions that this program cannot rank with ---


@sqlite_only
@pytest.mark.parametrize("name", ["feature_schema", "reference_schema"])
def test_what_was_made_for_other_features_or_reference_data_is_not_promoted(
    ready: Database, own: Settings, name: str
) -> None:
    """Refused at promotion: afterwards the shelf would only fall back."""
    with ready.writing() as session:
        row = session.get_one(ModelVersion, VERSION)
        row.manifest = {**row.manifest, name: "0" * 16}
    with pytest.raises(NotReadyError, match="другими справочниками или другой версией"), ready.writing() as session:
        promote_version(session, actor=OPERATOR, version=VERSION, settings=own, although="причина")


@sqlite_only
def test_a_reason_of_blanks_is_none(ready: Database, own: Settings) -> None:
    with ready.writing() as session:
        row = session.get_one(ModelVersion, VERSION)
        row.gate = gate({**PASSED, "is_met": False}, against=VERSION)
    with pytest.raises(ConflictError, match="остаётся кандидатом"), ready.writing() as session:
        promote_version(session, actor=OPERATOR, version=VERSION, settings=own, although="  ")


# --- two at once ---


def test_whoever_promotes_second_sees_what_the_first_did(ready: Database, own: Settings) -> None:
    """Compared with the version that served when it began to wait, it is refused: the pointer has moved on."""
    second, third = train_version(ready, settings=own), train_version(ready, settings=own)
    with ready.writing() as session:
        session.get_one(ModelVersion, third).gate = gate(PASSED, against=VERSION)
    errors: list[Exception] = []

    def promote_third() -> None:
        try:
            with ready.writing() as session:
                promote_version(session, actor=OPERATOR, version=third, settings=own)
        except ConflictError as error:
            errors.append(error)

    other = threading.Thread(target=promote_third)
    with ready.writing() as session:
        promote_version(session, actor=OPERATOR, version=second, settings=own)
        other.start()
        other.join(1.0)
        assert other.is_alive()  # it waits
    other.join(20.0)
    assert ["сравнивали не с той" in str(error) for error in errors] == [True]
    with ready.reading() as session:
        assert find_active_version(session) == second


def test_a_training_that_promotes_and_a_person_who_does_never_block_each_other(ready: Database, own: Settings) -> None:
    """The training takes the pointer before it writes into the audit trail, as everybody does."""
    second = train_version(ready, settings=own)
    with ready.writing() as session:
        session.delete(session.get_one(ModelVersion, second))
    entered = threading.Event()

    def promote_first() -> None:
        with ready.writing() as session:
            entered.set()
            promote_version(session, actor=OPERATOR, version=VERSION, settings=own)

    person = threading.Thread(target=promote_first)
    with ready.writing() as session:
        lock_pointer(session)
        assert find_active_version(session) == VERSION
        person.start()
        entered.wait(20.0)
        key = read_secret_key(own)
        row = register_version(session, actor=OPERATOR, folder=own.models_dir / second, key=key)
        session.flush()
        row.gate = gate(PASSED, against=VERSION)
        assert promote_if_passed(session, actor=OPERATOR, row=row, settings=own)
    person.join(20.0)
    with ready.reading() as session:
        assert find_active_version(session) == VERSION
        deeds = sa.select(AuditRecord.facts).where(AuditRecord.deed == "model.promoted").order_by(AuditRecord.audit_id)
        assert [facts["before"] for facts in session.scalars(deeds)] == [None, VERSION, second]


def test_the_first_promotion_of_two_at_once(ready: Database, own: Settings) -> None:
    """No pointer yet: the second finds the one that the first made, instead of a key that exists."""
    with ready.writing() as session:
        session.execute(sa.delete(ActiveModel))

    def promote() -> None:
        with ready.writing() as session:
            promote_version(session, actor=OPERATOR, version=VERSION, settings=own)

    other = threading.Thread(target=promote)
    with ready.writing() as session:
        promote_version(session, actor=OPERATOR, version=VERSION, settings=own)
        other.start()
        other.join(0.5)
    other.join(20.0)
    with ready.reading() as session:
        assert session.scalar(sa.select(sa.func.count()).select_from(ActiveModel)) == 1


def test_a_version_taken_back_twice_does_not_come_again(
    application: FastAPI,
    client: TestClient,
    sign_in: Callable[[str], Authorization],
    ready: Database,
    own: Settings,
) -> None:
    second = train_version(ready, settings=own)
    with ready.writing() as session:
        promote_version(session, actor=OPERATOR, version=second, settings=own)
    application.state.settings = own
    header, address = sign_in("region"), "/v1/model-versions/rollback"
    assert client.post(address, headers=header, json={"version": VERSION}).json()["active"] is True
    again = client.post(address, headers=header, json={"version": VERSION})
    assert (again.status_code, again.json()["active"]) == (409, VERSION)
    assert again.json()["detail"] == (
        f"Пока страница была открыта, модель сменилась: сейчас действует «{VERSION}». Обновите страницу."
    )
    assert client.post(address, headers=header).json()["version"] == second  # unnamed: whatever served before
