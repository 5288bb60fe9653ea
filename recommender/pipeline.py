"""Recommender: eligibility -> features -> scoring -> demand -> explanation, for one student and for a region alike."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from recommender.catalogue import KINDS, PathwayKind
from recommender.demand_weights import DemandWeights
from recommender.discovery import DISCOVERY_KINDS, SHORTEST, able_not_interested, find_discovery
from recommender.eligibility import EligibilityRule, Refusals, refusing_rules
from recommender.evidence import (
    NOTHING_USUAL,
    Candidates,
    NextEvidence,
    UsualFacts,
    missing_evidence,
    missing_moves,
    next_evidence,
)
from recommender.explanation import reasons_of
from recommender.fact_shares import fact_shares
from recommender.features import FeatureSpace, StudentVectors
from recommender.lists import RankedList, RankedPathway, Shown, StudentRecommendations
from recommender.policy import check_demand_strength, price_of_demand
from recommender.scoring import CONTRIBUTIONS, CompiledRanker, ServedRanker
from recommender.scoring_layout import Listed, logistic
from recommender.students import StudentFacts
from recommender.uncertainty import (
    NINE_OF_TEN,
    Certainty,
    Doubt,
    ScoreDoubt,
    certainty_of,
    drawn_scores,
    without_draws,
)

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

CANDIDATES = 40  # pathways of a kind that could still reach the first places; the rest is far behind
TAKEN_TABLES = ("trials", "enrolments")
SURE = 0.4  # expected share of the true first three among those listed; below it, nothing is advised


@dataclass(frozen=True)
class Recommendations:
    """Lists of a group of students as arrays; `explain` turns one student's row into words' raw material."""

    facts: StudentFacts
    vectors: StudentVectors
    listed: Listed
    price_of_demand: Floats
    demand_strength: float

    def places_of(self, student: int) -> frozenset[int]:
        """What is listed for one student, of all kinds.

        Parameters
        ----------
        student : int
            Position in `facts`.

        Returns
        -------
        frozenset of int
            Positions in the catalogue; empty = nothing may be offered.
        """
        return frozenset(self.listed.pathways[student].ravel().tolist()) - {-1}


@dataclass(frozen=True)
class Recommender:
    """Everything needed to rank; immutable, shared by threads.

    Attributes
    ----------
    space : FeatureSpace
    ranker : ServedRanker
    rules : tuple of EligibilityRule
    demand : DemandWeights
    demand_strength : float
        Default strength of the nudge, in fit units.
    doubts : tuple of Doubt or None, one a kind
        What is not known of the weights; none = knowledge only.
    usual : UsualFacts
        How facts scatter, to value those not seen yet.
    """

    space: FeatureSpace
    ranker: ServedRanker
    rules: tuple[EligibilityRule, ...]
    demand: DemandWeights
    demand_strength: float = 0.05
    doubts: tuple[Doubt | None, ...] = (None,) * len(KINDS)
    usual: UsualFacts = NOTHING_USUAL

    @cached_property
    def compiled(self) -> CompiledRanker:
        """The ranker laid out for this catalogue."""
        return CompiledRanker(self.ranker, self.space)

    @cached_property
    def doubt(self) -> ScoreDoubt:
        """What is not known of the scores, laid out for this catalogue."""
        return ScoreDoubt(self.compiled, self.doubts)

    @cached_property
    def _refusals(self) -> Refusals:
        return Refusals(self.rules, self.space.catalogue)

    @cached_property
    def _demand_weight(self) -> Floats:
        return np.nan_to_num(self.demand.weights)

    def with_demand(self, demand: DemandWeights) -> "Recommender":
        """The same ranker with the demand of another edition; what does not depend on demand is shared.

        Parameters
        ----------
        demand : DemandWeights
            Over the same catalogue.

        Returns
        -------
        Recommender
        """
        other = replace(self, demand=demand)
        vars(other).update(compiled=self.compiled, doubt=self.doubt, _refusals=self._refusals)
        return other

    def recommend(
        self, facts: StudentFacts, *, k: int = 5, demand_strength: float | None = None,
        vectors: StudentVectors | None = None,
    ) -> Recommendations:  # fmt: skip
        """Rank every kind for every student.

        Parameters
        ----------
        facts : StudentFacts
            Made with the same catalogue and interest model.
        k : int, >= 1
            Places per kind.
        demand_strength : float, optional
            In fit units; None = the default.
        vectors : StudentVectors, optional
            Made of the same facts before, to be used again.

        Returns
        -------
        Recommendations
            A student's lists depend on that student's facts only, bit for bit.

        Raises
        ------
        TableValueError
            demand_strength outside its range.
        """
        strength = check_demand_strength(self.demand_strength if demand_strength is None else demand_strength)
        vectors = self.space.student_vectors(facts) if vectors is None else vectors
        words = self._refusals.words(facts.patterns, facts.as_of)
        listed = self.compiled.best(
            vectors, words, facts.pattern_of, k=k, demand_weight=self._demand_weight,
            demand_strength=strength, taken=self._taken(facts),
        )  # fmt: skip
        price = price_of_demand(listed.unmoved_fit.reshape(-1, k), listed.fit.reshape(-1, k))
        return Recommendations(facts, vectors, listed, price.reshape(len(facts), len(KINDS)), strength)

    def explain(
        self, made: Recommendations, student: int, *, evidence: bool = True, discovery: bool = False
    ) -> StudentRecommendations:
        """One student's lists with contributions and reasons.

        Parameters
        ----------
        made : Recommendations
        student : int
            Position in `made.facts`.
        evidence : bool
            Whether to give reasons, to weigh what should be asked next and to split contributions by fact; a class list
            tells none of it.
        discovery : bool
            Whether the last place of a list may go to something outside the student's usual fields.

        Returns
        -------
        StudentRecommendations
        """
        contributions = self._contributions(made.vectors, student, np.arange(len(self.compiled.kind_of)))
        typical = self._typical(made.vectors, student, np.arange(len(KINDS)))
        offered = self._offered(made.facts, student)
        has_evidence = self._has_evidence(made, student)
        lists = []
        for row, kind in enumerate(KINDS):
            listed = made.listed.pathways[student, row]
            listed = listed[listed >= 0]
            nearest = self._nearest(made, offered[row], contributions, row)
            certainty = self._certainty(made, student, row, nearest, listed, drawn=evidence)
            shown = self._shown(made, student, row, certainty)
            if discovery and kind in DISCOVERY_KINDS and len(shown) >= SHORTEST:
                shown = self._with_discovery(made, student, row, nearest, shown, contributions)
            items = tuple(
                self._line(made, student, row, line, contributions[line.row], typical[row], evidence) for line in shown
            )
            if evidence:
                rows = np.array([line.row for line in shown], dtype=np.int64)
                shares = fact_shares(self.compiled, made.facts, made.vectors, student, rows)
                items = tuple(replace(item, fact_shares=own) for item, own in zip(items, shares, strict=True))
            price = float(made.price_of_demand[student, row])
            is_calibrated = bool(self.ranker.is_calibrated[row])
            is_sure = certainty.sureness >= SURE and has_evidence
            lists.append(RankedList(kind, items, price, len(offered[row]), is_calibrated, certainty.sureness, is_sure))
        return StudentRecommendations(
            made.facts.student_ids[student],
            tuple(lists),
            missing_evidence(made.facts, student),
            self.next_evidence(made, student) if evidence else (),
        )

    def sureness(self, made: Recommendations, student: int) -> Floats:
        """How sure one student's lists are, without what else `explain` weighs.

        Parameters
        ----------
        made : Recommendations
        student : int
            Position in `made.facts`.

        Returns
        -------
        ndarray of shape (n_kinds,), in [0, 1]
            Below SURE, a list is told as "not enough data"; NaN = nothing may be offered.
        """
        contributions = self._contributions(made.vectors, student, np.arange(len(self.compiled.kind_of)))
        offered, has_evidence = self._offered(made.facts, student), self._has_evidence(made, student)
        found = np.full(len(KINDS), np.nan)
        for row in range(len(KINDS)):
            listed = made.listed.pathways[student, row]
            listed = listed[listed >= 0]
            if len(listed):
                nearest = self._nearest(made, offered[row], contributions, row)
                found[row] = self._certainty(made, student, row, nearest, listed).sureness * has_evidence
        return found

    def next_evidence(
        self, made: Recommendations, student: int, *, kinds: Sequence[int] = range(len(KINDS)), count: int = 3
    ) -> tuple[NextEvidence, ...]:
        """Evidence that would sharpen one student's lists most.

        Parameters
        ----------
        made : Recommendations
        student : int
            Position in `made.facts`.
        kinds : sequence of int
            Positions in KINDS of the lists that matter.
        count : int

        Returns
        -------
        tuple of NextEvidence
            Largest expected gain first.
        """
        contributions = self._contributions(made.vectors, student, np.arange(len(self.compiled.kind_of)))
        offered = self._offered(made.facts, student)
        nearest = [
            self._nearest(made, offered[row], contributions, row)
            for row in kinds
            if (made.listed.pathways[student, row] >= 0).any()
        ]
        trials = offered[KINDS.index(PathwayKind.CAREER_TRIAL)]
        return next_evidence(self.compiled, self.usual, made.facts, made.vectors, student, nearest, trials, count)

    def _offered(self, facts: StudentFacts, student: int) -> list[Ints]:
        """Positions of the pathways that may be offered to a student, by kind."""
        words = self.words(facts, student)
        return [np.flatnonzero((words == 0) & (self.compiled.kind_of == row)) for row in range(len(KINDS))]

    def _nearest(self, made: Recommendations, own: Ints, contributions: Floats, kind: int) -> Candidates:
        """The pathways of a kind among which the first places fall, all that are listed among them; best first."""
        scores = contributions[own].sum(axis=1)
        final = self._final(scores, own, made.demand_strength, kind)
        nearest = np.argsort(-final, kind="stable")[: max(CANDIDATES, made.listed.pathways.shape[2])]
        return Candidates(kind, own[nearest], scores[nearest])

    def _final(self, scores: Floats, pathways: Ints, strength: float, kind: int) -> Floats:
        slope, intercept = self.ranker.calibration[kind]
        final: Floats = logistic(slope * scores + intercept) + strength * self._demand_weight[pathways]
        return final

    def _certainty(
        self, made: Recommendations, student: int, kind: int, nearest: Candidates, listed: Ints, *, drawn: bool = True
    ) -> Certainty:
        """How sure a list is; without draws only how far scores may be off, which is all that a class list tells."""
        deviations = self.doubt.deviations(made.facts, made.vectors, student, kind, nearest.pathways)
        unseen = self.doubt.unseen_variance[nearest.pathways]
        places = np.array([int(np.flatnonzero(nearest.pathways == pathway)[0]) for pathway in listed], dtype=np.int64)
        deviation = np.sqrt((deviations**2).sum(axis=1) + unseen)[places]
        if not drawn:
            return without_draws(deviation)
        scores = drawn_scores(nearest.scores, deviations, unseen)
        scores += missing_moves(self.compiled, self.usual, made.facts, student, nearest, len(scores))
        final = self._final(scores, nearest.pathways, made.demand_strength, kind)
        return certainty_of(final, places, deviation)

    def refusals(self, facts: StudentFacts, student: int, pathway_code: str) -> tuple[EligibilityRule, ...]:
        """The rules that refuse a pathway to a student; UnknownCodeError where the catalogue has no such pathway."""
        self.space.catalogue.get_pathway(pathway_code)
        return refusing_rules(self.rules, int(self.words(facts, student)[self.space.catalogue.position[pathway_code]]))

    def _shown(self, made: Recommendations, student: int, kind: int, certainty: Certainty) -> list[Shown]:
        rows, scores, fit, final = (table[student, kind].tolist() for table in made.listed[:4])
        return [
            Shown(
                place + 1, rows[place], scores[place], fit[place], final[place], float(deviation), float(chance), band
            )
            for place, (deviation, chance, band) in enumerate(
                zip(certainty.deviation, certainty.top_chance, certainty.bands, strict=True)
            )
        ]

    def _with_discovery(
        self, made: Recommendations, student: int, kind: int, nearest: Candidates, shown: list[Shown],
        contributions: Floats,
    ) -> list[Shown]:  # fmt: skip
        """The list with its last place given to a discovery, where something deserves it."""
        rows, last = nearest.pathways, len(shown)
        certainty = self._certainty(made, student, kind, nearest, rows)
        fit = self._final(nearest.scores, rows, 0.0, kind)
        profiles = np.empty(0, dtype=np.int64)
        if KINDS[kind] == PathwayKind.CAREER_TRIAL:  # only a trial answers "able, not interested"
            profiles = able_not_interested(self.space, made.vectors, student, contributions)
        is_able: NDArray[np.bool_] = np.any(self.space.pathway_blocks["profile_wish"][rows][:, profiles] > 0, axis=1)
        fields = np.array([self.space.catalogue.pathways[row].field_code for row in rows], dtype=np.str_)
        is_listed = np.isin(rows, [line.row for line in shown])
        found = find_discovery(fields, is_listed, fit, certainty.top_chance, is_able)
        if found is None:
            return shown
        at = found.candidate
        final = self._final(nearest.scores[at], rows[at], made.demand_strength, kind)
        line = Shown(
            last, int(rows[at]), float(nearest.scores[at]), float(fit[at]), float(final),
            float(certainty.deviation[at]), float(certainty.top_chance[at]), (last, last), found.ground,
        )  # fmt: skip
        return [*(line._replace(band=(line.band[0], min(line.band[1], last - 1))) for line in shown[:-1]), line]

    def _line(
        self,
        made: Recommendations,
        student: int,
        kind: int,
        shown: Shown,
        contributions: Floats,
        typical: Floats,
        reasons: bool,
    ) -> RankedPathway:
        row, spread = shown.row, NINE_OF_TEN * shown.deviation
        weight = float(self.demand.weights[row])
        return RankedPathway(
            rank=shown.rank,
            pathway=self.space.catalogue.pathways[row],
            fit=shown.fit,
            fit_low=self.fit(shown.score - spread, kind),
            fit_high=self.fit(shown.score + spread, kind),
            top_chance=shown.top_chance,
            band=shown.band,
            demand_weight=weight if np.isfinite(weight) else None,
            demand_sources=self.demand.sources[row],
            final=shown.final,
            score=shown.score,
            contributions=dict(zip(CONTRIBUTIONS, contributions.tolist(), strict=True)),
            reasons=reasons_of(self.space, made.facts, made.vectors, student, row, contributions, typical)
            if reasons
            else (),
            discovery=shown.discovery,
        )

    def _taken(self, facts: StudentFacts) -> tuple[Ints, Ints]:
        """Students and pathways they have already attended or are enrolled in."""
        refused = self._refusals.already_taken_bits(facts.as_of) != 0
        students, pathways = [], []
        for table in TAKEN_TABLES:
            rows = facts.tables[table].positions(self.space.catalogue.position)
            known = np.flatnonzero(rows >= 0)
            known = known[refused[rows[known]]]
            students.append(facts.tables[table].student[known])
            pathways.append(rows[known])
        return np.concatenate(students), np.concatenate(pathways)

    def words(self, facts: StudentFacts, student: int) -> NDArray[np.uint16]:
        """All refusals of one student, (n_pathways,); 0 = may be offered."""
        words = self._refusals.words((facts.patterns[facts.pattern_of[student]],), facts.as_of)[0]
        position, bits = self.space.catalogue.position, self._refusals.already_taken_bits(facts.as_of)
        for table in TAKEN_TABLES:
            codes = facts.tables[table].codes
            own = [position[codes[row]] for row in facts.tables[table].rows_of(student) if codes[row] in position]
            words[own] |= bits[own]
        return words

    def _contributions(self, vectors: StudentVectors, student: int, pathways: Ints) -> Floats:
        return self.compiled.contributions(vectors, np.full(len(pathways), student), pathways)

    def _typical(self, vectors: StudentVectors, student: int, kinds: Ints) -> Floats:
        return self.compiled.typical(vectors, np.full(len(kinds), student), kinds)

    def fit(self, score: float, kind: int) -> float:
        """Fit of a score, log-odds, in [0, 1]."""
        slope, intercept = self.ranker.calibration[kind]
        return float(logistic(slope * score + intercept))

    def _has_evidence(self, made: Recommendations, student: int) -> bool:
        """Whether anything but school and grade is known."""
        blocks = made.vectors.blocks.items()
        known = any(block[student].any() for term, block in blocks if term != "interest_match")
        return known or int(made.vectors.profile.reading_count[student]) > 0
