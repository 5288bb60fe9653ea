"""Files come in: dropped, checked, mended, taken in, undone."""

import hashlib
import time

import streamlit as st
from streamlit.runtime.uploaded_file_manager import UploadedFile

from dashboard import client, session
from dashboard import text_imports as text
from dashboard.widgets.elements import literal, note, table
from dashboard.widgets.import_report import complaints, understood, withdrawn
from service.imports.schemas import IntakeReport, IntakeRow, SheetRead

MEGABYTES = 10
POLL_SECONDS = 1.0
READ_NAMES = "names:read"
WAITS = frozenset({"queued", "running"})


def page() -> None:
    """Drop a file, see what is in it, take it in; below, what came in before."""
    token = session.find_token() or ""
    st.title(text.TITLE, anchor=False)
    if notice := session.take_notice():
        st.success(literal(notice))
    note(text.HINT if session.may("imports:school") else text.HINT_REGION)
    file = st.file_uploader(text.UPLOAD_LABEL, type=text.TYPES, max_upload_size=MEGABYTES)
    if file is not None:
        _one_file(token, file)
    _survey_kit(token)
    _history(token)


def _one_file(token: str, file: UploadedFile) -> None:
    content = file.getvalue()
    name = file.name
    taking = st.radio(text.TAKING_LABEL, list(text.TAKING), format_func=text.TAKING.__getitem__, horizontal=True)
    digest = hashlib.sha256(content + name.encode()).hexdigest()
    report = session.find_report(digest)
    chosen = _table_choice(report, session.find_table(digest))
    if st.button(text.CHECK, type="primary" if report is None else "secondary", key="check-file"):
        found = _brought(token, content, name, mode="check", taking=taking, chosen=chosen)
        if found is not None:
            session.keep_report(digest, found, chosen)
            st.rerun()
    if report is None:
        return
    _what_was_found(token, report)
    _marked_copy(token, content, name, digest, taking=taking, chosen=chosen)
    _apply(token, report, content, name, taking=taking, chosen=chosen)


def _table_choice(report: IntakeReport | None, said: str | None) -> str | None:
    """The table, where only a person can tell."""
    choices = {} if report is None else {
        choice.table: choice.title_ru for sheet in report.sheets if sheet.table is None for choice in sheet.choices
    }  # fmt: skip
    if not choices:
        return said
    options = ["", *choices]
    return (
        st.selectbox(
            text.TABLE_LABEL, options, format_func=lambda each: choices.get(each, text.BY_HEADINGS), key="import-table"
        )
        or None
    )


def _brought(
    token: str, content: bytes, name: str, *, mode: str, taking: str, chosen: str | None
) -> IntakeReport | None:
    """What the service found, waited for where the file is large; None where it was refused and that was said."""
    try:
        with st.spinner(text.CHECKING if mode == "check" else text.APPLYING):
            found = client.bring_file(token, content, name, mode=mode, taking=taking, table=chosen)
        return _awaited(token, found) if isinstance(found, IntakeRow) else found
    except client.RefusedError as error:
        st.error(literal(str(error)))
        return None


def _awaited(token: str, row: IntakeRow) -> IntakeReport | None:
    bar = st.progress(0.0)
    while row.state in WAITS:
        bar.progress(row.progress, text.WAITING.format(share=row.progress))
        time.sleep(POLL_SECONDS)
        row = client.import_row(token, row.intake_id)
    bar.empty()
    if row.report is None:
        st.error(literal(row.error or text.NOTHING_GOOD))
    return row.report


def _what_was_found(token: str, report: IntakeReport) -> None:
    st.subheader(text.UNDERSTOOD, anchor=False)
    understood(report)
    for sheet in report.sheets:
        if any(heading.ground == "similar" for heading in sheet.headings) or (sheet.table and sheet.missing):
            _columns(token, sheet)
    if not report.parts:
        return
    counts = {"added": report.added_count, "changed": report.changed_count, "unchanged": report.unchanged_count}
    st.markdown(f"**{text.SUMMARY.format(**counts, faults=report.fault_count, warnings=report.warning_count)}**")
    complaints(text.FAULTS_TITLE, [fault for part in report.parts for fault in part.faults], report.fault_count)
    complaints(text.WARNINGS_TITLE, [odd for part in report.parts for odd in part.warnings], report.warning_count)
    withdrawn(report)


