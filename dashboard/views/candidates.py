"""Versions that wait for a person's word, and the way back to the version before."""

import streamlit as st

from dashboard import client, session, text
from dashboard.widgets.elements import literal, note, subheading
from dashboard.widgets.gate import gate_table
from service.model_versions.schemas import ModelVersionList, ModelVersionRow


def show(token: str, found: ModelVersionList, *, may_promote: bool) -> None:
    """Newer candidates in the open, older ones folded away, and the way back."""
    if may_promote and found.previous_version is not None:
        _way_back(token, found.previous_version)
    waiting = [row for row in found.versions if row.promoted_at is None and row.folder_removed_at is None]
    active = next((row for row in found.versions if row.active), None)
    newer = [row for row in waiting if active is None or row.trained_at > active.trained_at]
    for row in newer:
        _candidate(token, row, may_promote)
    older = [row for row in waiting if row not in newer]
    if older:
        with st.expander(text.OLDER_CANDIDATES):
            for row in older:
                _candidate(token, row, may_promote)


def _candidate(token: str, row: ModelVersionRow, may_promote: bool) -> None:
    with st.container(border=True):
        subheading(text.CANDIDATE_TITLE.format(version=row.version))
        day, edition = text.day(row.trained_at.date()), row.edition_code or text.NO_EDITION
        note(text.CANDIDATE_ABOUT.format(day=day, edition=edition))
        st.markdown(f"**{literal(_said(row))}**")
        if may_promote:
            _promotion(token, row)
        if row.gate is not None and may_promote:
            gate_table(row.gate)
        elif row.gate is not None:  # a counsellor does not decide about it
            with st.expander(text.CANDIDATE_GATE_SHOW):
                gate_table(row.gate)


def _said(row: ModelVersionRow) -> str:
    """What the checks say of a candidate, in one sentence."""
    if row.passed_gate is None:
        return text.CANDIDATE_UNTOLD
    if row.passed_gate:
        return text.CANDIDATE_OUTDATED if _is_outdated(row) else _said_of_passed(row)
    return text.CANDIDATE_FAILED.format(failed="; ".join(row.refusal_texts))


def _said_of_passed(row: ModelVersionRow) -> str:
    is_told = row.gate is not None and all(check.is_met is not None for check in row.gate.checks)
    return text.CANDIDATE_PASSED if is_told else text.CANDIDATE_PASSED_PARTLY


def _is_outdated(row: ModelVersionRow) -> bool:
    return row.gate is not None and row.gate.is_outdated


def _promotion(token: str, row: ModelVersionRow) -> None:
    with st.popover(text.PROMOTE, key=f"open-promote-{row.version}"):
        st.write(literal(text.PROMOTE_ASK.format(version=row.version)))
        although = None
        if row.passed_gate is False or _is_outdated(row):
            st.write(text.PROMOTE_AGAINST)
            although = st.text_input(text.PROMOTE_REASON, key=f"although-{row.version}", max_chars=500).strip()
        is_ready = although is None or bool(although)
        if st.button(text.PROMOTE_CONFIRM, key=f"promote-{row.version}", type="primary", disabled=not is_ready):
            with st.spinner(text.SWITCHING):
                client.promote(token, row.version, although)
            session.leave_notice(text.PROMOTED.format(version=row.version))
            st.rerun()


def _way_back(token: str, version: str) -> None:
    # keyed by version: once it is taken back, this closes instead of offering under the same finger what went wrong
    with st.popover(text.ROLL_BACK, key=f"open-roll-back-{version}"):
        st.write(literal(text.ROLL_BACK_ASK.format(version=version)))
        if st.button(text.ROLL_BACK_CONFIRM.format(version=version), key=f"roll-back-{version}", type="primary"):
            with st.spinner(text.SWITCHING):
                row = client.roll_back(token, version)
            session.leave_notice(text.ROLLED_BACK.format(version=row.version))
            st.rerun()
