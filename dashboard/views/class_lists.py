"""What a class is advised, a line a student: the first of each list, how well it fits, what was decided."""

import streamlit as st

from dashboard import client, text
from dashboard.widgets.elements import note, table
from service.recommendations.schemas import BriefItem, BriefList, BriefStudent
from service.recommendations.words import fit_points

KINDS = ("profile_class", "elective", "career_trial")


def lists(token: str, class_id: str, names: dict[str, str]) -> None:
    """The table, made when it is asked for: making it is written down as a showing of the lists."""
    if not st.toggle(text.CLASS_LISTS):
        return
    made = client.class_lists(token, class_id)
    note(text.CLASS_LISTS_HINT)
    rows = [(names.get(each.student_id, ""), *_cells(each)) for each in made.students]
    table(text.CLASS_LISTS_COLUMNS, sorted(rows))


def _cells(student: BriefStudent) -> tuple[str, ...]:
    if student.refusal is not None:
        return (text.NO_CONSENT_SHORT, *[""] * (len(KINDS) - 1))
    by_kind = {ranked.kind: ranked for ranked in student.lists}
    return tuple(_first(by_kind[kind]) if kind in by_kind else "—" for kind in KINDS)


def _first(ranked: BriefList) -> str:
    """What was accepted, or else the first that was not declined."""
    accepted = [item for item in ranked.items if item.decision == "accepted"]
    open_to_talk = [item for item in ranked.items if item.decision != "declined"]
    return _said((accepted or open_to_talk)[0]) if accepted or open_to_talk else "—"


def _said(item: BriefItem) -> str:
    decided = f", {text.DECISIONS[item.decision].lower()}" if item.decision is not None else ""
    return text.CLASS_LISTS_CELL.format(title=item.title_ru, fit=fit_points(item.fit)) + decided
