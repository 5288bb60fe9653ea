"""The district in one picture: where interest, demand and seats meet and where they do not; no students."""

import streamlit as st

from dashboard import client, session, text
from dashboard import text_balance as words
from dashboard.widgets.balance_chart import balance_chart, demand_points, interest_points
from dashboard.widgets.elements import banner, how_to_read, note, table
from service.recommendations.balance_schemas import (
    BalanceLimits,
    DistrictBalance,
    ElectiveBalanceRow,
    GroupBalanceRow,
    GroupKindSeats,
)


def page() -> None:
    """Chart and the pressing groups side by side, all numbers below, then electives."""
    st.title(words.BALANCE_TITLE, anchor=False)
    try:
        with st.spinner(text.COUNTING_DISTRICT):
            found = client.balance(session.find_token() or "")
    except client.RefusedError as error:
        banner(words.UNAVAILABLE.format(reason=error))
        return
    if not found.groups:
        note(words.NOTHING)
        return
    edition = found.edition_code or words.NO_EDITION
    told = words.BALANCE_STUDENTS.format(count=found.student_count, edition=edition)
    note(f"{told} {words.ILLUSTRATIVE}" if found.edition_is_illustrative else told)
    chart, beside = st.columns([1.25, 1], gap="medium")
    with chart, st.container(key="chart"):
        balance_chart(found.groups, found.limits)
    with beside:
        _how_to_read(found.limits)
        _by_verdict(found)
    with st.expander(words.ALL_TITLE):
        note(words.ALL_HINT)
        table(words.ALL_COLUMNS, [_all_of(row) for row in found.groups], numeric=range(2, len(words.ALL_COLUMNS)))
    _electives(found)


def _how_to_read(limits: BalanceLimits) -> None:
    how_to_read(
        sentence.format(
            demanded=text.hundredths(limits.demanded_weight),
            interest=text.hundredths(limits.little_interest_share),
            crowded=text.decimal(limits.crowded_per_seat),
        )
        for sentence in words.HOW
    )


def _by_verdict(found: DistrictBalance) -> None:
    """The most pressing first; those where nothing presses are folded away."""
    for verdict, title in words.VERDICTS.items():
        rows = [row for row in found.groups if row.verdict == verdict]
        if not rows:
            continue
        heading = words.VERDICT_COUNT.format(verdict=title, count=len(rows))
        with st.expander(heading, expanded=verdict not in ("meet", "quiet")):
            table(words.GROUP_COLUMNS, [_brief(row) for row in rows], numeric=(2, 3, 4))


def _brief(row: GroupBalanceRow) -> tuple[str, ...]:
    return row.group_code, row.title_ru, interest_points(row), demand_points(row.demand_max), str(row.seats)


def _all_of(row: GroupBalanceRow) -> tuple[str, ...]:
    counts = map(text.people, (row.interest_count, row.wish_count, row.leading_count))
    demand = (demand_points(row.demand_mean), demand_points(row.demand_max))
    return row.group_code, row.title_ru, *counts, str(row.title_count), *demand, *(_seats(each) for each in row.kinds)


def _seats(kind: GroupKindSeats) -> str:
    if not kind.pathway_count:
        return words.ABSENT
    if kind.expected_per_seat is None:
        return str(kind.seats)
    return words.PER_SEAT.format(seats=kind.seats, per_seat=text.decimal(kind.expected_per_seat))


def _electives(found: DistrictBalance) -> None:
    st.subheader(words.ELECTIVES_TITLE, anchor=False)
    if not found.electives:
        note(words.NO_ELECTIVES)
        return
    note(words.ELECTIVES_HINT.format(empty=text.hundredths(found.limits.empty_share)))
    for verdict, title in words.ELECTIVE_VERDICTS.items():
        rows = [_elective(row) for row in found.electives if row.verdict == verdict]
        if rows:
            with st.expander(words.VERDICT_COUNT.format(verdict=title, count=len(rows)), expanded=verdict != "meet"):
                table(words.ELECTIVE_COLUMNS, rows, numeric=(1, 2, 3, 4))


def _elective(row: ElectiveBalanceRow) -> tuple[str, ...]:
    expected = words.ABSENT if row.expected_count is None else text.people(row.expected_count)
    seats = words.ABSENT if row.seats is None else str(row.seats)
    return row.title_ru, text.people(row.wish_count), expected, seats, str(row.host_count)
