"""What another edition changes: in the list itself, in the district's lists, in one class."""

from collections.abc import Sequence

import streamlit as st

from dashboard import text
from dashboard.widgets.elements import note, table
from service.demand.schemas import ChangedEntry, EditionChange, Entry
from service.recommendations.impact_schemas import EditionImpact, KindImpact, MovedPathway


def edition_change(change: EditionChange) -> None:
    """Lines that came, went, moved; then the text for an order."""
    shown = {title: [_line(entry) for entry in getattr(change, name)] for name, title in text.CHANGES.items()}
    if not any(shown.values()):
        note(text.NO_CHANGES)
        return
    for title, lines in shown.items():
        if lines:
            st.markdown(f"**{title}: {len(lines)}**")
            table(("",), [(line,) for line in lines])
    with st.expander(text.ORDER_TITLE):
        st.code(change.order_text, language=None, wrap_lines=True)


def _line(entry: Entry | ChangedEntry) -> str:
    if isinstance(entry, Entry):
        return f"{entry.title} ({', '.join(entry.spo_codes)})" if entry.spo_codes else entry.title
    if entry.title != entry.old_title:
        return f"{entry.old_title} → {entry.title}"
    if entry.old_level != entry.level:
        return f"{entry.title}: {entry.old_level} → {entry.level}"
    return f"{entry.title}: {', '.join(entry.old_spo_codes)} → {', '.join(entry.spo_codes)}"


def edition_impact(found: EditionImpact) -> None:
    """Whom a list touches, which pathways, which seats, and what the district lacks."""
    note(text.IMPACT_HINT)
    table(text.IMPACT_COLUMNS, [_kind(kind) for kind in found.kinds], numeric=(1, 2, 3, 4, 5))
    gaining, losing = st.columns(2, gap="large")
    with gaining:
        _moved(text.GAINING_TITLE, found.gaining)
    with losing:
        _moved(text.LOSING_TITLE, found.losing)
    if found.filling:
        st.subheader(text.FILLING_TITLE, anchor=False)
        rows = [
            (each.title_ru, each.host_title, str(each.seats), text.decimal(each.per_seat_before),
             text.decimal(each.per_seat_after))
            for each in found.filling
        ]  # fmt: skip
        table(text.FILLING_COLUMNS, rows, numeric=(2, 3, 4))
    if found.gaps:
        st.subheader(text.GAPS_TITLE, anchor=False)
        note(text.GAPS_HINT)
        kinds = tuple(text.KINDS)
        lacks = [
            (gap.title, str(gap.level or "—"), *(text.LACKS if kind in gap.lacking else "" for kind in kinds))
            for gap in found.gaps
        ]
        table(text.GAPS_COLUMNS, lacks, numeric=(1,))


def _kind(kind: KindImpact) -> tuple[str, ...]:
    counts = (
        text.FEW if count is None else str(count) for count in (kind.changed_first_three, kind.changed_first_five)
    )
    prices = (
        text.FEW if price is None else text.decimal(100 * price) for price in (kind.price_before, kind.price_after)
    )
    return text.KINDS[kind.kind], str(kind.student_count), *counts, *prices


def _moved(title: str, rows: Sequence[MovedPathway]) -> None:
    if rows:
        st.subheader(title, anchor=False)
        lines = [(row.title_ru, row.host_title, str(row.before), str(row.after)) for row in rows]
        table(text.MOVED_COLUMNS, lines, numeric=(2, 3))
