"""Real occupations (O*NET), made-up answers: does a profile find its own occupation family, and does it stay the same.

Each of the 923 occupations is one person: interests lie where the occupation's ratings say, and as far again apart
from them as people of one occupation are; the person fills in RIASEC-48. The answers are synthetic: a type is liked on
the whole as the published norms say, each item has its own appeal and a little of other types, people agree more or
less readily and use more or less of the scale, an answer is a logistic draw between thresholds. The interest posterior
assumes none of this. Occupations and families are real.

Family = SOC minor group (first digits such as 11-1) within its major group (11). A person chooses among all other
occupations, the own one left out; relevance 2 = same minor group, 1 = same major group. What learns, learns from the
persons of every second occupation; the means of the scales are those persons' too.
"""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from benchmarks.records import Record
from benchmarks.rivals import contest_records
from benchmarks.sample import REFERENCE_DIR
from recommender.contest import Offers, Scorer, judge_apart, rule
from recommender.interests import (
    RIASEC,
    Administrations,
    InterestModel,
    MethodReading,
    build_interest_model,
    interest_profile,
    with_local_norms,
)
from recommender.metrics import bootstrap_interval
from recommender.ranking import PathwayRanker
from recommender.reference import read_reference
from recommender.rivals import NEED_A_PAST, multinomial_logistic, rivals

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

ITEMS, GRADES, GRADE, TYPES = 8, 5, 9, len(RIASEC)  # items a type, answers 1-5, any school grade: the prior is the same
WITHIN_OCCUPATION = 0.7  # spread of people of one occupation, in spreads between people
STEP = 1.2  # what it takes to answer one grade higher
STABLE, STABILITY_SEEDS = 10, 3
SEED = 1411  # taken once, after everything was settled on other seeds
CHANCE_FOLDS = 5
OURS = "pathway_ranker"


@dataclass(frozen=True)
class World:
    """Occupations: minor and major group (n,), interests relative to the average occupation (n, 6), ratings (n, 6).

    `liked` (6,): mean answer to the items of a type.
    """

    family: Ints
    major: Ints
    interests: Floats
    ratings: Floats
    liked: Floats


def read_world() -> tuple[World, InterestModel]:
    """Occupations of the reference data, and the interest model as shipped."""
    reference = read_reference(REFERENCE_DIR)
    ratings = np.array([occupation.interests for occupation in reference.onet], dtype=float)
    family, major = (
        np.unique([occupation.code[:digits] for occupation in reference.onet], return_inverse=True)[1]
        for digits in (4, 2)
    )
    liked = np.asarray(reference.norms.moments[0], dtype=float) / ITEMS
    spread = (ratings - ratings.mean(axis=0)) / ratings.std(axis=0)
    return World(family, major, spread, ratings, liked), build_interest_model(reference)


def filled_in(world: World, random: np.random.Generator) -> Floats:
    """Answers 1-5 of one sheet each, (n_people, 6, 8): synthetic."""
    people = len(world.interests)
    theirs = world.interests + WITHIN_OCCUPATION * random.normal(size=world.interests.shape)
    speaks_of = np.eye(TYPES)[:, None, :] + 0.25 * np.abs(random.normal(size=(TYPES, ITEMS, TYPES)))
    appeal = STEP * (world.liked[:, None] - (1 + GRADES) / 2) + random.normal(0.0, 0.5, (TYPES, ITEMS))
    agreeing = random.normal(0.0, 0.4, people)[:, None, None]
    wide = random.lognormal(0.0, 0.3, people)[:, None, None]
    felt = np.einsum("pk,tik->pti", theirs, speaks_of) + appeal + agreeing + random.logistic(0.0, 0.6, (people, 6, 8))
    steps = STEP * np.linspace(-1.5, 1.5, GRADES - 1)
    return 1.0 + (felt[..., None] > steps * wide[..., None]).sum(axis=-1)


