"""One class: its students in one table, its picture for the wall, whom the new list touched."""

from collections.abc import Sequence
from functools import partial

import streamlit as st

from dashboard import client, session, text
from dashboard import text_class as words
from dashboard.parts import part
from dashboard.views import class_picture, survey_rounds
from dashboard.widgets.elements import heading, note, table, way_back
from dashboard.widgets.students_table import Cell, Filter, Row, students_table
from service.recommendations.impact_schemas import PathwayName
from service.recommendations.schemas import BriefItem, BriefList, BriefStudent
from service.recommendations.words import fit_points
from service.students.schemas import WORKBOOK_REASONS, ClassStudents, ListedStudent, StudentRow

STUDENTS, PICTURE, CHANGE = "students", "picture", "change"
KINDS = ("profile_class", "elective", "career_trial")


def show(token: str, class_id: str) -> None:
    """The whole page."""
    head = way_back(text.BACK_TO_CLASSES, session.close_class)
    found = client.class_students(token, class_id)
    count = text.plural(len(found.students), "ученик", "ученика", "учеников")
    with head:
        heading(f"{found.title}, {found.school_title}: {count}")
    st.html(
        f'<div class="o-note o-paper">{words.ON_PAPER.format(year=found.school_year, day=text.day(found.as_of))}</div>'
    )
    if notice := session.take_notice():
        st.success(notice)
    if session.may("surveys:write"):
        survey_rounds.panel(token, class_id)
    _parts(token, found)


@part()
def _parts(token: str, found: ClassStudents) -> None:
    """One part at a time; nothing of the others is asked for, and the rest of the page does not run again."""
    if session.find_student():
        st.rerun()
    shown = st.segmented_control(
        words.PARTS_LABEL, words.PARTS, format_func=words.PARTS.__getitem__, default=STUDENTS, required=True,
        label_visibility="collapsed",
    )  # fmt: skip
    if shown == PICTURE:
        class_picture.show(token, found.class_id)
    elif shown == CHANGE:
        _touched(token, found)
    else:
        _students(token, found)


def _students(token: str, found: ClassStudents) -> None:
    """Who is there and what lacks at once; what is advised a moment later: it is worked out, and written down."""
    if not found.students:
        note(text.NO_STUDENTS)
        return
    may_undo = session.may("imports:school")
    # what has been shown can no longer be undone: whoever loads files looks at a class before that, and says when
    if may_undo and st.toggle(words.ADVISED, key=f"advised-{found.class_id}"):
        session.want_lists(found.class_id)
    is_ready = session.lists_are_wanted(found.class_id)
    made = {each.student_id: each for each in client.class_lists(token, found.class_id).students} if is_ready else {}
    st.html(f'<div class="o-note o-screen">{words.HOW_TO_OPEN}</div>')
    students_table(
        found.class_id,
        words.CAPTION.format(title=found.title, school=found.school_title),
        list(words.COLUMNS.items()),
        [_row(student, made.get(student.student_id), is_ready=is_ready) for student in found.students],
        [lacks_filter(found.students), decisions_filter()],
        opens=0,
        opened=session.open_student,
        ready=None if is_ready or may_undo else partial(session.want_lists, found.class_id),
    )
    note(words.LEGEND)
    if is_ready or not may_undo:
        _workbook(token, found.class_id)


def _workbook(token: str, class_id: str) -> None:
    with st.popover(words.WORKBOOK):
        note(words.WORKBOOK_REASON)
        for reason, title in WORKBOOK_REASONS.items():
            st.download_button(
                title.capitalize(),
                partial(client.class_workbook, token, class_id, reason),
                f"class-{class_id}.xlsx",  # files in a counsellor's folder name no child
                words.WORKBOOK_KIND,
                key=f"workbook-{reason}",
                on_click="ignore",
                width="stretch",
            )


