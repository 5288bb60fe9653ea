"""What a class leans to and wishes, without names: for the class hour and the parents' meeting."""

import streamlit as st

from dashboard import client, text
from dashboard import text_class as words
from dashboard.widgets.counts_chart import Bar, counts_chart
from dashboard.widgets.elements import how_to_read, note, table
from service.recommendations.picture_schemas import ClassPicture, WishCount


def show(token: str, class_id: str) -> None:
    """Two charts, each with its table beside it."""
    found = client.class_picture(token, class_id)
    if not found.student_count:
        note(words.PICTURE_NOTHING)
        return
    note(words.PICTURE_HINT.format(count=found.student_count))
    _leanings(found)
    _wishes(found)


def _leanings(found: ClassPicture) -> None:
    st.subheader(words.LEANINGS_TITLE, anchor=False)
    chart, beside = st.columns([1.3, 1], gap="medium")
    told = [each for each in found.leanings if each.student_count]
    with chart:
        if told:
            bars = [Bar(each.title_ru, each.student_count, is_full=True) for each in found.leanings]
            counts_chart(bars, words.LEANINGS_AXIS, words.LEANINGS_LABEL)
        else:
            note(words.LEANINGS_NOTHING)
    with beside:
        table(
            words.LEANINGS_COLUMNS, [(each.title_ru, text.people(each.student_count)) for each in found.leanings], (1,)
        )
        how_to_read(
            (sentence.format(measured=text.people(found.measured_count)) for sentence in words.LEANINGS_HOW),
            words.HOW_TITLE,
        )


def _wishes(found: ClassPicture) -> None:
    st.subheader(words.WISHES_TITLE, anchor=False)
    if not found.wishes:
        note(words.WISHES_NOTHING)
    else:
        chart, beside = st.columns([1.3, 1], gap="medium")
        with chart:
            bars = [Bar(_title(each), each.student_count, is_full=bool(each.listed)) for each in found.wishes]
            counts_chart(bars, words.WISHES_AXIS, words.WISHES_LABEL, (words.IN_LIST, words.NOT_IN_LIST))
        with beside:
            rows = [
                (_title(each), text.people(each.student_count), "; ".join(each.listed) or "—") for each in found.wishes
            ]
            table(words.WISHES_COLUMNS, rows, (1,))
            how_to_read(words.WISHES_HOW, words.HOW_TITLE)
    told = words.WISHES_TOTAL if found.edition_code is not None else words.WISHES_NO_EDITION
    professions, listed = text.people(found.profession_count), text.people(found.listed_count)
    note(told.format(professions=professions, listed=listed, edition=found.edition_code))
    if found.edition_is_illustrative:
        note(words.ILLUSTRATIVE)


def _title(wish: WishCount) -> str:
    return words.WISH.format(kind=words.WISH_KINDS[wish.kind], title=wish.title_ru)
