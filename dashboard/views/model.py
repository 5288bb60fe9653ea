"""Which model makes the lists and whether to rely on it."""

from collections.abc import Sequence

import streamlit as st

from dashboard import client, session, text
from dashboard.views import candidates
from dashboard.widgets.elements import literal, note, table
from dashboard.widgets.gate import FAIRNESS, gate_table
from dashboard.widgets.observations import reliance_sentence, watching
from service.jobs.schemas import JobRow
from service.model_versions.schemas import Audits, GroupFigure, ModelVersionRow


def page() -> None:
    """One sentence for the counsellor, then the versions."""
    token = session.find_token() or ""
    found, seen = client.model_versions(token), client.observations(token)
    st.title(text.MODEL_TITLE, anchor=False)
    reliance_sentence(seen.reliance)
    told = training_told(client.jobs(token).jobs)
    if told is not None:
        note(told)
    active = next((row for row in found.versions if row.active), None)
    if notice := session.take_notice():
        st.success(notice)
    if active is None:
        st.write(text.MODEL_NONE)
    else:
        how = text.MODEL_WARM if active.is_warm else text.MODEL_FULL
        st.write(text.MODEL_ACTIVE.format(version=active.version, years=", ".join(active.window), how=how))
        st.write(_verdict(active))
        if active.gate is not None:
            with st.expander(text.GATE_SHOW):
                gate_table(active.gate)
    candidates.show(token, found, may_promote=session.may("models:promote"))
    table(text.MODEL_COLUMNS, [_row(row) for row in found.versions])
    watching(seen)
    if active is not None and active.audits is not None:
        _fairness(active, active.audits)


def training_told(jobs: Sequence[JobRow]) -> str | None:
    """What a person should know of trainings, newest first: the one that runs, else the one that waits, else failed."""
    unfinished = [job for state in ("running", "queued") for job in jobs if job.state == state]
    current = unfinished[0] if unfinished else next(iter(jobs), None)
    if current is None or current.state in ("done", "cancelled"):
        return None
    words = {
        "cause": text.cause(current.cause),
        "percent": text.hundredths(current.progress),
        "error": current.error or "",
    }
    return _training_sentence(current).format(**words)


def _training_sentence(job: JobRow) -> str:
    if job.is_stuck:
        return text.TRAINING_STUCK
    if job.state == "running":
        return text.TRAINING_STOPS if job.cancel_asked_at is not None else text.TRAINING_RUNS
    if job.state == "failed":
        return text.TRAINING_FAILED
    return text.TRAINING_AGAIN if job.error is not None else text.TRAINING_WAITS


def _fairness(row: ModelVersionRow, audits: Audits) -> None:
    """Twins and groups of the version that serves."""
    st.subheader(text.FAIRNESS_TITLE, anchor=False)
    counts, changed = (sum(getattr(twin, name) for twin in audits.twins.values()) for name in ("count", "changed"))
    st.write(text.FAIRNESS_TWINS.format(changed=changed, count=counts))
    if unmet := _unfair(row):
        st.markdown(f"**{literal(text.FAIRNESS_REFUSED.format(checks='; '.join(unmet)))}**")
    if audits.groups:
        with st.expander(text.FAIRNESS_GROUPS):
            note(text.FAIRNESS_HINT)
            table(text.FAIRNESS_COLUMNS, [_group(found) for found in audits.groups], numeric=(1, 3, 4, 5))


def _unfair(row: ModelVersionRow) -> list[str]:
    """Checks of fairness that were not met; before gates were kept no others could refuse a version."""
    if row.gate is None:
        return row.refusal_texts
    return [check.title for check in row.gate.checks if check.is_met is False and check.code.startswith(FAIRNESS)]


def _group(found: GroupFigure) -> tuple[str, ...]:
    low, high = found.gap_interval
    return (
        text.GROUPS.get(f"{found.attribute}.{found.group}", text.SCHOOL_GROUP.format(code=found.group)),
        str(found.student_count),
        text.MEASURES[found.measure],
        text.decimal(found.value, 3),
        f"{text.signed(found.gap)} ({text.signed(low)} … {text.signed(high)})",
        f"±{text.decimal(found.limit, 2)}",
    )


def _verdict(row: ModelVersionRow) -> str:
    if row.passed_gate is None:
        return text.MODEL_GATE_UNKNOWN
    return text.MODEL_GATE_PASSED if row.passed_gate else text.MODEL_GATE_FAILED


def _row(row: ModelVersionRow) -> tuple[str, ...]:
    passed = {True: "пройдена", False: "не пройдена", None: "не на чем"}[row.passed_gate]
    state = text.ACTIVE if row.active else text.HAS_SERVED if row.promoted_at else text.CANDIDATE
    if row.folder_removed_at is not None:
        state = text.FOLDER_REMOVED
    return row.version, ", ".join(row.window), row.edition_code or text.NO_EDITION, passed, state
