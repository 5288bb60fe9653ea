"""Forty-odd broken or poisoned lists are stopped by name; plausible next lists pass."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from random import Random

import pytest

from recommender.demand import DemandEdition, DemandEntry, read_edition
from recommender.edition_gate import check_edition
from tests.recommender.worked_region import REFERENCE

DEMAND_DIR = Path(__file__).parents[2] / "data" / "demand"
SECTIONS = ("Здравоохранение", "Промышленность", "Сельское хозяйство", "Сфера услуг", "Строительство")
Broken = Callable[[list[DemandEntry]], list[DemandEntry]]


def with_needs(edition: DemandEdition) -> DemandEdition:
    """The illustrative list with made-up sections and needs, so that every check has something to read."""
    random = Random(7)
    entries = tuple(
        replace(entry, section=SECTIONS[place * len(SECTIONS) // 60], vacancies=random.randint(20, 300))
        for place, entry in enumerate(edition.entries)
    )
    return replace(edition, entries=entries)


BEFORE = with_needs(read_edition(DEMAND_DIR / "krasnodar-2024H1.csv"))
NEXT_ON = date(2024, 7, 31)


def following(entries: list[DemandEntry], **changes: object) -> DemandEdition:
    numbered = tuple(replace(entry, position=place) for place, entry in enumerate(entries, start=1))
    return replace(BEFORE, **{"code": "krasnodar-2024H2", "published_on": NEXT_ON, "entries": numbered, **changes})


def slightly_changed(random: Random) -> list[DemandEntry]:
    """What half a year does: some lines go, some come, levels and needs move a little."""
    kept = [entry for entry in BEFORE.entries if random.random() > random.uniform(0.02, 0.2)]
    spoken_for = {code for entry in BEFORE.entries for code in entry.spo_codes}
    free = [spo for spo in REFERENCE.spo.values() if spo.status == "active" and spo.code not in spoken_for]
    fresh = [
        DemandEntry(1, spo.title_ru, (spo.code,), random.randint(1, 5), "current", random.randint(10, 300), SECTIONS[1])
        for spo in random.sample(free, random.randint(1, 10))
    ]
    moved = [
        replace(
            entry,
            level=min(5, max(1, (entry.level or 3) + random.choice((-1, 0, 0, 0, 1)))),
            vacancies=round((entry.vacancies or 0) * random.uniform(0.5, 2.0)),
        )
        for entry in kept
    ]
    return [*moved, *fresh]


def each(change: Callable[[DemandEntry], DemandEntry]) -> Broken:
    return lambda entries: [change(entry) for entry in entries]


def every(step: int, change: Callable[[DemandEntry], DemandEntry]) -> Broken:
    return lambda entries: [change(entry) if place % step == 0 else entry for place, entry in enumerate(entries)]


def scaled(factor: float) -> Callable[[DemandEntry], DemandEntry]:
    return lambda entry: replace(entry, vacancies=int((entry.vacancies or 0) * factor))


def retitled(change: Callable[[str], str]) -> Callable[[DemandEntry], DemandEntry]:
    return lambda entry: replace(entry, title=change(entry.title))


def mojibake(title: str) -> str:
    return title.encode("cp1251").decode("latin-1")


BROKEN: dict[str, tuple[str, Broken]] = {
    "empty": ("few_entries", lambda entries: []),
    "one line": ("few_entries", lambda entries: entries[:1]),
    "four lines": ("few_entries", lambda entries: entries[:4]),
    "first page only": ("list_shrank", lambda entries: entries[:20]),
    "last page only": ("list_shrank", lambda entries: entries[-25:]),
    "every third line": ("list_shrank", lambda entries: entries[::3]),
    "three lists glued": ("list_grew", lambda entries: [*entries, *other_entries(100)]),
    "a whole classifier": ("list_grew", lambda entries: other_entries(250)),
    "another region's list": ("carried_share", lambda entries: other_entries(50)),
    "codes of a page lost": (
        "carried_share",
        lambda entries: [replace(e, spo_codes=()) for e in entries[:35]] + entries[35:],
    ),
    "codes shifted by a line": (
        "codes_moved",
        lambda entries: [
            replace(e, spo_codes=f.spo_codes) for e, f in zip(entries, entries[1:] + entries[:1], strict=True)
        ],
    ),
    "codes sorted without their titles": (
        "codes_moved",
        lambda entries: [
            replace(e, spo_codes=f.spo_codes)
            for e, f in zip(entries, sorted(entries, key=lambda each: each.spo_codes), strict=True)
        ],
    ),
    "profiles nobody knows": ("matched_share", each(lambda e: replace(e, spo_codes=(), profiles=("нет такого",)))),
    "most codes lost": ("carried_share", every(1, lambda e: replace(e, spo_codes=e.spo_codes[2:]))),
    "the old file again": ("nothing_changed", lambda entries: entries),
    "section health gone": ("section_vanished", lambda entries: [e for e in entries if e.section != SECTIONS[0]]),
    "section services gone": ("section_vanished", lambda entries: [e for e in entries if e.section != SECTIONS[3]]),
    "section building renamed away": (
        "section_vanished",
        lambda entries: [e for e in entries if e.section not in SECTIONS[1:3]],
    ),
    "a group of specialties gone": (
        "group_vanished",
        lambda entries: [e for e in entries if not any(code.startswith("15") for code in e.spo_codes)],
    ),
    "needs in thousands": ("tenfold_need", each(scaled(1000))),
    "a comma lost": ("tenfold_need", each(scaled(10))),
    "one need tenfold": ("tenfold_need", every(60, scaled(12))),
    "ten needs a hundredfold": ("tenfold_need", every(6, scaled(100))),
    "needs divided": ("tenfold_need", each(scaled(0.05))),
    "needs all zero": ("tenfold_need", each(scaled(0))),
    "a poisoned need": ("one_need_above_all", every(60, lambda e: replace(e, vacancies=50_000))),
    "the total read as a profession": (
        "one_need_above_all",
        lambda entries: [*entries, DemandEntry(1, "Всего по краю", (), None, "current", 9_000)],
    ),
    "pasted twice": ("repeated_titles", lambda entries: entries * 2),
    "a page twice": ("repeated_titles", lambda entries: entries + entries[10:20]),
    "one line many times": ("repeated_titles", lambda entries: entries + entries[:1] * 8),
    "one code for all": ("one_code_everywhere", each(lambda e: replace(e, spo_codes=("34.02.01",)))),
    "one code added to every third": (
        "one_code_everywhere",
        every(3, lambda e: replace(e, spo_codes=(*e.spo_codes, "43.02.17"))),
    ),
    "no codes": ("matched_share", each(lambda e: replace(e, spo_codes=()))),
    "half without codes": ("matched_share", every(2, lambda e: replace(e, spo_codes=()))),
    "a list of industries": (
        "matched_share",
        lambda entries: [DemandEntry(1, f"Отрасль № {n}", (), None, "current", None) for n in range(40)],
    ),
    "made-up codes": ("unknown_codes", every(4, lambda e: replace(e, spo_codes=(f"99.09.{e.position:02d}",)))),
    "digits of codes swapped": (
        "unknown_codes",
        each(lambda e: replace(e, spo_codes=tuple(f"{c[3:5]}.{c[:2]}.{c[6:]}" for c in e.spo_codes))),
    ),
    "everything at the top": ("all_at_the_top", each(lambda e: replace(e, level=5))),
    "levels one to one": ("levels_shifted", each(lambda e: replace(e, level=1))),
    "levels all five but one": (
        "all_at_the_top", lambda entries: [*(replace(e, level=5) for e in entries[:-1]), entries[-1]]),
    "levels turned over": ("levels_turned_over", each(lambda e: replace(e, level=6 - (e.level or 3)))),
    "wrong encoding": ("illegible_titles", each(retitled(mojibake))),
    "numbers for titles": ("illegible_titles", each(lambda e: replace(e, title=str(e.position)))),
    "codes for titles": ("illegible_titles", every(3, lambda e: replace(e, title=";".join(e.spo_codes) or "—"))),
    "question marks": ("illegible_titles", each(retitled(lambda title: "?" * len(title)))),
    "Latin transcript": ("illegible_titles", each(retitled(lambda title: "Povar"))),
}  # fmt: skip
DATED = {
    "before the list it follows": ("published_before_previous", {"published_on": date(2023, 12, 1)}),
    "years later": ("lists_missing_between", {"published_on": date(2026, 8, 1), "code": "krasnodar-2026H2"}),
    "last year's date": ("date_outside_half_year", {"published_on": date(2025, 6, 30)}),
    "another half-year's code": ("date_outside_half_year", {"code": "krasnodar-2030H1"}),
}


def other_entries(count: int) -> list[DemandEntry]:
    """Lines that this region's list never had."""
    spoken_for = {code for entry in BEFORE.entries for code in entry.spo_codes}
    free = [spo for spo in REFERENCE.spo.values() if spo.status == "active" and spo.code not in spoken_for]
    return [DemandEntry(i, spo.title_ru, (spo.code,), 3, "current", 50) for i, spo in enumerate(free[:count])]


