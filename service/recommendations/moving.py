"""Russian sentences of "what if": what moves a pathway, and what happens to a list."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from recommender.what_if import Cause, Move
from service.recommendations.comparing import points
from service.recommendations.sentences import MANY_SUBJECTS
from service.recommendations.words import DATIVE, NOMINATIVE, THIS_GENITIVE, inner, listed, mark, plural

DISCOVERY = "Это место — для расширения кругозора: его занимает не самое подходящее, а непохожее на остальное."
NOTHING_MOVES = "Первые места не изменятся."
WORDS = {"entered": "появится", "left": "уйдёт", "rose": "поднимется", "fell": "опустится"}


def why_it_moves(found: Move, kind: str) -> str:
    """Why a pathway stands elsewhere, in one sentence."""
    before, after = points(found.fit_before), points(found.fit_after)
    if before == after:
        return f"Соответствие то же — {after} из 100{_passed(found)}."
    said = f"Соответствие станет {after} вместо {before}"
    return f"{said}: {_cause(found.cause, kind)}." if found.cause is not None else f"{said}."


def _passed(found: Move) -> str:
    if found.passed is None or found.rank_before is None or found.rank_after is None:
        return ""
    title = f"«{inner(found.passed.title_ru)}»"
    if found.rank_after > found.rank_before:
        return f"; впереди окажется {title}"
    return f"; позади останется {title}"


def _cause(cause: Cause, kind: str) -> str:
    say = CAUSES.get(cause.term)
    if say is None:
        return "другие данные о нём"
    return say(cause.facts, cause.is_for, THIS_GENITIVE[kind])


def _subjects(facts: Mapping[str, Any]) -> tuple[str, float] | None:
    subjects = facts.get("subjects", [])[:MANY_SUBJECTS]
    if not subjects:
        return None
    named = listed([DATIVE[each["subject_code"]] for each in subjects])
    return named, sum(each["mark"] for each in facts["subjects"]) / len(facts["subjects"])


def _strength(facts: Mapping[str, Any], is_for: bool, this: str) -> str:
    told = _subjects(facts)
    if told is None:
        return f"сильнее станут другие предметы, не те, что нужны для {this}"
    named, mean = told
    return f"по {named} средняя за все годы будет {mark(mean)} при общей {mark(facts['own_mean'])}"


def _level(facts: Mapping[str, Any], is_for: bool, this: str) -> str:
    told = _subjects(facts)
    if told is None:
        return "отметки по предметам будут другими"
    named, mean = told
    return f"средняя за все годы по {named} будет {mark(mean)}"


def _exams(facts: Mapping[str, Any], is_for: bool, this: str) -> str:
    wishes = facts.get("wishes", [])[:MANY_SUBJECTS]
    if not is_for or not wishes:
        return f"нужных для {this} экзаменов среди выбранных станет меньше"
    return f"среди выбранных экзаменов — {listed([NOMINATIVE[each['code']] for each in wishes])}"


def _interests(facts: Mapping[str, Any], is_for: bool, this: str) -> str:
    return f"измеренные интересы {'ближе к содержанию' if is_for else 'дальше от содержания'} {this}"


def _alike(facts: Mapping[str, Any], is_for: bool, this: str) -> str:
    return f"ученики с такими данными {'чаще' if is_for else 'реже'} выбирали это направление"


CAUSES: Mapping[str, Callable[[Mapping[str, Any], bool, str], str]] = {
    "subject_strength": _strength,
    "subject_level": _level,
    "exam_wish": _exams,
    "interest_match": _interests,
    "peer_facts": _alike,
    "peer_answers": _alike,
}


def list_text(moved: Sequence[str]) -> str:
    """What happens to a list: how many of its pathways come, go and change places."""
    counts = {move: moved.count(move) for move in WORDS}
    said = [
        f"{_verb(move, count)} {count} {plural(count, 'предложение', 'предложения', 'предложений')}"
        for move, count in counts.items()
        if count
    ]
    if not said:
        return NOTHING_MOVES
    text = ", ".join(said)
    return f"{text[0].upper()}{text[1:]}."


def _verb(move: str, count: int) -> str:
    verb = WORDS[move]
    if plural(count, "one", "few", "many") == "one":
        return verb
    return {"появится": "появятся", "уйдёт": "уйдут", "поднимется": "поднимутся", "опустится": "опустятся"}[verb]
