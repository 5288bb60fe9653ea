"""Choices of the sample region: surveys state them early and noisily; seats, friends and the way decide the rest."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np

from recommender.synthetic_catalogue import Offer, travel_cost
from recommender.synthetic_people import AS_OF, CURRENT, Floats, Ints, People, random_day, year_day
from recommender.synthetic_tastes import Tastes, Worth, worth

SURVEY_NOISE, CHOICE_NOISE = 0.35, 0.35
OWN_SCHOOL_WEIGHT, WAY_WEIGHT, FRIEND_WEIGHT = 1.4, 1.3, 0.3
STATED_WEIGHT = 0.55  # who has once said so finds it easier to do so
APPLICATIONS = 4
TRIAL_COUNT_SHARES = (0.27, 0.33, 0.26, 0.14)
ELECTIVE_COUNT_SHARES = (0.1, 0.44, 0.39, 0.07)
SEEN_SHARE = 0.8  # of the trials on offer a student has heard of


@dataclass(frozen=True)
class Taken:
    """A pathway that a student took, with what is true of the match (see `Worth`)."""

    student: int
    offer: Offer
    on: date
    match: float
    success: float


Stated = Mapping[int, tuple[str, ...]]  # student -> programme codes named in a survey


def stated_pull(students: Ints, codes: Sequence[str], stated: Stated) -> Floats:
    """What an earlier word adds to the utility of the programmes named, shape (n_students, n_programmes)."""
    named = [[code in stated.get(student, ()) for code in codes] for student in students.tolist()]
    pull: Floats = STATED_WEIGHT * np.array(named, dtype=float).reshape(len(students), len(codes))
    return pull


def with_noise(rng: np.random.Generator, utilities: Floats, scale: float) -> Floats:
    """Utilities at the moment of a choice."""
    noisy: Floats = utilities + rng.gumbel(0.0, scale, utilities.shape)
    return noisy


def allowed(
    people: People, students: Ints, offers: Sequence[Offer], year: int
) -> np.ndarray[tuple[int, int], np.dtype[np.bool_]]:
    """Who may take what by grade, conditions needed and factors to avoid; shape (n_students, n_offers)."""
    grades = people.grade(year)[students]
    fits = np.array([[grade in offer.grades for offer in offers] for grade in range(8, 12)])[grades - 8]
    for row, student in enumerate(students):
        needed, avoided = set(people.conditions[student]), set(people.restrictions[student])
        if needed or avoided:
            fits[row] &= [
                needed <= set(offer.conditions) and not avoided & set(offer.programme.restrictions) for offer in offers
            ]
    return fits


def friends_among(people: People, students: Ints, tentative: Ints, count: int) -> Floats:
    """How many friends lean to each offer, shape (n_students, n_offers); `tentative` -1 = none."""
    position = {int(student): row for row, student in enumerate(students)}
    pull = np.zeros((len(students), count))
    for row, student in enumerate(students):
        for friend in people.friends[student]:
            other = position.get(int(friend))
            if other is not None and tentative[other] >= 0:
                pull[row, tentative[other]] += 1.0
    return pull


# ---- profile classes ------------------------------------------------------------------------------------------------


def choose_profile_classes(
    rng: np.random.Generator,
    *,
    people: People,
    tastes: Tastes,
    offers: Sequence[Offer],
    students: Ints,
    priority: Floats,
    minutes: Floats,
    stated: Stated,
    year: int,
) -> list[Taken]:
    """Enrol students who stay after grade 9: each applies to up to four classes, classes admit by priority.

    Parameters
    ----------
    students : int array (n_students,)
    priority : float array (n_students, n_offers)
        Order in which a class admits (marks, OGE).
    minutes : float array (n_students, n_offers)
        Way to the school of the class; 0 = own school.

    Returns
    -------
    list of Taken, at most one a student; who is admitted nowhere is not in it
    """
    codes = [offer.programme.code for offer in offers]
    value = worth(tastes, people, year, students, codes)
    may = allowed(people, students, offers, year)
    utility = value.total + tastes.reputation_of(offers) * (1.0 + 0.3 * people.ability[students].mean(axis=1))[:, None]
    utility += OWN_SCHOOL_WEIGHT * (minutes == 0) - WAY_WEIGHT * travel_cost(minutes)
    utility += stated_pull(students, codes, stated)
    utility = np.where(may, with_noise(rng, utility, CHOICE_NOISE), -np.inf)
    utility += FRIEND_WEIGHT * np.minimum(friends_among(people, students, utility.argmax(axis=1), len(offers)), 3.0)
    wishes = [
        [int(j) for j in np.argsort(-row, kind="stable")[:APPLICATIONS] if np.isfinite(row[j])] for row in utility
    ]
    for row, listed in enumerate(wishes):  # the universal class of the own school takes those whom nobody took
        listed += [j for j, code in enumerate(codes) if code == "univ" and minutes[row, j] == 0 and j not in listed]
    admitted = admit(wishes, priority, [offer.seats for offer in offers])
    taken = []
    for row, j in sorted(admitted.items()):
        on = random_day(rng, year_day(year, 6, 24), year_day(year, 8, 20))
        taken.append(Taken(int(students[row]), offers[j], on, float(value.match[row, j]), float(value.success[row, j])))
    return taken


def admit(wishes: list[list[int]], priority: Floats, seats: Sequence[int]) -> dict[int, int]:
    """Deferred acceptance, students proposing; applicant -> class."""
    held: dict[int, list[int]] = {j: [] for j in range(len(seats))}
    waiting = list(range(len(wishes)))
    following = [iter(listed) for listed in wishes]
    while waiting:
        applicant = waiting.pop()
        j = next(following[applicant], None)
        if j is None:
            continue
        held[j].append(applicant)
        held[j].sort(key=lambda row: (-priority[row, j], row))
        if len(held[j]) > seats[j]:
            waiting.append(held[j].pop())
    return {row: j for j, rows in held.items() for row in rows}


# ---- electives ------------------------------------------------------------------------------------------------------


def choose_electives(
    rng: np.random.Generator,
    *,
    people: People,
    tastes: Tastes,
    offers: Sequence[Offer],
    students: Ints,
    stated: Stated,
    year: int,
) -> list[Taken]:
    """One or two electives of the own school for most students, first come, first served.

    Parameters
    ----------
    offers : sequence of Offer
        Of one school and year.
    students : int array (n_students,)
        Of that school.
    """
    codes = [offer.programme.code for offer in offers]
    value = worth(tastes, people, year, students, codes)
    long = np.array([float(offer.programme.hours) > 20 for offer in offers])
    utility = value.total + stated_pull(students, codes, stated) + tastes.reputation_of(offers)
    utility -= 0.2 * long * (people.diligence[students] < -0.5)[:, None]
    utility = np.where(allowed(people, students, offers, year), with_noise(rng, utility, CHOICE_NOISE), -np.inf)
    friends = friends_among(people, students, utility.argmax(axis=1), len(offers))
    utility += FRIEND_WEIGHT * np.minimum(friends, 3.0)
    count = rng.choice(len(ELECTIVE_COUNT_SHARES), size=len(students), p=ELECTIVE_COUNT_SHARES)
    alike = tastes.mixture[tastes.columns(codes)]
    alike = alike @ alike.T / np.sqrt(np.outer((alike**2).sum(axis=1), (alike**2).sum(axis=1)))
    left = np.array([offer.seats for offer in offers])
    taken = []
    for row in np.argsort(-people.diligence[students] + rng.normal(0.0, 1.5, len(students)), kind="stable"):
        if year == CURRENT and rng.random() < 0.9:
            continue  # most enrol in the first half of October
        wanted = utility[row].copy()
        for _ in range(int(count[row])):
            j = int(np.argmax(np.where(left > 0, wanted, -np.inf)))
            if not np.isfinite(wanted[j]) or left[j] <= 0:
                break
            left[j] -= 1
            wanted -= 0.5 * alike[j]  # a second one of the same kind is worth less
            wanted[j] = -np.inf
            on = random_day(
                rng,
                year_day(year, 9, 2),
                min(offers[j].apply_until, AS_OF - timedelta(days=1)) if year == CURRENT else offers[j].apply_until,
            )
            taken.append(
                Taken(int(students[row]), offers[j], on, float(value.match[row, j]), float(value.success[row, j]))
            )
    return taken


# ---- trials ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Visit:
    """A sign-up for a trial; `attended_on` None = did not come; ratings 1-10 or None = not given."""

    taken: Taken
    attended_on: date | None
    rating_before: int | None
    rating_after: int | None


def choose_trials(
    rng: np.random.Generator,
    *,
    people: People,
    tastes: Tastes,
    offers: Sequence[Offer],
    students: Ints,
    minutes: Floats,
    tried: dict[int, set[str]],
    year: int,
) -> list[Visit]:
    """Up to three trials a student, decided at some day of the year among those still to come with seats.

    Parameters
    ----------
    minutes : float array (n_students, n_offers)
    tried : mapping of student to programme codes
        What a student has tried before; nobody signs up twice. Extended here.
    """
    codes = [offer.programme.code for offer in offers]
    value = worth(tastes, people, year, students, codes)
    utility = value.total + tastes.reputation_of(offers) - WAY_WEIGHT * travel_cost(minutes)
    online = np.array([offer.host == "net01" for offer in offers])
    utility = utility - 0.4 * online
    may = allowed(people, students, offers, year)
    friends = friends_among(people, students, np.where(may, utility, -np.inf).argmax(axis=1), len(offers))
    utility += FRIEND_WEIGHT * np.minimum(friends, 2.0)
    count = rng.choice(len(TRIAL_COUNT_SHARES), size=len(students), p=TRIAL_COUNT_SHARES)
    decisions = sorted(
        (random_day(rng, year_day(year, 9, 12), year_day(year, 4, 30)), row)
        for row in range(len(students))
        for _ in range(int(count[row]))
    )
    left = np.array([offer.seats for offer in offers])
    visits = []
    for on, row in decisions:
        student = int(students[row])
        open_still = np.array([offer.apply_until >= on for offer in offers]) & (left > 0) & may[row]
        open_still &= rng.random(len(offers)) < SEEN_SHARE
        open_still &= np.array([code not in tried.setdefault(student, set()) for code in codes])
        if not open_still.any():
            continue
        j = int(np.argmax(np.where(open_still, with_noise(rng, utility[row], CHOICE_NOISE), -np.inf)))
        left[j] -= 1
        tried[student].add(codes[j])
        taken = Taken(student, offers[j], on, float(value.match[row, j]), float(value.success[row, j]))
        visits.append(_visit(rng, taken, float(minutes[row, j]), tastes.reputation[offers[j].pathway_code]))
    return visits


def _visit(rng: np.random.Generator, taken: Taken, minutes: float, reputation: float) -> Visit:
    day = next(day for day in taken.offer.dates if day >= taken.on + timedelta(days=3))
    absence = 1.0 / (1.0 + np.exp(2.3 + 0.6 * taken.match - 1.2 * float(travel_cost(np.array(minutes)))))
    came = rng.random() >= absence
    before = 6.3 + 0.9 * taken.match + rng.normal(0.0, 1.6)
    after = 6.2 + 1.7 * taken.match + 0.5 * taken.success + 1.0 * reputation + rng.normal(0.0, 1.1)
    return Visit(
        taken,
        day if came else None,
        int(np.clip(round(before), 1, 10)) if rng.random() < 0.7 else None,
        int(np.clip(round(after), 1, 10)) if came and rng.random() < 0.78 else None,
    )


def early_wishes(rng: np.random.Generator, value: Worth, known: Floats | None = None) -> Ints:
    """Programmes in the order in which a survey would name them, shape (n_students, n_programmes).

    `known`, of the same shape, is what makes a programme come to mind: that the own school has it.
    """
    stated = with_noise(rng, value.total if known is None else value.total + known, SURVEY_NOISE)
    order: Ints = np.argsort(-stated, axis=1, kind="stable")
    return order
