"""Five profile classes of the worked region, so that a list of three leaves two out."""

from dataclasses import replace

from recommender.catalogue import Catalogue
from recommender.demand_weights import demand_weights
from recommender.expert import expert_ranker
from recommender.features import FeatureSpace
from recommender.pipeline import Recommender
from recommender.students import FactRows, StudentFacts, StudentRow, student_facts
from tests.recommender.worked_region import (
    EDITION,
    EXPERT,
    MODEL,
    PATHWAYS,
    PLACES,
    PROFILE,
    REFERENCE,
    RULES,
    SPACE,
    TODAY,
    pathway,
)

NINE = frozenset({9})
PROFILES = (
    pathway(PROFILE, "sch01", "tech-eng", profiles=("tech-eng",), subjects=("math", "phys"), grades=NINE),
    pathway(PROFILE, "sch01", "tech-it", profiles=("tech-it",), subjects=("math", "inf"), grades=NINE),
    pathway(PROFILE, "sch01", "sci-bio", profiles=("sci-bio",), subjects=("chem", "bio"), grades=NINE),
    pathway(PROFILE, "sch01", "hum-ling", profiles=("hum-ling",), subjects=("lit", "hist"), grades=NINE),
    pathway(PROFILE, "sch01", "soc-econ", profiles=("soc-econ",), subjects=("soc", "geo"), grades=NINE),
)
WIDE = Catalogue((*PROFILES, *(each for each in PATHWAYS if each.kind != PROFILE)), PLACES)
WIDE_SPACE: FeatureSpace = replace(SPACE, catalogue=WIDE)


def wide_recommender() -> Recommender:
    """Expert weights over the five classes."""
    return Recommender(WIDE_SPACE, expert_ranker(EXPERT), RULES, demand_weights(WIDE, REFERENCE, EDITION), 0.05)


def wide_facts(students: tuple[StudentRow, ...], rows: FactRows) -> StudentFacts:
    """Facts as of the worked region's day."""
    return student_facts(students, rows, as_of=TODAY, catalogue=WIDE, model=MODEL)
