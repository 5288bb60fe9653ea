"""Who may be offered what. Rules are data (id, text, legal basis, region, dates); a refusal carries the rule's code.

Every rule is one bit of a word per student and pathway; 0 means "may be offered". Students that agree in grade,
school, conditions needed and factors to avoid share one row of words, so a region costs as much as its few patterns.
"""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from recommender.catalogue import Catalogue, PathwayKind
from recommender.errors import TableValueError

Words = NDArray[np.uint16]

CHECKS = ("grade", "school", "apply_until", "conditions", "restrictions", "seats", "already_taken")
"""What a rule can look at; a rule file names one of these per rule."""


@dataclass(frozen=True, slots=True)
class EligibilityRule:
    """A rule as a methodologist reads it.

    Attributes
    ----------
    rule_id : str
        Stable code shown in refusals.
    check : str
        One of CHECKS.
    kinds : frozenset of PathwayKind
        Kinds it applies to.
    text_ru, legal_basis : str
    valid_from, valid_to : date or None
        Outside these days the rule does not refuse.
    """

    rule_id: str
    check: str
    kinds: frozenset[PathwayKind]
    text_ru: str
    legal_basis: str
    valid_from: date | None = None
    valid_to: date | None = None

    def is_valid_on(self, day: date) -> bool:
        """Whether the rule is in force on a day."""
        return (self.valid_from is None or self.valid_from <= day) and (self.valid_to is None or day <= self.valid_to)


@dataclass(frozen=True, slots=True)
class StudentPattern:
    """What the rules know of a student; many students share one."""

    grade: int
    school_code: str
    conditions_needed: frozenset[str]
    restriction_tags: frozenset[str]


def read_rules(path: Path) -> tuple[EligibilityRule, ...]:
    """Read `data/reference/eligibility.toml`.

    Parameters
    ----------
    path : Path

    Returns
    -------
    tuple of EligibilityRule

    Raises
    ------
    TableValueError
        A rule names a check or a kind that does not exist, or an id twice.
    """
    with path.open("rb") as file:
        tables = tomllib.load(file)["rule"]
    rules = []
    for table in tables:
        if table["check"] not in CHECKS:
            message = f"rule {table['id']}: check must be one of {', '.join(CHECKS)}"
            raise TableValueError(message, rule=table["id"], found=table["check"])
        rules.append(
            EligibilityRule(
                table["id"],
                table["check"],
                frozenset(PathwayKind(kind) for kind in table["kinds"]),
                table["text_ru"],
                table.get("legal_basis", ""),
                table.get("valid_from"),
                table.get("valid_to"),
            )
        )
    if len({rule.rule_id for rule in rules}) != len(rules):
        raise TableValueError("eligibility rules: an id stands twice")
    return tuple(rules)


def _refuses(check: str, student: StudentPattern, catalogue: Catalogue, day: date) -> NDArray[np.bool_]:
    """One rule's verdict on every pathway, shape (n_pathways,)."""
    pathways = catalogue.pathways
    match check:
        case "grade":
            verdicts = [student.grade not in pathway.grades for pathway in pathways]
        case "school":
            verdicts = [pathway.host_code != student.school_code for pathway in pathways]
        case "apply_until":
            verdicts = [pathway.apply_until is not None and pathway.apply_until < day for pathway in pathways]
        case "conditions":
            verdicts = [not student.conditions_needed <= pathway.conditions_met for pathway in pathways]
        case "restrictions":
            verdicts = [bool(student.restriction_tags & pathway.restriction_tags) for pathway in pathways]
        case "seats":
            verdicts = [pathway.seats == 0 for pathway in pathways]
        case _:  # already_taken looks at single students, see `already_taken_bit`
            verdicts = [False] * len(pathways)
    return np.array(verdicts, dtype=bool)


