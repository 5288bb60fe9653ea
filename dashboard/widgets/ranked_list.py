"""One ranked list: what, where, how well it fits, why, and the decision about each line."""

from collections.abc import Callable
from dataclasses import dataclass
from html import escape

import streamlit as st

from dashboard import text
from dashboard.widgets.elements import note, table
from service.recommendations.schemas import EditionStamp, RankedList, RankedPathway, TermShare
from service.recommendations.words import fit_points

SHOWN_REASONS = 3


@dataclass(frozen=True)
class Deciding:
    """What the buttons of a line do: `decide(pathway_code, decision, reason)` and `withdraw(decision_id)`."""

    may_decide: bool
    decide: Callable[[str, str, str | None], None]
    withdraw: Callable[[int], None]


def ranked_list(ranked: RankedList, edition: EditionStamp | None, deciding: Deciding) -> None:
    """A list with its heading."""
    st.subheader(ranked.title_ru, anchor=False)
    if ranked.note:
        note(ranked.note)
    for item in ranked.items:
        last = min(item.band_last, len(ranked.items))
        if item.rank == item.band_first < last:
            note(text.TIE.format(first=item.rank, last=last))
        with st.container(border=True):
            st.html(_line(item, edition))
            _buttons(item, deciding)
            everything = st.expander(text.ALL_REASONS, key=f"why-{item.pathway_code}", on_change="rerun")
            if everything.open:  # nothing of it is sent before somebody looks
                with everything:
                    _everything(item, calibrated=ranked.fit_is_calibrated)


def _line(item: RankedPathway, edition: EditionStamp | None) -> str:
    fit, low, high = (fit_points(share) for share in (item.fit, item.fit_low, item.fit_high))
    interval = text.FIT_INTERVAL.format(low=low, high=high)
    parts = [
        f'<div class="o-chip lack">{text.DISCOVERY}</div>' if item.is_discovery else "",
        f'<div class="o-title"><span class="o-rank">{item.rank}.</span>{escape(item.title_ru)}</div>',
        f'<div class="o-host">{escape(_where(item))}</div>',
        f'<div class="o-fit" title="{escape(interval)}"><div class="o-meter"><i style="width:{fit}%"></i>'
        f'<u style="left:{low}%;width:{max(high - low, 1)}%"></u></div>'
        f"<b>{text.FIT_VALUE.format(fit=fit)}</b></div><div class='o-note'>{escape(interval)}</div>",
        _demand_badge(item, edition),
        *(f'<div class="o-note">{escape(said)}</div>' for said in (item.discovery_note, item.crowding_note) if said),
        _reasons(item),
    ]
    return "".join(parts)


def _where(item: RankedPathway) -> str:
    parts = [item.host_title]
    if item.host_kind == "online":
        parts.append(text.ONLINE)
    elif item.distance_km is not None and item.distance_km >= 0.1:
        parts.append(text.DISTANCE.format(distance=text.decimal(item.distance_km)))
    if item.level:
        parts.append(text.LEVELS.get(item.level, item.level))
    if item.hours:
        parts.append(text.HOURS.format(hours=f"{item.hours:g}".replace(".", ",")))
    if item.apply_until:
        parts.append(text.APPLY_UNTIL.format(day=text.day(item.apply_until)))
    return " · ".join(parts)


def _demand_badge(item: RankedPathway, edition: EditionStamp | None) -> str:
    if not item.in_demand or edition is None:
        return ""
    strongest = item.in_demand[0]
    template = text.DEMAND_BADGE if strongest.level else text.DEMAND_BADGE_PLAIN
    said = template.format(title=strongest.title, level=strongest.level, published=text.day(strongest.published_on))
    lifted = not item.is_discovery and (item.rank_by_fit is None or item.rank_by_fit > item.rank)
    moved = f" · {text.MOVED_BY_DEMAND}" if lifted else ""
    hint = f' title="{escape(text.ILLUSTRATIVE)}"' if edition.illustrative else ""
    return f'<div class="o-demand"{hint}>▲ {text.IN_DEMAND}: {escape(said)}{moved}</div>'


def _reasons(item: RankedPathway, count: int = SHOWN_REASONS) -> str:
    for_it = [reason for reason in item.reasons if reason.advantage > 0][:count]
    against = [reason for reason in item.reasons if reason.advantage <= 0][:1]
    told = [(reason, "for") for reason in for_it] + [(reason, "against") for reason in against]
    lines = "".join(f'<li class="{side}">{escape(reason.text)}</li>' for reason, side in told)
    return f'<ul class="o-why">{lines}</ul>'


def _buttons(item: RankedPathway, deciding: Deciding) -> None:
    code, decision = item.pathway_code, item.decision
    if decision is not None:
        said = text.DECISIONS[decision.decision] + (f": {decision.reason}" if decision.reason else "")
        left, right = st.columns([3, 2], vertical_alignment="center")
        left.html(f'<div class="o-decided {decision.decision}">{escape(said)}</div>')
        if deciding.may_decide and right.button(text.TAKE_BACK, key=f"back-{code}", width="stretch"):
            deciding.withdraw(decision.decision_id)
        return
    if not deciding.may_decide:
        return
    with st.container(horizontal=True, gap="small", key=f"buttons-{code}"):
        if st.button(text.ACCEPT, key=f"accept-{code}", type="primary"):
            deciding.decide(code, "accepted", None)
        if st.button(text.PIN, key=f"pin-{code}"):
            deciding.decide(code, "pinned", None)
        declining = st.popover(text.DECLINE, key=f"open-decline-{code}", on_change="rerun")
        if declining.open:
            with declining:
                _decline(code, deciding)


def _decline(code: str, deciding: Deciding) -> None:
    reason = st.radio(text.DECLINE_TITLE, text.DECLINE_REASONS, key=f"reason-{code}")
    said = st.text_input(text.DECLINE_NOTE, key=f"note-{code}", max_chars=200)
    if st.button(text.SAVE, key=f"decline-{code}", type="primary"):
        deciding.decide(code, "declined", f"{reason}. {said}" if said else reason)


def _everything(item: RankedPathway, *, calibrated: bool) -> None:
    note(text.CALIBRATED_HELP if calibrated else text.UNCALIBRATED)
    if calibrated:  # beside expert weights, which count as exact, a chance would promise too much
        note(text.TOP_CHANCE.format(percent=round(100 * item.top_chance)))
    st.html(f'<ul class="o-why">{"".join(_all_reasons(item))}</ul>')
    for block in item.blocks:
        head = (text.BLOCKS.get(block.block, block.block), text.signed(block.contribution))
        table(head, [row for term in block.terms for row in _facts(term)], numeric=(1,))
    note(text.POINTS_NOTE.format(score=text.signed(item.score)))


def _facts(term: TermShare) -> list[tuple[str, str]]:
    """Lines of one term: its facts, or the term itself where it is not about the student's facts."""
    name = text.TERMS.get(term.term, term.term)
    told = [(text.OF_TERM.format(term=name, fact=fact.label), fact.contribution) for fact in term.facts]
    lines = [(line, points) for line, points in told or [(name, term.contribution)] if abs(points) >= 0.005]
    return [(line, text.signed(points)) for line, points in lines]


def _all_reasons(item: RankedPathway) -> list[str]:
    return [
        f'<li class="{"for" if reason.advantage > 0 else "against"}">{escape(reason.text)}</li>'
        for reason in item.reasons
    ]
