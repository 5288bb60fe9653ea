"""Reads the diagnostic instruments: two tables and the key files they name, checked against each other."""

import re
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path

from recommender.errors import TableValueError, UnknownCodeError
from recommender.instruments import Instrument, Level, Scale
from recommender.reference_rows import Row, grade_span, number, read_rows, span, split_codes

CANCELLING_ANSWERS = {"OPG50": "skill=0"}  # note of keys/opg50.csv: no skill, then attitude and wish do not count
MAX_K_SCORE = 20  # KOS-1 prints its levels as K = score / 20


def _levels(cell: str) -> tuple[Level, ...]:
    """Bands of a thresholds cell; a cell without numbers is advice in words and gives none."""
    factor = 1
    if cell.startswith("K=score/20:"):
        factor, cell = MAX_K_SCORE, cell.removeprefix("K=score/20:")
    if not re.match(r"\s*-?\d", cell):
        return ()
    levels = []
    for band in cell.split(";"):
        ends, _, title = band.strip().partition(" ")
        low, high = (round(end * factor, 6) for end in span(ends))
        levels.append(Level(low, high, title))
    for lower, upper in pairwise(levels):
        if not lower.low <= lower.high < upper.low:
            raise TableValueError(f"levels must ascend, found {cell!r}", column="levels", found=cell)
    return tuple(levels)


def _read_key(path: Path, method: str, scales: Sequence[str]) -> dict[tuple[str, str], tuple[tuple[str, float], ...]]:
    key: dict[tuple[str, str], tuple[tuple[str, float], ...]] = {}
    for line, row in enumerate(read_rows(path, ["method", "item", "answer", "scale", "points"]), start=2):
        place = f"{path.name}, row {line}"
        if row["method"] != method or row["scale"] not in scales:
            message = f"{place}: {row['method']} {row['scale']} is not a scale of {method}; see diagnostics_scales.csv"
            raise UnknownCodeError(message, row=line, found=row["scale"])
        named = (row["item"], row["answer"])
        if row["scale"] in (scale for scale, _ in key.get(named, ())):
            message = f"{place}: item {row['item']}, answer {row['answer']}, scale {row['scale']} stand twice"
            raise TableValueError(message, row=line, found=row["item"])
        key[named] = (*key.get(named, ()), (row["scale"], number(row, "points")))
    return key


def _instrument(folder: Path, row: Row, scales: tuple[Scale, ...]) -> Instrument:
    code = row["method_code"]
    codes = [scale.code for scale in scales]
    if list(split_codes(row["scales"])) != codes:
        message = f"{code}: diagnostics.csv and diagnostics_scales.csv name other scales, or in another order"
        raise TableValueError(message, found=codes, allowed=row["scales"])
    key = _read_key(folder / row["key_file"], code, codes)
    items = tuple(dict.fromkeys(item for item, _ in key))
    if len(items) != int(row["items"]):
        message = f"{code}: the key has {len(items)} items, diagnostics.csv says {row['items']}"
        raise TableValueError(message, found=len(items), allowed=row["items"])
    return Instrument(
        code=code,
        title_ru=row["title_ru"],
        ipsative=row["ipsative"] == "yes",
        scales=scales,
        items=items,
        key=key,
        cancelling_answer=CANCELLING_ANSWERS.get(code),
        answer_format=row["answer_format"],
        grades=grade_span(row["grades"]),
        minutes=int(row["minutes"]),
        key_confidence=row["key_confidence"],
        note=row["note"],
    )


def read_instruments(folder: Path) -> dict[str, Instrument]:
    """Instruments of a reference folder by code, in the order of `diagnostics.csv`.

    Parameters
    ----------
    folder : Path
        Holds `diagnostics.csv`, `diagnostics_scales.csv` and the key files they name.

    Returns
    -------
    dict of str to Instrument

    Raises
    ------
    TableValueError, MissingColumnsError, UnknownCodeError
        Tables and keys do not fit together; names the file and the place.

    Examples
    --------
    >>> read_instruments(Path("data/reference"))["HOL43"].scale_codes
    ('R', 'I', 'A', 'S', 'E', 'C')
    """
    scales: dict[str, list[Scale]] = {}
    for row in read_rows(folder / "diagnostics_scales.csv", ["method", "scale", "title_ru", "min", "max", "levels"]):
        scale = Scale(row["scale"], row["title_ru"], number(row, "min"), number(row, "max"), _levels(row["levels"]))
        scales.setdefault(row["method"], []).append(scale)
    rows = read_rows(folder / "diagnostics.csv", ["method_code", "items", "scales", "ipsative", "key_file"])
    unknown = sorted(scales.keys() - {row["method_code"] for row in rows})
    if unknown:
        message = f"diagnostics_scales.csv names methods that diagnostics.csv lacks: {', '.join(unknown)}"
        raise UnknownCodeError(message, found=unknown)
    return {row["method_code"]: _instrument(folder, row, tuple(scales.get(row["method_code"], ()))) for row in rows}
