"""Surveys that nobody ended are ended by the worker: what students submitted is not lost."""

from datetime import timedelta

import sqlalchemy as sa
import structlog

from service.access import GRANTS, Actor, Role
from service.clock import now
from service.db import Database
from service.errors import ServiceError
from service.settings import Settings
from service.tables import SchoolClass, SurveyRound

log = structlog.get_logger()

GRACE = timedelta(hours=1)  # for a class that is late


def end_late_rounds(database: Database, settings: Settings) -> int:
    """End them as whoever opened them would have; how many."""
    late = sa.select(SurveyRound.round_id).where(SurveyRound.ended_at.is_(None), SurveyRound.ends_at < now() - GRACE)
    with database.reading() as session:
        found = list(session.scalars(late))
    return sum(_end(database, settings, round_id) for round_id in found)


def _end(database: Database, settings: Settings, round_id: int) -> bool:
    from service.imports.vocabularies import get_tools  # noqa: PLC0415 -- loads where there is something to take in
    from service.surveys.rounds import end_round  # noqa: PLC0415

    try:
        with database.writing() as session:
            survey_round = session.get_one(SurveyRound, round_id)
            school = session.get_one(SchoolClass, survey_round.class_id).school_code
            role = Role.COUNSELLOR
            actor = Actor(survey_round.opened_by, role, "", GRANTS[role], school_code=school)
            end_round(session, actor=actor, settings=settings, tools=get_tools(settings), round_id=round_id)
    except ServiceError as error:  # somebody ended it meanwhile, or the reference data are gone: tried again later
        log.warning("survey not ended", round=round_id, code=error.code)
        return False
    return True
