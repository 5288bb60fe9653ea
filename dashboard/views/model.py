"""Which model makes the lists and whether to rely on it."""

import streamlit as st

from dashboard import client, session, text
from dashboard.widgets.elements import table
from service.model_versions.schemas import ModelVersionRow


def page() -> None:
    """One sentence for the counsellor, then the versions."""
    found = client.model_versions(session.find_token() or "")
    st.title(text.MODEL_TITLE, anchor=False)
    active = next((row for row in found.versions if row.active), None)
    if active is None:
        st.write(text.MODEL_NONE)
        return
    st.write(text.MODEL_ACTIVE.format(version=active.version, years=", ".join(active.window)))
    st.markdown(f"**{_verdict(active)}**")
    table(text.MODEL_COLUMNS, [_row(row) for row in found.versions])


def _verdict(row: ModelVersionRow) -> str:
    if row.passed_gate is None:
        return text.MODEL_GATE_UNKNOWN
    return text.MODEL_GATE_PASSED if row.passed_gate else text.MODEL_GATE_FAILED


def _row(row: ModelVersionRow) -> tuple[str, ...]:
    passed = {True: "пройдена", False: "не пройдена", None: "не на чем"}[row.passed_gate]
    state = text.ACTIVE if row.active else text.CANDIDATE
    return row.version, ", ".join(row.window), row.edition_code or text.NO_EDITION, passed, state
