"""A document on its way to becoming the list in force: understood, settled, compared, weighed, published."""

from collections.abc import Sequence

import streamlit as st

from dashboard import client, session, text
from dashboard.widgets.editions import edition_change, edition_impact
from dashboard.widgets.elements import banner, chip, chips, heading, literal, note, subheading, table, way_back
from service.demand.draft_schemas import Draft, DraftLine

TONES = {"accepted": "strong", "decided": "strong", "confirm": "lack", "unknown": "weak", "left_out": ""}
UNSETTLED, SETTLED = ("confirm", "unknown"), ("decided", "left_out")  # in doubt; by a person
SKIPPED = "skipped_lines"


def show(token: str, draft_id: int) -> None:
    """One draft, step by step."""
    head = way_back(text.BACK_TO_LISTS, session.close_draft)
    draft = client.draft(token, draft_id)
    if draft.state in text.CLOSED_DRAFTS:  # by an address that was kept: nothing of it can be done any more
        with head:
            heading(text.CLOSED_DRAFTS[draft.state].format(code=draft.edition_code))
        note(text.CLOSED_DRAFT_HINT)
        return
    with head:
        heading(text.DRAFT_TITLE.format(code=draft.edition_code))
    if notice := session.take_notice():
        st.success(literal(notice))
    note(text.DRAFT_SOURCE.format(name=draft.source_name, count=draft.line_count))
    steps = {key: label.format(count=draft.unsettled_count) for key, label in text.STEPS.items()}
    begun = session.find_step()
    key = f"step-{draft_id}"
    st.session_state.setdefault(key, begun if begun in steps else "read")
    step = st.segmented_control(text.STEP_LABEL, steps, format_func=steps.__getitem__, required=True, key=key,
                                label_visibility="collapsed")  # fmt: skip
    session.keep_step(step)
    if step == "settle":
        _settle(token, draft)
    elif step == "change":
        _change(token, draft)
    elif step == "impact":
        _impact(token, draft)
    elif step == "publish":
        _publish(token, draft)
    else:
        _understood(draft)


def _understood(draft: Draft) -> None:
    chips(chip(text.STATUSES[status], str(count), TONES[status]) for status, count in sorted(draft.counts.items()))
    for suspicion in draft.suspicions:
        banner(suspicion.text)
    ordered = sorted(draft.lines, key=lambda line: (line.status not in UNSETTLED, line.position))
    table(text.DRAFT_COLUMNS, [_row(line) for line in ordered], numeric=(0, 3))
    if draft.ignored:
        with st.expander(text.IGNORED_TITLE.format(count=len(draft.ignored))):
            table(text.IGNORED_COLUMNS, [(row.place, row.text, row.why) for row in draft.ignored])


def _row(line: DraftLine) -> tuple[str, ...]:
    how = text.STATUSES[line.status]
    if line.status not in SETTLED:
        how += f": {line.doubt_text or line.ground_text}"
    title = line.title or ", ".join(line.written_codes)
    return str(line.position), title, _meaning(line), str(line.level or "—"), how, line.source_cell


def _meaning(line: DraftLine) -> str:
    named = [f"{code} {title}" for code, title in zip(line.spo_codes, line.spo_titles, strict=False)]
    if line.profile_titles:
        named.append(text.HIGHER.format(profiles=", ".join(line.profile_titles)))
    if named:
        return "; ".join(named)
    return {"decided": text.NO_MEANING, "left_out": text.LEFT_OUT_MEANING}.get(line.status, "—")


def _settle(token: str, draft: Draft) -> None:
    left = [line for line in draft.lines if line.status in UNSETTLED]
    skipped = st.session_state.setdefault(f"{SKIPPED}-{draft.draft_id}", [])
    again = _to_correct(draft)
    if not left and again is None:
        st.success(text.NOTHING_TO_SETTLE)
        return
    if left:
        note(text.SETTLE_LEFT.format(count=len(left)))
    line = again or min(left, key=lambda each: (_turn(each, skipped), each.position))
    with st.container(border=True):
        _one_title(token, draft, line, skipped)
    unknown = sum(each.status == "unknown" for each in left)
    if unknown and st.button(text.SETTLE_REST.format(count=unknown)):
        session.leave_notice(text.SETTLED_REST.format(count=client.settle_rest(token, draft.draft_id)))
        st.rerun()


