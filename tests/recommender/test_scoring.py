"""The served scoring: a list that a pencil can check, then one set of bits by every road."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from recommender import scoring_arrays, scoring_loops
from recommender.catalogue import KINDS, Catalogue
from recommender.errors import TableValueError
from recommender.features import SHAPED_TERMS, STUDENT_STEP, TERM_CODES, VECTOR_TERMS, FeatureSpace, StudentVectors
from recommender.interests import InterestProfile
from recommender.policy import MAX_DEMAND_STRENGTH
from recommender.scoring import CHUNK, CONTRIBUTIONS, CompiledRanker, Listed, ServedRanker
from recommender.scoring_layout import N_REASONS, ROW_STEP, VALUE_STEP, logistic
from tests.recommender.worked_region import CATALOGUE, ELECTIVE, MODEL, PLACES, PROFILE, REFERENCE, TRIAL, pathway

SPACE = FeatureSpace(REFERENCE, CATALOGUE, MODEL)
HOSTS = tuple(PLACES)


def ranker(random: np.random.Generator | None = None, **weights: float) -> ServedRanker:
    """Weights by term, the same for every kind, without bends; or all of it at random."""
    kinds, shapes = len(KINDS), len(SHAPED_TERMS)
    codes = sorted({p.programme_code for p in crowded().pathways})
    if random is not None:
        return ServedRanker(
            random.normal(size=(kinds, len(TERM_CODES))), np.sort(random.normal(size=(kinds, shapes, 3)), axis=2),
            random.normal(size=(kinds, shapes, 3)),
            tuple({code: float(random.normal()) for code in codes} for _ in KINDS),
            tuple({host: float(random.normal()) for host in HOSTS} for _ in KINDS),
            np.column_stack([random.uniform(0.3, 2.0, kinds), random.normal(size=kinds)]), np.ones(kinds, dtype=bool),
        )  # fmt: skip
    row = [weights.get(code, 0.0) for code in TERM_CODES]
    flat = np.zeros((kinds, shapes, 3))
    nothing: tuple[dict[str, float], ...] = ({},) * kinds
    calibration = np.tile([1.0, 0.0], (kinds, 1))
    return ServedRanker(np.tile(row, (kinds, 1)), flat, flat, nothing, nothing, calibration, np.ones(kinds, dtype=bool))


def crowded(count: int = 90) -> Catalogue:
    """Programmes of every kind at several hosts, some with nothing to tell them apart but the host."""
    profiles, spo = list(REFERENCE.profiles), [code for code, s in REFERENCE.spo.items() if s.status == "active"]
    pathways = []
    for number in range(count):
        kind, programme = KINDS[number % 3], number % (count // 3)
        content = {"spo_codes": (spo[programme],)} if kind == TRIAL else {"profiles": (profiles[programme % 20],)}
        host = HOSTS[number * len(HOSTS) // count]
        pathways.append(pathway(kind, host, f"pr{programme:02}", subjects=("math", "bio")[: number % 3], **content))
    return Catalogue(tuple(sorted(pathways, key=lambda p: (KINDS.index(p.kind), p.pathway_code))), PLACES)


CROWDED = FeatureSpace(REFERENCE, crowded(), MODEL)


def vectors(space: FeatureSpace, blocks: dict[str, np.ndarray], school_of: np.ndarray) -> StudentVectors:
    """Students of whom only these blocks are known."""
    count = len(school_of)
    every = {t: blocks.get(t, np.zeros((count, space.pathway_blocks[t].shape[1]))) for t in VECTOR_TERMS}
    profile = InterestProfile(every["interest_match"], np.zeros((count, 11, 11)), np.zeros(count, dtype=np.int64))
    return StudentVectors.side_by_side(every, school_of, profile)


def students(space: FeatureSpace, random: np.random.Generator, count: int) -> StudentVectors:
    """Students of whom something is known; of every seventh nothing."""
    blocks = {}
    for term in VECTOR_TERMS:
        shape = (count, space.pathway_blocks[term].shape[1])
        blocks[term] = random.normal(size=shape) * (random.random(shape) < random.random())
        blocks[term][::7] = 0.0
    return vectors(space, blocks, random.integers(-1, len(space.catalogue.school_codes), count))


def arrays_of(listed: Listed) -> tuple[np.ndarray, ...]:
    return (*listed[:-1], *listed.reasons)


def same_bits(one: Listed, other: Listed) -> bool:
    return all(
        left.dtype == right.dtype and left.tobytes() == right.tobytes()
        for left, right in zip(arrays_of(one), arrays_of(other), strict=True)
    )


def asked(random: np.random.Generator, space: FeatureSpace, count: int, refused: float = 0.3) -> dict[str, object]:
    """Who is refused what, what was taken before, and demand, at random."""
    pathways = len(space.catalogue.pathways)
    return {
        "words": (random.random((5, pathways)) < refused).astype(np.uint16) << random.integers(0, 15, (5, 1)),
        "word_of": random.integers(0, 5, count),
        "demand_weight": np.round(random.random(pathways), 1),
        "taken": (random.integers(0, count, 2 * count), random.integers(0, max(pathways, 1), 2 * count)),
    }


def test_by_hand():
    """Technology is wished for (0.5), biology's marks are good (+1), each term weighs 2; the nudge is 0.2 at most.

    Profile classes: technology 0.5 * 2 = 1, medicine (chemistry and biology, half of each) 1 * 0.5 * 2 = 1: a tie, so
    the catalogue's order. Electives: technology 1, biology 1 * 2 = 2. With demand for technology alone its class gets
    1 / (1 + e^-1) + 0.2 = 0.931, and the elective 0.931 passes biology's 1 / (1 + e^-2) = 0.881.
    """
    compiled = CompiledRanker(ranker(profile_wish=2.0, subject_level=2.0), SPACE)
    wish, marks = np.zeros((1, len(SPACE.profile_index))), np.zeros((1, len(SPACE.subject_index)))
    wish[0, SPACE.profile_index["tech-eng"]], marks[0, SPACE.subject_index["bio"]] = 0.5, 1.0
    student = vectors(SPACE, {"profile_wish": wish, "subject_level": marks}, np.array([0]))
    nothing_refused, first = np.zeros((1, len(CATALOGUE.pathways)), dtype=np.uint16), np.zeros(1, dtype=np.int64)
    titles = [p.pathway_code for p in CATALOGUE.pathways]
    demand = np.array([float("tech-eng" in p.profiles) for p in CATALOGUE.pathways])
    still = compiled.best(student, nothing_refused, first, k=2, demand_weight=demand, reasons=True)
    moved = compiled.best(student, nothing_refused, first, k=2, demand_weight=demand, demand_strength=0.2)
    assert [titles[row] for row in still.pathways[0, 0]] == ["sch01-tech-eng", "sch02-sci-med"]
    assert still.scores[0, 0].tolist() == [1.0, 1.0]
    assert [titles[row] for row in still.pathways[0, 1]] == ["sch02-el018", "sch01-el004"]
    assert [titles[row] for row in moved.pathways[0, 1]] == ["sch01-el004", "sch02-el018"]
    assert moved.final[0, 1].round(3).tolist() == [0.931, 0.881]
    assert [titles[row] for row in moved.unmoved[0, 1]] == ["sch02-el018", "sch01-el004"]
    wished, level = (CONTRIBUTIONS.index(term) for term in ("profile_wish", "subject_level"))
    assert still.reasons.terms[0, 1].tolist() == [[level, wished, -1], [level, wished, -1]]
    assert still.reasons.contributions[0, 1, :, :2].tolist() == [[2.0, 0.0], [0.0, 1.0]]
    assert still.reasons.advantages[0, 1, :, :2].tolist() == [[1.0, -0.5], [-1.0, 0.5]]


@pytest.mark.parametrize("strength", [0.0, 0.05, 0.3])
@pytest.mark.parametrize("k", [1, 4, 10, 40])
def test_numpy_alone_lists_the_same_bits_as_the_compiled_loop(strength, k):
    random = np.random.default_rng(k)
    served, group = ranker(random), students(CROWDED, random, 60)
    question = asked(random, CROWDED, 60)
    made = [
        CompiledRanker(served, CROWDED, form.list_students).best(
            group, k=k, demand_strength=strength, reasons=True, **question
        )
        for form in (scoring_loops, scoring_arrays)
    ]
    assert (made[0].pathways >= 0).any()
    assert same_bits(*made)


@pytest.mark.parametrize("form", [scoring_loops, scoring_arrays])
def test_threads_and_company_change_no_bit(form):
    random = np.random.default_rng(1)
    count = 2 * CHUNK + 7
    compiled = CompiledRanker(ranker(random), CROWDED, form.list_students)
    group, question = students(CROWDED, random, count), asked(random, CROWDED, count)
    together = compiled.best(group, k=5, demand_strength=0.1, reasons=True, **question)
    assert same_bits(together, compiled.best(group, k=5, demand_strength=0.1, reasons=True, threads=3, **question))
    for student in (0, 1, CHUNK - 1, CHUNK, count - 1):
        one = slice(student, student + 1)
        blocks = {term: block[one] for term, block in group.blocks.items()}
        own = question["taken"][1][question["taken"][0] == student]
        alone = compiled.best(
            vectors(CROWDED, blocks, group.school_of[one]), question["words"], question["word_of"][one], k=5,
            demand_weight=question["demand_weight"], demand_strength=0.1, reasons=True,
            taken=(np.zeros(len(own), dtype=np.int64), own),
        )  # fmt: skip
        parts = [array[one].tobytes() for array in arrays_of(together)]
        assert [array.tobytes() for array in arrays_of(alone)] == parts


@settings(deadline=None, max_examples=25)
@given(st.integers(0, 10_000), st.sampled_from([0.0, 0.01, 0.05, 0.3]), st.integers(1, 12))
def test_lists_are_those_of_sorting_the_sums_of_the_contributions(seed, strength, k):
    random = np.random.default_rng(seed)
    compiled = CompiledRanker(ranker(random), CROWDED)
    group, question = students(CROWDED, random, 3), asked(random, CROWDED, 3, refused=random.choice([0.1, 0.9, 1.0]))
    listed = compiled.best(group, k=k, demand_strength=strength, **question)
    every, n = np.arange(len(CROWDED.catalogue.pathways)), len(CROWDED.catalogue.pathways)
    for student in range(3):
        scores = compiled.contributions(group, np.full(n, student), every).sum(axis=1)
        offered = question["words"][question["word_of"][student]] == 0
        offered[question["taken"][1][question["taken"][0] == student]] = False
        for kind in range(len(KINDS)):
            slope, intercept = compiled.ranker.calibration[kind]
            final = logistic(slope * scores + intercept) + strength * question["demand_weight"]
            goes_by = final if strength > 0 else scores
            rows = [row for row in every if offered[row] and compiled.kind_of[row] == kind]
            best = sorted(rows, key=lambda row, by=goes_by: (-by[row], row))[:k]
            padding = [-1] * (k - len(best))
            assert listed.pathways[student, kind].tolist() == best + padding
            assert listed.scores[student, kind, : len(best)].tolist() == scores[best].tolist()
            assert np.isnan(listed.final[student, kind, len(best) :]).all()


@settings(deadline=None, max_examples=40)
@given(st.integers(0, 10_000), st.floats(0.0, MAX_DEMAND_STRENGTH))
def test_demand_never_lists_a_pathway_over_one_that_fits_better_by_more_than_its_strength(seed, strength):
    random = np.random.default_rng(seed)
    compiled = CompiledRanker(ranker(random), CROWDED)
    group, question = students(CROWDED, random, 4), asked(random, CROWDED, 4)
    everything = compiled.best(group, k=30, demand_strength=strength, **question)
    shown = everything.pathways[:, :, :5]
    for student in range(4):
        for kind in range(len(KINDS)):
            fit = everything.fit[student, kind]
            for place in np.flatnonzero(shown[student, kind] >= 0):
                assert np.nanmax(fit[place:]) - fit[place] <= strength + 1e-9


@pytest.mark.parametrize("strength", [0.0, 0.2])
def test_lists_written_over_others_are_the_same_bits(strength):
    random = np.random.default_rng(11)
    compiled = CompiledRanker(ranker(random), CROWDED)
    groups = [students(CROWDED, random, 30) for _ in range(2)]
    questions = [asked(random, CROWDED, 30, refused) for refused in (0.1, 0.9)]
    wanted = {"k": 7, "demand_strength": strength, "reasons": True}
    fresh = compiled.best(groups[1], **wanted, **questions[1])
    memory = compiled.best(groups[0], **wanted, **questions[0])
    written = compiled.best(groups[1], **wanted, **questions[1], into=memory)
    assert written.pathways is memory.pathways
    assert same_bits(written, fresh)
    for wrong in ({"k": 6}, {"reasons": False}, {"demand_strength": 0.2 - strength}):
        with pytest.raises(TableValueError, match="must come from a call of the same shape"):
            compiled.best(groups[1], **{**wanted, **wrong}, **questions[1], into=memory)


def test_contributions_and_reasons_are_the_arithmetic_of_the_scores():
    random = np.random.default_rng(5)
    compiled = CompiledRanker(ranker(random), CROWDED)
    group = students(CROWDED, random, 40)
    listed = compiled.best(group, k=6, demand_strength=0.1, reasons=True, **asked(random, CROWDED, 40))
    student, kind, place = np.nonzero(listed.pathways >= 0)
    added = compiled.contributions(group, student, listed.pathways[student, kind, place])
    assert np.array_equal(added.sum(axis=1), listed.scores[student, kind, place])
    advantages = added - compiled.typical(group, student, kind)
    sizes = np.rint(np.abs(advantages) / VALUE_STEP)
    order = np.argsort(-sizes, axis=1, kind="stable")[:, :N_REASONS]
    differs = np.take_along_axis(sizes, order, axis=1) > 0
    assert differs.any(axis=1).all()
    assert not differs.all()
    assert np.array_equal(listed.reasons.terms[student, kind, place], np.where(differs, order, -1))
    for told, figures in ((listed.reasons.contributions, added), (listed.reasons.advantages, advantages)):
        named = np.where(differs, np.take_along_axis(figures, order, axis=1), np.nan).astype(np.float32)
        assert told[student, kind, place].tobytes() == named.tobytes()


def test_the_typical_pathway_is_the_mean_of_its_kind():
    random = np.random.default_rng(6)
    compiled, group = CompiledRanker(ranker(random), CROWDED), students(CROWDED, random, 2)
    every = np.arange(len(CROWDED.catalogue.pathways))
    added = compiled.contributions(group, np.ones_like(every), every)
    for kind, typical in enumerate(compiled.typical(group, np.ones(3, dtype=np.int64), np.arange(3))):
        assert typical == pytest.approx(added[compiled.kind_of == kind].mean(axis=0), abs=100 * ROW_STEP)


def test_scores_are_those_of_the_unrounded_formula_to_a_millionth():
    random = np.random.default_rng(7)
    served, group = ranker(random), students(CROWDED, random, 30)
    compiled = CompiledRanker(served, CROWDED)
    pathways = random.integers(0, len(CROWDED.catalogue.pathways), 30)
    raw, kind = CROWDED.raw_terms(group, np.arange(30), pathways), compiled.kind_of[pathways]
    expected = raw * served.weights[kind]
    for shape, term in enumerate(SHAPED_TERMS):
        bends = np.maximum(raw[:, TERM_CODES.index(term), None] - served.knots[kind, shape], 0.0)
        expected[:, TERM_CODES.index(term)] += (bends * served.bend_weights[kind, shape]).sum(axis=1)
    added = compiled.contributions(group, np.arange(30), pathways)
    assert added[:, : len(TERM_CODES)] == pytest.approx(expected, abs=2e-5)


def test_student_vectors_are_multiples_of_the_step():
    group = students(CROWDED, np.random.default_rng(8), 5)
    assert np.array_equal(group.matrix / STUDENT_STEP, np.rint(group.matrix / STUDENT_STEP))


@pytest.mark.parametrize("form", [scoring_loops, scoring_arrays])
def test_equal_pathways_stand_in_the_order_of_the_catalogue(form):
    """Nothing is known and nothing weighs: every score is 0, so the first k that may be offered."""
    compiled = CompiledRanker(ranker(), CROWDED, form.list_students)
    words = np.zeros((1, len(CROWDED.catalogue.pathways)), dtype=np.uint16)
    words[0, ::2] = 1
    listed = compiled.best(
        vectors(CROWDED, {}, np.array([-1])), words, np.zeros(1, dtype=np.int64), k=3, demand_strength=0.1,
        demand_weight=np.ones(words.shape[1]), reasons=True,
    )  # fmt: skip
    for kind in range(len(KINDS)):
        offered = np.flatnonzero((words[0] == 0) & (compiled.kind_of == kind))
        assert listed.pathways[0, kind].tolist() == offered[:3].tolist() == listed.unmoved[0, kind].tolist()
    assert (listed.reasons.terms == -1).all()
    assert np.isnan(listed.reasons.contributions).all()


@pytest.mark.parametrize("form", [scoring_loops, scoring_arrays])
@pytest.mark.parametrize("strength", [0.0, 0.05])
def test_where_all_is_refused_lists_are_empty(form, strength):
    random = np.random.default_rng(9)
    question = asked(random, CROWDED, 3)
    question["words"] |= 1
    compiled = CompiledRanker(ranker(random), CROWDED, form.list_students)
    listed = compiled.best(students(CROWDED, random, 3), k=2, demand_strength=strength, reasons=True, **question)
    assert (listed.pathways == -1).all()
    assert (listed.unmoved == -1).all()
    assert (listed.reasons.terms == -1).all()
    for figures in (listed.scores, listed.fit, listed.final, listed.unmoved_fit, listed.reasons.advantages):
        assert np.isnan(figures).all()


@pytest.mark.parametrize("form", [scoring_loops, scoring_arrays])
def test_a_catalogue_may_lack_a_kind_or_everything(form):
    random = np.random.default_rng(10)
    for kinds in ((), (ELECTIVE,), (PROFILE, TRIAL)):
        space = replace(SPACE, catalogue=Catalogue(tuple(p for p in CATALOGUE.pathways if p.kind in kinds), PLACES))
        compiled = CompiledRanker(ranker(random), space, form.list_students)
        question = asked(random, space, 4, refused=0.0) | {"taken": None}
        listed = compiled.best(students(space, random, 4), k=2, demand_strength=0.1, reasons=True, **question)
        for row, kind in enumerate(KINDS):
            assert (listed.pathways[:, row, 0] >= 0).all() == (kind in kinds)


@given(st.floats(-800, 800))
def test_a_fit_has_the_same_bits_alone_and_in_an_array(x):
    assert logistic(np.float64(x)).tobytes() == logistic(np.array([0.0, x]))[1].tobytes()
    assert logistic(np.float64(x)) == pytest.approx(1 / (1 + np.exp(-min(max(x, -700), 700))), rel=1e-14)


@pytest.mark.parametrize("form", [scoring_loops, scoring_arrays])
def test_of_fits_that_round_to_1_the_demanded_goes_first(form):
    """Log-odds of 300 at the student's own school: beyond what a fit can tell apart."""
    compiled = CompiledRanker(ranker(own_school=300.0), CROWDED, form.list_students)
    own = [row for row, p in enumerate(CROWDED.catalogue.pathways) if p.host_code == "sch01" and p.kind == PROFILE]
    demand = np.zeros(len(CROWDED.catalogue.pathways))
    demand[own[-1]] = 1e-6
    words = np.zeros((1, len(demand)), dtype=np.uint16)
    listed = compiled.best(
        vectors(CROWDED, {}, np.array([0])), words, np.zeros(1, dtype=np.int64), k=2, demand_weight=demand,
        demand_strength=0.3,
    )  # fmt: skip
    assert listed.fit[0, 0].tolist() == [1.0, 1.0]
    assert listed.pathways[0, 0].tolist() == [own[-1], own[0]]
    assert listed.unmoved[0, 0].tolist() == own[:2]
