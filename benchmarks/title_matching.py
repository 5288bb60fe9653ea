"""Titles of professions matched to SPO codes, on labelled titles that no rule, synonym or threshold was made with.

A match counts as right when every code it names trains what the title names and each profession of the title is
named; of a title that a person must be asked about, no accepted match is right. The held half is hand-written
("synthetic"), the published titles are as they were found ("real"); labels of both are by hand.
"""

import time
from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise
from typing import Literal

from benchmarks.records import Record
from benchmarks.sample import REFERENCE_DIR
from benchmarks.spo_titles import SETS, LabelledTitle, read_titles
from recommender.reference import read_reference
from recommender.title_evidence import ACCEPTED_FROM
from recommender.title_matching import TitleMatch, TitleMatcher

Z = 1.96
BINS = (0.0, 0.5, 0.75, ACCEPTED_FROM, 0.99, 1.0)
BATCH = 500
DATA: dict[str, Literal["real", "synthetic"]] = {"hold": "synthetic", "published": "real"}
Better = Literal["lower", "higher"]
Judged = Sequence[tuple[LabelledTitle, TitleMatch]]


def wilson(right: int, count: int) -> tuple[float, float]:
    """95 % interval of a share (Wilson 1927)."""
    if not count:
        return 0.0, 1.0
    share, spread = right / count, Z * Z / count
    middle = (share + spread / 2) / (1 + spread)
    half = Z / (1 + spread) * (share * (1 - share) / count + spread / (4 * count)) ** 0.5
    return max(middle - half, 0.0), min(middle + half, 1.0)


def records() -> list[Record]:
    """Figures of each untouched set, and the time of 500 titles."""
    matcher = TitleMatcher(read_reference(REFERENCE_DIR))
    found: list[Record] = []
    for name, folder in SETS.items():
        titles = read_titles("hold", folder)
        matches = matcher.match_all((labelled.title, labelled.written_codes) for labelled in titles)
        found += _of_set(name, list(zip(titles, matches, strict=True)))
    return [*found, _time(matcher)]


def _of_set(name: str, judged: Judged) -> Iterator[Record]:
    start = f"title_matching.{name}"
    spo = [pair for pair in judged if pair[0].kind == "spo"]
    others = [pair for pair in judged if pair[0].kind != "spo"]
    accepted = _accepted(judged)
    right = sum(labelled.is_right(match) for labelled, match in accepted)
    yield _share(f"{start}.accuracy", right, len(accepted), 0.95)
    yield _share(f"{start}.accepted_share", len(_accepted(spo)), len(spo), 0.80)
    yield _share(f"{start}.wrong_accepted", len(accepted) - right, len(judged), 0.01, "lower")
    taken = sum(bool(match.spo_codes) or labelled.kind == "neither" for labelled, match in _accepted(others))
    yield Record(f"{start}.not_spo_accepted", taken, None, 0.0, "lower", DATA[name], "", len(others))
    asked = [pair for pair in spo if pair[1].status != "accepted"]
    yield _share(f"{start}.among_three", sum(_is_among(*pair) for pair in asked), len(asked))
    for variety in dict.fromkeys(labelled.variety for labelled, _ in judged):
        own = [pair for pair in judged if pair[0].variety == variety]
        sure = _accepted(own)
        sure_right = sum(labelled.is_right(match) for labelled, match in sure)
        yield _share(f"{start}.variety.{variety}.accepted_share", len(sure), len(own))
        yield _share(f"{start}.variety.{variety}.wrong_accepted", len(sure) - sure_right, len(own), better="lower")
        if sure:
            yield _share(f"{start}.variety.{variety}.accuracy", sure_right, len(sure))
    yield from _calibration(start, judged)


def _calibration(start: str, judged: Judged) -> Iterator[Record]:
    """Share of right guesses where the matcher is so sure; guesses at titles that a person must be asked about, too."""
    guesses = [(match.confidence, labelled.is_meant(match.spo_codes)) for labelled, match in judged if match.spo_codes]
    error, data = 0.0, DATA[start.split(".")[1]]
    for low, high in pairwise(BINS):
        inside = [guess for guess in guesses if low <= guess[0] < high or guess[0] == high == BINS[-1]]
        if not inside:
            continue
        confidence = sum(chance for chance, _ in inside) / len(inside)
        right = sum(is_right for _, is_right in inside)
        error += abs(confidence - right / len(inside)) * len(inside) / len(guesses)
        sure = f"{start}.calibration.{low}.confidence"
        yield Record(sure, confidence, None, None, "higher", data, "", len(inside))
        yield _share(f"{start}.calibration.{low}.right", right, len(inside))
    yield Record(f"{start}.calibration_error", error, None, None, "lower", data, "", len(guesses))


def _time(matcher: TitleMatcher) -> Record:
    """Processor milliseconds for 500 different titles after the first hundred."""
    titles = [(labelled.title, labelled.written_codes) for labelled in (*read_titles("tune"), *read_titles("hold"))]
    titles = list(dict.fromkeys(titles))
    matcher.match_all(titles[:100])
    start = time.process_time()
    matcher.match_all(titles[-BATCH:])
    return Record(
        "title_matching.milliseconds", 1000 * (time.process_time() - start), None, 2000.0, "lower", "none", "", BATCH
    )


def _accepted(judged: Iterable[tuple[LabelledTitle, TitleMatch]]) -> list[tuple[LabelledTitle, TitleMatch]]:
    return [pair for pair in judged if pair[1].status == "accepted"]


def _is_among(labelled: LabelledTitle, match: TitleMatch) -> bool:
    """Whether a person finds every profession of the title among the guess and the candidates."""
    shown = {*match.spo_codes, *(candidate.spo_code for candidate in match.candidates)}
    return all(shown & part for part in labelled.parts)


def _share(figure: str, right: int, count: int, limit: float | None = None, better: Better = "higher") -> Record:
    data = DATA[figure.split(".")[1]]
    return Record(figure, right / max(count, 1), wilson(right, count), limit, better, data, "", count)