def test_by_hand_half_a_list_is_half_a_list():
    found = {each.code: each for each in check_edition(following(list(BEFORE.entries[:20])), BEFORE, REFERENCE)}
    assert found["list_shrank"].figure == pytest.approx(20 / 59)
    assert found["list_shrank"].limit == 0.5


@pytest.mark.parametrize(("reason", "change"), BROKEN.values(), ids=BROKEN)
def test_a_broken_list_is_stopped_by_name(reason, change):
    found = check_edition(following(change(list(BEFORE.entries))), BEFORE, REFERENCE)
    assert reason in {finding.code for finding in found}


@pytest.mark.parametrize(("reason", "changes"), DATED.values(), ids=DATED)
def test_a_list_of_another_day_is_stopped(reason, changes):
    found = check_edition(following(slightly_changed(Random(1)), **changes), BEFORE, REFERENCE)
    assert reason in {finding.code for finding in found}


def test_there_are_forty_broken_lists():
    assert len(BROKEN) + len(DATED) >= 40


@pytest.mark.parametrize("seed", range(40))
def test_a_plausible_next_list_passes(seed):
    random = Random(seed)
    edition = following(slightly_changed(random), published_on=NEXT_ON + timedelta(days=random.randint(-20, 40)))
    assert check_edition(edition, BEFORE, REFERENCE) == ()


def test_the_shipped_lists_follow_each_other_without_a_finding():
    first, second, third = (
        read_edition(DEMAND_DIR / f"krasnodar-{code}.csv") for code in ("2023H1", "2023H2", "2024H1")
    )
    assert check_edition(second, first, REFERENCE) == ()
    assert check_edition(third, second, REFERENCE) == ()


def test_a_first_list_and_a_list_of_presence_pass():
    assert check_edition(BEFORE, None, REFERENCE) == ()
    bare = following([replace(entry, level=None, vacancies=None, section="") for entry in slightly_changed(Random(3))])
    assert check_edition(bare, BEFORE, REFERENCE) == ()


def test_a_correction_may_come_on_the_same_day():
    entries = list(BEFORE.entries)
    corrected = following(
        [replace(entries[0], level=1), *entries[1:]], code="krasnodar-2024H1.2", published_on=BEFORE.published_on
    )
    assert check_edition(corrected, BEFORE, REFERENCE) == ()
