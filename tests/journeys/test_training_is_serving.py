"""What a model learned from is what it is asked with: bit for bit, for more than 10,000 students (synthetic).

The day is the day before everybody signed up for a trial. Training rebuilds it from the outcomes after that school year
has ended; the service is asked on that very day: for the whole district at once, by class and by card over HTTP, and on
the screens.
"""

import re
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from html import escape
from pathlib import Path

import httpx2
import numpy as np
import pytest
import uvicorn
from fastapi import FastAPI
from streamlit.testing.v1 import AppTest

from dashboard import client, session
from recommender.artifact import load_training_form
from recommender.catalogue import KINDS, PathwayKind, catalogue_of_year
from recommender.features import FACT_TERMS, TERM_CODES, FeatureSpace, StudentVectors
from recommender.learning import PEER_COLUMNS, served_scores
from recommender.pipeline import Recommendations, Recommender
from recommender.scoring import CONTRIBUTIONS
from recommender.splitting import ChoiceSets, choice_days, choice_sets
from recommender.students import StudentFacts, student_facts
from recommender.training import TrainedKind
from service.app import create_app
from service.catalogue.queries import get_reference
from service.db import Database
from service.model_versions.history import read_history
from service.recommendations.district import District as RankedDistrict
from service.recommendations.district import read_district
from service.recommendations.shelf import Serving
from service.recommendations.words import fit_points
from service.settings import Settings, read_secret_key
from tests.conftest import PASSWORD, Made, copy_installation, free_port, wait_for
from tests.dashboard.test_views import students_in

ROOT = Path(__file__).parents[2]
YEAR, CHOSEN_ON, DAY = "2023-24", date(2024, 2, 15), date(2024, 2, 14)
LEARNED_ON = date(2024, 9, 1)  # the first day on which outcomes of that year count
TRIAL = PathwayKind.CAREER_TRIAL
COPIES = 9
EVERY = {
    "students": 1, "class_members": 1, "knowledge_results": 3, "exam_results": 4, "wishes": 6, "trial_attendances": 4,
    "enrolments": 4, "term_marks": 24,
}  # fmt: skip
"""Tables that tell of students: of each so many rows a copy has one, and each copy other ones."""
SHEETS, TESTED_COPIES = ("answer_sheets", "scale_scores"), 1
LINE = re.compile(r'class="o-rank">(?P<rank>\d+)\.</span>(?P<title>[^<]+)</div>.*<i style="width:(?P<fit>\d+)%')
MANY, CARDS, K, STRENGTH = 10_000, 20, 5, 0.05
SHOWN = 3  # lines of a list on a page
CLASSES = ("sch01-2023-24-9a", "sch01-2023-24-8b")


def multiply(path: Path) -> None:
    """Ten students out of each one of the year, about each of whom something else is known; all choose on one day."""
    database = sqlite3.connect(path)
    with database:
        database.execute("DELETE FROM class_members WHERE school_year > ?", (YEAR,))  # the next roster is still to come
        database.execute("CREATE TEMP TABLE own AS SELECT student_id FROM class_members WHERE school_year = ?", (YEAR,))
        database.execute(
            "UPDATE trial_attendances SET signed_up_on = '2023-05-01' "
            "WHERE signed_up_on >= '2023-09-01' AND signed_up_on < ?",
            (CHOSEN_ON.isoformat(),),
        )
        database.execute("DELETE FROM term_marks WHERE rowid % 2")  # half of them are enough
        for table, every in (EVERY | dict.fromkeys(SHEETS, 1)).items():
            columns = [row[1] for row in database.execute(f"PRAGMA table_info({table})")]
            database.execute(f"DELETE FROM {table} WHERE student_id NOT IN own")  # noqa: S608 -- our own table's name
            copied = ", ".join("'c' || ? || student_id" if name == "student_id" else name for name in columns)
            rows = f"FROM {table} WHERE student_id IN own AND (rowid * 7919 + ? * 104729) % {every} = 0"
            for copy in range(TESTED_COPIES if table in SHEETS else COPIES):
                into = f"INSERT INTO {table} ({', '.join(columns)}) SELECT {copied} {rows}"
                database.execute(into, (copy, copy))
        database.execute(
            "INSERT INTO trial_attendances (student_id, pathway_code, signed_up_on) "
            "SELECT student_id, (SELECT min(pathway_code) FROM pathway_offers WHERE school_year = ? AND kind = ?), ? "
            "FROM class_members WHERE school_year = ?",
            (YEAR, TRIAL, CHOSEN_ON.isoformat(), YEAR),
        )
    database.close()


