"""Answers to questions about a list: why not this one, and which of two."""

from collections.abc import Sequence

import streamlit as st

from dashboard import text
from dashboard.widgets.elements import banner, note, table
from service.recommendations.schemas import ComparedTerm, Contrast, WhyNot


def why_not(answer: WhyNot) -> None:
    """Rules that refuse; or the place, what costs it, and the smallest changes."""
    if answer.refusal is not None:
        banner(answer.refusal.text)
        return
    banner(answer.text)
    if answer.rules:
        _list(text.RULES_TITLE, [rule.text for rule in answer.rules])
        return
    if answer.costs and answer.against is not None:
        _heading(text.COSTS_TITLE)
        note(text.COSTS_AGAINST.format(title=answer.against.title_ru))
        _terms(answer.costs, (text.HERE, text.THERE))
    if answer.changes_text:
        _list(text.CHANGES_TITLE_OF, [change.text for change in answer.changes])
        note(answer.changes_text)


def contrast(answer: Contrast) -> None:
    """Two pathways term by term, largest difference first."""
    if answer.refusal is not None:
        banner(answer.refusal.text)
        return
    banner(answer.text)
    _terms(answer.terms, (answer.first.title_ru, answer.second.title_ru))
    note(text.CONTRAST_NOTE.format(difference=text.signed(answer.difference or 0.0)))


def _terms(terms: Sequence[ComparedTerm], sides: tuple[str, str]) -> None:
    rows = [
        (text.TERMS.get(term.term, term.term), term.first_text, term.second_text, text.signed(term.difference))
        for term in terms
        if abs(term.difference) >= 0.005
    ]
    table(("", *sides, text.CONTRAST_COLUMN), rows, numeric=(3,))


def _list(title: str, lines: Sequence[str]) -> None:
    if lines:
        _heading(title)
        table(("",), [(line,) for line in lines])


def _heading(title: str) -> None:
    st.markdown(f"**{title}**")
