"""The demand list: read, compared, weighed; every refusal says what to do."""

from dataclasses import replace
from datetime import date
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from recommender.demand import (
    DemandEdition,
    DemandEntry,
    edition_in_force,
    editions_in_turn,
    read_edition,
    write_edition,
)
from recommender.demand_weights import demand_weights, weigh_entries
from recommender.edition_changes import difference
from recommender.errors import MissingColumnsError, TableValueError
from tests.recommender.worked_region import CATALOGUE, EDITION, REFERENCE

DEMAND_DIR = Path(__file__).parents[2] / "data" / "demand"
HEADER = "edition,published,region,position,profession_title,spo_codes,demand_level\n"


def edition(*entries: DemandEntry, day: date = date(2024, 1, 31)) -> DemandEdition:
    return DemandEdition(f"e-{day}", "Район", day, entries, "", illustrative=False)


def entry(title: str, *codes: str, level: int | None = 3, position: int = 1) -> DemandEntry:
    return DemandEntry(position, title, codes, level, "current", None)


def weight_of(weights, code: str) -> float:
    return float(weights.weights[CATALOGUE.position[code]])


def test_weight_by_hand():
    """Nurse: level 5 of 5, first edition 0.7, the shortest road in years at 8 % a year."""
    months = REFERENCE.spo["34.02.01"].study_months
    expected = 5 / 5 * 0.7 * (1 - 0.08 * months[0] / 12)
    assert weight_of(demand_weights(CATALOGUE, REFERENCE, EDITION), "col01-tr900") == pytest.approx(expected)


def test_a_pathway_whose_professions_are_not_named_has_no_weight():
    weights = demand_weights(CATALOGUE, REFERENCE, EDITION)
    assert np.isnan(weight_of(weights, "web-tr003"))
    assert weights.sources[CATALOGUE.position["web-tr003"]] == ()


def test_a_class_takes_the_mean_of_its_three_strongest_roads():
    weights = demand_weights(CATALOGUE, REFERENCE, EDITION)
    nurse = weight_of(weights, "col01-tr900")
    assert weight_of(weights, "sch02-sci-med") == pytest.approx(nurse / 3)


def test_no_list_in_force_means_no_weights():
    assert np.isnan(demand_weights(CATALOGUE, REFERENCE, None).weights).all()


def test_staying_in_the_list_counts_up_to_four_editions():
    nurse = entry("Медсестра", "34.02.01", level=5)
    earlier = [edition(nurse, day=date(2020 + n, 1, 1)) for n in range(4)]
    found = [
        weight_of(demand_weights(CATALOGUE, REFERENCE, edition(nurse), earlier[:n]), "col01-tr900") for n in range(5)
    ]
    assert found == sorted(found)
    assert found[1] / found[0] == pytest.approx(0.8 / 0.7)
    assert found[3] == found[4]


def test_an_interrupted_run_starts_anew():
    nurse, other = entry("Медсестра", "34.02.01"), entry("Каменщик", "08.01.27")
    gap = [edition(nurse, day=date(2023, 1, 1)), edition(other, day=date(2023, 7, 1))]
    fresh = demand_weights(CATALOGUE, REFERENCE, edition(nurse))
    assert weight_of(demand_weights(CATALOGUE, REFERENCE, edition(nurse), gap), "col01-tr900") == weight_of(
        fresh, "col01-tr900"
    )


@given(st.integers(1, 5), st.integers(1, 5))
def test_a_higher_level_never_lowers_a_weight(low, high):
    low, high = sorted((low, high))
    less = demand_weights(CATALOGUE, REFERENCE, edition(entry("Медсестра", "34.02.01", level=low)))
    more = demand_weights(CATALOGUE, REFERENCE, edition(entry("Медсестра", "34.02.01", level=high)))
    assert weight_of(more, "col01-tr900") >= weight_of(less, "col01-tr900")
    assert (np.nan_to_num(more.weights) <= 1).all()