def posterior(model: InterestModel, answers: Floats, told: NDArray[np.bool_]) -> Floats:
    """Interests (n_people, 6) that a whole sheet or a half of it says; means of the scales from those who `told`."""
    place = model.method_index["RIASEC48"]
    share = answers.shape[2] / ITEMS
    whole = model.methods[place][1]
    part: MethodReading = replace(
        whole, mean=whole.mean * share, spread=whole.spread * share, noise=whole.noise / share
    )
    methods = list(model.methods)
    methods[place] = ("RIASEC48", part)
    count = len(answers)
    sums, single = answers.sum(axis=2), answers.reshape(count, -1)
    columns = (np.arange(count), np.full(count, place), np.zeros(count), sums, single)
    sheets, earlier = Administrations(*columns), Administrations(*(column[told] for column in columns))
    local = with_local_norms(replace(model, methods=tuple(methods)), earlier)
    profile = interest_profile(local, np.full(count, GRADE), sheets)
    return profile.mean[:, :TYPES]


def directions(profiles: Floats) -> Floats:
    """Profiles (n, 6) around their own mean, of length 1."""
    around = profiles - profiles.mean(axis=1, keepdims=True)
    return around / np.maximum(np.sqrt((around**2).sum(axis=1, keepdims=True)), 1e-9)


def correlation(answers: Floats, world: World) -> Floats:
    """O*NET's rule: correlation of six sums with six ratings, (n_people, n_occupations)."""
    return directions(answers.sum(axis=2)) @ directions(world.ratings).T


def expected_liking(interests: Floats, world: World, model: InterestModel) -> Floats:
    """O*NET's rule with expected true liking in place of the sums, (n_people, n_occupations)."""
    spread = model.methods[model.method_index["RIASEC48"]][1].spread / ITEMS
    return directions(world.liked + spread * interests) @ directions(world.ratings).T


def product(interests: Floats, world: World) -> Floats:
    """Expected interests times what sets an occupation apart, (n_people, n_occupations)."""
    return interests @ directions(world.interests).T


def _centres(world: World, used: NDArray[np.bool_]) -> Floats:
    """Mean interests of each family over some occupations, (n_families, 6); 0, the average one, where it has none.

    A person's own occupation is never among those used: its family's centre would lie nearer to the person, and one
    that leaves the own occupation out would tell the family by being different from what others see.
    """
    count = np.bincount(world.family[used], minlength=world.family.max() + 1)
    sums = np.zeros((len(count), world.interests.shape[1]))
    np.add.at(sums, world.family[used], world.interests[used])
    return sums / np.maximum(count, 1)[:, None]


def offers(world: World, people: Ints, answers: Floats, interests: Floats, model: InterestModel) -> Offers:
    """All other occupations as the choice set of each person; all `people` stand in even or all in odd places."""
    rows, columns = np.nonzero(people[:, None] != np.arange(len(world.family)))
    others = np.arange(len(world.family)) % 2 != people[0] % 2
    centre = _centres(world, others)[world.family[columns]]
    own = world.interests[columns]
    felt = interests[rows]
    kinship = sum((group[people][:, None] == group).astype(float) for group in (world.family, world.major))
    return Offers(
        terms=np.hstack([felt * own, felt * centre, own, own**2, centre, centre**2]),
        relevance=kinship[rows, columns],
        queries=rows,
        pathways=columns,
        programmes=world.family[columns],
        students=answers.mean(axis=2),
        who=people,
        groups=world.family[people],
        rules={
            "interest_correlation": correlation(answers, world)[rows, columns],
            "expected_liking": expected_liking(interests, world, model)[rows, columns],
            "interest_posterior": product(interests, world)[rows, columns],
        },
    )


def ours(known: Offers) -> Scorer:
    """The additive ranker on products of the expected interests with occupation and family, and a learned chance.

    The chance of each family by multinomial regression is one more term, bent; what the ranker learns its weight from
    are chances given by people of other folds.
    """
    fold = np.arange(len(known)) % CHANCE_FOLDS
    chance = np.empty(len(known.queries))
    for number in range(CHANCE_FOLDS):
        scorer = multinomial_logistic(known.of_queries(np.flatnonzero(fold != number)))
        chance[fold[known.queries] == number] = scorer(known.of_queries(np.flatnonzero(fold == number)))
    terms = np.column_stack([known.terms, chance])
    ranker = PathwayRanker(shaped_columns=(terms.shape[1] - 1,)).fit(
        terms, known.relevance, query_ids=known.queries, bias_ids=known.programmes[:, None]
    )
    scorer = multinomial_logistic(known)
    return lambda asked: ranker.predict(
        np.column_stack([asked.terms, scorer(asked)]), bias_ids=asked.programmes[:, None]
    )


