"""How single answers usually fall: what an answer says is how far it lies from the usual one."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

MIN_ANSWERED = 100  # a question that fewer sheets answered has no norm of its own and says nothing singly


@dataclass(frozen=True)
class AnswerNorms:
    """How single answers usually fall in this installation.

    Attributes
    ----------
    questions : tuple of str
        Codes such as "RIASEC48:R1" (`Instrument.question_codes`).
    mean, spread : ndarray of shape (n_questions,), points
    """

    questions: tuple[str, ...]
    mean: Floats
    spread: Floats

    def standardised(self, answers: Floats) -> Floats:
        """Answers (n, n_questions) in spreads from the mean; 0 where there is none (NaN).

        Examples
        --------
        >>> norms = AnswerNorms(("A:1", "A:2"), np.array([3.0, 3.0]), np.array([2.0, 2.0]))
        >>> norms.standardised(np.array([[5.0, np.nan]])).tolist()
        [[1.0, 0.0]]
        """
        return np.where(np.isfinite(answers), (answers - self.mean) / self.spread, 0.0)


NO_ANSWER_NORMS = AnswerNorms((), np.empty(0), np.empty(0))


def answer_norms(questions: Sequence[str], answers: Floats) -> AnswerNorms:
    """Norms of the questions that enough sheets answered, and not all alike.

    Parameters
    ----------
    questions : sequence of str
    answers : ndarray of shape (n_sheets, n_questions), points; NaN = not answered

    Returns
    -------
    AnswerNorms
    """
    given = np.isfinite(answers)
    count = np.maximum(given.sum(axis=0), 1)
    filled = np.where(given, answers, 0.0)
    mean = filled.sum(axis=0) / count
    spread = np.sqrt(np.where(given, (filled - mean) ** 2, 0.0).sum(axis=0) / count)
    kept = np.flatnonzero((count >= MIN_ANSWERED) & (spread > 1e-9))
    return AnswerNorms(tuple(questions[column] for column in kept.tolist()), mean[kept], spread[kept])
