"""Eligibility as tables that a methodologist reads: who, what is asked for, which rule answers."""

from datetime import date

import numpy as np
import pytest

from recommender.catalogue import CONDITIONS, Catalogue, PathwayKind
from recommender.eligibility import StudentPattern, read_rules, refusal_words, refusing_rules
from recommender.errors import TableValueError
from tests.recommender.worked_region import PLACES, RULES, pathway

TODAY = date(2024, 10, 1)

GRADE_RULE = 'id = "x"\ncheck = "grade"\nkinds = []\ntext_ru = ""'

TABLE = """
grade | school | needs    | avoids | offer                                     | refused by
9     | sch01  |          |        | profile_class of sch01 for 9              |
8     | sch01  |          |        | profile_class of sch01 for 9              | grade
9     | sch02  |          |        | profile_class of sch01 for 9              |
9     | sch01  |          |        | elective of sch01 for 8-11                |
9     | sch02  |          |        | elective of sch01 for 8-11                | own_school_elective
9     | sch01  |          |        | elective of sch01 for 8-11 until 30.09    | apply_until
9     | sch01  |          |        | elective of sch01 for 8-11 until 01.10    |
9     | sch01  | mobility |        | career_trial of col01 for 8-11            |
9     | sch01  | mobility |        | career_trial of col01 for 8-11 steps      | conditions
9     | sch01  |          | height | career_trial of col01 for 8-11 height     | restrictions
9     | sch01  |          | height | career_trial of col01 for 8-11            |
9     | sch01  |          |        | career_trial of col01 for 8-11 full       | seats
7     | sch01  | mobility |        | career_trial of col01 for 8-11 steps full | grade, conditions, seats
"""


def rows():
    for line in TABLE.strip().splitlines()[1:]:
        yield [cell.strip() for cell in line.split("|")]


def offer(text: str):
    words = text.split()
    kind, host, grades, notes = PathwayKind(words[0]), words[2], words[4], words[5:]
    low, _, high = grades.partition("-")
    changes: dict[str, object] = {"grades": frozenset(range(int(low), int(high or low) + 1))}
    if "until" in notes:
        day, month = notes[notes.index("until") + 1].split(".")
        changes["apply_until"] = date(2024, int(month), int(day))
    if "steps" in notes:
        changes["conditions_met"] = frozenset(CONDITIONS) - {"mobility"}
    if "height" in notes:
        changes["restriction_tags"] = frozenset({"height"})
    if "full" in notes:
        changes["seats"] = 0
    return pathway(kind, host, "any", **changes)


@pytest.mark.parametrize(("grade", "school", "needs", "avoids", "offered", "refused"), list(rows()))
def test_eligibility(grade, school, needs, avoids, offered, refused):
    student = StudentPattern(int(grade), school, frozenset(needs.split()), frozenset(avoids.split()))
    words = refusal_words(RULES, (student,), Catalogue((offer(offered),), PLACES), TODAY)
    found = ", ".join(rule.rule_id for rule in refusing_rules(RULES, int(words[0, 0])))
    assert found == refused


def test_a_rule_out_of_its_dates_does_not_refuse(tmp_path):
    path = tmp_path / "rules.toml"
    path.write_text(
        '[[rule]]\nid = "grade"\ncheck = "grade"\nkinds = ["elective"]\ntext_ru = "Класс"\nvalid_from = 2025-01-01\n',
        encoding="utf-8",
    )
    student = StudentPattern(7, "sch01", frozenset(), frozenset())
    catalogue = Catalogue((offer("elective of sch01 for 9"),), PLACES)
    rules = read_rules(path)
    assert refusal_words(rules, (student,), catalogue, date(2024, 12, 31))[0, 0] == 0
    assert refusal_words(rules, (student,), catalogue, date(2025, 1, 1))[0, 0] != 0


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('id = "x"\ncheck = "height"\nkinds = []\ntext_ru = ""', "rule x: check must be one of grade"),
        (f'{GRADE_RULE}\n[[rule]]\n{GRADE_RULE}',
         "an id stands twice"),
    ],
)  # fmt: skip
def test_a_broken_rule_file_is_refused(tmp_path, text, message):
    path = tmp_path / "rules.toml"
    path.write_text(f"[[rule]]\n{text}\n", encoding="utf-8")
    with pytest.raises(TableValueError, match=message):
        read_rules(path)


def test_students_of_one_pattern_share_a_row():
    patterns = (
        StudentPattern(9, "sch01", frozenset(), frozenset()),
        StudentPattern(8, "sch01", frozenset(), frozenset()),
    )
    catalogue = Catalogue((offer("profile_class of sch01 for 9"),), PLACES)
    assert np.array_equal(refusal_words(RULES, patterns, catalogue, TODAY) == 0, [[True], [False]])