def _turn(line: DraftLine, skipped: list[int]) -> int:
    return skipped.index(line.position) if line.position in skipped else -1


def _to_correct(draft: Draft) -> DraftLine | None:
    """A line that a person wants to settle otherwise, whatever was understood."""
    lines = {line.position: line for line in draft.lines}
    chosen = st.selectbox(
        text.CORRECT_LINE, list(lines), index=None, placeholder=text.CHOOSE, key=f"correct-{draft.draft_id}",
        format_func=lambda position: text.CORRECT_CHOICE.format(
            position=position, title=lines[position].title, meaning=_meaning(lines[position])
        ),
    )  # fmt: skip
    return lines[chosen] if chosen is not None else None


def _one_title(token: str, draft: Draft, line: DraftLine, skipped: list[int]) -> None:
    key = f"{draft.draft_id}-{line.position}"
    title = line.title or ", ".join(line.written_codes)
    subheading(text.SETTLE_WHAT.format(title=title))
    told = [text.SETTLE_PLACE.format(place=line.source_cell)]
    if line.section:
        told.insert(0, f"{line.section}.")
    if line.written_codes:
        told.append(text.SETTLE_WRITTEN.format(codes=", ".join(line.written_codes)))
    if line.doubt_text:
        told.append(text.SETTLE_DOUBT.format(doubt=line.doubt_text))
    note(" ".join(told))
    choices = _choices(line)
    chosen = st.radio(text.SETTLE_LABEL, list(choices), index=None, format_func=literal, key=f"meaning-{key}",
                      label_visibility="collapsed")  # fmt: skip
    spo_codes, profiles = choices[chosen] if chosen is not None else ([], [])
    if chosen == text.SEVERAL:
        spo_codes, profiles = _several(token, line, key)
    is_chosen = chosen is not None and (chosen != text.SEVERAL or bool(spo_codes or profiles))
    save, later = st.columns([1, 3])
    if save.button(text.SETTLE, type="primary", key=f"settle-{key}", disabled=not is_chosen):
        try:
            client.settle_title(
                token, draft.draft_id, line.position, list(spo_codes), list(profiles),
                is_listed=chosen != text.LEAVE_OUT,
            )  # fmt: skip
        except client.RefusedError as error:  # the last line of a list
            st.error(str(error))
            return
        st.session_state.pop(f"correct-{draft.draft_id}", None)  # the next question is that of the queue again
        session.leave_notice(text.SETTLED.format(title=title))
        st.rerun()
    if later.button(text.SETTLE_LATER, key=f"later-{key}"):
        skipped[:] = [position for position in skipped if position != line.position] + [line.position]
        st.rerun()


def _choices(line: DraftLine) -> dict[str, tuple[Sequence[str], Sequence[str]]]:
    """Best guess, the best three one by one, none, several, no profession at all."""
    choices: dict[str, tuple[Sequence[str], Sequence[str]]] = {}
    if len(line.spo_codes) > 1 or line.profiles:
        choices[text.GUESSED_TOGETHER.format(titles=_meaning(line))] = (line.spo_codes, line.profiles)
    for candidate in line.candidates:
        named = text.CHOICE_OF_CODE.format(code=candidate.spo_code, title=candidate.title_ru)
        choices[named] = ([candidate.spo_code], [])
    return {**choices, text.NONE_OF_THEM: ([], []), text.SEVERAL: ([], []), text.LEAVE_OUT: ([], [])}


def _several(token: str, line: DraftLine, key: str) -> tuple[list[str], list[str]]:
    found = client.meaning_choices(token)
    codes = {each.spo_code: text.CHOICE_OF_CODE.format(code=each.spo_code, title=each.title_ru) for each in found.spo}
    classes = {each.profile: each.title_ru for each in found.profiles}
    spo_codes = st.multiselect(
        text.WHICH_CODES,
        list(codes),
        [code for code in line.spo_codes if code in codes],
        format_func=codes.__getitem__,
        placeholder=text.CHOOSE,
        key=f"codes-{key}",
        select_all=False,
    )  # fmt: skip -- what it would be called is English
    profiles = st.multiselect(text.WHICH_PROFILES, list(classes), line.profiles, format_func=classes.__getitem__,
                              placeholder=text.CHOOSE, key=f"profiles-{key}", select_all=False)  # fmt: skip
    return spo_codes, profiles