def test_closed_codes_of_old_lists_still_reach_pathways():
    old = demand_weights(CATALOGUE, REFERENCE, edition(entry("Мастер общестроительных работ", "08.01.07")))
    assert weight_of(old, "col01-tr005") > 0


def test_a_correction_does_not_count_as_another_half_year():
    nurse = entry("Медсестра", "34.02.01", level=5)
    first, corrected = (
        replace(edition(nurse, day=date(2024, 1, day)), code=code) for day, code in ((1, "r-1"), (9, "r-1.2"))
    )
    latest = replace(edition(nurse, day=date(2024, 7, 1)), code="r-2")
    in_force, earlier = edition_in_force([latest, corrected, first], date(2024, 8, 1))
    assert (in_force, earlier) == (latest, [corrected])
    assert edition_in_force([latest, corrected, first], date(2024, 1, 5)) == (first, [])
    assert edition_in_force([latest], date(2024, 1, 1)) == (None, [])


def test_a_late_correction_of_an_old_list_does_not_overtake_the_new_one():
    old, new = replace(edition(day=date(2023, 7, 31)), code="r-1"), replace(edition(day=date(2024, 1, 31)), code="r-2")
    late = replace(edition(day=date(2024, 3, 1)), code="r-1.2")
    assert edition_in_force([old, new, late], date(2024, 4, 1)) == (new, [late])


def test_the_eleventh_revision_follows_the_tenth():
    days = [(f"r-1.{n}", date(2024, 1, n)) for n in range(2, 12)]
    assert editions_in_turn(days, date(2024, 2, 1)) == ["r-1.11"]


def test_a_reused_code_does_not_carry_persistence():
    """15.02.09 was dispatch systems in the list of 2013 and is additive technologies today."""
    was = edition(entry("Системы и средства диспетчерского управления", "15.02.09"), day=date(2023, 7, 31))
    kept = edition(entry("Оператор ЧПУ", "15.01.38"), day=date(2023, 7, 31))
    for now, before, factor in (
        (entry("Аддитивные технологии", "15.02.09"), was, 0.7),
        (entry("Токарь на станках с ЧПУ", "15.01.38"), kept, 0.8),
    ):
        weighed = weigh_entries(edition(now), [before], REFERENCE)
        assert weighed.by_spo_code[now.spo_codes[0]][0].persistence_factor == pytest.approx(factor)


def test_higher_education_by_hand():
    """A doctor leads to the medical class alone: level 4 of 5, first edition, six years at 8 %; one road of three."""
    doctor = replace(entry("Врач-терапевт", level=4), profiles=("sci-med",))
    weights = demand_weights(CATALOGUE, REFERENCE, edition(doctor))
    assert weight_of(weights, "sch02-sci-med") == pytest.approx(4 / 5 * 0.7 * (1 - 0.08 * 6) / 3)
    assert np.isnan(weight_of(weights, "col01-tr900"))
    assert np.isnan(weight_of(weights, "sch01-tech-eng"))


ENTRIES = st.lists(
    st.builds(
        DemandEntry,
        position=st.integers(1, 10**9),
        title=st.sampled_from(["Медсестра", "Каменщик", "Врач", "Сварщик"]),
        spo_codes=st.lists(st.sampled_from(["34.02.01", "08.01.27", "08.01.07", "15.01.05"]), max_size=2).map(tuple),
        level=st.none() | st.integers(1, 5),
        horizon=st.sampled_from(["current", "perspective"]),
        vacancies=st.none(),
        section=st.just(""),
        profiles=st.sampled_from([(), ("sci-med",), ("tech-eng",)]),
    ),
    min_size=1,
    max_size=6,
)