def _columns(token: str, sheet: SheetRead) -> None:
    """The mapping assistant: what each column is; confirmed once for all files with these headings."""
    st.subheader(text.COLUMNS_TITLE, anchor=False)
    note(text.COLUMNS_HINT)
    titles = {choice.column: choice.title_ru for choice in sheet.columns}
    chosen = {}
    for heading in sheet.headings:
        options = ["", *titles]
        place = options.index(heading.column) if heading.column in titles else 0
        mark = " ●" if heading.ground == "similar" else ""
        chosen[heading.heading] = st.selectbox(
            literal(f"{heading.letter}: {heading.heading}{mark}"), options, index=place,
            format_func=lambda each: titles.get(each, text.NOT_READ), key=f"column-{sheet.signature}-{heading.letter}",
        )  # fmt: skip
    if st.button(text.CONFIRM_COLUMNS, key=f"confirm-{sheet.signature}") and sheet.table is not None:
        try:
            client.settle_columns(token, sheet.table, chosen)
        except client.RefusedError as error:
            st.error(literal(str(error)))
            return
        session.forget_report()
        session.leave_notice(text.COLUMNS_KEPT)
        st.rerun()


def _marked_copy(token: str, content: bytes, name: str, digest: str, *, taking: str, chosen: str | None) -> None:
    """Made when it is asked for: it costs as much as a check."""
    if st.button(text.MAKE_MARKED, key="make-marked"):
        with st.spinner(text.CHECKING):
            session.keep_copy(digest, client.marked_copy(token, content, name, taking=taking, table=chosen))
    copy = session.find_copy(digest)
    if copy is not None:
        st.download_button(text.MARKED, copy, file_name=text.MARKED_NAME, on_click="ignore")


def _apply(token: str, report: IntakeReport, content: bytes, name: str, *, taking: str, chosen: str | None) -> None:
    good = sum(part.row_count for part in report.parts)
    is_open = good > 0 and (report.fault_count == 0 or taking == "good")
    if not is_open:
        st.warning(text.REFUSED_WHOLE if good else text.NOTHING_GOOD)
    elif report.fault_count == 0:
        st.success(text.FINE)
    if not st.button(text.APPLY, type="primary", disabled=not is_open, key="apply-file"):
        return
    found = _brought(token, content, name, mode="apply", taking=taking, chosen=chosen)
    if found is not None:
        session.forget_report()
        session.leave_notice(text.APPLIED.format(added=found.added_count, changed=found.changed_count))
        st.rerun()


def _survey_kit(token: str) -> None:
    """Surveys of a class, made of what the school offers."""
    if not session.may(READ_NAMES):
        return
    with st.expander(text.KIT_TITLE):
        note(text.KIT_HINT)
        classes = {row.class_id: row.title for row in client.classes(token).classes}
        if not classes:
            return
        class_id = st.selectbox(text.KIT_CLASS, list(classes), format_func=classes.__getitem__, key="kit-class")
        survey = st.selectbox(
            text.KIT_SURVEY, list(text.SURVEYS), format_func=text.SURVEYS.__getitem__, key="kit-survey"
        )
        name = f"{class_id}-{survey}"
        if st.button(text.MAKE_KIT, key="make-kit"):
            try:
                with st.spinner(text.MAKING_KIT):
                    book = client.survey_kit(token, class_id, survey, form=False)
                    session.keep_kit(name, book, client.survey_kit(token, class_id, survey, form=True))
            except client.RefusedError as error:
                st.error(literal(str(error)))
        made = session.find_kit(name)
        if made is not None:
            st.download_button(text.KIT_BOOK, made[0], file_name=f"анкета-{name}.xlsx", on_click="ignore")
            st.download_button(text.KIT_FORM, made[1], file_name=f"анкета-{name}.docx", on_click="ignore")


def _history(token: str) -> None:
    st.subheader(text.HISTORY_TITLE, anchor=False)
    rows = client.imports(token).intakes
    if not rows:
        note(text.NO_HISTORY)
        return
    listed = [(row.file, text.moment(row.applied_at or row.asked_at), text.STATES[row.state]) for row in rows]
    table(text.HISTORY_COLUMNS, listed)
    for row in rows:
        if row.can_be_undone and st.button(f"{text.UNDO} «{literal(row.file)}»", key="undo-import"):
            try:
                client.undo_import(token, row.intake_id)
            except client.RefusedError as error:
                st.error(literal(str(error)))
                return
            session.forget_report()
            session.forget_seen()  # it may have gone with the file
            session.leave_notice(text.UNDONE)
            st.rerun()
