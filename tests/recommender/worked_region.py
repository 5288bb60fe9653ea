"""Three students and a handful of pathways that a reader can rank with a pencil; shared by tests of the recommender."""

from datetime import date
from pathlib import Path

import numpy as np

from recommender.catalogue import Catalogue, Pathway, PathwayKind, Place
from recommender.demand import DemandEdition, DemandEntry
from recommender.demand_weights import demand_weights
from recommender.eligibility import read_rules
from recommender.expert import expert_ranker, read_expert_weights
from recommender.features import FeatureSpace
from recommender.interests import build_interest_model
from recommender.pipeline import Recommender
from recommender.reference import read_reference
from recommender.students import FactRow, FactRows, ReadingRow, StudentFacts, StudentRow, student_facts

REFERENCE_DIR = Path(__file__).parents[2] / "data" / "reference"
REFERENCE = read_reference(REFERENCE_DIR)
MODEL = build_interest_model(REFERENCE)
RULES = read_rules(REFERENCE_DIR / "eligibility.toml")
EXPERT = read_expert_weights(REFERENCE_DIR / "expert_weights.toml")
TODAY = date(2024, 10, 1)

PLACES = {
    "sch01": Place("sch01", "Школа 1", "school", 0.0, 0.0),
    "sch02": Place("sch02", "Школа 2", "school", 3.0, 4.0),
    "col01": Place("col01", "Колледж", "college", 0.0, 2.0),
    "web": Place("web", "Онлайн", "online", np.nan, np.nan),
}


def pathway(kind: PathwayKind, host: str, programme: str, **changes: object) -> Pathway:
    """A pathway open to grades 8-11 that meets every condition, with the changes asked for."""
    facts: dict[str, object] = {
        "school_year": "2024-25",
        "kind": kind,
        "pathway_code": f"{host}-{programme}",
        "programme_code": programme,
        "title_ru": programme,
        "host_code": host,
        "grades": frozenset({8, 9, 10, 11}),
        "profiles": (),
        "subjects": (),
        "spo_codes": (),
        "seats": 25,
        "hours": 34.0,
        "dates": (),
        "apply_until": date(2025, 5, 1),
        "conditions_met": frozenset({"mobility", "vision", "hearing", "speech", "intellectual"}),
        "restriction_tags": frozenset(),
        "level": "",
    }
    return Pathway(**{**facts, **changes})  # type: ignore[arg-type] # facts of a frozen class, written as a table


PROFILE, ELECTIVE, TRIAL = PathwayKind
PATHWAYS = (
    pathway(PROFILE, "sch01", "tech-eng", profiles=("tech-eng",), subjects=("math", "phys"), grades=frozenset({9})),
    pathway(PROFILE, "sch02", "sci-med", profiles=("sci-med",), subjects=("chem", "bio"), grades=frozenset({9})),
    pathway(ELECTIVE, "sch01", "el004", profiles=("tech-eng",), subjects=("phys",)),
    pathway(ELECTIVE, "sch02", "el018", profiles=("sci-med",), subjects=("bio",)),
    pathway(TRIAL, "col01", "tr005", spo_codes=("08.01.27",), restriction_tags=frozenset({"physical"})),
    pathway(TRIAL, "col01", "tr900", spo_codes=("34.02.01",)),
    pathway(TRIAL, "web", "tr003", spo_codes=("10.02.05",)),
)
CATALOGUE = Catalogue(PATHWAYS, PLACES)
SPACE = FeatureSpace(REFERENCE, CATALOGUE, MODEL)

ENGINEER = StudentRow("s-engineer", 9, "sch01")
MEDIC = StudentRow("s-medic", 9, "sch02", restriction_tags=("physical",))
NEWCOMER = StudentRow("s-newcomer", 8, "sch01")
STUDENTS = (ENGINEER, MEDIC, NEWCOMER)

AUTUMN = date(2024, 9, 20)
MAY = date(2024, 5, 31)
ROWS = FactRows(
    readings=[
        ReadingRow("s-engineer", "DDO20", AUTUMN, (1.0, 8.0, 2.0, 7.0, 2.0)),
        ReadingRow("s-medic", "HOL43", AUTUMN, (3.0, 12.0, 6.0, 13.0, 5.0, 4.0)),
    ],
    marks=[
        FactRow("s-engineer", "math", MAY, 5.0),
        FactRow("s-engineer", "phys", MAY, 5.0),
        FactRow("s-engineer", "lit", MAY, 3.0),
        FactRow("s-medic", "bio", MAY, 5.0),
        FactRow("s-medic", "chem", MAY, 4.0),
        FactRow("s-medic", "phys", MAY, 3.0),
    ],
    profile_wishes=[FactRow("s-engineer", "tech-eng", AUTUMN, 1), FactRow("s-medic", "sci-med", AUTUMN, 1)],
    trials=[FactRow("s-medic", "col01-tr900", date(2024, 9, 25), 9.0)],
)
EDITION = DemandEdition(
    "uchebny-2024H1",
    "Учебный район",
    date(2024, 1, 31),
    (
        DemandEntry(1, "Медицинская сестра", ("34.02.01",), 5, "current", None),
        DemandEntry(2, "Каменщик", ("08.01.27",), 3, "current", None),
    ),
    "0" * 64,
    illustrative=True,
)


def facts(students: tuple[StudentRow, ...] = STUDENTS, rows: FactRows = ROWS, as_of: date = TODAY) -> StudentFacts:
    """Facts of some of the students."""
    return student_facts(students, rows, as_of=as_of, catalogue=CATALOGUE, model=MODEL)


def recommender(demand_strength: float = 0.05) -> Recommender:
    """Expert weights over the worked region."""
    weights = demand_weights(CATALOGUE, REFERENCE, EDITION)
    return Recommender(SPACE, expert_ranker(EXPERT), RULES, weights, demand_strength)