@given(ENTRIES, st.lists(ENTRIES, max_size=4), st.integers(0, 5))
def test_weights_lie_between_0_and_1_and_grow_with_level_and_persistence(rows, former, place):
    entries = list(rows)
    now = edition(*entries)
    earlier = [edition(*each, day=date(2020 + n, 1, 1)) for n, each in enumerate(former)]
    weights = demand_weights(CATALOGUE, REFERENCE, now, earlier).weights
    known = np.nan_to_num(weights)
    assert ((known >= 0) & (known <= 1)).all()
    lasting = [edition(*entries, *each.entries, day=each.published_on) for each in earlier]
    assert (np.nan_to_num(demand_weights(CATALOGUE, REFERENCE, now, lasting).weights) >= known).all()
    at = place % len(entries)
    if entries[at].level is not None and entries[at].level < 5:
        entries[at] = replace(entries[at], level=entries[at].level + 1)
        higher = demand_weights(CATALOGUE, REFERENCE, edition(*entries), earlier).weights
        assert (np.nan_to_num(higher) >= known).all()


def test_an_entry_that_overtakes_another_takes_no_road_from_it():
    """Both name nurses; the mason's line leads to the medical class too, and goes on counting there."""
    both = replace(entry("Каменщик", "34.02.01", level=3, position=2), profiles=("sci-med",))
    for level in (2, 5):
        weights = demand_weights(CATALOGUE, REFERENCE, edition(entry("Медсестра", "34.02.01", level=level), both))
        sources = weights.sources[CATALOGUE.position["sch02-sci-med"]]
        assert {source.entry.title for source in sources} == {"Медсестра", "Каменщик"}


TEXTS = st.text(st.characters(codec="utf-8", exclude_categories=["C", "Z"]), min_size=1, max_size=20)


@given(st.lists(st.tuples(TEXTS, TEXTS, st.none() | st.integers(1, 5), st.none() | st.integers(0, 10**6)), min_size=1))
def test_what_is_written_reads_back(rows):
    entries = tuple(
        DemandEntry(n, title, ("43.01.09",) * (n % 2), level, "current", need, section, ("sci-med",) * (n % 3 == 0))
        for n, (title, section, level, need) in enumerate(rows, start=1)
    )
    content = write_edition("r-2024H1.2", "Край", date(2024, 2, 1), entries)
    back = read_edition(content)
    assert (back.entries, back.list_code, back.revision, back.illustrative) == (entries, "r-2024H1", 2, False)
    assert write_edition(back.code, back.region, back.published_on, back.entries) == content


def test_difference_by_hand():
    old = edition(
        entry("Медсестра", "34.02.01", level=3), entry("Слесарь", "15.01.35"), entry("Каменщик", "08.01.27", level=4)
    )
    new = edition(
        entry("МЕДСЕСТРА", "34.02.01", level=5),
        entry("Каменщик", "08.01.27", level=2),
        entry("Слесарь по ремонту", "15.01.35"),
        entry("Повар", "43.01.09"),
    )
    found = difference(old, new)
    assert [e.title for e in found.added] == ["Повар"]
    assert found.dropped == ()
    assert [(a.title, b.title) for a, b in found.renamed] == [("Слесарь", "Слесарь по ремонту")]
    assert [b.title for _, b in found.raised] == ["МЕДСЕСТРА"]
    assert [b.title for _, b in found.lowered] == ["Каменщик"]


@given(ENTRIES)
def test_no_edition_differs_from_itself(rows):
    found = difference(edition(*rows), edition(*rows))
    assert not any((found.added, found.dropped, found.renamed, found.recoded, found.raised, found.lowered))


def test_the_same_title_now_and_later_stays_apart():
    now, later = (
        entry("Сварщик", "15.01.05", level=5),
        replace(entry("Сварщик", "15.01.05", level=3), horizon="perspective"),
    )
    found = difference(edition(now, later), edition(replace(now, level=4), later))
    assert [(a.level, b.level) for a, b in found.lowered] == [(5, 4)]
    assert found.raised == ()


def test_positions_count_by_their_order_only():
    """Two lines without levels: the first counts 1.0, the second 1 - 0.5/2, whatever numbers stand there."""
    found = weigh_entries(
        edition(entry("Я", "34.02.01", level=None, position=7), entry("А", "15.01.05", level=None, position=10**9)), [],
        REFERENCE,
    )  # fmt: skip
    assert [found.by_spo_code[code][0].level_factor for code in ("34.02.01", "15.01.05")] == [1.0, 0.75]


