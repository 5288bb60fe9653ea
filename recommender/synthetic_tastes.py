"""How much a student of the sample region would really like a programme: the hidden utilities behind every choice.

Deliberately unlike the ranker: liking is a soft maximum over narrow spheres and saturates, fear of hard subjects sets
in below a threshold, interest and success reinforce each other, parents push some towards demanded trades, programmes
and hosts come into fashion and go out of it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from recommender.reference import Reference
from recommender.reference_rows import read_rows, split_codes
from recommender.synthetic_catalogue import Offer, Programme
from recommender.synthetic_people import SCHOOL_YEARS, Floats, Ints, People, true_marks
from recommender.synthetic_spheres import SPHERES, SUBJECT_SPHERES, programme_vector

SHARPNESS, CEILING = 1.2, 1.8  # of liking: how much the best sphere counts, where enthusiasm levels off
SUCCESS_WEIGHT, FEAR_WEIGHT, TOGETHER_WEIGHT = 0.55, 0.8, 0.3
FEARED_MARK = 3.35
MERIT_WEIGHT = 2.0  # makes interests and abilities about half of what decides between the pathways of a student
TASTE_SPREAD, POPULARITY_SPREAD, FASHION_SPREAD = 0.32, 0.4, 0.2
HOST_SPREAD, OFFER_SPREAD = 0.25, 0.18  # reputation of a host, and of a host for one programme
POPULAR = 0.25  # from this standing on a host holds a trial with two groups at a time
EXAM_SUBJECTS = tuple(
    code for code in SUBJECT_SPHERES if code not in {"tech", "draw", "art", "mus", "pe", "obzh", "kuban"}
)
SUBJECTS = tuple(SUBJECT_SPHERES)


@dataclass(frozen=True)
class Tastes:
    """What is fixed about programmes and hosts before anybody chooses; columns of arrays are `codes`.

    Attributes
    ----------
    mixture : float array (n_programmes, n_spheres)
    fashion : float array (n_years, n_programmes)
        Standing popularity and what is in fashion in a year.
    personal : float array (n_students, n_programmes)
        What draws a student to a programme without any reason that could be measured.
    asked : float array (n_programmes, n_subjects)
        Shares of subjects that a programme needs; zero rows for none.
    strictness : float array (n_programmes,)
        How much success in those subjects matters: 1 for classes and electives, less for trials.
    demand : float array (n_years, n_programmes), in [0, 1]
    teachers : float array (n_schools, n_subjects)
    reputation : mapping of host and of pathway codes to float
    popular : frozenset of str
        Programmes that are liked year after year.
    """

    codes: tuple[str, ...]
    mixture: Floats
    fashion: Floats
    personal: Floats
    asked: Floats
    strictness: Floats
    demand: Floats
    teachers: Floats
    reputation: dict[str, float]
    popular: frozenset[str]

    def columns(self, codes: Sequence[str]) -> Ints:
        """Positions of programme codes."""
        position = {code: i for i, code in enumerate(self.codes)}
        return np.array([position[code] for code in codes], dtype=np.int64)

    def reputation_of(self, offers: Sequence[Offer]) -> Floats:
        """Reputation of the host for each offer, shape (n_offers,)."""
        return np.array([self.reputation[offer.pathway_code] for offer in offers])


def group_demand(folder: Path) -> list[dict[str, float]]:
    """Demand of SPO groups by school year from the illustrative regional lists; the first list serves earlier years."""
    editions = []
    for path in sorted(folder.glob("krasnodar-*.csv")):
        levels: dict[str, float] = {}
        rows = read_rows(path, ["published", "spo_codes", "demand_level_illustrative"])
        for row in rows:
            for code in split_codes(row["spo_codes"]):
                level = float(row["demand_level_illustrative"]) / 5
                levels[code[:2]] = max(levels.get(code[:2], 0.0), level)
        editions.append((rows[0]["published"], levels))
    by_year = []
    for year in SCHOOL_YEARS:
        known = [levels for published, levels in editions if published < f"20{year[-2:]}-06-01"]
        by_year.append(known[-1] if known else editions[0][1])
    return by_year


def _demand_of(programme: Programme, reference: Reference, demand: Mapping[str, float]) -> float:
    groups = {code[:2] for code in programme.spo_codes}
    if not groups and programme.profiles:
        groups = set(reference.profiles[programme.profiles[0]].spo_groups)
    return float(np.mean([demand.get(group, 0.0) for group in sorted(groups)])) if groups else 0.3


def _asked(programme: Programme, reference: Reference) -> Floats:
    subjects = list(programme.subjects)
    for code in programme.spo_codes:
        subjects += reference.spo[code].subjects
    row = np.zeros(len(SUBJECTS))
    for subject in subjects:
        if subject in SUBJECTS:
            row[SUBJECTS.index(subject)] += 1.0 / len(subjects)
    return row


def create_tastes(
    rng: np.random.Generator, people: People, reference: Reference, programmes: Sequence[Programme], demand_folder: Path
) -> Tastes:
    """Draw what is fixed about the programmes.

    Parameters
    ----------
    programmes : sequence of Programme
        Profile classes, electives and trials; codes are unique among them.
    """
    count, years = len(programmes), len(SCHOOL_YEARS)
    own = rng.dirichlet(np.full(len(SPHERES), 0.15), count)  # every programme has something of its own
    declared = np.array([programme_vector(p.profiles, p.subjects, p.spo_codes) for p in programmes])
    mixture = 0.82 * declared + 0.18 * own
    fashion = np.zeros((years, count))
    mood = rng.normal(0.0, FASHION_SPREAD, count)
    standing = rng.normal(0.0, POPULARITY_SPREAD, count)
    for year in range(years):
        mood = 0.65 * mood + np.sqrt(1 - 0.65**2) * rng.normal(0.0, FASHION_SPREAD, count)
        fashion[year] = standing + mood
    demand = [[_demand_of(p, reference, levels) for p in programmes] for levels in group_demand(demand_folder)]
    schools = int(people.school.max()) + 1
    return Tastes(
        codes=tuple(p.code for p in programmes),
        mixture=mixture,
        fashion=fashion,
        personal=rng.normal(0.0, TASTE_SPREAD, (len(people.student_id), count)),
        asked=np.array([_asked(p, reference) for p in programmes]),
        strictness=np.array([0.4 if p.spo_codes else 1.0 for p in programmes]),
        demand=np.array(demand),
        teachers=rng.normal(0.0, 0.15, (schools, len(SUBJECTS))),
        reputation={},
        popular=frozenset(p.code for p, value in zip(programmes, standing, strict=True) if value > POPULAR),
    )


def add_reputations(rng: np.random.Generator, tastes: Tastes, offers: Sequence[Offer]) -> None:
    """Give every new pathway the reputation of its host for it; it stays over the years."""
    for offer in offers:
        host, own = float(rng.normal(0.0, HOST_SPREAD)), float(rng.normal(0.0, OFFER_SPREAD))
        of_host = tastes.reputation.setdefault(offer.host, host)
        tastes.reputation.setdefault(offer.pathway_code, of_host + own)


def liking(interests: Floats, mixture: Floats) -> Floats:
    """How much programmes suit interests: a soft maximum over spheres that saturates.

    Parameters
    ----------
    interests : float array (n_students, n_spheres)
    mixture : float array (n_programmes, n_spheres), rows adding up to 1

    Returns
    -------
    ndarray of shape (n_students, n_programmes), between -1.8 and 1.8

    Examples
    --------
    >>> calm = liking(np.zeros((1, 2)), np.array([[0.5, 0.5]]))
    >>> keen = liking(np.array([[2.0, -2.0]]), np.array([[0.5, 0.5]]))
    >>> bool(keen[0, 0] > calm[0, 0])
    True
    """
    soft = np.log(np.exp(SHARPNESS * np.clip(interests, -4, 4)) @ mixture.T) / SHARPNESS
    bounded: Floats = CEILING * np.tanh(soft / CEILING)
    return bounded


@dataclass(frozen=True)
class Worth:
    """Parts of the utility of programmes for students, each (n_students, n_programmes); `total` is their sum.

    `match` is liking, `success` what the marks promise beyond a middling mark: both drive later outcomes too.
    """

    match: Floats
    success: Floats
    merit: Floats
    other: Floats

    @property
    def total(self) -> Floats:
        """Everything that does not depend on host, way or friends."""
        return self.merit + self.other


def worth(tastes: Tastes, people: People, year: int, students: Ints, codes: Sequence[str]) -> Worth:
    """Utilities of programmes for students in a year, before host, way and friends.

    Parameters
    ----------
    students : int array (n_students,)
        Rows of `people`.
    codes : sequence of str
        Programmes.

    Returns
    -------
    Worth
    """
    columns = tastes.columns(codes)
    match = liking(people.interests[year, students], tastes.mixture[columns])
    marks = true_marks(people, year, SUBJECTS, tastes.teachers)[students]
    asked, strict = tastes.asked[columns], tastes.strictness[columns]
    any_asked = asked.sum(axis=1) > 0
    success = np.where(any_asked, marks @ asked.T - 3.7, 0.0)
    fear = np.maximum(FEARED_MARK - marks, 0.0) @ asked.T
    together = np.maximum(match, 0.0) * np.maximum(success, 0.0)
    merit = MERIT_WEIGHT * (
        match + strict * (SUCCESS_WEIGHT * success - FEAR_WEIGHT * fear + TOGETHER_WEIGHT * together)
    )
    undecided = np.array([0.5 if code == "univ" else 0.0 for code in codes])
    other = (
        tastes.fashion[year, columns]
        + tastes.personal[np.ix_(students, columns)]
        + 0.8 * people.parents_push[students][:, None] * (tastes.demand[year, columns] - 0.4)
        + undecided * (0.9 - people.differentiation[students])[:, None]
    )
    return Worth(match, success, merit, other)
