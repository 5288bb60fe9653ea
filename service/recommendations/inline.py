"""Recommendations for a student whose data come with the request and are not kept."""

import math
from collections.abc import Mapping

from recommender.catalogue import CONDITIONS
from recommender.instruments import AnswerError, Instrument, answer_values, score_answers
from recommender.reference import Reference
from recommender.students import FactRow, FactRows, ReadingRow, StudentRow
from service.errors import InvalidInputError
from service.recommendations.actions import rank
from service.recommendations.answers import measure_next, ranked_lists, stamps
from service.recommendations.schemas import (
    InlineReading,
    StatelessRequest,
    StatelessStudent,
    StudentRecommendations,
)
from service.recommendations.shelf import Serving
from service.students.facts import RANKED_WISHES, WISH_TABLES
from service.students.missing import missing_facts


def recommend_inline(
    serving: Serving, *, request: StatelessRequest, demand_strength: float, discovery: bool
) -> StudentRecommendations:
    """The same lists as for a stored student; nothing is written anywhere."""
    given = request.student
    _check_student(serving, given)
    student = StudentRow(
        given.student_id, given.grade, given.school_code, tuple(given.conditions_needed), tuple(given.restriction_tags)
    )
    rows = fact_rows_of(given, serving.reference)
    ranked = rank(serving, [student], rows, k=request.k, demand_strength=demand_strength, discovery=discovery)
    shown, by_fit = ranked.shown[given.student_id], ranked.by_fit[given.student_id]
    return StudentRecommendations(
        **stamps(serving, request.k, demand_strength),
        student_id=given.student_id,
        refusal=None,
        lists=ranked_lists(serving, shown, by_fit, given.school_code, {}),
        missing=missing_facts(shown.missing, None),
        measure_next=measure_next(serving, shown.next_evidence),
    )


def _check_student(serving: Serving, given: StatelessStudent) -> None:
    """What a schema cannot know: the codes of this region, and the day of the question."""
    tags = {tag for spo in serving.reference.spo.values() for tag in spo.restriction_tags}
    _check_code(given.school_code, dict.fromkeys(serving.catalogue.school_codes), "student.school_code")
    for number, condition in enumerate(given.conditions_needed):
        _check_code(condition, dict.fromkeys(CONDITIONS), f"student.conditions_needed.{number}")
    for number, tag in enumerate(given.restriction_tags):
        _check_code(tag, dict.fromkeys(tags), f"student.restriction_tags.{number}")
    for number, trial in enumerate(given.trials):
        _check_code(trial.pathway_code, serving.catalogue.known, f"student.trials.{number}.pathway_code")
    programmes = {pathway.programme_code: None for pathway in serving.catalogue.known.values()}
    for number, wish in enumerate(given.wishes):
        if wish.kind == "elective":
            _check_code(wish.code, programmes, f"student.wishes.{number}.code")
    days = [
        *((f"readings.{number}.taken_on", each.taken_on) for number, each in enumerate(given.readings)),
        *((f"marks.{number}.known_on", each.known_on) for number, each in enumerate(given.marks)),
        *((f"results.{number}.on", each.on) for number, each in enumerate(given.results)),
        *((f"wishes.{number}.stated_on", each.stated_on) for number, each in enumerate(given.wishes)),
        *((f"trials.{number}.attended_on", each.attended_on) for number, each in enumerate(given.trials)),
    ]
    for where, day in days:
        if day > serving.today.as_of:
            _refuse(f"student.{where}", f"день не позже {serving.today.as_of:%d.%m.%Y}")


def fact_rows_of(given: StatelessStudent, reference: Reference) -> FactRows:
    """The request's data as the recommender wants them."""
    who = given.student_id
    wishes: dict[str, list[FactRow]] = {table: [] for table in WISH_TABLES.values()}
    for number, wish in enumerate(given.wishes):
        table = WISH_TABLES[wish.kind]
        known: Mapping[str, object] = {
            "profile": reference.profiles,
            "exam": reference.subjects,
            "profession": {**reference.former_spo, **reference.spo},
        }.get(wish.kind, {wish.code: None})
        _check_code(wish.code, known, f"student.wishes.{number}.code")
        value = float(wish.rank) if table in RANKED_WISHES else 1.0
        wishes[table].append(FactRow(who, wish.code, wish.stated_on, value))
    for number, mark in enumerate(given.marks):
        _check_code(mark.subject_code, reference.subjects, f"student.marks.{number}.subject_code")
    for number, result in enumerate(given.results):
        _check_code(result.subject_code, reference.subjects, f"student.results.{number}.subject_code")
        if result.kind == "knowledge" and (result.points_max is None or result.points > result.points_max):
            _refuse(f"student.results.{number}.points_max", "для диагностики обученности нужен, и не меньше points")
    return FactRows(
        readings=[_reading(who, reading, number, reference) for number, reading in enumerate(given.readings)],
        marks=[FactRow(who, mark.subject_code, mark.known_on, mark.mark) for mark in given.marks],
        knowledge=[
            FactRow(who, result.subject_code, result.on, result.points / (result.points_max or 1.0))
            for result in given.results
            if result.kind == "knowledge"
        ],
        exam_points=[
            FactRow(who, result.subject_code, result.on, result.points)
            for result in given.results
            if result.kind == "oge"
        ],
        trials=[
            FactRow(
                who,
                trial.pathway_code,
                trial.attended_on,
                math.nan if trial.rating_after is None else trial.rating_after,
            )
            for trial in given.trials
        ],
        **wishes,
    )


def _refuse(where: str, remedy: str) -> None:
    raise InvalidInputError(f"{where}: {remedy}.", where=where)


def _check_code(code: str, known: Mapping[str, object], where: str) -> None:
    if code not in known:
        _refuse(where, "такого кода нет в справочнике")


def _reading(who: str, given: InlineReading, number: int, reference: Reference) -> ReadingRow:
    """Raw answers are scored by the instrument's key; scale scores are checked against their ranges."""
    where = f"student.readings.{number}"
    _check_code(given.method_code, reference.instruments, f"{where}.method_code")
    instrument = reference.instruments[given.method_code]
    if (given.answers is None) == (given.scores is None):
        _refuse(where, "нужно одно из двух: answers или scores")
    if given.answers is None:
        return ReadingRow(who, given.method_code, given.taken_on, _checked(instrument, given.scores or {}, where))
    return ReadingRow(who, given.method_code, given.taken_on, *_scored(instrument, given.answers, where))


def _scored(
    instrument: Instrument, answers: Mapping[str, str], where: str
) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """Scale scores and single answers."""
    for item in answers:
        if item not in instrument.items:
            _refuse(f"{where}.answers", "есть задание, которого нет в ключе методики")
    try:
        scores = score_answers(instrument, answers).scores
    except AnswerError as error:
        place = error.facts.get("item")
        raise InvalidInputError(f"{where}.answers.{place}: такого ответа нет в ключе.", where=where) from error
    single = answer_values(instrument, [answers])[0].tolist()
    return tuple(scores[scale] for scale in instrument.scale_codes), tuple(single)


def _checked(instrument: Instrument, scores: Mapping[str, float], where: str) -> tuple[float, ...]:
    ranges = {scale.code: (scale.minimum, scale.maximum) for scale in instrument.scales}
    for code, score in scores.items():
        if code not in ranges:
            _refuse(f"{where}.scores", "есть шкала, которой нет у методики")
        low, high = ranges[code]
        if not low <= score <= high:
            _refuse(f"{where}.scores.{code}", f"балл от {low:g} до {high:g}")
    return tuple(scores.get(code, math.nan) for code in instrument.scale_codes)
