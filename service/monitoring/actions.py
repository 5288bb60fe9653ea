"""Looking at the version that serves. Reaches scipy: workers and the command line import it, what serves never."""

from functools import partial

import sqlalchemy as sa
from sqlalchemy.orm import Session

from recommender.catalogue import KINDS
from recommender.students import student_facts
from service.access import OPERATOR, rankable_students
from service.clock import now
from service.db import Database
from service.errors import ConflictError
from service.jobs.actions import WATCHING
from service.jobs.doing import Held, do_job
from service.jobs.leases import claim_job, stop_job
from service.monitoring.figures import Lines, decision_lines, input_lines, list_lines, outcome_lines
from service.monitoring.records import read_decided, read_shown_outcomes
from service.recommendations.shelf import EXPERT_WEIGHTS, Serving, Shelf
from service.settings import Settings
from service.students.facts import read_fact_rows, read_student_rows
from service.tables import Observation, Student
from service.watching import enqueue_watching

BY_HAND = "by hand"
K = 5
NOTHING = "нечего наблюдать: действующей модели нет или некому составлять списки"


def watch_at_once(database: Database, *, settings: Settings) -> str:
    """Observe in this process; the observation that waits is made with it."""
    seconds = settings.job_lease_seconds
    with database.writing() as session:
        enqueue_watching(session, cause=BY_HAND)
        lease = claim_job(session, kinds=(WATCHING,), seconds=seconds)
        if lease is None:
            raise ConflictError("Наблюдение уже идёт: дождитесь его — orientir worker.")
    return do_job(
        database, lease, partial(watch_held, database, settings=settings), seconds=seconds, if_stopped=stop_job
    )


def watch_held(database: Database, held: Held, *, settings: Settings) -> str:
    """Observe the version that serves and keep what was seen, together with the job's end."""
    with database.reading() as session:
        serving = Shelf(settings).take(session)
        row = None if serving.model.version == EXPERT_WEIGHTS else observe(session, serving)
    result = row.version if row is not None else NOTHING
    with database.writing() as session:
        if row is not None:
            session.add(row)
        held.finish(session, result=result)
    return result


def observe(session: Session, serving: Serving) -> Observation | None:
    """Inputs, lists, decisions and outcomes of everybody who may be given lists; None where there is nobody."""
    today, version = serving.today, serving.model.version
    of = rankable_students(OPERATOR, today.school_year).with_only_columns(Student.student_id)
    students = read_student_rows(session, of).get(today.school_year, [])
    if not students:
        return None
    rows = read_fact_rows(session, of, serving.reference, today.school_year)
    model = serving.model.interest_model
    facts = student_facts(students, rows, as_of=today.as_of, catalogue=serving.catalogue, model=model)
    made = serving.recommender.recommend(facts, k=K)
    by_family, inputs = input_lines(serving, made)
    calibrated = {kind for row, kind in enumerate(KINDS) if serving.model.ranker.is_calibrated[row]}
    kinds = {code: pathway.kind for code, pathway in serving.catalogue.known.items() if pathway.kind in calibrated}
    lines: Lines = {
        **by_family,
        **list_lines(serving, made, _first_seen(session, version)),
        **decision_lines(read_decided(session, version)),
        **outcome_lines(read_shown_outcomes(session, version, today, kinds)),
    }
    return Observation(
        observed_at=now(),
        as_of=today.as_of,
        version=version,
        edition_code=serving.edition.code if serving.edition is not None else None,
        student_count=len(students),
        figures={"lines": lines, "inputs": inputs},
    )


def _first_seen(session: Session, version: str) -> Lines:
    """Lines of the first observation of a version."""
    query = sa.select(Observation.figures).where(Observation.version == version)
    first = session.scalars(query.order_by(Observation.observation_id).limit(1)).one_or_none()
    return first["lines"] if first is not None else {}