def _row(student: StudentRow, made: BriefStudent | None, *, is_ready: bool) -> Row:
    if not is_ready:
        advised = [Cell(words.COMING)] * (1 + len(KINDS))
    elif made is None or made.refusal is not None:
        advised = [Cell(words.NO_CONSENT), *[Cell(words.NOTHING_OFFERED)] * len(KINDS)]
    else:
        by_kind: dict[str, BriefList] = {ranked.kind: ranked for ranked in made.lists}
        advised = [Cell(made.interests or ""), *(_first(by_kind.get(kind)) for kind in KINDS)]
    interests, *firsts = advised
    name = name_of(student)
    return Row(
        student.student_id,
        name,
        (Cell(name), interests, Cell(", ".join(student.lacks)), *firsts, decisions_cell(student)),
        tags_of(student),
    )


def _first(ranked: BriefList | None) -> Cell:
    """What was accepted, or else the first that was not declined."""
    item = ranked.find_first() if ranked is not None else None
    if item is None:
        return Cell(words.NOTHING_OFFERED)
    title = words.DECIDED.format(title=item.title_ru) if item.decision == "accepted" else item.title_ru
    return Cell(title, _fit(item))


def _fit(item: BriefItem) -> str:
    fit, low, high = (fit_points(value) for value in (item.fit, item.fit_low, item.fit_high))
    return words.FIT.format(fit=fit, low=low, high=high)


def name_of(student: ListedStudent) -> str:
    """A student's name, or pseudonym where names are not shown."""
    return student.full_name or text.PSEUDONYM.format(student_id=student.student_id)


def _counts(student: ListedStudent) -> dict[str, int]:
    return {
        "accepted": student.accepted_count,
        "pinned": student.pinned_count,
        "declined": student.declined_count,
    }


def tags_of(student: ListedStudent) -> dict[str, list[str]]:
    """What the filters find a student by."""
    decided = [state for state, count in _counts(student).items() if count]
    states = [state for state in decided if state != "declined" or decided == ["declined"]] or ["none"]
    lacks = [*student.lacks, words.ANYTHING[0]] if student.lacks else [words.NOTHING[0]]
    return {"lacks": lacks, "decisions": states}


def lacks_filter(students: Sequence[ListedStudent]) -> Filter:
    """By what lacks: what lacks somebody here."""
    found = dict.fromkeys(word for student in students for word in student.lacks)
    choices = [words.ANYTHING, *((word, words.LACKS.format(word=word)) for word in sorted(found)), words.NOTHING]
    return Filter("lacks", words.LACKS_FILTER, choices)


def decisions_filter() -> Filter:
    """By the state of decisions."""
    return Filter("decisions", words.DECISIONS_FILTER, list(words.STATES.items()))


def decisions_cell(student: ListedStudent) -> Cell:
    """How many decisions of each kind."""
    counts = _counts(student).items()
    return Cell(", ".join(words.COUNTS[state].format(count=count) for state, count in counts if count))


def _touched(token: str, found: ClassStudents) -> None:
    """Whose first three the list in force changed."""
    codes = [row.code for row in client.editions(token).editions if row.in_force or row.is_followed]
    if len(codes) < 2:
        note(text.FIRST_LIST)
        return
    new, old = codes[:2]
    change = client.class_edition_change(token, found.class_id, old, new)
    if not change.changed:
        note(text.CLASS_CHANGE_NONE.format(new=new))
        return
    names = {student.student_id: name_of(student) for student in found.students}
    count = text.plural(len(change.changed), "ученика", "учеников", "учеников")
    note(text.CLASS_CHANGE_SOME.format(new=new, old=old, count=count))
    rows = [(names.get(each.student_id, ""), _named(each.coming), _named(each.going)) for each in change.changed]
    table(text.CLASS_CHANGE_COLUMNS, sorted(rows))


def _named(pathways: list[PathwayName]) -> str:
    return "; ".join(text.CHOICE.format(title=each.title_ru, host=each.host_title) for each in pathways) or "—"
