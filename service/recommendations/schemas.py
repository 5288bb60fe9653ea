"""Wire shapes of ranked lists, their reasons and the decisions about them."""

from datetime import date, datetime
from typing import Annotated, Any, Literal

from pydantic import Field

from service.wire import DAY, WHOLE, Flag, MissingFact, Wire, Writable, example

PathwayKind = Literal["profile_class", "elective", "career_trial"]
DecisionWord = Literal["accepted", "declined", "pinned"]
Finite = Annotated[float, Field(strict=True, allow_inf_nan=False)]
RecentDay = Annotated[date, Field(ge=date(1990, 1, 1)), DAY]
Text = Annotated[Writable, Field(min_length=1, max_length=100)]
Code = Annotated[str, Field(min_length=1, max_length=64, pattern=r"^[A-Za-z0-9_.:-]+$")]
MAX_DEMAND_STRENGTH = 0.3  # the same bound as recommender.policy keeps; a test holds the two equal
MAX_K = 50


class EditionStamp(Wire):
    """The demand edition an answer was made with."""

    code: str
    published_on: date
    region: str
    illustrative: bool  # made up to be realistic; say so wherever it is shown
    age_days: int
    is_stale: bool  # older than half a year on the day of the answer


class Reason(Wire):
    """One cause of a pathway's place. `text` is the sentence to show."""

    code: str
    term: str  # one of the contributions' keys
    contribution: float  # signed, in units of the score (log-odds)
    advantage: float  # the same, compared with the typical offer of this kind to this student
    facts: dict[str, Any]  # the student's own facts that the sentence quotes
    text: str


class FactShare(Wire):
    """What one fact of the student adds within a term; the shares of a term add up to its contribution."""

    fact: str  # the sort of fact; "" what is there without any, "rest" the small ones together
    code: str
    label: str  # Russian
    contribution: float


class TermShare(Wire):
    """A contribution and the facts behind it; no facts where it is not about the student."""

    term: str
    contribution: float
    facts: list[FactShare]


class BlockShare(Wire):
    """Contributions of kin terms; the blocks add up to the score."""

    block: str  # interests | subjects | wishes | experience | peers | access | past_choices
    contribution: float
    terms: list[TermShare]


class InDemand(Wire):
    """A profession of the edition in force that the pathway leads to."""

    title: str
    spo_codes: list[str]
    position: int
    level: int | None  # 1..5, 5 is the most demanded
    horizon: str | None  # current | perspective
    weight: float  # level_factor x persistence_factor x lead_factor, each in (0, 1]
    level_factor: float
    persistence_factor: float
    lead_factor: float
    edition_code: str
    published_on: date


class Decision(Wire):
    """What a person decided about one pathway for one student."""

    decision_id: int
    pathway_code: str
    title_ru: str
    decision: DecisionWord
    reason: str | None
    decided_by: str  # display name of the person or title of the key
    decided_at: datetime


class RankedPathway(Wire):
    """One line of a list. `final` = `fit` + demand_strength x `demand_weight`; contributions add up to `score`."""

    rank: int
    rank_by_fit: int | None  # the place it would have without demand; None: demand brought it into the list
    pathway_code: str
    kind: PathwayKind
    title_ru: str
    host_code: str
    host_title: str
    host_kind: str  # school | college | enterprise | online
    distance_km: float | None  # from the student's school; None: online or not known
    apply_until: date | None
    dates: list[date]
    hours: float | None
    seats: int | None
    level: str | None  # career trials: intro | deep
    fit: float
    fit_low: float  # with `fit_high`: where fit lies in 9 cases of 10
    fit_high: float
    top_chance: float  # to belong to the first three if everything were known, [0, 1]
    band_first: int  # places band_first to band_last are a tie
    band_last: int
    demand_weight: float | None  # None: the edition names no profession of this pathway
    final: float
    score: float
    contributions: dict[str, float]
    blocks: list[BlockShare]  # the same by block and by fact, largest first
    reasons: list[Reason]  # strongest first, both signs
    in_demand: list[InDemand]
    decision: Decision | None
    is_discovery: bool  # stands in the last place to widen the horizon, not by `final`
    discovery_note: str | None  # Russian: why, when it is a discovery
    crowding_note: str | None  # Russian: more are expected to apply than there are seats


