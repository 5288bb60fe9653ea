"""Diagnostic instruments as data, and the way from raw answers to scale scores.

An instrument is its scales and its scoring key; texts of items are not here. One rule for unanswered items everywhere:
a scale of which more than a fifth of the items is unanswered has no score (NaN), otherwise its sum is scaled up to the
full number of items. Keys and thresholds: `data/reference/keys`, `diagnostics_scales.csv`, with the confidence of each.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from recommender.errors import TableValueError
from recommender.reference_rows import Row, split_codes

MAX_UNANSWERED_SHARE = 0.2
UNANSWERED, CANCELLED = -1, -2
SAME_ANSWER = {"а": "a", "б": "b", "в": "c", "да": "yes", "нет": "no", "−": "-", "–": "-", "−−": "--", "––": "--"}
"""What people type for the answers of a key: Cyrillic letters of the printed forms, typographic minus signs."""

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


class AnswerError(TableValueError):
    """An answer sheet names an item or an answer that the key does not know; facts: row, item, found, allowed."""


@dataclass(frozen=True, slots=True)
class Level:
    """A named band of a scale, both ends included, in points of the scale."""

    low: float
    high: float
    title_ru: str


@dataclass(frozen=True, slots=True)
class Scale:
    """A scale of an instrument, in points. `levels` ascend; empty where no thresholds are published."""

    code: str
    title_ru: str
    minimum: float
    maximum: float
    levels: tuple[Level, ...]


@dataclass(frozen=True)
class Instrument:
    """A diagnostic method as data: its scales and its scoring key. Item texts are not here.

    Attributes
    ----------
    ipsative : bool
        Forced choice: scores compare only within one person.
    scales : tuple of Scale
    items : tuple of str
        In the order of the key file; the columns of an answer file.
    key : mapping of (item, answer) to tuple of (scale, points)
        Answers of compound items (ОПГ) are named part by part, such as "skill=2".
    cancelling_answer : str or None
        An answer after which the other parts of its item count nothing.
    """

    code: str
    title_ru: str
    ipsative: bool
    scales: tuple[Scale, ...]
    items: tuple[str, ...]
    key: Mapping[tuple[str, str], tuple[tuple[str, float], ...]]
    cancelling_answer: str | None
    answer_format: str
    grades: frozenset[int]
    minutes: int
    key_confidence: str
    note: str

    @cached_property
    def scale_codes(self) -> tuple[str, ...]:
        """Codes of the scales, in order."""
        return tuple(scale.code for scale in self.scales)

    @cached_property
    def questions(self) -> tuple["_Question", ...]:
        """What there is to answer, in the order of the key: an item, or each part of a compound one."""
        return tuple(_questions(self))

    @cached_property
    def question_codes(self) -> tuple[str, ...]:
        """Stable codes of the questions, such as "RIASEC48:R1"."""
        return tuple(f"{self.code}:{question.item}{question.part}" for question in self.questions)

    @cached_property
    def answers(self) -> dict[str, tuple[str, ...]]:
        """Item -> answers that its key knows, in the order of the key."""
        known: dict[str, list[str]] = {item: [] for item in self.items}
        for item, answer in self.key:
            known[item].append(answer)
        return {item: tuple(answers) for item, answers in known.items()}


@dataclass(frozen=True)
class ScoredSheets:
    """Scores of many answer sheets of one instrument, in the order given.

    Attributes
    ----------
    scores : ndarray of shape (n_sheets, n_scales), in points
        Columns in the order of `instrument.scales`; NaN = too few answers.
    answered_share : ndarray of shape (n_sheets,), in [0, 1]
        Share of all items that were answered.
    """

    scores: Floats
    answered_share: Floats


@dataclass(frozen=True, slots=True)
class ScaleScores:
    """Scores of one answer sheet: points per scale code, NaN = too few answers; `answered_share` in [0, 1]."""

    instrument_code: str
    scores: Mapping[str, float]
    answered_share: float

    @property
    def as_tuple(self) -> tuple[float, ...]:
        """The scores in the order of the instrument's scales."""
        return tuple(self.scores.values())


@dataclass(frozen=True)
class _Question:
    """One thing to answer: an item, or one part of a compound item."""

    item: str
    part: str
    answers: dict[str, int]
    points: Floats  # (n_answers, n_scales)
    asks: NDArray[np.bool_]  # (n_scales,): scales that some answer names
    cancelling: int  # code of the cancelling answer, UNANSWERED when it has none

    @cached_property
    def values(self) -> Floats:
        """One number an answer, (n_answers,): points for the scale named first, less those for others."""
        named = np.argwhere(self.points)
        first = int(named[0, 1]) if len(named) else 0
        direction = np.where(np.arange(self.points.shape[1]) == first, 1.0, -1.0)
        values: Floats = self.points @ direction
        return values


