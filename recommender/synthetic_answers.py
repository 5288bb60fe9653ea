"""Raw answers of the sample region: item-response models through the real keys, with everything that spoils answers.

Each statement of a test is about its own narrow mixture of spheres, so that no scale measures exactly what a ranker's
crosswalk says it does. A pair is decided by the difference of the two statements; a graded item by where the liking
falls between thresholds that depend on how readily the student agrees. Later items get less attention, some
answers are thoughtless, a few sheets are filled in a straight line, at random, or break off.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from recommender.instruments import Instrument
from recommender.synthetic_people import Floats, Ints, People
from recommender.synthetic_spheres import SCALE_SPHERES, SPHERES, sphere_vector

ITEM_BANK_SEED = 48_20_43_50  # the tests are the same whatever region is generated
STRAIGHT_LINE_SHARE, RANDOM_SHARE, BREAK_OFF_SHARE = 0.035, 0.035, 0.05
BLANK_SHARE = 0.012
FATIGUE = 0.6  # how much noisier the last item is than the first

Bools = NDArray[np.bool_]


@dataclass(frozen=True)
class Statement:
    """What one answer of an item speaks of: a mixture of spheres (n_spheres,), and how likeable it is to everybody."""

    mixture: Floats
    appeal: float


@dataclass(frozen=True)
class ItemBank:
    """Statements of an instrument, one list per item; `sharpness` says how much an item tells."""

    answers: tuple[tuple[str, ...], ...]
    statements: tuple[tuple[Statement, ...], ...]
    sharpness: Floats


def _statement(rng: np.random.Generator, scale: str) -> Statement:
    shares = sphere_vector(SCALE_SPHERES[scale])
    first, second = rng.choice(len(SPHERES), size=2, p=shares)
    mixture = 0.4 * shares  # a little of the whole scale, the rest its own
    mixture[first] += 0.65
    mixture[second] += 0.35
    return Statement(mixture, float(rng.normal(0.0, 0.35)))


def item_bank(instrument: Instrument) -> ItemBank:
    """The hidden statements of an instrument: one per answer of a pair, one per graded item (its last is the most)."""
    rng = np.random.default_rng([ITEM_BANK_SEED, *map(ord, instrument.code)])
    answers, statements = [], []
    for item in instrument.items:
        options = instrument.answers[item]
        scales = [instrument.key[item, answer][0][0] for answer in options]
        if len(set(scales)) == 1:
            points = [instrument.key[item, answer][0][1] for answer in options]
            options = tuple(options[i] for i in np.argsort(points, kind="stable"))
            scales = scales[:1]
        answers.append(options)
        statements.append(tuple(_statement(rng, scale) for scale in scales))
    sharpness = rng.lognormal(0.0, 0.25, len(instrument.items))
    return ItemBank(tuple(answers), tuple(statements), sharpness)


def _choices(
    bank: ItemBank, rng: np.random.Generator, interests: Floats, acquiescence: Floats, careless: Floats
) -> Ints:
    """Which answer each student gives to each item, shape (n_sheets, n_items)."""
    count, items = len(interests), len(bank.answers)
    chosen = np.zeros((count, items), dtype=np.int64)
    style = rng.lognormal(0.0, 0.3, count)  # some use the ends of a scale, some its middle
    for item, (options, statements) in enumerate(zip(bank.answers, bank.statements, strict=True)):
        attention = bank.sharpness[item] / (1.0 + FATIGUE * item / items)
        liking = np.column_stack([interests @ s.mixture + s.appeal for s in statements])
        if len(statements) > 1:
            chosen[:, item] = np.argmax(0.95 * attention * liking + rng.gumbel(0.0, 1.0, liking.shape), axis=1)
        else:
            felt = 1.3 * attention * liking[:, 0] + acquiescence + rng.logistic(0.0, 0.7, count)
            steps = np.linspace(-1.7, 1.7, len(options) - 1) if len(options) > 2 else np.zeros(1)
            chosen[:, item] = (felt[:, None] > steps * style[:, None]).sum(axis=1)
        thoughtless = rng.random(count) < careless
        chosen[thoughtless, item] = rng.integers(0, len(options), int(thoughtless.sum()))
    return chosen


def _spoil(bank: ItemBank, rng: np.random.Generator, chosen: Ints) -> tuple[Ints, Bools]:
    """Straight lines, random sheets, blanks and sheets that break off; returns answers and which were given."""
    count, items = chosen.shape
    options = np.array([len(answers) for answers in bank.answers])
    kind = rng.random(count)
    for sheet in np.flatnonzero(kind < STRAIGHT_LINE_SHARE):
        middle = options.max() // 2
        chosen[sheet] = np.minimum(rng.choice([0, middle, options.max() - 1]), options - 1)
    for sheet in np.flatnonzero((kind >= STRAIGHT_LINE_SHARE) & (kind < STRAIGHT_LINE_SHARE + RANDOM_SHARE)):
        chosen[sheet] = rng.integers(0, options)
    given = rng.random((count, items)) >= BLANK_SHARE
    for sheet in np.flatnonzero(rng.random(count) < BREAK_OFF_SHARE):
        given[sheet, int(items * rng.uniform(0.55, 0.95)) :] = False
    return chosen, given


def answer_sheets(
    instrument: Instrument, rng: np.random.Generator, people: People, students: Ints, year: int
) -> list[list[str]]:
    """Raw answers of some students in a year.

    Parameters
    ----------
    instrument : Instrument
        Of pairs or of graded items, one answer an item.
    students : int array (n_sheets,)
        Rows of `people`.

    Returns
    -------
    list of n_sheets lists of n_items answers, empty text = not answered
    """
    bank = item_bank(instrument)
    interests = people.interests[year, students]
    chosen = _choices(bank, rng, interests, people.acquiescence[students], people.careless[students])
    chosen, given = _spoil(bank, rng, chosen)
    return [_as_text(bank.answers, row, kept) for row, kept in zip(chosen, given, strict=True)]


def _as_text(answers: Sequence[tuple[str, ...]], chosen: Ints, given: Bools) -> list[str]:
    return [
        options[code] if kept else ""
        for options, code, kept in zip(answers, chosen.tolist(), given.tolist(), strict=True)
    ]
