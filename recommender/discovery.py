"""One place of a list for something new: outside the student's usual fields, possible, and labelled as such.

Two grounds. *Able*: marks and tests speak for a profile whose work the measured interests speak against; a trial of
that field costs an afternoon and tells more than any argument, a class would cost two years, so classes never stand
here. *Unsure*: so little is known that the pathway may well belong to the first three.
"""

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from recommender.catalogue import KINDS, PathwayKind
from recommender.features import TERMS, FeatureSpace, StudentVectors
from recommender.scoring import CONTRIBUTIONS

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Flags = NDArray[np.bool_]
Ground = Literal["able", "unsure"]

DISCOVERY_KINDS = (PathwayKind.ELECTIVE, PathwayKind.CAREER_TRIAL)
SHORTEST = 3  # a list with fewer places has none to give away
FLOOR = 0.2  # fit below which nothing is suggested for discovery
WORTH_A_TRY = 0.05  # chance to belong to the first three
FIRST = 3
ABLE, AGAINST = (
    0.3,
    -0.25,
)  # subject terms above the mean class (log-odds), interest match: outer quarters of the sample
SUBJECT_COLUMNS = [CONTRIBUTIONS.index(term.code) for term in TERMS if term.block == "subjects"]
CLASSES = KINDS.index(PathwayKind.PROFILE_CLASS)


@dataclass(frozen=True, slots=True)
class Discovery:
    """What stands in the discovery place.

    Attributes
    ----------
    candidate : int
        Position among the candidates.
    ground : "able" or "unsure"
    """

    candidate: int
    ground: Ground


def able_not_interested(space: FeatureSpace, vectors: StudentVectors, student: int, contributions: Floats) -> Ints:
    """Profiles that marks and tests speak for and measured interests speak against.

    Parameters
    ----------
    space : FeatureSpace
    vectors : StudentVectors
    student : int
    contributions : ndarray of shape (n_pathways, n_contributions), log-odds

    Returns
    -------
    int array (n_found,)
        Columns of `space.profile_index`: of profiles whose class is among the first three by subject terms alone, by
        ABLE above the mean class, with an interest match below AGAINST. Empty where interests or subjects are
        not known. What the student may be offered does not enter: in grade 8 nobody is offered a class yet.
    """
    bounds = space.catalogue.kind_bounds
    rows = np.arange(bounds[CLASSES], bounds[CLASSES + 1])
    ability = contributions[rows][:, SUBJECT_COLUMNS].sum(axis=1)
    if not int(vectors.profile.reading_count[student]) or not ability.any():
        return np.empty(0, dtype=np.int64)
    programmes = [space.catalogue.pathways[row].programme_code for row in rows]
    first_of = np.unique(np.array(programmes, dtype=np.str_), return_index=True)[1]
    rows, ability = rows[first_of], ability[first_of]
    match = space.pathway_blocks["interest_match"][rows] @ vectors.blocks["interest_match"][student]
    strongest = np.argsort(-ability, kind="stable")[:FIRST]
    found = strongest[(ability[strongest] > ability.mean() + ABLE) & (match[strongest] < AGAINST)]
    return np.flatnonzero((space.pathway_blocks["profile_wish"][rows[found]] > 0).any(axis=0))


def find_discovery(
    fields: NDArray[np.str_], is_listed: Flags, fit: Floats, top_chance: Floats, is_able: Flags
) -> Discovery | None:
    """What to put into the discovery place, if anything deserves it.

    Parameters
    ----------
    fields : array of str (n_candidates,), best first
        "" = no field is named.
    is_listed : bool array (n_candidates,)
    fit, top_chance : ndarray of shape (n_candidates,), in [0, 1]
    is_able : bool array (n_candidates,)
        Trials of a field the student is able but not interested in.

    Returns
    -------
    Discovery or None

    Examples
    --------
    The second would be more of the same; of the others the student is able for the third.

    >>> fields = np.array(["08", "08", "34", "10"])
    >>> is_listed = np.array([True, False, False, False])
    >>> fit, chance = np.array([0.8, 0.7, 0.4, 0.5]), np.array([0.9, 0.5, 0.0, 0.3])
    >>> find_discovery(fields, is_listed, fit, chance, np.array([False, False, True, False]))
    Discovery(candidate=2, ground='able')
    >>> find_discovery(fields, is_listed, fit, chance, np.zeros(4, dtype=bool))
    Discovery(candidate=3, ground='unsure')
    """
    is_new = ~is_listed & (fields != "") & ~np.isin(fields, fields[is_listed]) & (fit >= FLOOR)
    able = np.flatnonzero(is_new & is_able)
    if len(able):
        return Discovery(int(able[0]), "able")
    unsure = np.flatnonzero(is_new & (top_chance >= WORTH_A_TRY))
    return Discovery(int(unsure[np.argmax(top_chance[unsure])]), "unsure") if len(unsure) else None
