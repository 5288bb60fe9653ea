"""Wire shapes of observations: aggregates of the whole region, never of fewer than 5 students."""

from datetime import date, datetime
from typing import Literal

from service.wire import Wire


class ObservedFigure(Wire):
    """One thing looked at."""

    code: str  # inputs.interests | not_enough_data.elective | first_place.elective | overruled | calibration
    title_ru: str
    unit: Literal["psi", "share", "slope"]
    value: float | None  # None: too few, or nothing there yet
    interval: tuple[float, float] | None  # 95 %
    limit: float | None  # None: nothing to compare with yet
    bound: Literal["at_most", "at_least"]
    count: int  # students, decisions or good outcomes behind it; 0 for fewer than 5
    is_alarm: bool | None  # None: cannot be told
    compared_with: str  # Russian
    text: str  # Russian: what it means


class ObservedInput(Wire):
    """How far one input is from where it was among the students of the training."""

    code: str  # interest.R | mark.math | has.RIASEC48 | ...
    title_ru: str
    psi: float | None
    interval: tuple[float, float] | None
    limit: float | None
    student_count: int
    is_alarm: bool | None


class Observation(Wire):
    """What was seen of the version that served."""

    observed_at: datetime
    as_of: date
    version: str
    edition_code: str | None
    student_count: int
    figures: list[ObservedFigure]


class Reliance(Wire):
    """Whether a counsellor may rely on the lists, in one sentence."""

    level: Literal["yes", "with_care", "not_yet"]
    text: str


class ObservationList(Wire):
    """GET /v1/observations, newest first."""

    reliance: Reliance
    false_alarm_rate: float  # quiet observations in which anything at all may raise an alarm, at most
    observations: list[Observation]
    inputs: list[ObservedInput]  # of the newest observation