class PriceOfDemand(Wire):
    """What the nudge towards demand costs in this list."""

    fit_without: float  # mean fit of the top k by fit alone
    fit_with: float  # mean fit of the list shown
    price: float  # the difference, never negative
    moved_in: list[str]  # pathway codes that demand brought into the list


class RankedList(Wire):
    """The k best pathways of one kind."""

    kind: PathwayKind
    title_ru: str  # «Профильные классы»
    items: list[RankedPathway]
    eligible_count: int  # pathways of this kind that may be offered to the student
    sureness: float  # expected share of the true first three among the first three listed, [0, 1]
    is_sure: bool  # False: too little is known; a starting point for a talk, not advice
    fit_is_calibrated: bool  # fit is a probability measured on outcomes; otherwise an expert's estimate
    price_of_demand: PriceOfDemand | None  # None when the list is empty
    note: str | None  # Russian: why the list is empty or short


class MeasureNext(Wire):
    """Evidence that would sharpen this student's lists most."""

    kind: str  # instrument | trial | marks | knowledge | profile_survey | exam_survey | elective_survey
    code: str  # of the instrument or the trial; "" otherwise
    title_ru: str
    minutes: int | None
    expected_gain: float  # expected rise of the DCG of the student's choice over five places
    text: str


class Stamps(Wire):
    """What every answer about recommendations carries."""

    model_version: str
    demand_edition: EditionStamp | None
    as_of: date
    fit_is_calibrated: bool  # true when it is true of all three lists
    demand_strength: float
    k: int
    advice_note: str  # Russian: this is advice, a person decides
    degradation: str | None  # Russian: why another version than the active one, or expert weights, made the lists


class Refusal(Wire):
    """Why nothing was ranked."""

    code: str  # consent_recommending_missing | not_in_this_year
    text: str


class StudentRecommendations(Stamps):
    """GET /v1/students/{student_id}/recommendations and POST /v1/recommendations."""

    student_id: str
    refusal: Refusal | None
    lists: list[RankedList]  # profile_class, elective, career_trial; empty when refused
    missing: list[MissingFact]
    measure_next: list[MeasureNext]


class PathwayName(Wire):
    """What a pathway is called."""

    pathway_code: str
    kind: PathwayKind
    title_ru: str
    host_title: str


class PathwayList(Wire):
    """GET /v1/pathways: what the school year in force offers, to choose from."""

    school_year: str
    pathways: list[PathwayName]


class RefusingRule(Wire):
    """A rule by which a pathway may not be offered to this student."""

    rule_id: str
    text: str
    legal_basis: str


class ComparedTerm(Wire):
    """One term of two pathways, in units of the score."""

    term: str
    block: str
    first: float
    second: float
    difference: float  # first less second
    first_text: str
    second_text: str


class PossibleChange(Wire):
    """A single change that brings the pathway among the first three; ranked again with it, it did."""

    table: str  # marks | exam_points | profile_wishes | exam_wishes | elective_wishes | profession_wishes
    code: str
    before: float | None  # mean mark, points or rank; None: no such fact
    after: float
    rank: int  # the place it brings
    text: str


class WhyNot(Stamps):
    """GET /v1/students/{student_id}/recommendations/why-not."""

    student_id: str
    refusal: Refusal | None
    pathway: PathwayName
    text: str  # the answer in one Russian sentence; "" when refused
    rules: list[RefusingRule]  # all that refuse it; then there is no place
    rank: int | None
    offered_count: int
    fit: float | None
    fit_low: float | None
    fit_high: float | None
    against: PathwayName | None  # the pathway in the third place
    costs: list[ComparedTerm]  # where that one is ahead, most costly first
    changes: list[PossibleChange]  # smallest first
    changes_text: str  # Russian, when there is something to say about changes


class Contrast(Stamps):
    """GET /v1/students/{student_id}/recommendations/contrast."""

    student_id: str
    refusal: Refusal | None
    first: PathwayName
    second: PathwayName
    first_fit: float | None
    second_fit: float | None
    difference: float | None  # of the scores; `blocks`, and the differences of `terms`, add up to it
    blocks: dict[str, float]
    terms: list[ComparedTerm]  # largest difference first
    text: str