def people_of(
    world: World, model: InterestModel, seed: int, chosen: NDArray[np.bool_], told: NDArray[np.bool_]
) -> Offers:
    """Offers of some people with whole sheets."""
    answers = filled_in(world, np.random.default_rng(seed))
    interests = posterior(model, answers, told)[chosen]
    return offers(world, np.flatnonzero(chosen), answers[chosen], interests, model)


def own_family(known: Offers, asked: Offers) -> list[Record]:
    """Who finds the own family among all other occupations."""
    learning = {name: rival for name, rival in rivals().items() if name not in NEED_A_PAST}
    every = {name: rule(name) for name in asked.rules} | learning | {OURS: ours}
    standings = {name: judge_apart(name, rival, known, asked) for name, rival in every.items()}
    return contest_records("onet", standings, OURS, asked.groups, "synthetic")


def overlap(first: Floats, second: Floats) -> Floats:
    """Share of the first ten that two lists have in common, (n_people,)."""
    lists = [np.argsort(-scores, axis=1, kind="stable")[:, :STABLE] for scores in (first, second)]
    return np.array([len(np.intersect1d(*pair)) for pair in zip(*lists, strict=True)]) / STABLE


def stability(world: World, model: InterestModel, ranker: Scorer, asked: NDArray[np.bool_]) -> list[Record]:
    """Do odd and even items give the same ten occupations, and by how much more so than a stranger's items.

    A rule that tells everybody the same is perfectly stable; what a list shares with a stranger's tells so.
    """
    people = np.flatnonzero(asked)
    own: dict[str, list[Floats]] = {}
    personal: dict[str, list[Floats]] = {}
    for seed in range(SEED + 1, SEED + STABILITY_SEEDS + 1):
        random = np.random.default_rng([seed, 1])
        answers = filled_in(world, random)
        stranger = np.roll(np.arange(len(people)), int(random.integers(1, len(people))))
        halves = []
        for half in (answers[:, :, 0::2], answers[:, :, 1::2]):
            found = offers(world, people, half[asked], posterior(model, half, ~asked)[asked], model)
            halves.append(dict(found.rules) | {OURS: ranker(found)})
        for name in halves[0]:
            odd, even = (table_of(half[name], people, len(world.family)) for half in halves)
            own.setdefault(name, []).append(overlap(odd, even))
            personal.setdefault(name, []).append(own[name][-1] - overlap(odd, even[stranger]))
    result = []
    for figure, found in (("top10_overlap", own), ("top10_beyond_stranger", personal)):
        shares = {name: np.mean(values, axis=0) for name, values in found.items()}
        for name, share in shares.items():
            interval = bootstrap_interval(share, world.family[people])
            result.append(Record(f"onet.{figure}.{name}", float(share.mean()), interval, None, "higher", "synthetic",
                                 runs=STABILITY_SEEDS))  # fmt: skip
        gained = shares[OURS] - shares["interest_correlation"]
        reach = bootstrap_interval(gained, world.family[people])
        result.append(Record(f"onet.{figure}.reach", reach[1], reach, 0.0, "higher", "synthetic",
                             "interest_correlation", STABILITY_SEEDS))  # fmt: skip
    return result


def table_of(scores: Floats, people: Ints, count: int) -> Floats:
    """Scores of offers as (n_people, n_occupations); the own occupation, which is not on offer, stands last."""
    table = np.full((len(people), count), -np.inf)
    table[people[:, None] != np.arange(count)] = scores
    return table


def records() -> list[Record]:
    """Own family, and stability of the first ten."""
    world, model = read_world()
    with threadpool_limits(limits=1):
        even = np.arange(len(world.family)) % 2 == 0
        kin = np.bincount(world.family)[world.family] > 1
        known, asked = (people_of(world, model, SEED, chosen, even) for chosen in (kin & even, kin & ~even))
        return [*own_family(known, asked), *stability(world, model, ours(known), kin & ~even)]
