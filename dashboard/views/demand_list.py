"""The list of in-demand professions: what is in force, what changed, publishing a new one."""

import streamlit as st

from dashboard import client, session, text
from dashboard.views import demand_draft
from dashboard.widgets.editions import edition_change
from dashboard.widgets.elements import banner, how_to_read, literal, note, table
from dashboard.widgets.policy import crowded_table, frontier_chart
from service.demand.schemas import EditionList, EditionRow, Entry

PUBLISH, READ_MODELS = "demand:publish", "models:read"
MEGABYTES = 10


def page() -> None:
    """Edition in force, upload, differences."""
    token = session.find_token() or ""
    if (draft_id := session.find_draft()) is not None:
        demand_draft.show(token, draft_id)
        return
    found = client.editions(token)
    st.title(text.DEMAND_TITLE, anchor=False)
    if notice := session.take_notice():
        st.success(literal(notice))
    shown, side = st.columns([1.7, 1], gap="large")
    with side:
        _upload(token)
        _changes(token, found)
    with shown:
        _in_force(token, found)
    _policy(token)


def _policy(token: str) -> None:
    """What demand does to the district's lists."""
    st.subheader(text.POLICY_TITLE, anchor=False)
    if not session.may(READ_MODELS):
        return
    try:
        with st.spinner(text.COUNTING_DISTRICT):
            made = client.policy(token)
    except client.RefusedError:  # no model serves yet
        note(text.POLICY_NOTHING)
        return
    if not made.frontier:
        note(text.POLICY_NOTHING)
        return
    note(text.POLICY_HINT)
    how_to_read(text.POLICY_HOW)
    chart, seats = st.columns([1.2, 1], gap="large")
    with chart:
        frontier_chart(made)
    with seats:
        st.subheader(text.CROWDED_TITLE, anchor=False)
        note(text.CROWDED_HINT)
        crowded_table(made)


def _in_force(token: str, found: EditionList) -> None:
    current = next((row for row in found.editions if row.in_force), None)
    if current is None:
        note(text.NO_EDITIONS)
        return
    st.markdown(f"**{_said(current)}**")
    if current.illustrative:
        banner(text.ILLUSTRATIVE.capitalize() + ".")
    if current.is_stale:
        banner(text.STALE.format(days=current.age_days))
    entries = client.edition(token, current.code).entries
    rows = [(str(e.position), e.title, ", ".join(e.spo_codes) or _higher(e), str(e.level or "—")) for e in entries]
    table(text.DEMAND_COLUMNS, rows, numeric=(0, 3))


def _higher(entry: Entry) -> str:
    return text.HIGHER.format(profiles=", ".join(entry.profile_titles)) if entry.profiles else "—"


def _said(row: EditionRow) -> str:
    return text.IN_FORCE.format(
        code=row.code, region=row.region, published=text.day(row.published_on), count=row.entry_count
    )


def _upload(token: str) -> None:
    st.subheader(text.UPLOAD_TITLE, anchor=False)
    if not session.may(PUBLISH):
        note(text.MAY_NOT_PUBLISH)
        return
    note(text.UPLOAD_HINT)
    file = st.file_uploader(text.UPLOAD_LABEL, type=text.UPLOAD_TYPES, max_upload_size=MEGABYTES)
    with st.expander(text.PASTE_TITLE):
        pasted = st.text_area(text.PASTE_LABEL, height=140)
    if st.button(text.READ, type="primary", disabled=file is None and not pasted.strip()):
        content, name = (file.getvalue(), file.name) if file is not None else (pasted.encode(), text.PASTED_NAME)
        _read(token, content, name)
    _drafts(token)


def _read(token: str, content: bytes, name: str) -> None:
    try:
        with st.spinner(text.READING):
            draft = client.open_draft(token, content, name)
    except client.RefusedError as error:
        st.error(str(error))
        return
    session.open_draft(draft.draft_id)
    st.rerun()


def _drafts(token: str) -> None:
    found = client.drafts(token).drafts
    if not found:
        return
    st.subheader(text.DRAFTS_TITLE, anchor=False)
    for row in found:
        template = text.DRAFT_SIGNED if row.state == "signed" else text.DRAFT_ROW
        label = template.format(code=row.edition_code, name=row.source_name, count=row.unsettled_count)
        if st.button(literal(label), key=f"draft-{row.draft_id}", width="stretch"):
            session.open_draft(row.draft_id)
            st.rerun()


def _changes(token: str, found: EditionList) -> None:
    current = next((row for row in found.editions if row.in_force), None)
    others = [row for row in found.editions if current is not None and row.code != current.code]
    if current is None or not others:
        return
    st.subheader(text.CHANGES_TITLE, anchor=False)
    earlier = next((i for i, row in enumerate(others) if row.published_on <= current.published_on), 0)
    chosen = st.selectbox(text.COMPARE_WITH, [row.code for row in others], index=earlier)
    change = client.edition_change(token, current.code, chosen)
    note(text.TOUCHED.format(count=change.touched_pathway_count))
    edition_change(change)
