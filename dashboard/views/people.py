"""Who signs in to the school and which systems have keys: the school's administrator looks after both."""

import streamlit as st

from dashboard import client, session
from dashboard import text_people as text
from dashboard.widgets.elements import literal, note, table
from service.accounts.schemas import ClassLimit, Key, Person

ONE_DAY_HOURS = 24.0


def page() -> None:
    """People, then keys."""
    token = session.find_token() or ""
    st.title(text.PEOPLE_TITLE, anchor=False)
    if notice := session.take_notice():
        st.success(literal(notice))
    note(text.PEOPLE_HINT)
    people = client.people(token).people
    table(text.PEOPLE_COLUMNS, [_row(person) for person in people])
    classes = {row.class_id: row.title for row in client.classes(token).classes}
    # keyed by what they change: what was done closes them instead of hiding what is told of it
    state = hash(tuple(map(_row, people)))
    left, right = st.columns(2)
    with left, st.popover(text.ADD_PERSON, key=f"open-add-person-{len(people)}", width="stretch"):
        _add(token, classes)
    with right, st.popover(text.CHANGE_PERSON, key=f"open-change-person-{state}", width="stretch"):
        _change(token, [person for person in people if person.dismissed_at is None], classes)
    _keys(token)


def _row(person: Person) -> tuple[str, ...]:
    return person.display_name, person.login, person.role_title, _whom(person), text.STATES[_state(person)]


def _whom(person: Person) -> str:
    if not person.is_limited:
        return text.WHOLE_SCHOOL
    classes = ", ".join(each.title for each in person.classes)
    return text.ONLY_CLASSES.format(classes=classes) if classes else text.SEES_NOBODY


def _state(person: Person) -> str:
    if person.dismissed_at is not None:
        return "dismissed"
    if person.locked_until is not None:
        return "locked"
    if person.password_is_temporary:
        return "temporary"
    return "provider" if person.signs_in_by == "provider" else "fine"


def _add(token: str, classes: dict[str, str]) -> None:
    left, right = st.columns(2)
    name = left.text_input(text.NAME, key="new-name", max_chars=200)
    login = right.text_input(text.LOGIN, key="new-login", max_chars=64)
    role = left.selectbox(text.ROLE, list(text.ROLES), format_func=text.ROLES.__getitem__, key="new-role")
    way = "password"
    if client.sign_in_provider().title is not None:
        way = left.radio(
            text.SIGN_IN_BY, list(text.WAYS), format_func=text.WAYS.__getitem__, key="new-way", horizontal=True
        )
    if way == "provider":
        note(text.LOGIN_OF_PROVIDER)
    with right:
        limit = _limit_choice(classes, None, "new") if role == "counsellor" else None
    if not st.button(text.ADD, key="add-person", type="primary"):
        return
    if not name.strip() or not login.strip():
        st.warning(text.EMPTY_PERSON)
        return
    if role == "counsellor" and limit is None:
        st.warning(text.SAY_WHOM)
        return
    try:
        added = client.add_person(token, login.strip(), name.strip(), role, limit, way)
    except client.RefusedError as error:
        st.error(literal(str(error)))
        return
    told = text.SHOWN_ONCE if added.temporary_password is not None else text.ADDED_BY_PROVIDER
    session.leave_notice(told.format(login=added.login, password=added.temporary_password))
    st.rerun()


def _limit_choice(classes: dict[str, str], person: Person | None, key: str) -> ClassLimit | None:
    """Whom a counsellor is to see; None until it is said: no class chosen is asked about, never taken for all."""
    now = None if person is None else int(person.is_limited)
    is_limited = st.radio(
        text.REACH, [False, True], index=now, format_func=text.REACHES.__getitem__, key=f"{key}-reach", horizontal=True
    )
    if not is_limited:
        return None if is_limited is None else ClassLimit(is_limited=False)
    own = [each.class_id for each in person.classes if each.class_id in classes] if person is not None else []
    chosen = st.pills(
        text.CLASSES, list(classes), selection_mode="multi", default=own, format_func=classes.__getitem__,
        key=f"{key}-classes", wrap=True,
    )  # fmt: skip
    if not chosen and not st.checkbox(text.NOBODY_YET, key=f"{key}-nobody"):
        return None
    return ClassLimit(is_limited=True, class_ids=tuple(chosen))


