"""A student's card: what is known, what we recommend and why, what was decided."""

from functools import partial

import streamlit as st

from dashboard import client, session, text, text_card
from dashboard.parts import part
from dashboard.views import notes, what_if, years
from dashboard.widgets import facts, questions
from dashboard.widgets.elements import banner, chip, chips, heading, note, way_back
from dashboard.widgets.interests_chart import interests_chart, interests_help
from dashboard.widgets.ranked_list import Deciding, ranked_list
from service.recommendations.schemas import MAX_DEMAND_STRENGTH, RankedList, StudentRecommendations
from service.recommendations.words import fit_points
from service.students.schemas import StudentCard
from service.talks.schemas import NoteList

DECIDE = "decisions:write"
LENGTHS = (3, 5, 10)
LEAST_PRICE = 0.05  # points of fit; less is shown as nothing
QUESTIONS, WHAT_IF, NOTES, YEARS = "questions", "what-if", "notes", "years"  # parts below the lists


def show(token: str, student_id: str) -> None:
    """The whole card."""
    head = way_back(text.BACK_TO_CLASS, session.close_student)
    card = client.student_card(token, student_id)
    with head:
        _head(card)
    if notice := session.take_notice():
        st.success(notice)
    written = client.notes(token, student_id) if session.may(DECIDE) else None
    if written is not None:
        notes.above(token, written)
    about, advice = st.container(key="card").columns([1, 2.6], gap="large")
    with advice:
        made = _advice(token, card, written)
    with about:
        _about(card, made)


def _head(card: StudentCard) -> None:
    name = card.full_name or text.PSEUDONYM.format(student_id=card.student_id)
    heading(f"{name}, {card.class_title}")
    pieces = [chip(card.school_title), chip(card.school_year)]
    if card.conditions_needed_titles:
        pieces.append(chip(text.CONDITIONS.format(conditions=", ".join(card.conditions_needed_titles))))
    chips(pieces)


def _about(card: StudentCard, made: StudentRecommendations | None) -> None:
    if card.interests:
        st.subheader(text.INTERESTS_TITLE, anchor=False)
        interests_chart(card.interests)
        interests_help(card.interests)
        if card.interests_note:
            note(card.interests_note)
    if made is not None:
        facts.gaps(made.missing or card.missing, made.measure_next)
    facts.marks(card)
    facts.wishes(card.wishes)
    facts.trials(card.trials)
    facts.results(card.results)
    facts.readings(card.readings)


@part()
def _advice(token: str, card: StudentCard, written: NoteList | None) -> StudentRecommendations:
    """What moves with the slider; what is known of the student stands still beside it."""
    made = _lists(token, card)
    _more(token, made, written)
    return made


def _lists(token: str, card: StudentCard) -> StudentRecommendations:
    left, right = st.columns([3, 1], vertical_alignment="bottom")
    top = text.hundredths(MAX_DEMAND_STRENGTH)
    points = left.slider(text.DEMAND_SLIDER, 0, top, _default_points(token, card), help=text.DEMAND_SLIDER_HELP)
    length = right.segmented_control(text.LIST_LENGTH, LENGTHS, default=LENGTHS[0], required=True)
    made = client.recommendations(token, card.student_id, int(length or LENGTHS[0]), points / 100)
    if made.refusal is not None:
        banner(made.refusal.text)
        return made
    with left:
        _price(made)
    if made.degradation is not None:
        banner(made.degradation)
    deciding = _deciding(token, card.student_id)
    for place, ranked in zip(st.columns(len(made.lists)), made.lists, strict=True):
        with place:
            ranked_list(ranked, made.demand_edition, deciding)
    _sheet(token, made)
    if made.demand_edition is not None and made.demand_edition.is_stale:
        note(text.STALE_ON_CARD)
    _stamp(made)
    return made


def _price(made: StudentRecommendations) -> None:
    """What the slider costs, beside the slider."""
    prices = [(ranked.title_ru, 100 * ranked.price_of_demand.price) for ranked in made.lists if ranked.price_of_demand]
    said = [
        text_card.PRICE_OF.format(title=title.lower(), price=text.decimal(price))
        for title, price in prices
        if price >= LEAST_PRICE
    ]
    changed = [sentence for ranked in made.lists if (sentence := _first_by_demand(ranked))]
    if said or changed:
        note(" ".join([*([text_card.PRICE.format(prices="; ".join(said))] if said else []), *changed]))
    else:
        note(text_card.PRICE_NONE)


def _first_by_demand(ranked: RankedList) -> str | None:
    """Said where demand put first what fits less than another of the same list."""
    ours = [item for item in ranked.items if not item.is_discovery]
    if not ours or (ours[0].rank_by_fit or 1) == 1:
        return None
    points = max(fit_points(item.fit) for item in ours) - fit_points(ours[0].fit)
    said = text.plural(points, "пункт", "пункта", "пунктов")
    return text_card.PRICE_FIRST.format(title=ranked.title_ru, points=said) if points > 0 else None