@dataclass(frozen=True)
class Learned:
    """The year as training rebuilds it, and the recommender made of the same rows."""

    sets: ChoiceSets
    facts: StudentFacts
    vectors: StudentVectors
    recommender: Recommender


@dataclass(frozen=True)
class Both:
    """The same students on the same day, learned from and served."""

    learned: Learned
    serving: Serving
    district: RankedDistrict
    settings: Settings
    address: str

    def pairs(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Rows of the choice sets whose students are served too, with their place in the district and the pathway's."""
        place = {student: row for row, student in enumerate(self.district.facts.student_ids)}
        of_query = np.array([place.get(str(student), -1) for student in self.learned.sets.student_ids])
        students = of_query[self.learned.sets.queries]
        position = self.serving.catalogue.position
        pathways = np.array([position[code] for code in self.learned.sets.pathway_codes.tolist()])
        rows = np.flatnonzero(students >= 0)
        return rows, students[rows], pathways[rows]


def rebuild(database: Database, settings: Settings, serving: Serving) -> Learned:
    """Choice sets as training makes them, a school year later, with what the served version was trained with."""
    with database.reading() as session:
        reference = get_reference(settings)
        history, _ = read_history(session, reference, settings.model_copy(update={"as_of": LEARNED_ON}))
    model, ranker = serving.model, serving.model.ranker
    sets = choice_sets(history, TRIAL, YEAR, model.interest_model)
    assert sets is not None
    days = choice_days(history, TRIAL, YEAR)
    assert set(days.values()) == {DAY}
    students = sorted(row for row in history.students[YEAR] if row.student_id in days)
    catalogue = catalogue_of_year(history.pathways, history.places, YEAR)
    facts = student_facts(students, history.rows, as_of=days, catalogue=catalogue, model=model.interest_model)
    space = FeatureSpace(reference, catalogue, model.interest_model, model.peers)
    recommender = Recommender(space, ranker, history.rules, serving.recommender.demand)
    return Learned(sets, facts, space.student_vectors(facts), recommender)


@pytest.fixture(scope="module")
def both(made: Made, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Both]:
    """The district with its trained model, ten times as large, on the day before a choice and a school year later."""
    folder = tmp_path_factory.mktemp("multiplied")
    copy_installation(made.folder, folder)
    multiply(folder / "orientir.sqlite")
    settings = Settings(
        database_url=f"sqlite:///{folder}/orientir.sqlite",
        models_dir=folder / "models",
        secret_key_file=folder / "secret.key",
        as_of=DAY,
        port=free_port(),
        log_level="ERROR",
    )
    database = Database(settings.database_url)
    application = create_app(settings, database)
    with served(application, settings.port) as address, database.reading() as session:
        serving: Serving = application.state.shelf.take(session)
        assert serving.degradation is None
        whole = read_district(session, serving)
        yield Both(rebuild(database, settings, serving), serving, whole, settings, address)
    database.close()


@contextmanager
def served(application: FastAPI, port: int) -> Iterator[str]:
    """The API, until it is no longer needed."""
    server = uvicorn.Server(uvicorn.Config(application, port=port, log_config=None))
    thread = threading.Thread(target=server.run)
    thread.start()
    address = f"http://127.0.0.1:{port}"
    wait_for(f"{address}/readyz")
    yield address
    server.should_exit = True
    thread.join()


def bits(values: np.ndarray) -> bytes:
    """Every bit; nothing is one number, whatever its sign."""
    return (values + 0.0 if values.dtype.kind == "f" else values).tobytes()


def trained_kind(both: Both) -> TrainedKind:
    """The training form of the version that serves."""
    folder = both.settings.models_dir / both.serving.model.version
    found: TrainedKind = load_training_form(folder, read_secret_key(both.settings))[TRIAL]
    return found


def test_vectors_of_ten_thousand_students(both: Both) -> None:
    served, learned = both.district, both.learned
    own = {student: row for row, student in enumerate(learned.facts.student_ids)}
    rows = np.array([own.get(student, -1) for student in served.facts.student_ids])
    assert (rows >= 0).sum() > MANY
    assert served.vectors.matrix[rows >= 0].tobytes() == learned.vectors.matrix[rows[rows >= 0]].tobytes()
    assert len(np.unique(learned.sets.students, axis=0)) > MANY / 2  # copies differ: it is not one student many times
    blocks = np.hstack([served.vectors.blocks[term] for term in FACT_TERMS])
    assert learned.sets.student_ids.tolist() == list(learned.facts.student_ids)
    assert blocks[rows >= 0].tobytes() == learned.sets.students[rows[rows >= 0]].tobytes()
    answers = both.serving.recommender.space.answers_of(served.facts)
    assert answers[rows >= 0].tobytes() == learned.sets.answers[rows[rows >= 0]].tobytes()


def test_terms_of_everything_on_offer(both: Both) -> None:
    rows, students, pathways = both.pairs()
    trained = trained_kind(both)
    assert trained.peers is not None
    told = trained.peers.told_to(both.learned.sets)
    served = both.serving.recommender.space.raw_terms(both.district.vectors, students, pathways)
    assert len(rows) > 20 * MANY
    for column, term in enumerate(TERM_CODES):
        assert bits(told.terms[rows, column]) == bits(served[:, column]), term
    assert told.terms[:, PEER_COLUMNS].any(axis=0).all()


def test_scores_and_lists_of_ten_thousand_students(both: Both) -> None:
    """The recommender over training's rows, and the one that serves, list the same students alike."""
    place = {student: row for row, student in enumerate(both.learned.facts.student_ids)}
    rows = [(row, place[student]) for row, student in enumerate(both.district.facts.student_ids) if student in place]
    own, theirs = (np.array(column) for column in zip(*rows, strict=True))
    served = both.serving.recommender.recommend(both.district.facts, k=K, vectors=both.district.vectors)
    learned = both.learned.recommender.recommend(both.learned.facts, k=K, vectors=both.learned.vectors)
    assert len(rows) > MANY
    for name in ("pathways", "scores", "fit", "final"):
        assert bits(getattr(served.listed, name)[own]) == bits(getattr(learned.listed, name)[theirs]), name
    assert (served.listed.pathways[own] >= 0).sum() > K * MANY


def test_the_estimator_gives_the_served_scores(both: Both) -> None:
    """Apart from rounding: it adds in another order. 1e-6 of a log-odds moves no fit by a hundredth."""
    trained = trained_kind(both)
    expected = served_scores(trained.estimator, trained.vocabulary, trained.peers.told_to(both.learned.sets))
    rows, students, pathways = both.pairs()
    served = both.serving.recommender.compiled.contributions(both.district.vectors, students, pathways).sum(axis=1)
    np.testing.assert_allclose(served, expected[rows], atol=1e-6, rtol=0)


@pytest.fixture
def asked(both: Both) -> Iterator[httpx2.Client]:
    """Speaks to it as the counsellor of a school."""
    with httpx2.Client(base_url=both.address, timeout=60, trust_env=False) as asked:
        token = asked.post("/v1/sessions", json={"login": "navigator", "password": PASSWORD}).json()["token"]
        asked.headers["Authorization"] = f"Bearer {token}"
        yield asked


Line = tuple[str, float, float]  # pathway, fit, final


@dataclass(frozen=True)
class Expected:
    """Lists over training's rows."""

    made: Recommendations
    place: dict[str, int]
    recommender: Recommender

    def of(self, student: str) -> list[list[Line]]:
        """One student's three lists."""
        pathways, row, found = self.recommender.space.catalogue.pathways, self.place[student], self.made.listed
        return [
            [
                (pathways[pathway].pathway_code, float(found.fit[row, kind, at]), float(found.final[row, kind, at]))
                for at, pathway in enumerate(found.pathways[row, kind])
                if pathway >= 0
            ]
            for kind in range(len(KINDS))
        ]

    def contributions(self, student: str, pathway_code: str) -> dict[str, float]:
        """What the score of one pathway is made of."""
        rows, pathways = (
            np.array([self.place[student]]),
            np.array([self.recommender.space.catalogue.position[pathway_code]]),
        )
        added = self.recommender.compiled.contributions(self.made.vectors, rows, pathways)[0]
        return dict(zip(CONTRIBUTIONS, added.tolist(), strict=True))


@pytest.fixture(scope="module")
def expected(both: Both) -> Expected:
    """What training's rows give, for comparison with what is shown."""
    learned = both.learned
    made = learned.recommender.recommend(learned.facts, k=K, demand_strength=STRENGTH, vectors=learned.vectors)
    place = {student: row for row, student in enumerate(learned.facts.student_ids)}
    return Expected(made, place, learned.recommender)


def test_class_lists(expected: Expected, asked: httpx2.Client) -> None:
    compared = 0
    for class_id in CLASSES:
        params = {"k": K, "demand_strength": STRENGTH}
        answer = asked.get(f"/v1/classes/{class_id}/recommendations", params=params).json()
        for student in answer["students"]:
            if student["refusal"] is None and student["student_id"] in expected.place:
                shown = [
                    [(i["pathway_code"], i["fit"], i["final"]) for i in each["items"]] for each in student["lists"]
                ]
                assert shown == expected.of(student["student_id"])
                compared += 1
    assert compared > 400


@pytest.fixture
def screens(both: Both, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Screens of this process speak to the multiplied district."""
    monkeypatch.setenv(client.SERVICE_URL, both.address)
    client.forget_connection()
    yield
    client.forget_connection()


@pytest.mark.usefixtures("screens")
def test_cards_as_the_screens_get_them(expected: Expected) -> None:
    token = client.sign_in("navigator", PASSWORD).token
    known = [row.student_id for row in client.class_students(token, CLASSES[0]).students if row.consent_recommending]
    students = [student for student in known if student in expected.place][:CARDS]
    for student in students:
        answer = client.recommendations(token, student, K, STRENGTH)
        assert [[(i.pathway_code, i.fit, i.final) for i in each.items] for each in answer.lists] == expected.of(student)
        for item in (item for each in answer.lists for item in each.items):
            assert item.contributions == expected.contributions(student, item.pathway_code)
    assert len(students) == CARDS


@pytest.mark.usefixtures("screens")
def test_the_page_of_a_student(expected: Expected) -> None:
    """A page shows hundredths: those of the same numbers, in the same order."""
    app = AppTest.from_file(str(ROOT / "dashboard" / "app.py"), default_timeout=60)
    app.session_state[session.TOKEN] = client.sign_in("navigator", PASSWORD).token
    app.run()
    app.button(key=f"class-{CLASSES[0]}").click().run()
    student = next(row["id"] for row in students_in(app)["rows"] if row["id"] in expected.place)
    app.query_params[session.STUDENT] = student
    app.run()
    lines = [found for element in app.get("html") if (found := LINE.search(element.proto.body))]
    pathways = expected.recommender.space.catalogue
    for kind, found in enumerate(expected.of(student)):
        ranked = found[:SHOWN]
        named = [(escape(pathways.get_pathway(code).title_ru), str(fit_points(fit))) for code, fit, _ in ranked[:SHOWN]]
        shown = [(line["title"], line["fit"]) for line in lines[: len(named)]]
        assert shown == named, kind
        lines = lines[len(named) :]
    assert lines == []
