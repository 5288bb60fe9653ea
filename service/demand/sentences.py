"""Russian sentences about lists: what was found, what is in doubt, what changed, the text for an order."""

from collections.abc import Sequence

from recommender.demand import DemandEdition, DemandEntry
from recommender.edition_changes import EditionDifference
from recommender.edition_gate import Finding

FINDINGS = {
    "few_entries": "В перечне строк: {figure:.0f}; меньше {limit:.0f} у перечня региона не бывает.",
    "list_shrank": "Перечень вдвое короче прежнего: осталось {figure:.0%} строк.",
    "list_grew": "Перечень намного длиннее прежнего: в {figure:.1f} раза.",
    "carried_share": "Из кодов прежнего перечня осталось {figure:.0%}; обычно больше {limit:.0%}. Пропали: {examples}.",
    "nothing_changed": "Строки те же, что в прежнем перечне: проверьте, тот ли это файл.",
    "section_vanished": "Пропали целые разделы прежнего перечня: {examples}.",
    "group_vanished": "Пропали целые группы специальностей: {examples}.",
    "tenfold_need": "Потребность изменилась в {figure:.0f} раз: {examples}. Проверьте запятую и единицы.",
    "one_need_above_all": "Одна потребность больше остальных в {figure:.0f} раз: {examples}. Не строка ли это «Всего»?",
    "repeated_titles": "Повторяются строки ({figure:.0%} перечня): {examples}.",
    "one_code_everywhere": "Один код стоит в {figure:.0%} строк: {examples}.",
    "matched_share": "К специальностям и профильным классам ведут {figure:.0%} строк; обычно больше {limit:.0%}.",
    "unknown_codes": "Кодов, которых нет ни в одном списке СПО: {figure:.0%}. Например, {examples}.",
    "all_at_the_top": "Высший уровень спроса у {figure:.0%} строк: перечень ничего не различает.",
    "levels_shifted": "Уровни спроса сдвинулись в среднем на {figure:.1f} — не другая ли это шкала?",
    "levels_turned_over": "Уровни идут наоборот по сравнению с прежним перечнем: не «1 — наибольший»?",
    "illegible_titles": "Слова есть лишь в {figure:.0%} названий: {examples}. Проверьте кодировку и столбцы.",
    "published_before_previous": "Дата публикации раньше, чем у прежнего перечня ({examples}).",
    "lists_missing_between": "С прежнего перечня прошло {figure:.0f} дней: не пропущен ли перечень между ними?",
    "date_outside_half_year": "Дата публикации не из того полугодия, что в коде ({examples}).",
    "another_region": "В заголовке документа другой регион: {examples}.",
}
STATUSES = {
    "accepted": "понято",
    "confirm": "подтвердить",
    "unknown": "не найдено",
    "decided": "решено",
}
GROUNDS = {
    "given": "код указан в файле",
    "code": "по коду",
    "title": "название совпадает",
    "synonym": "по словарю названий",
    "remembered": "так решили раньше",
    "lemmas": "те же слова в других формах",
    "fuzzy": "похожее название",
    "higher": "высшее образование",
    "nothing": "ничего похожего",
}
DOUBTS = {
    "code_names_another": "под кодом {codes} в списке СПО стоит другое название",
    "code_unknown": "кода {codes} нет в списках СПО",
    "code_closed": "код {codes} закрыт и преемника не имеет",
    "code_renamed": "код {codes} в прежнем списке значил другое",
    "code_higher": "код {codes} — высшего образования",
    "part_without_code": "код указан не для всех профессий строки",
    "close_rivals": "подходят несколько специальностей",
    "brackets_unread": "непонятно уточнение в скобках",
    "part_unknown": "понята только часть названия",
    "weak": "сходство слабое",
}


def said_of_finding(finding: Finding) -> str:
    """What is out of the ordinary, in words."""
    examples = ", ".join(f"«{each}»" for each in finding.examples)
    return FINDINGS[finding.code].format(figure=finding.figure, limit=finding.limit, examples=examples)


def said_of_ground(ground: str) -> str:
    """How a title was recognised."""
    return GROUNDS[ground]


def said_of_doubt(doubt: str | None, codes: Sequence[str]) -> str | None:
    """Why a person is asked; `codes` are those written in the document."""
    return None if doubt is None else DOUBTS[doubt].format(codes=", ".join(codes))


def order_text(old: DemandEdition, new: DemandEdition, change: EditionDifference) -> str:
    """Paragraphs for the order that puts the new list into force."""
    parts = [
        f"Утвердить перечень востребованных и перспективных профессий и специальностей ({new.region}), "
        f"редакция {new.code} от {new.published_on:%d.%m.%Y}: {len(new.entries)} строк.",
        f"Считать утратившей силу редакцию {old.code} от {old.published_on:%d.%m.%Y}.",
    ]
    for words, entries in (("Включить", change.added), ("Исключить", change.dropped)):
        if entries:
            parts.append(f"{words}: {'; '.join(_named(entry) for entry in entries)}.")
    if change.renamed:
        parts.append(
            "Изложить в новом наименовании: " + "; ".join(f"«{a.title}» — «{b.title}»" for a, b in change.renamed) + "."
        )
    if change.recoded:
        said = (f"«{b.title}»: {_codes(a)} — {_codes(b)}" for a, b in change.recoded)
        parts.append(f"Изменить коды: {'; '.join(said)}.")
    for words, pairs in (("Повысить", change.raised), ("Понизить", change.lowered)):
        if pairs:
            said = (f"«{b.title}» (с {a.level} до {b.level})" for a, b in pairs)
            parts.append(f"{words} уровень спроса: {'; '.join(said)}.")
    return "\n".join(f"{number}. {part}" for number, part in enumerate(parts, start=1))


def _codes(entry: DemandEntry) -> str:
    return ", ".join(entry.spo_codes) or "без кода"


def _named(entry: DemandEntry) -> str:
    return f"«{entry.title}» ({_codes(entry)})" if entry.spo_codes else f"«{entry.title}»"
