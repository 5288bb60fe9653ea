"""`python -m tests.spec` writes docs/rules.md from the rules and from the table that the tests check."""

from pathlib import Path

from recommender.catalogue import PathwayKind
from recommender.eligibility import EligibilityRule, read_rules
from tests.spec.test_eligibility import TODAY, rows

ROOT = Path(__file__).parents[2]
RULES_FILE = ROOT / "data" / "reference" / "eligibility.toml"
DOCUMENT = ROOT / "docs" / "rules.md"
KINDS = {
    PathwayKind.PROFILE_CLASS: "профильные классы",
    PathwayKind.ELECTIVE: "элективные курсы",
    PathwayKind.CAREER_TRIAL: "пробы",
}
ONE = {"profile_class": "профильный класс", "elective": "элективный курс", "career_trial": "проба"}
PLACES = {"sch01": "школа № 1", "sch02": "школа № 2", "col01": "колледж"}
NOTES = {"steps": "без условий для передвижения", "height": "работа на высоте", "full": "мест нет"}
NEEDS = {"mobility": "передвижение", "height": "высота"}
HEAD = """# Кому что предлагается

Этот документ составлен из правил (`data/reference/eligibility.toml`) и из таблицы примеров, по которой программа
проверяет себя (`tests/spec/test_eligibility.py`). Руками его не правят: правят правило или пример и выполняют
`make docs`.

Правило отказывает. Путь попадает в списки, если не отказало ни одно. Почему чего-то нет, всегда можно сказать: у
каждого отказа есть код правила. Правовые основания указаны составителями программы; до установки их проверяет юрист.

## Правила

"""
EXAMPLES = """
## Примеры

Сегодня {today:%d.%m.%Y}. Одна строка — один ученик и одно предложение.

"""


def table(head: list[str], lines: list[list[str]]) -> str:
    """A Markdown table."""
    return "".join(f"| {' | '.join(line)} |\n" for line in [head, ["---"] * len(head), *lines])


def rule_line(rule: EligibilityRule) -> list[str]:
    """One rule as a methodologist reads it."""
    kinds = "все" if rule.kinds == frozenset(KINDS) else ", ".join(KINDS[kind] for kind in KINDS if kind in rule.kinds)
    first, last = rule.valid_from, rule.valid_to
    days = [f"с {first:%d.%m.%Y}" if first else "", f"по {last:%d.%m.%Y}" if last else ""]
    term = " ".join(day for day in days if day) or "всегда"
    return [f"`{rule.rule_id}`", rule.text_ru, kinds, rule.legal_basis or "—", term]


def offer_in_words(offer: str) -> str:
    """«elective of sch01 for 8-11 until 30.09» as a person says it."""
    words = offer.split()
    notes = words[5:]
    said = [f"{ONE[words[0]]}, {PLACES[words[2]]}, для {words[4].replace('-', '–')} кл."]
    while notes:
        note = notes.pop(0)
        said.append(f"запись до {notes.pop(0)}" if note == "until" else NOTES[note])
    return "; ".join(said)


def example_line(cells: list[str]) -> list[str]:
    """One example."""
    grade, school, needs, avoids, offer, refused = cells
    named = [", ".join(NEEDS[word] for word in words.split()) or "—" for words in (needs, avoids)]
    answer = ", ".join(f"`{rule}`" for rule in refused.split(", ")) if refused else "**можно предложить**"
    return [grade, PLACES[school], *named, offer_in_words(offer), answer]


def document() -> str:
    """The whole of docs/rules.md."""
    rules = table(
        ["код", "что говорит ученику", "к чему относится", "основание", "действует"],
        [rule_line(rule) for rule in read_rules(RULES_FILE)],
    )
    examples = table(
        ["класс", "школа ученика", "нужны условия", "избегать", "предложение", "ответ"],
        [example_line(cells) for cells in rows()],
    )
    return HEAD + rules + EXAMPLES.format(today=TODAY) + examples


if __name__ == "__main__":
    DOCUMENT.write_text(document(), encoding="utf-8")
