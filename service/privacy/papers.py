"""Numbers of papers that consents and erasures stand on."""

import re

from service.errors import InvalidInputError
from service.tables import StudentIdentity

NAMED = "В номере документа не должно быть имени ученика: укажите номер и дату."
SHORT = 3  # letters; a shorter name is looked for whole
ENDING = 2  # letters that a case adds at most


def check_paper(document: str | None, identity: StudentIdentity | None) -> None:
    """Refuse a number that says whose paper it is: it is kept where a name must not be."""
    if document is None or identity is None:
        return
    words = re.findall(r"\w+", document.casefold())
    names = re.findall(r"\w+", f"{identity.last_name} {identity.first_name}".casefold())
    if any(_is_form(word, name) for word in words for name in names):
        raise InvalidInputError(NAMED)


def _is_form(word: str, name: str) -> bool:
    """Whether a word is a name in some case.

    >>> _is_form("ольхиной", "ольхина"), _is_form("верно", "вера"), _is_form("января", "ян")
    (True, True, False)
    """
    if len(name) <= SHORT:
        return word == name
    return word.startswith(name[:-1]) and len(word) <= len(name) + ENDING
