"""What was seen of the version that serves."""

from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from recommender.congestion import FEW_STUDENTS
from service.aggregates import in_fives, told_interval, told_share
from service.clock import now
from service.model_versions.queries import find_active_version, get_version, passed_gate
from service.monitoring import schemas
from service.monitoring.sentences import input_title, meaning, reliance_of, said_of_watching, titles_of
from service.recommendations.card import SCALE_TITLES
from service.recommendations.shelf import EXPERT_WEIGHTS, Serving
from service.tables import Observation

FALSE_ALARM_RATE = (
    0.01  # recommender.drift.FAMILY_RATE, which a serving process must not import; a test holds them equal
)
AT_LEAST = ("calibration",)
RISING = ("not_enough_data.", "first_place.")
SECONDS_A_DAY = 86_400


def list_observations(
    session: Session, serving: Serving, *, limit: int, watch_days: int | None
) -> schemas.ObservationList:
    """The newest observations, whether the lists may be relied on, and each input as it was seen last."""
    active = find_active_version(session)
    rows = list(session.scalars(sa.select(Observation).order_by(Observation.observation_id.desc()).limit(limit)))
    newest = find_newest(session, active) if active is not None else None
    version = get_version(session, active) if active is not None else None
    figures = figures_of(newest) if newest is not None else []
    age = (now() - newest.observed_at).total_seconds() / SECONDS_A_DAY if newest is not None else 0.0
    gate = passed_gate(version) if version is not None else None
    return schemas.ObservationList(
        reliance=reliance_of(
            is_trained=serving.model.version != EXPERT_WEIGHTS,
            passed_gate=gate,
            degradation=serving.degradation,
            newest=newest,
            figures=figures,
            age_days=age,
            watch_days=watch_days,
        ),
        false_alarm_rate=FALSE_ALARM_RATE,
        observations=[_observation(row) for row in rows],
        inputs=_inputs(newest, serving) if newest is not None else [],
    )


def find_newest(session: Session, version: str) -> Observation | None:
    """The last observation of a version."""
    query = sa.select(Observation).where(Observation.version == version)
    return session.scalars(query.order_by(Observation.observation_id.desc()).limit(1)).one_or_none()


def said_of_newest(session: Session) -> tuple[bool, str]:
    """What the operator reads of the last observation: whether all is well, and a sentence."""
    version = find_active_version(session)
    newest = find_newest(session, version) if version is not None else None
    alarms = [figure for figure in figures_of(newest) if figure.is_alarm] if newest is not None else []
    return said_of_watching(alarms, newest)


def figures_of(row: Observation) -> list[schemas.ObservedFigure]:
    """Lines of an observation with their words."""
    return [_figure(code, line) for code, line in row.figures["lines"].items()]


def _observation(row: Observation) -> schemas.Observation:
    return schemas.Observation(
        observed_at=row.observed_at,
        as_of=row.as_of,
        version=row.version,
        edition_code=row.edition_code,
        student_count=in_fives(row.student_count),
        figures=figures_of(row),
    )


def _figure(code: str, line: Mapping[str, Any]) -> schemas.ObservedFigure:
    title, unit, compared_with = titles_of(code, line)
    return schemas.ObservedFigure(
        code=code,
        title_ru=title,
        unit=unit,  # type: ignore[arg-type] # one of the three words
        value=_told_value(line, unit),
        interval=_told_interval(line, unit),
        limit=_told_limit(code, line),
        bound="at_least" if code in AT_LEAST else "at_most",
        count=in_fives(line["count"]),
        is_alarm=line["is_alarm"],
        compared_with=compared_with,
        text=meaning(code, line),
    )


def _told_value(line: Mapping[str, Any], unit: str) -> float | None:
    """A share in steps of five people: with the count beside it, it would tell how many they are."""
    if line["value"] is None or unit != "share":
        return _rounded(line["value"])
    return told_share(line["value"], line["count"])


def _told_interval(line: Mapping[str, Any], unit: str) -> tuple[float, float] | None:
    if line["interval"] is None:
        return None
    low, high = line["interval"]
    return told_interval((low, high), line["count"]) if unit == "share" else (round(low, 3), round(high, 3))


def _told_limit(code: str, line: Mapping[str, Any]) -> float | None:
    """A limit that lies a known rise above the first share would tell that share."""
    if line["limit"] is None or not code.startswith(RISING) or line["count"] < FEW_STUDENTS:
        return _rounded(line["limit"])
    return told_interval((0.0, line["limit"]), line["count"])[1]


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 3)


def _inputs(row: Observation, serving: Serving) -> list[schemas.ObservedInput]:
    """Alarms first, then what can be told, each by title."""
    found = [
        schemas.ObservedInput(
            code=code,
            title_ru=input_title(code, serving.titles, SCALE_TITLES),
            psi=_rounded(line["value"]),
            interval=_told_interval(line, "psi"),
            limit=_rounded(line["limit"]),
            student_count=in_fives(line["count"]),
            is_alarm=line["is_alarm"],
        )
        for code, line in row.figures["inputs"].items()
    ]
    return sorted(found, key=lambda each: (not each.is_alarm, each.is_alarm is None, each.title_ru))