def _change(token: str, people: list[Person], classes: dict[str, str]) -> None:
    me = session.find_me()
    others = {person.user_id: person for person in people if me is None or me.actor_id != f"user:{person.user_id}"}
    if not others:
        note(text.NOBODY)
        return
    user_id = st.selectbox(
        text.WHOM, list(others), format_func=lambda each: literal(others[each].display_name), key="whom"
    )
    person = others[user_id]
    if person.role == "counsellor":
        limit = _limit_choice(classes, person, f"person-{user_id}")
        if st.button(text.LIMIT, key="limit-person"):
            _save_limit(token, user_id, limit)
    if st.button(text.RESET, key="reset-person"):
        try:
            again = client.reset_password(token, user_id)
        except client.RefusedError as error:
            st.error(literal(str(error)))
            return
        session.leave_notice(text.SHOWN_ONCE.format(login=again.login, password=again.temporary_password))
        st.rerun()
    note(text.DISMISS_ASK)
    if st.button(text.DISMISS, key="dismiss-person"):
        client.dismiss_person(token, user_id)
        session.leave_notice(text.DISMISSED)
        st.rerun()


def _save_limit(token: str, user_id: int, limit: ClassLimit | None) -> None:
    if limit is None:
        st.warning(text.SAY_WHOM)
        return
    client.limit_person(token, user_id, limit)
    session.leave_notice(text.LIMITED)
    st.rerun()


def _keys(token: str) -> None:
    st.subheader(text.KEYS_TITLE, anchor=False)
    note(text.KEYS_HINT)
    found = client.keys(token)
    if shown := session.take_secret():
        st.success(shown[0])
        st.code(shown[1], language=None)
    if found.keys:
        table(text.KEY_COLUMNS, [_key_row(key) for key in found.keys])
    else:
        note(text.NO_KEYS)
    state = hash(tuple(map(_key_row, found.keys)))
    left, right = st.columns(2)
    with left, st.popover(text.ISSUE_KEY, key=f"open-issue-key-{state}", width="stretch"):
        _issue(token, found.verbs)
    valid = [key for key in found.keys if key.is_valid]
    if valid:
        with right, st.popover(text.CHANGE_KEY, key=f"open-change-key-{state}", width="stretch"):
            _change_key(token, {key.key_id: key for key in valid})


def _key_row(key: Key) -> tuple[str, ...]:
    until = text.day(key.expires_at) if key.is_valid else text.NOT_VALID
    used = f"{key.last_used_on:%d.%m.%Y}" if key.last_used_on is not None else text.NEVER
    may = ", ".join(text.VERBS.get(verb, verb) for verb in key.verbs)
    return str(key.key_id), key.title, f"{key.prefix}…", may, until, used


def _issue(token: str, verbs: list[str]) -> None:
    title = st.text_input(text.KEY_FOR, key="key-title", max_chars=200)
    chosen = [verb for verb in verbs if st.checkbox(text.VERBS.get(verb, verb), key=f"verb-{verb}")]
    days = st.number_input(text.KEY_DAYS, min_value=1, max_value=730, value=365, key="key-days")
    if not st.button(text.ISSUE, key="issue-key", type="primary"):
        return
    if not title.strip() or not chosen:
        st.warning(text.EMPTY_KEY)
        return
    issued = client.issue_key(token, title.strip(), chosen, int(days))
    session.leave_secret(
        text.KEY_SHOWN_ONCE.format(number=issued.key_id, until=text.day(issued.expires_at)), issued.text
    )
    st.rerun()


def _change_key(token: str, keys: dict[int, Key]) -> None:
    number = st.selectbox(
        text.WHICH_KEY, list(keys), format_func=lambda each: f"№ {each} — {literal(keys[each].title)}", key="which-key"
    )
    note(text.ROTATE_HINT)
    if st.button(text.ROTATE, key="rotate-key", type="primary"):
        issued = client.rotate_key(token, number, ONE_DAY_HOURS)
        session.leave_secret(
            text.KEY_SHOWN_ONCE.format(number=issued.key_id, until=text.day(issued.expires_at)), issued.text
        )
        st.rerun()
    if st.button(text.REVOKE, key="revoke-key"):
        client.revoke_key(token, number)
        session.leave_notice(text.REVOKED)
        st.rerun()
