"""What the command line prints about lists: lines as understood, impact on the district."""

from collections import Counter
from collections.abc import Iterator
from typing import TYPE_CHECKING

from rich.markup import escape
from rich.table import Table

from service.demand.draft_schemas import ReadLine
from service.demand.sentences import STATUSES, said_of_doubt, said_of_ground
from service.recommendations.words import KIND_TITLES, number
from service.terminal import console

if TYPE_CHECKING:
    from recommender.reference import Reference
    from service.demand.understanding import Understood
    from service.recommendations.impact_schemas import EditionImpact


def read_lines(understood: "Understood") -> Iterator[ReadLine]:
    """One object a title."""
    for title, match in understood.lines:
        yield ReadLine(
            title=title.title,
            spo_codes=list(match.spo_codes),
            profiles=list(match.profiles),
            confidence=match.confidence,
            status=match.status,
            source_cell=title.source_cell,
            section=title.section or "",
            horizon=title.horizon,
            level=title.level,
            vacancies=title.vacancies,
        )


def print_understood(understood: "Understood", reference: "Reference") -> None:
    """Titles with their codes, then what was not taken for a title."""
    out = console()
    table = Table(expand=True)
    for name, ratio in (("Место", 2), ("Название", 4), ("Коды", 2), ("Понято", 3)):
        table.add_column(name, ratio=ratio, overflow="fold")
    for title, match in understood.lines:
        doubt = said_of_doubt(match.doubt, match.doubtful_codes, reference)
        said = f"{STATUSES[match.status]}: {said_of_ground(match.ground)}" + (f"; {doubt}" if doubt else "")
        codes = ", ".join((*match.spo_codes, *match.profiles)) or "—"
        table.add_row(escape(title.source_cell), escape(title.title or "—"), codes, said)
    out.print(table)
    counts = Counter(match.status for _, match in understood.lines)
    out.print(", ".join(f"{STATUSES[status]}: {count}" for status, count in sorted(counts.items())))
    if understood.ignored:
        out.print(f"Строк без профессий (заголовки, разделы, примечания, итоги): {len(understood.ignored)}")


def print_impact(found: "EditionImpact") -> None:
    """Shares of students, pathways that gain and lose, seats, gaps."""
    out = console()
    out.print(f"Перечень {found.to_code} вместо {found.from_code}, учеников {found.student_count}.")
    for kind in found.kinds:
        changed = "немногих" if kind.changed_first_three is None else f"{kind.changed_first_three}"
        price = "—" if kind.price_after is None else number(100 * kind.price_after)
        out.print(
            f"{KIND_TITLES[kind.kind]}: первые три места изменятся у {changed} из {kind.student_count}; "
            f"цена учёта спроса {number(100 * kind.price_before)} → {price} пункта"
        )
    for title, rows in (("Чаще среди первых трёх", found.gaining), ("Реже", found.losing)):
        for row in rows:
            out.print(f"{title}: {escape(row.title_ru)}, {escape(row.host_title)}: {row.before} → {row.after}")
    for filled in found.filling:
        was, will = number(filled.per_seat_before), number(filled.per_seat_after)
        out.print(f"Желающих на место: {escape(filled.title_ru)}, {escape(filled.host_title)}: {was} → {will}")
    for gap in found.gaps:
        lacking = ", ".join(KIND_TITLES[kind].lower() for kind in gap.lacking)
        out.print(f"В районе нет: {escape(gap.title)} — {lacking}")