def refusal_words(
    rules: tuple[EligibilityRule, ...], patterns: tuple[StudentPattern, ...], catalogue: Catalogue, day: date
) -> Words:
    """Words of refusals for each pattern of students.

    Parameters
    ----------
    rules : tuple of EligibilityRule, at most 16
    patterns : tuple of StudentPattern
    catalogue : Catalogue
    day : date
        The day of the question: dates of rules and deadlines are judged on it.

    Returns
    -------
    uint16 array of shape (n_patterns, n_pathways)
        Bit i set = rule i refuses.
    """
    words = np.zeros((len(patterns), len(catalogue.pathways)), dtype=np.uint16)
    kinds = np.array([pathway.kind for pathway in catalogue.pathways])
    cache: dict[tuple[str, object], NDArray[np.bool_]] = {}
    for bit, rule in enumerate(rules):
        if not rule.is_valid_on(day):
            continue
        applies = np.isin(kinds, list(rule.kinds))
        for row, pattern in enumerate(patterns):
            key = (rule.check, _looked_at(rule.check, pattern))
            if key not in cache:
                cache[key] = _refuses(rule.check, pattern, catalogue, day)
            words[row] |= (applies & cache[key]).astype(np.uint16) << np.uint16(bit)
    return words


def _looked_at(check: str, pattern: StudentPattern) -> object:
    looks: Mapping[str, object] = {
        "grade": pattern.grade,
        "school": pattern.school_code,
        "conditions": pattern.conditions_needed,
        "restrictions": pattern.restriction_tags,
    }
    return looks.get(check)


def already_taken_bits(rules: tuple[EligibilityRule, ...], catalogue: Catalogue, day: date) -> Words:
    """Bits to set where a student has already taken a pathway, shape (n_pathways,); 0 where no such rule applies."""
    bits = np.zeros(len(catalogue.pathways), dtype=np.uint16)
    for bit, rule in enumerate(rules):
        if rule.check == "already_taken" and rule.is_valid_on(day):
            for row, pathway in enumerate(catalogue.pathways):
                if pathway.kind in rule.kinds:
                    bits[row] |= np.uint16(1 << bit)
    return bits


class Refusals:
    """The rules applied to one catalogue; remembers the words of a day, as many students are refused alike.

    Parameters
    ----------
    rules : tuple of EligibilityRule, at most 16
    catalogue : Catalogue
    """

    def __init__(self, rules: tuple[EligibilityRule, ...], catalogue: Catalogue) -> None:
        self._rules = rules
        self._catalogue = catalogue
        self._remembered: tuple[date, Words, dict[StudentPattern, Words]] | None = None

    def words(self, patterns: tuple[StudentPattern, ...], day: date) -> Words:
        """`refusal_words` of these patterns, (n_patterns, n_pathways)."""
        known = self._of_day(day)[1]
        if new := tuple(pattern for pattern in patterns if pattern not in known):
            known.update(zip(new, refusal_words(self._rules, new, self._catalogue, day), strict=True))
        return np.array([known[pattern] for pattern in patterns], dtype=np.uint16).reshape(
            len(patterns), len(self._catalogue.pathways)
        )

    def already_taken_bits(self, day: date) -> Words:
        """`already_taken_bits`, (n_pathways,)."""
        return self._of_day(day)[0]

    def _of_day(self, day: date) -> tuple[Words, dict[StudentPattern, Words]]:
        remembered = self._remembered
        if remembered is None or remembered[0] != day:
            remembered = (day, already_taken_bits(self._rules, self._catalogue, day), {})
            self._remembered = remembered
        return remembered[1:]


def refusing_rules(rules: tuple[EligibilityRule, ...], word: int) -> tuple[EligibilityRule, ...]:
    """The rules behind one word, in the order of the rule file.

    Examples
    --------
    >>> rule = EligibilityRule("grade", "grade", frozenset(PathwayKind), "Класс", "")
    >>> [r.rule_id for r in refusing_rules((rule,), 1)], refusing_rules((rule,), 0)
    (['grade'], ())
    """
    return tuple(rule for bit, rule in enumerate(rules) if word >> bit & 1)
