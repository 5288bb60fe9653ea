"""Every code of a complaint about a file, and what it means: it never changes; docs/api.md lists them."""

from collections.abc import Mapping

COMPLAINTS = "Замечания Ориентира"  # the sheet of them in a marked copy

OF_FILES: Mapping[str, str] = {
    "encoding": "not UTF-8, as our own format is",
    "not_text": "no text",
    "broken_row": "quotes or commas amiss",
    "missing_column": "a column that must be there",
    "column_twice": "two columns of one name",
    "unknown_column": "a column that our own format does not have",
    "too_many_columns": "more columns than are read",
    "too_many_rows": "more rows than are read",
    "no_rows": "nothing under the header",
    "not_your_table": "another role brings such tables",
    "heading_unconfirmed": "a heading is only like a known one: PUT /v1/column-meanings",
}
OF_CELLS: Mapping[str, str] = {
    "empty": "must not be empty",
    "too_long": "longer than is kept",
    "control": "control characters or a line break",
    "personal_number": "looks like a SNILS or a passport",
    "shape": "not of the column's type",
    "day": "no day",
    "number": "no number",
    "school_year": "no school year",
    "grades": "no grades",
    "class_title": "no class",
    "code": "no code",
    "pseudonym": "no pseudonym",
    "word": "not one of the words allowed",
    "out_of_range": "beyond the bounds of the column or scale",
    "out_of_time": "a day or year beyond what is taken",
    "above_maximum": "points above their maximum",
    "unknown_answer": "an answer that the key does not know",
    "unknown_students": "no such student in the school",
    "unknown_subjects": "no such subject",
    "unknown_profiles": "no such profile",
    "unknown_spo": "no such SPO code",
    "unknown_places": "no such school or host",
    "unknown_pathways": "no such pathway in the catalogue",
    "unknown_programmes": "no such programme in the catalogue",
    "unknown_restrictions": "no such factor",
    "unknown_conditions": "no such condition",
    "unknown_directions": "no such direction of the guidance minimum",
}
OF_ROWS: Mapping[str, str] = {
    "uneven_row": "more or fewer cells than the header",
    "repeated": "a row about the same thing",
    "no_name": "last and first name of the student",
    "unknown_student": "nobody of this name and class in the school",
    "namesakes": "several of this name: a pseudonym is wanted",
    "twice": "the same student in another row",
    "two_marks": "another mark for the same term elsewhere in the file",
    "no_consent": "no consent to testing: answers are not kept",
    "not_on_roster": "not on the roster of that year",
    "not_ended": "a term that has not ended",
    "erased": "the data of this student were erased",
    "not_yours": "another school's row",
}
WARNINGS: Mapping[str, str] = {
    "column_not_read": "a column that is not known and was not read",
    "doubtful": "a profession that was not recognised surely and was left out",
    "straight_line": "one and the same answer throughout",
    "identical_answers": "sheets of a class alike to the last answer",
    "another_instrument": "answers that look like another instrument's",
    "almost_one_name": "two students of a class with almost one name",
    "moved": "a newcomer is called like somebody of the same age in another school: told to an operator only",
    "same_profile": "first and second profile are the same",
    "contradiction": "two answers that contradict each other",
    "days_in_turn": "days in the wrong order",
    "exam_grade": "an exam of another grade",
}
CODES: Mapping[str, str] = {**OF_FILES, **OF_CELLS, **OF_ROWS, **WARNINGS}
