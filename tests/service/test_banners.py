"""What stands above the queue of talks: a file that needs a look, a new model, a list overdue; for whom, how long."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import sqlalchemy as sa
from starlette.testclient import TestClient

from service.access import GRANTS, Actor, Role
from service.clock import now
from service.db import Database
from service.imports.schemas import IntakeRow
from service.tables import ActiveModel, Intake, ModelVersion
from service.talks.banners import FRESH_FILE, NEW_MODEL, _said_of_file, banners_of
from tests.service.conftest import Authorization, sqlite_only
from tests.service.school_files import text
from tests.service.test_intake_api import BAD, GOOD, named

SignIn = Callable[[str], Authorization]
COUNSELLOR = Actor("user:1", Role.COUNSELLOR, "", GRANTS[Role.COUNSELLOR], school_code="sch01")


OVERDUE = (
    "Перечню востребованных профессий больше полугода, он от 31.01.2024: отметки «Востребовано» могли устареть. "
    "Новый перечень публикует методист района."
)


def told(client: TestClient, header: Authorization) -> list[tuple[str, str]]:
    """What is said beside the list of the worked example, which is overdue."""
    banners = client.get("/v1/talks", headers=header).json()["banners"]
    *found, overdue = [(banner["code"], banner["text"]) for banner in banners]
    assert overdue == ("list_overdue", OVERDUE)
    return found


def test_the_list_of_the_worked_example_is_overdue_and_nothing_else(client: TestClient, sign_in: SignIn) -> None:
    assert told(client, sign_in("navigator")) == []
    assert told(client, sign_in("director")) == []


@sqlite_only
def test_a_file_that_went_in_with_rows_left_out_until_it_is_mended_undone_or_old(
    client: TestClient, sign_in: SignIn, ready: Database
) -> None:
    header = sign_in("director")
    bad = [*GOOD, *BAD[2:]]  # one row of three names a class that is not there
    path = "/v1/imports?mode=apply&taking=good"
    assert client.post(path, headers=header | named("Список.csv"), content=text(bad)).json()["applied"]
    said = "Файл «Список.csv» загружен не весь: строк с ошибками 1, они не вошли. Исправьте их и загрузите снова."
    assert told(client, header) == [("import_problem", said)]
    assert told(client, sign_in("navigator")) == []  # who cannot bring the next file
    with ready.writing() as session:
        session.execute(sa.update(Intake).values(asked_at=now() - FRESH_FILE - timedelta(hours=1)))
    assert told(client, header) == []
    with ready.writing() as session:
        session.execute(sa.update(Intake).values(asked_at=now()))
    assert len(told(client, header)) == 1
    (first, *_) = client.get("/v1/intakes", headers=header).json()["intakes"]
    client.post(f"/v1/intakes/{first['intake_id']}/undo", headers=header)
    assert told(client, header) == []


@sqlite_only
def test_a_later_file_without_faults_is_the_end_of_it(client: TestClient, sign_in: SignIn, ready: Database) -> None:
    header = sign_in("director")
    path = "/v1/imports?mode=apply&taking=good"
    client.post(path, headers=header | named("a.csv"), content=text([*GOOD, *BAD[2:]]))
    client.post(path, headers=header | named("b.csv"), content=text([GOOD[0], ["Кедрова Анна", "9А", "ж"]]))
    assert told(client, header) == []


def test_a_file_that_was_not_read_says_why_and_what_to_do() -> None:
    row = IntakeRow(
        intake_id=1, file="список.xlsx", mode="apply", taking="all", state="failed", progress=1.0, asked_at=now(),
        applied_at=None, undone_at=None, can_be_undone=False, error="Книга защищена паролем: снимите пароль.",
        report=None,
    )  # fmt: skip
    assert _said_of_file(row, None) == "Файл «список.xlsx» не прочитан. Книга защищена паролем: снимите пароль."
    again = row.model_copy(update={"error": None})
    assert _said_of_file(again, None) == (
        "Файл «список.xlsx» не прочитан. Загрузите его снова; если не поможет — позовите администратора."
    )
    assert _said_of_file(row.model_copy(update={"state": "queued"}), None) is None


def test_a_version_that_took_the_place_of_another_is_news_for_a_week(
    client: TestClient, sign_in: SignIn, ready: Database
) -> None:
    header = sign_in("navigator")
    with ready.writing() as session:
        active = session.get_one(ModelVersion, session.scalar(sa.select(ActiveModel.version)))
        earlier = {"trained_at": active.trained_at, "promoted_at": now() - timedelta(days=200), "checksum": "0"}
        session.add(ModelVersion(version="krasnodar-2023H2", manifest=active.manifest, **earlier))
        active.promoted_at = now()
        day = f"{now():%d.%m.%Y}"
    said = (
        f"С {day} списки строит новая версия модели: порядок в них мог измениться. Принятые решения остались прежними."
    )
    assert told(client, header) == [("model_changed", said)]
    with ready.writing() as session:
        active = session.get_one(ModelVersion, session.scalar(sa.select(ActiveModel.version)))
        active.promoted_at = now() - NEW_MODEL - timedelta(hours=1)
    assert told(client, header) == []


@sqlite_only
def test_a_list_older_than_half_a_year_is_overdue(client: TestClient, ready: Database) -> None:
    with ready.reading() as session:
        serving = client.app.state.shelf.take(session)  # type: ignore[attr-defined] # of the application under test
        published = serving.edition.published_on
        for days, count in ((184, 0), (185, 1)):
            later = replace(serving, today=replace(serving.today, as_of=published + timedelta(days=days)))
            found = banners_of(session, later, actor=COUNSELLOR)
            assert [banner.code for banner in found] == ["list_overdue"] * count
