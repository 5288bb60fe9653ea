"""The list of in-demand professions: what is in force, what changed, publishing a new one."""

import streamlit as st

from dashboard import client, session, text
from dashboard.widgets.elements import banner, note, table
from dashboard.widgets.policy import crowded_table, frontier_chart
from service.demand.schemas import ChangedEntry, EditionAdded, EditionChange, EditionList, EditionRow, Entry

PUBLISH, READ_MODELS = "demand:publish", "models:read"
MEGABYTES = 10


def page() -> None:
    """Edition in force, upload, differences."""
    token = session.find_token() or ""
    found = client.editions(token)
    st.title(text.DEMAND_TITLE, anchor=False)
    if notice := session.take_notice():
        st.success(notice)
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
    me = session.find_me()
    if me is None or READ_MODELS not in me.permissions:
        return
    try:
        made = client.policy(token)
    except client.RefusedError:  # no model serves yet
        note(text.POLICY_NOTHING)
        return
    if not made.frontier:
        note(text.POLICY_NOTHING)
        return
    note(text.POLICY_HINT)
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
    entries = client.edition(token, current.code).entries
    rows = [(str(e.position), e.title, ", ".join(e.spo_codes) or "—", str(e.level or "—")) for e in entries]
    table(text.DEMAND_COLUMNS, rows, numeric=(0, 3))


def _said(row: EditionRow) -> str:
    return text.IN_FORCE.format(
        code=row.code, region=row.region, published=text.day(row.published_on), count=row.entry_count
    )


def _upload(token: str) -> None:
    st.subheader(text.UPLOAD_TITLE, anchor=False)
    me = session.find_me()
    if me is None or PUBLISH not in me.permissions:
        note(text.MAY_NOT_PUBLISH)
        return
    note(text.UPLOAD_HINT)
    file = st.file_uploader(text.UPLOAD_LABEL, type="csv", max_upload_size=MEGABYTES)
    if file is None or not st.button(text.PUBLISH, type="primary"):
        return
    try:
        added = client.add_edition(token, file.getvalue())
    except client.RefusedError as error:
        st.error(str(error))
        for fault in error.faults[:10]:
            note(f"{fault.get('row', '')}: {fault.get('column', '')} — {fault.get('remedy', '')}")
        return
    session.leave_notice(_published(added))
    st.rerun()


def _published(added: EditionAdded) -> str:
    template = text.ALREADY_KNOWN if added.already_known else text.PUBLISHED
    said = template.format(code=added.edition.code, count=added.edition.entry_count)
    if added.unknown_spo_codes:
        said += " " + text.UNKNOWN_CODES.format(codes=", ".join(added.unknown_spo_codes))
    return said


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
    if not _show_change(change):
        note(text.NO_CHANGES)


def _show_change(change: EditionChange) -> bool:
    """Whether anything differs."""
    any_shown = False
    for name, title in text.CHANGES.items():
        lines = [_change_line(entry) for entry in getattr(change, name)]
        if lines:
            any_shown = True
            st.markdown(f"**{title}: {len(lines)}**")
            table(("",), [(line,) for line in lines])
    return any_shown


def _change_line(entry: Entry | ChangedEntry) -> str:
    if isinstance(entry, Entry):
        return f"{entry.title} ({', '.join(entry.spo_codes)})" if entry.spo_codes else entry.title
    if entry.title != entry.old_title:
        return f"{entry.old_title} → {entry.title}"
    if entry.old_level != entry.level:
        return f"{entry.title}: {entry.old_level} → {entry.level}"
    return f"{entry.title}: {', '.join(entry.old_spo_codes)} → {', '.join(entry.spo_codes)}"