def test_an_edition_does_not_differ_from_itself():
    found = difference(EDITION, EDITION)
    assert not any((found.added, found.dropped, found.renamed, found.recoded, found.raised, found.lowered))


def test_same_title_with_other_codes_is_recoded_not_new():
    old, new = edition(entry("Повар", "43.01.09")), edition(entry("Повар", "43.02.15"))
    assert [b.spo_codes for _, b in difference(old, new).recoded] == [("43.02.15",)]


@pytest.mark.parametrize("path", sorted(DEMAND_DIR.glob("*.csv")), ids=lambda path: path.stem)
def test_every_shipped_edition_reads(path):
    found = read_edition(path)
    assert len(found.entries) > 20
    assert len(found.checksum) == 64


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("edition,published\n", "demand lacks columns region, position"),
        (HEADER, "the list has no rows"),
        (HEADER + "e,2024-01-31,R,1,Повар,43.01.09,7\n", "row 2: demand_level must be 1-5, found 7"),
        (HEADER + "e,2024-01-31,R,x,Повар,43.01.09,5\n", "row 2: position must be a whole number or empty, found 'x'"),
        (HEADER + "e,2024-01-31,R,1,,43.01.09,5\n", "row 2: profession_title is empty"),
        (HEADER + "e,31.01.2024,R,1,Повар,43.01.09,5\n", "published must be a date such as 2024-01-31"),
        (HEADER + "e,2024-01-31,R,1,Повар,,5\nf,2024-01-31,R,2,Швея,,5\n", "edition must be the same in every row"),
    ],
)
def test_refuses_a_list_and_says_what_to_do(text, message):
    with pytest.raises((MissingColumnsError, TableValueError), match=message):
        read_edition(text.encode())


def test_refuses_another_encoding():
    with pytest.raises(TableValueError, match="must be a CSV file in UTF-8"):
        read_edition((HEADER + "e,2024-01-31,R,1,Повар,,5\n").encode("cp1251"))


def test_reading_twice_gives_the_same_checksum_and_entries():
    path = sorted(DEMAND_DIR.glob("*.csv"))[0]
    assert read_edition(path) == replace(read_edition(path.read_bytes()))


@pytest.mark.parametrize("code", ["../../evil", "krasnodar/2024", "", "x" * 49, "перечень"])
def test_an_edition_code_is_a_plain_name(code):
    """It becomes a model's folder and an address."""
    with pytest.raises(TableValueError, match="edition must be"):
        read_edition((HEADER + f"{code},2024-01-31,R,1,Повар,43.01.09,5\n").encode())


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ('e,2024-01-31,R,1,"Повар,43.01.09,5\n', "cannot be read as CSV|as many cells as columns"),
        ("e,2024-01-31,R,1,Повар,43.01.09,5,extra\n", "row 2: as many cells as columns are needed"),
        ("e,2024-01-31,R,1,Повар\n", "row 2: as many cells as columns are needed"),
        (f"e,2024-01-31,R,1,{'П' * 301},43.01.09,5\n", "row 2: a cell is longer than 300 characters"),
        ("e,2024-01-31,R,1,По\x00вар,43.01.09,5\n", "holds unprintable ones|cannot be read as CSV"),
        (f"e,2024-01-31,R,{10**23},Повар,43.01.09,5\n", "row 2: position must be a whole number"),
        (f"e,2024-01-31,R,{'0' * 12}{'9' * 250},Повар,43.01.09,5\n", "row 2: position must be a whole number"),
        ("e,2024-01-31,R,-5,Повар,43.01.09,5\n", "row 2: position must be a whole number"),
    ],
)
def test_a_broken_row_is_refused_not_swallowed(row, message):
    with pytest.raises(TableValueError, match=message):
        read_edition((HEADER + row).encode())