def _more(token: str, made: StudentRecommendations, written: NoteList | None) -> None:
    """What is looked at less often than the lists: one of it at a time, nothing of the others is asked for."""
    parts = {} if made.refusal is not None else {QUESTIONS: text.QUESTIONS_TITLE, WHAT_IF: text_card.WHAT_IF}
    parts |= {} if written is None else {NOTES: text_card.NOTES}
    parts |= {YEARS: text_card.YEARS}
    part = st.segmented_control(text_card.MORE, parts, format_func=parts.__getitem__, default=next(iter(parts)),
                                required=True, key=f"more-{made.student_id}")  # fmt: skip
    if part == QUESTIONS:
        _questions(token, made)
    elif part == WHAT_IF:
        what_if.show(token, made.student_id, made.k, made.demand_strength)
    elif part == NOTES and written is not None:
        notes.show(token, written)
    else:
        years.show(token, made.student_id)


def _sheet(token: str, made: StudentRecommendations) -> None:
    """What the student takes home; made when it is asked for."""
    st.subheader(text.SHEET_TITLE, anchor=False)
    note(text.SHEET_HINT)
    with st.container(horizontal=True, gap="small"):
        for file_format, (label, kind) in text.SHEET_FORMATS.items():
            st.download_button(
                label,
                partial(client.sheet, token, made.student_id, file_format, made.demand_strength),
                f"list-{made.student_id}.{file_format}",  # files in a counsellor's folder name no child
                kind,
                key=f"sheet-{file_format}",
                on_click="ignore",
            )


def _questions(token: str, made: StudentRecommendations) -> None:
    """Why not a certain pathway, and which of two."""
    titles = {ranked.kind: ranked.title_ru for ranked in made.lists}
    kind = st.segmented_control(text.WHICH_KIND, titles, format_func=titles.__getitem__, default=next(iter(titles)),
                                required=True)  # fmt: skip
    ranked = next(each for each in made.lists if each.kind == kind)
    listed = {item.pathway_code: text.CHOICE.format(title=item.title_ru, host=item.host_title) for item in ranked.items}
    with st.expander(text.WHY_NOT_TITLE):
        _why_not(token, made, kind, listed)
    if len(listed) > 1:
        with st.expander(text.CONTRAST_TITLE):
            _contrast(token, made, kind, listed)


def _why_not(token: str, made: StudentRecommendations, kind: str, listed: dict[str, str]) -> None:
    note(text.WHY_NOT_HINT)
    others = {
        pathway.pathway_code: text.CHOICE.format(title=pathway.title_ru, host=pathway.host_title)
        for pathway in client.pathways(token).pathways
        if pathway.kind == kind and pathway.pathway_code not in listed
    }
    chosen = st.selectbox(text.WHICH_PATHWAY, sorted(others, key=others.__getitem__), index=None,
                          format_func=others.__getitem__, placeholder=text.CHOOSE, key=f"why-not-{kind}")  # fmt: skip
    if chosen is not None:
        questions.why_not(client.why_not(token, made.student_id, chosen, made.demand_strength))


def _contrast(token: str, made: StudentRecommendations, kind: str, listed: dict[str, str]) -> None:
    note(text.CONTRAST_HINT)
    sides = zip(st.columns(2), (text.FIRST_OF_TWO, text.SECOND_OF_TWO), strict=True)
    first, second = (
        place.selectbox(label, list(listed), index=None, format_func=listed.__getitem__, placeholder=text.CHOOSE,
                        key=f"contrast-{kind}-{number}")
        for number, (place, label) in enumerate(sides)
    )  # fmt: skip
    if first and second and first != second:
        questions.contrast(client.contrast(token, made.student_id, first, second, made.demand_strength))


def _default_points(token: str, card: StudentCard) -> int:
    """The municipality's strength, asked once for a card."""
    key = f"points-{card.student_id}"
    if key not in st.session_state:
        made = client.recommendations(token, card.student_id, 1, None)
        st.session_state[key] = text.hundredths(made.demand_strength)
    return int(st.session_state[key])


def _deciding(token: str, student_id: str) -> Deciding:
    def decide(pathway_code: str, decision: str, reason: str | None) -> None:
        client.decide(token, student_id, pathway_code, decision, reason)
        session.leave_notice(text.SAVED)
        st.rerun()

    def withdraw(decision_id: int) -> None:
        client.withdraw_decision(token, student_id, decision_id)
        session.leave_notice(text.TAKEN_BACK)
        st.rerun()

    return Deciding(session.may(DECIDE), decide, withdraw)


def _stamp(made: StudentRecommendations) -> None:
    edition = made.demand_edition
    named = f"{edition.code} от {text.day(edition.published_on)}" if edition else text.NO_EDITION
    if edition is not None and edition.illustrative:
        named += f" ({text.ILLUSTRATIVE})"
    note(
        text.STAMP.format(version=made.model_version, edition=named, as_of=text.day(made.as_of))
        + ". "
        + made.advice_note
    )
