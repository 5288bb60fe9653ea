"""How one list would move: what comes, goes, rises and falls, and why."""

from html import escape

import streamlit as st

from dashboard import text
from dashboard import text_card as words
from dashboard.widgets.elements import note, scrolling_table
from service.recommendations.what_if_schemas import ImaginedList, PathwayMove
from service.recommendations.words import fit_points

SIGNS = {"entered": "▲", "rose": "▲", "fell": "▼", "left": "▼", "stayed": "="}


def moved_list(imagined: ImaginedList) -> None:
    """The list as it would be, then what left it."""
    st.subheader(imagined.ranked.title_ru, anchor=False)
    if not imagined.moves:
        note(imagined.ranked.note or imagined.text)
        return
    note(imagined.text)
    rows = "".join(_row(move) for move in imagined.moves)
    scrolling_table(f"<tbody>{rows}</tbody>", 2, "o-moves")


def _row(move: PathwayMove) -> str:
    before, after = (fit_points(fit) for fit in (move.fit_before, move.fit_after))
    fit = text.FIT_VALUE.format(fit=after if before == after else f"{before} → {after}")
    why = "" if move.move == "stayed" and before == after else f'<div class="o-note">{escape(move.text)}</div>'
    return (
        f'<tr class="{move.move}"><td class="o-place">{SIGNS[move.move]} {escape(_places(move))}'
        f"<br><small>{escape(words.MOVES[move.move])}</small></td>"
        f"<td><b>{escape(move.title_ru)}</b><div class='o-host'>{escape(move.host_title)}</div>{why}</td>"
        f'<td class="n">{escape(fit)}</td></tr>'
    )


def _places(move: PathwayMove) -> str:
    before, after = (str(rank) if rank is not None else words.NO_PLACE for rank in (move.rank_before, move.rank_after))
    return words.PLACE.format(after=after) if before == after else words.PLACES.format(before=before, after=after)