def _questions(instrument: Instrument) -> list[_Question]:
    column = {code: position for position, code in enumerate(instrument.scale_codes)}
    questions = []
    for item in instrument.items:
        parts: dict[str, list[str]] = {}
        for answer in instrument.answers[item]:
            part, sign, _ = answer.rpartition("=")
            parts.setdefault(part if sign else "", []).append(answer)
        for part, answers in parts.items():
            points = np.zeros((len(answers), len(column)))
            asks = np.zeros(len(column), dtype=bool)
            for code, answer in enumerate(answers):
                for scale, value in instrument.key[item, answer]:
                    points[code, column[scale]] += value
                    asks[column[scale]] = True
            codes = {answer: code for code, answer in enumerate(answers)}
            cancelling = codes.get(instrument.cancelling_answer or "", UNANSWERED)
            questions.append(_Question(item, part, codes, points, asks, cancelling))
    return questions


def _spelled_as_in_key(answer: str, known: Mapping[str, int]) -> str:
    lowered = answer.lower()
    return next((form for form in (answer, lowered, SAME_ANSWER.get(lowered, answer)) if form in known), answer)


def _given(sheet: Row, question: _Question) -> list[str]:
    """Answers given to a question; compound items hold their parts in one cell, joined with `;`."""
    cell = (sheet.get(question.item) or "").strip()
    if not question.part:
        return [cell] if cell else []
    return [answer for answer in split_codes(cell) if answer.partition("=")[0].strip() == question.part]


def _encode(instrument: Instrument, questions: Sequence[_Question], sheets: Sequence[Row]) -> Ints:
    """Codes of the answers, shape (n_sheets, n_questions); UNANSWERED where there is none."""
    codes = np.full((len(sheets), len(questions)), UNANSWERED, dtype=np.int64)
    parts = {question.part for question in questions}
    for row, sheet in enumerate(sheets):
        for item in sheet.keys() - set(instrument.items):
            message = f"{instrument.code}, sheet {row + 1}: there is no item {item}; items are those of the key file"
            raise AnswerError(message, row=row + 1, item=item, allowed=instrument.items)
        for column, question in enumerate(questions):
            for answer in _given(sheet, question):
                codes[row, column] = _code_of(instrument, question, answer, row, codes[row, column] != UNANSWERED)
        if parts != {""}:
            _check_parts(instrument, sheet, row, parts)
    return codes


def _code_of(instrument: Instrument, question: _Question, answer: str, row: int, is_second: bool) -> int:
    code = question.answers.get(_spelled_as_in_key(answer, question.answers))
    if code is None or is_second:
        allowed = instrument.answers[question.item]
        problem = "answered twice" if is_second else f"answer {answer!r} is not in the key"
        message = f"{instrument.code}, sheet {row + 1}, item {question.item}: {problem}; allowed: {', '.join(allowed)}"
        raise AnswerError(message, row=row + 1, item=question.item, found=answer, allowed=allowed)
    return code


def _check_parts(instrument: Instrument, sheet: Row, row: int, parts: set[str]) -> None:
    for item, cell in sheet.items():
        for answer in split_codes(cell or ""):
            if answer.partition("=")[0].strip() not in parts:
                allowed = instrument.answers[item]
                message = (
                    f"{instrument.code}, sheet {row + 1}, item {item}: answer {answer!r} is not in the key; "
                    f"allowed: {', '.join(allowed)}, joined with ;"
                )
                raise AnswerError(message, row=row + 1, item=item, found=answer, allowed=allowed)


def _cancel(questions: Sequence[_Question], codes: Ints) -> None:
    """Parts that do not count after a cancelling answer become CANCELLED; without the leading part they are unknown."""
    leading = {q.item: column for column, q in enumerate(questions) if q.cancelling != UNANSWERED}
    for column, question in enumerate(questions):
        lead = leading.get(question.item)
        if lead is not None and lead != column:
            codes[codes[:, lead] == questions[lead].cancelling, column] = CANCELLED
            codes[codes[:, lead] == UNANSWERED, column] = UNANSWERED


def _codes(instrument: Instrument, sheets: Sequence[Row]) -> Ints:
    codes = _encode(instrument, instrument.questions, sheets)
    _cancel(instrument.questions, codes)
    return codes


