"""The table of checks of a version: by kind of list, then for all lists, then twins and groups folded away."""

from collections.abc import Sequence

import streamlit as st

from dashboard import text
from dashboard.widgets.elements import how_to_read, note, table
from service.model_versions.schemas import Gate, GateCheck

FAIRNESS = ("twins.", "gap.")


def gate_table(gate: Gate) -> None:
    """Every check with its figure, its limit and whether it was met."""
    against = gate.against or text.EXPERT_WEIGHTS
    note(text.GATE_ABOUT.format(year=gate.held_back, against=against) if gate.held_back else text.GATE_NO_YEAR)
    _by_kind([check for check in gate.checks if check.kind is not None])
    common = [check for check in gate.checks if check.kind is None]
    fairness = [check for check in common if check.code.startswith(FAIRNESS)]
    _in_rows([check for check in common if check not in fairness])
    if fairness:
        met = sum(check.is_met is True for check in fairness)
        with st.expander(text.GATE_FAIRNESS.format(met=met, count=len(fairness))):
            _in_rows(fairness)


def _by_kind(checks: Sequence[GateCheck]) -> None:
    """One row a check, one column a kind."""
    if not checks:
        return
    found = {(check.code, check.kind): check for check in checks}
    rows = []
    for first in {check.code: check for check in checks}.values():
        cells = [_cell(found.get((first.code, kind))) for kind in text.KINDS]
        rows.append((first.title, *cells, first.limit_text))
    table((text.GATE_COLUMNS[0], *text.KINDS.values(), text.GATE_COLUMNS[2]), rows)
    how_to_read([text.GATE_HINT], text.GATE_HOW_TITLE)


def _in_rows(checks: Sequence[GateCheck]) -> None:
    if checks:
        rows = [(check.title, _cell(check), check.limit_text) for check in checks]
        table(text.GATE_COLUMNS, rows)


def _cell(check: GateCheck | None) -> str:
    if check is None:
        return "—"
    return text.UNTOLD if check.is_met is None else f"{text.MET[check.is_met]} {check.figure_text}"
