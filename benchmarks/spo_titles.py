"""The labelled titles of tests/fixtures/spo_titles, and when a match of one is right."""

import csv
from dataclasses import dataclass
from typing import Literal

from benchmarks.records import ROOT
from recommender.reference_rows import split_codes
from recommender.title_matching import TitleMatch

FOLDER = ROOT / "tests" / "fixtures" / "spo_titles"
SETS = {"hold": "", "published": "published_last"}
"""Untouched sets and their folders."""
Half = Literal["tune", "hold"]


@dataclass(frozen=True)
class LabelledTitle:
    """One title; `parts` are sets of codes of which each must be named, by any of its own."""

    title: str
    written_codes: tuple[str, ...]
    parts: tuple[frozenset[str], ...]
    kind: str
    variety: str
    must_confirm: bool
    profiles: frozenset[str]

    def is_meant(self, codes: tuple[str, ...]) -> bool:
        """Whether the codes train what the title names: all of it and nothing else."""
        named = set(codes)
        return bool(named) and named <= frozenset().union(*self.parts) and all(named & part for part in self.parts)

    def is_right(self, match: TitleMatch) -> bool:
        """Whether a match would be right to accept."""
        if self.must_confirm or self.kind == "neither":
            return False
        if self.kind == "higher":
            return not match.spo_codes and bool(self.profiles & set(match.profiles))
        return self.is_meant(match.spo_codes)


TUNED_WITH = ("", "published", "published_later")


def read_titles(half: Half, folder: str = "") -> list[LabelledTitle]:
    """One half of the labelled titles, SPO first; `folder` = a set beside the first."""
    found = []
    for name in ("labelled.csv", "not_spo.csv"):
        with (FOLDER / folder / name).open(encoding="utf-8", newline="") as file:
            found += [_title(row) for row in csv.DictReader(file) if row["half"] == half]
    return found


def _title(row: dict[str, str]) -> LabelledTitle:
    parts = tuple(frozenset(split_codes(part)) for part in row.get("spo_codes", "").split("&"))
    return LabelledTitle(
        row["title"],
        split_codes(row["written_codes"]),
        parts,
        row["kind"],
        row.get("variety", row["kind"]),
        row.get("must_confirm") == "yes",
        frozenset(split_codes(row.get("profiles", ""))),
    )