def answer_values(instrument: Instrument, sheets: Sequence[Row]) -> Floats:
    """Single answers as numbers.

    Parameters
    ----------
    instrument : Instrument
    sheets : sequence of mapping of str to str
        As in `score_table`.

    Returns
    -------
    ndarray of shape (n_sheets, n_questions), in points
        Columns in the order of `instrument.questions`; a choice between two scales counts + for the one named first
        and - for the other. NaN = not answered, or without meaning after a cancelling answer.

    Raises
    ------
    AnswerError

    Examples
    --------
    >>> from pathlib import Path
    >>> from recommender.reference import read_reference
    >>> ddo = read_reference(Path("data/reference")).instruments["DDO20"]
    >>> answer_values(ddo, [{"1": "a", "2": "b"}])[0, :3]
    array([ 1., -1., nan])
    """
    codes = _codes(instrument, sheets)
    values = [
        np.where(codes[:, column] >= 0, question.values[np.maximum(codes[:, column], 0)], np.nan)
        for column, question in enumerate(instrument.questions)
    ]
    return np.column_stack(values)


def every_question(instruments: Mapping[str, Instrument]) -> tuple[str, ...]:
    """Codes of all questions of all instruments, in their order."""
    return tuple(code for instrument in instruments.values() for code in instrument.question_codes)


def question_places(instruments: Mapping[str, Instrument], codes: Sequence[str]) -> Ints:
    """Where questions stand.

    Parameters
    ----------
    instruments : mapping of code to Instrument
    codes : sequence of str
        Of `Instrument.question_codes`.

    Returns
    -------
    int array (n_codes, 2)
        Position of the instrument, and of the question in it; -1 = no longer asked.
    """
    places = {
        code: (method, question)
        for method, instrument in enumerate(instruments.values())
        for question, code in enumerate(instrument.question_codes)
    }
    return np.array([places.get(code, (-1, -1)) for code in codes], dtype=np.int64).reshape(-1, 2)


def score_table(instrument: Instrument, sheets: Sequence[Row]) -> ScoredSheets:
    """Score many answer sheets of one instrument.

    Parameters
    ----------
    instrument : Instrument
    sheets : sequence of mapping of str to str
        Item -> answer as in the key; empty or absent = not answered. Nothing but items.

    Returns
    -------
    ScoredSheets

    Raises
    ------
    AnswerError
        Names sheet (the first is 1), item, answer and the answers allowed.

    Examples
    --------
    >>> from pathlib import Path
    >>> from recommender.reference import read_reference
    >>> ddo = read_reference(Path("data/reference")).instruments["DDO20"]
    >>> score_table(ddo, [{item: "a" for item in ddo.items}, {"1": "a"}]).scores
    array([[ 6.,  4.,  4.,  2.,  4.],
           [nan, nan, nan, nan, nan]])
    """
    questions = instrument.questions
    codes = _codes(instrument, sheets)
    shape = (len(sheets), len(instrument.scales))
    sums, asked, answered = np.zeros(shape), np.zeros(shape[1]), np.zeros(shape)
    for column, question in enumerate(questions):
        code = codes[:, column]
        given = (code != UNANSWERED)[:, None]
        counted = (code >= 0)[:, None]
        sums += np.where(counted, question.points[np.maximum(code, 0)], 0.0)
        asked += question.asks
        answered += given & question.asks
    with np.errstate(invalid="ignore", divide="ignore"):
        scores = np.where(asked - answered > MAX_UNANSWERED_SHARE * asked, math.nan, sums * asked / answered)
    return ScoredSheets(scores, np.mean(codes != UNANSWERED, axis=1))


def score_answers(instrument: Instrument, answers: Row) -> ScaleScores:
    """Score one answer sheet; the same arithmetic as `score_table`.

    Parameters
    ----------
    instrument : Instrument
    answers : mapping of str to str
        Item -> answer as in the key; empty or absent = not answered.

    Returns
    -------
    ScaleScores

    Raises
    ------
    AnswerError

    Examples
    --------
    >>> from pathlib import Path
    >>> from recommender.reference import read_reference
    >>> ddo = read_reference(Path("data/reference")).instruments["DDO20"]
    >>> score_answers(ddo, {item: "b" for item in ddo.items}).scores["technics"]
    4.0
    """
    scored = score_table(instrument, [answers])
    points = dict(zip(instrument.scale_codes, scored.scores[0].tolist(), strict=True))
    return ScaleScores(instrument.code, points, float(scored.answered_share[0]))


def level_of(scale: Scale, score: float) -> Level | None:
    """The named level of a score; None when there is no score or the scale has no published thresholds.

    Scores that were scaled up may be fractional: they are rounded half up first. A score below the lowest printed
    threshold (KOS leaves 0 out) belongs to the lowest level.

    Examples
    --------
    >>> scale = Scale("nature", "Человек — природа", 0, 8, (Level(0, 3, "низкая"), Level(4, 6, "средняя")))
    >>> level_of(scale, 3.5).title_ru
    'средняя'
    """
    if math.isnan(score) or not scale.levels:
        return None
    points = math.floor(score + 0.5)
    return next((level for level in reversed(scale.levels) if level.low <= points), scale.levels[0])
