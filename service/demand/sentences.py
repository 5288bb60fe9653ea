"""Russian sentences about lists: what was found, what is in doubt, what changed, the text for an order."""

from collections.abc import Sequence

from recommender.demand import DemandEdition, DemandEntry
from recommender.edition_changes import EditionDifference
from recommender.edition_gate import Finding
from recommender.reference import Reference

FINDINGS = {
    "few_entries": "В перечне {figure}: у перечня региона строк не меньше {limit}.",
    "list_shrank": "Перечень намного короче прежнего: осталось {figure} его длины.",
    "list_grew": "Перечень намного длиннее прежнего: {figure} его длины.",
    "carried_share": "Из кодов прежнего перечня осталось {figure}; обычно больше {limit}. Пропали: {examples}.",
    "nothing_changed": "Строки те же, что в прежнем перечне: проверьте, тот ли это файл.",
    "section_vanished": "Пропали целые разделы прежнего перечня: {examples}.",
    "group_vanished": "Пропали целые группы специальностей: {examples}.",
    "tenfold_need": "Потребность изменилась в десять раз и больше: {examples}. Проверьте запятую и единицы.",
    "one_need_above_all": "Одна потребность в десять раз больше почти всех: {examples}. Не строка ли это «Всего»?",
    "repeated_titles": "Повторяется {figure} строк перечня: {examples}.",
    "one_code_everywhere": "Один и тот же код стоит в {figure} строк: {examples}.",
    "matched_share": "К специальностям и профильным классам ведёт {figure} строк; обычно больше {limit}.",
    "unknown_codes": "Кодов, которых нет ни в одном списке СПО: {figure}. Например, {examples}.",
    "codes_moved": "У {figure} прежних названий теперь другие коды: {examples}. Не сдвинулся ли столбец?",
    "all_at_the_top": "Высший уровень спроса у {figure} строк: перечень ничего не различает.",
    "levels_shifted": "Уровни спроса сдвинулись в среднем на {figure}: не другая ли это шкала?",
    "levels_turned_over": "Уровни идут в обратном порядке, чем в прежнем перечне: возможно, здесь 1 — наибольший.",
    "illegible_titles": "Слова есть лишь в {figure} названий: {examples}. Проверьте кодировку и столбцы.",
    "published_before_previous": "День публикации раньше, чем у действующего перечня.",
    "lists_missing_between": "После прежнего перечня прошло больше года: не пропущен ли перечень между ними?",
    "date_outside_half_year": "День публикации не из того полугодия, что в коде: {examples}.",
    "another_region": "В заголовке документа другой регион: {examples}.",
}
SHARES = frozenset({
    "list_shrank", "list_grew", "carried_share", "repeated_titles", "one_code_everywhere", "matched_share",
    "unknown_codes", "codes_moved", "all_at_the_top", "illegible_titles",
})  # fmt: skip
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
    "remembered": "как в прежнем перечне или решении",
    "lemmas": "те же слова в других формах",
    "fuzzy": "похожее название",
    "higher": "высшее образование",
    "nothing": "ничего похожего",
}
DOUBTS = {
    "code_names_another": "в списке СПО под этим кодом стоит другое название ({codes})",
    "code_unknown": "такого кода нет в списках СПО ({codes})",
    "code_closed": "код закрыт, и преемника у него нет ({codes})",
    "code_renamed": "в прежнем списке этот код значил другое ({codes})",
    "code_higher": "это код высшего образования ({codes})",
    "remembered_differs": "в прежнем перечне или решении иначе, чем говорит само название",
    "part_without_code": "код указан не для всех профессий строки",
    "close_rivals": "подходят несколько специальностей",
    "brackets_unread": "непонятно уточнение в скобках",
    "part_unknown": "понята только часть названия",
    "weak": "сходство слабое",
}


def said_of_finding(finding: Finding) -> str:
    """What is out of the ordinary, in words."""
    examples = ", ".join(f"«{each}»" for each in finding.examples)
    figure, limit = (_said(finding.code, value) for value in (finding.figure, finding.limit))
    if finding.code == "few_entries":
        figure = plural(round(finding.figure), "строка", "строки", "строк")
    return FINDINGS[finding.code].format(figure=figure, limit=limit, examples=examples)


def _said(code: str, value: float) -> str:
    if code in SHARES:
        return f"{round(100 * value)} %"
    return f"{value:.0f}" if value == round(value) else f"{value:.1f}".replace(".", ",")


def plural(count: int, one: str, few: str, many: str) -> str:
    """A number with the form of the noun that follows it."""
    if count % 10 == 1 and count % 100 != 11:
        return f"{count} {one}"
    return f"{count} {few if count % 10 in (2, 3, 4) and count % 100 not in (12, 13, 14) else many}"


def said_of_ground(ground: str) -> str:
    """How a title was recognised."""
    return GROUNDS[ground]


def said_of_doubt(doubt: str | None, codes: Sequence[str], reference: Reference) -> str | None:
    """Why a person is asked; `codes` are those written in the document, told with the names that speak against them."""
    if doubt is None:
        return None
    lists = (reference.spo, reference.former_spo)
    first, second = reversed(lists) if doubt == "code_renamed" else lists
    found = {code: first.get(code) or second.get(code) for code in codes}
    named = (f"{code} «{spo.title_ru}»" if spo is not None else code for code, spo in found.items())
    return DOUBTS[doubt].format(codes=", ".join(named))


def order_text(old: DemandEdition, new: DemandEdition, change: EditionDifference) -> str:
    """Paragraphs for the order that puts the new list into force."""
    parts = [
        f"Утвердить перечень востребованных и перспективных профессий и специальностей ({new.region}), "
        f"редакция {new.code} от {new.published_on:%d.%m.%Y}: {plural(len(new.entries), 'строка', 'строки', 'строк')}.",
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