class BriefItem(Wire):
    """One line of a student's list inside a class answer."""

    rank: int
    pathway_code: str
    title_ru: str
    fit: float
    fit_low: float
    fit_high: float
    demand_weight: float | None
    final: float
    decision: DecisionWord | None


class BriefList(Wire):
    """One kind of one student."""

    kind: PathwayKind
    items: list[BriefItem]
    first_rank: int | None  # what was accepted, or else the first that was not declined; None: nothing is left

    def find_first(self) -> BriefItem | None:
        """What stands on that place."""
        return next((item for item in self.items if item.rank == self.first_rank), None)


class BriefStudent(Wire):
    """One student of a class answer."""

    student_id: str
    refusal: Refusal | None
    lists: list[BriefList]
    interests: str | None  # Russian, a few words: what leads, as far as it can be told; None when refused
    missing: list[MissingFact]


class ClassRecommendations(Stamps):
    """GET /v1/classes/{class_id}/recommendations."""

    class_id: str
    students: list[BriefStudent]


class NewDecision(Wire):
    """POST /v1/students/{student_id}/decisions."""

    model_config = example(pathway_code="sch01-tech-eng", decision="accepted")
    pathway_code: Code
    decision: DecisionWord
    reason: Annotated[Writable, Field(max_length=500)] | None = None


class DecisionList(Wire):
    """GET /v1/students/{student_id}/decisions; only decisions in force, newest first."""

    student_id: str
    decisions: list[Decision]


class InlineReading(Wire):
    """A diagnostic given inline: either raw answers or scale scores."""

    method_code: Code
    taken_on: RecentDay
    answers: Annotated[dict[Code, Annotated[str, Field(max_length=8)]], Field(max_length=400)] | None = None
    scores: Annotated[dict[Text, Finite], Field(max_length=60)] | None = None


class InlineMark(Wire):
    """A term mark given inline."""

    subject_code: Code
    known_on: RecentDay
    mark: Annotated[Finite, Field(ge=2, le=5)]


class InlineResult(Wire):
    """A knowledge diagnostic (share of the points) or an exam (points) given inline."""

    kind: Literal["knowledge", "oge", "ege"]
    subject_code: Code
    on: RecentDay
    points: Annotated[Finite, Field(ge=0, le=100)]
    points_max: Annotated[Finite, Field(ge=0.5, le=1000)] | None = None


class InlineWish(Wire):
    """A line of a survey given inline."""

    kind: Literal["profile", "exam", "elective", "profession"]
    code: Code
    rank: Annotated[int, Field(strict=True, ge=1, le=20), WHOLE] = 1
    stated_on: RecentDay


class InlineTrial(Wire):
    """A trial attended, given inline."""

    pathway_code: Code
    attended_on: RecentDay
    rating_after: Annotated[Finite, Field(ge=1, le=10)] | None = None


class StatelessStudent(Wire):
    """A student's data inline; nothing of it is stored or logged."""

    student_id: Code = "inline"
    grade: Annotated[int, Field(strict=True, ge=6, le=11), WHOLE]
    school_code: Code
    conditions_needed: Annotated[tuple[Code, ...], Field(max_length=20)] = ()
    restriction_tags: Annotated[tuple[Text, ...], Field(max_length=20)] = ()
    readings: Annotated[tuple[InlineReading, ...], Field(max_length=50)] = ()
    marks: Annotated[tuple[InlineMark, ...], Field(max_length=2000)] = ()
    results: Annotated[tuple[InlineResult, ...], Field(max_length=200)] = ()
    wishes: Annotated[tuple[InlineWish, ...], Field(max_length=200)] = ()
    trials: Annotated[tuple[InlineTrial, ...], Field(max_length=200)] = ()


PROFILE_WISH = {"kind": "profile", "code": "tech-eng", "rank": 1, "stated_on": "2024-09-18"}


class StatelessRequest(Wire):
    """POST /v1/recommendations."""

    model_config = example(k=3, student={"grade": 9, "school_code": "sch01", "wishes": [PROFILE_WISH]})

    student: StatelessStudent
    k: Annotated[int, Field(strict=True, ge=1, le=MAX_K), WHOLE] = 5
    demand_strength: Annotated[Finite, Field(ge=0, le=MAX_DEMAND_STRENGTH)] | None = None
    discovery: Flag | None = None  # None: as the installation is set