def _change(token: str, draft: Draft) -> None:
    try:
        with st.spinner(text.COUNTING):
            change = client.draft_change(token, draft.draft_id)
    except client.RefusedError as error:
        note(str(error))
        return
    note(text.TOUCHED.format(count=change.touched_pathway_count))
    edition_change(change)


def _impact(token: str, draft: Draft) -> None:
    try:
        with st.spinner(text.COUNTING_DISTRICT):
            found = client.draft_impact(token, draft.draft_id)
    except client.RefusedError as error:
        note(str(error))
        return
    edition_impact(found)


def _publish(token: str, draft: Draft) -> None:
    _head(token, draft)
    for suspicion in draft.suspicions:
        banner(suspicion.text)
    if draft.unsettled_count:
        st.warning(text.SETTLE_FIRST.format(count=draft.unsettled_count))
    elif draft.signed_by_me:
        st.info(text.SIGNED_BY_ME)
    elif draft.state == "signed":
        st.info(text.SIGNED_ALREADY)
    elif draft.needs_second_person:
        st.info(text.SUSPICIOUS)
    labels = {True: text.AGREE, False: text.SIGN if draft.needs_second_person else text.PUBLISH}
    publish, discard = st.columns([1, 1])
    waits = draft.unsettled_count > 0 or draft.signed_by_me
    label = labels[draft.state == "signed"]
    if waits:
        publish.button(label, type="primary", disabled=True)
    else:
        with publish.popover(label, type="primary", key="open-publish"):
            st.write(literal(_in_figures(token, draft)))
            st.write(text.PUBLISH_ASK)
            if st.button(text.YES.format(act=label.lower()), type="primary", key="publish"):
                _try(token, draft)
    with discard.popover(text.DISCARD, key="open-discard"):
        st.write(text.DISCARD_ASK)
        if st.button(text.YES.format(act=text.DISCARD.lower()), type="primary", key="discard"):
            client.discard_draft(token, draft.draft_id)
            session.leave_notice(text.DISCARDED)
            session.close_draft()
            st.rerun()


def _in_figures(token: str, draft: Draft) -> str:
    """What publishing would do, in a line: it cannot be undone."""
    told = [text.PUBLISH_LINES.format(count=draft.line_count)]
    try:
        change = client.draft_change(token, draft.draft_id)
    except client.RefusedError:  # the first list of a region has nothing before it
        return told[0]
    counts = {
        "added": len(change.added),
        "dropped": len(change.dropped),
        "touched": change.touched_pathway_count,
    }
    return " ".join([*told, text.PUBLISH_CHANGES.format(**counts)])


def _try(token: str, draft: Draft) -> None:
    try:
        with st.spinner(text.PUBLISHING):
            done = client.publish_draft(token, draft.draft_id)
    except client.RefusedError as error:
        st.error(str(error))
        return
    said = done.text
    if done.published:
        session.close_draft()
        if done.added is not None and not done.added.already_known and done.added.edition.in_force:
            said += f" {text.AFTER_PUBLISHING}"
    session.leave_notice(said)
    st.rerun()


def _head(token: str, draft: Draft) -> None:
    code, day, save = st.columns([2, 2, 2], vertical_alignment="bottom")
    wanted = code.text_input(text.HEAD_CODE, draft.edition_code, help=text.HEAD_CODE_HELP, max_chars=48)
    on = day.date_input(text.HEAD_DAY, draft.published_on, format="DD.MM.YYYY")
    is_same = (wanted, on) == (draft.edition_code, draft.published_on)
    if save.button(text.SAVE_HEAD, disabled=is_same):
        try:
            client.change_draft(token, draft.draft_id, wanted, on)
        except client.RefusedError as error:
            st.error(str(error))
            return
        st.rerun()
