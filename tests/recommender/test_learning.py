"""How much outcomes are believed: the pull is chosen on years not learned from, and knowledge always stands by."""

from dataclasses import replace
from datetime import date, timedelta

import numpy as np
import pytest

from recommender.calibration import balanced_calibration_error, calibrate
from recommender.catalogue import PathwayKind
from recommender.expert import ExpertWeights
from recommender.features import TERM_CODES
from recommender.learning import (
    PULLS,
    Fold,
    Vocabulary,
    choose_pull,
    fit_ranker,
    folds_of,
    informed,
    learn_peers,
    learned_scores,
    served_scores,
    split_students,
    unseen_scores,
)
from recommender.metrics import ndcg
from recommender.outcomes import ShownRow
from recommender.splitting import COLUMNS, ChoiceSets, OfferedPathways, choice_sets, joined
from recommender.warm_restart import KNOWLEDGE_ONLY
from tests.recommender.test_training import made_history
from tests.recommender.worked_region import EXPERT, MODEL, TRIAL

MARKS, WISH, SHOWN = (COLUMNS.index(name) for name in ("subject_level", "profile_wish", "shown"))


def made_sets(students: int, seed: int, *, likes: dict[int, float], offers: int = 6) -> ChoiceSets:
    """Students who choose by a softmax of what they like; column by column, nothing else differs."""
    random = np.random.default_rng(seed)
    terms = np.zeros((students * offers, len(COLUMNS)))
    terms[:, [MARKS, WISH]] = random.normal(size=(students * offers, 2))
    terms[:, SHOWN] = random.random(students * offers) < 0.3
    utility = sum(weight * terms[:, column] for column, weight in likes.items()) + random.gumbel(size=len(terms))
    chosen = utility.reshape(students, offers).argmax(axis=1)
    relevance = np.zeros((students, offers))
    relevance[np.arange(students), chosen] = 2.0
    names = np.array([f"tr{number}" for number in range(offers)])
    return ChoiceSets(
        kind=PathwayKind.CAREER_TRIAL, terms=terms, correlation=np.zeros(len(terms)), relevance=relevance.ravel(),
        queries=np.repeat(np.arange(students), offers), schools=np.array(["sch01"] * students),
        offered=np.tile(np.arange(offers), students),
        pathways=OfferedPathways(names, names, np.array(["col01"] * offers), np.array(["08"] * offers)),
        is_measured=np.ones(students, dtype=bool), student_ids=np.array([f"s{i}" for i in range(students)]),
        years=np.full(students, 2000 + seed), days=np.full(students, 730000 + seed),
        students=np.zeros((students, 1)), answers=np.zeros((students, 0)),
    )  # fmt: skip


def knowing(**weights: float) -> ExpertWeights:
    return ExpertWeights(np.array([weights.get(term, 0.0) for term in TERM_CODES]), 1.0, 0.0)


def test_a_handful_of_outcomes_hardly_moves_knowledge_whatever_they_say():
    pairs = [[made_sets(12, seed, likes={WISH: 2.0}) for seed in (first, first + 100)] for first in range(12)]
    expert = knowing(profile_wish=2.0)
    chosen = [choose_pull(folds_of(joined(parts), expert), expert) for parts in pairs]
    assert set(chosen) <= {KNOWLEDGE_ONLY, 300.0, 100.0}
    assert chosen.count(KNOWLEDGE_ONLY) >= 4


def test_many_outcomes_against_knowledge_are_believed():
    parts = [made_sets(300, seed, likes={MARKS: 2.0}) for seed in (1, 2)]
    expert = knowing(profile_wish=2.0)
    assert choose_pull(folds_of(joined(parts), expert), expert) in PULLS


def test_a_single_student_teaches_nothing():
    expert = knowing(profile_wish=2.0)
    assert choose_pull(folds_of(made_sets(1, 1, likes={WISH: 2.0}), expert), expert) == KNOWLEDGE_ONLY


def test_each_year_is_asked_of_the_others_and_a_single_year_by_students():
    years = [made_sets(4, 1, likes={}), made_sets(6, 2, likes={}), made_sets(5, 3, likes={})]
    sizes = [
        [(len(fold.known), len(fold.asked)) for fold in folds_of(joined(parts), EXPERT[TRIAL])]
        for parts in (years, years[:1])
    ]
    assert sizes == [[(11, 4), (9, 6), (10, 5)], [(3, 1)] * 4]


def test_choice_sets_are_taken_out_whole():
    sets = made_sets(5, 1, likes={WISH: 1.0})
    some = sets.of_queries(np.array([1, 4]))
    assert some.student_ids.tolist() == ["s1", "s4"]
    assert some.queries.tolist() == [0] * 6 + [1] * 6
    assert np.array_equal(some.terms, sets.terms[np.isin(sets.queries, [1, 4])])


def test_what_was_shown_explains_choices_while_learning_and_not_when_served():
    """Students take what a list showed them; without the column the mark that put it there would get the credit."""
    sets = made_sets(800, 3, likes={})
    sets.terms[:, SHOWN] = (sets.terms[:, MARKS] > 0.6) * 1.0  # a list of the old model shows good marks first
    random = np.random.default_rng(0)
    utility = (3.0 * sets.terms[:, SHOWN] + 1.0 * sets.terms[:, MARKS] + random.gumbel(size=len(sets.terms))).reshape(
        -1, 6
    )
    relevance = np.zeros_like(utility)
    relevance[np.arange(len(utility)), utility.argmax(axis=1)] = 2.0
    sets = replace(sets, relevance=relevance.ravel())
    vocabulary, expert = Vocabulary.of(sets), knowing()
    corrected = fit_ranker(sets, expert, vocabulary, 3.0)
    blind = sets.terms.copy()
    blind[:, SHOWN] = 0.0
    uncorrected = fit_ranker(replace(sets, terms=blind), expert, vocabulary, 3.0)
    assert corrected.weights_[SHOWN] == pytest.approx(3.0, abs=0.5)
    good_mark, nothing = np.zeros((2, len(COLUMNS)))
    good_mark[MARKS] = 0.9
    rise = [np.subtract(*ranker.predict([good_mark, nothing])) for ranker in (corrected, uncorrected)]
    assert rise[0] == pytest.approx(0.9, abs=0.4)
    assert rise[1] > rise[0] + 0.8
    shown = sets.terms.copy()
    shown[:, SHOWN] = 1.0
    assert np.array_equal(
        served_scores(corrected, vocabulary, sets), served_scores(corrected, vocabulary, replace(sets, terms=shown))
    )


def test_a_list_shown_within_the_year_before_counts_by_its_place():
    history = made_history(4)
    student = history.students["2022-23"][0].student_id
    choice = next(row.chosen_on for row in history.outcomes if row.student_id == student)
    seen = [
        ShownRow(student, "col01-tr1", choice - timedelta(days=30), 3),
        ShownRow(student, "col01-tr1", choice - timedelta(days=20), 1),
        ShownRow(student, "col01-tr2", choice - timedelta(days=20), 3),
        ShownRow(student, "col01-tr3", choice + timedelta(days=1), 1),  # after the choice
        ShownRow(student, "col01-tr4", choice - timedelta(days=500), 1),  # long ago
        ShownRow("somebody", "col01-tr4", date(2023, 1, 1), 1),
    ]
    sets = choice_sets(replace(history, shown=seen), TRIAL, "2022-23", MODEL)
    own = sets.queries == sets.student_ids.tolist().index(student)
    found = dict(zip(sets.pathway_codes[own].tolist(), sets.terms[own, SHOWN].tolist(), strict=True))
    assert found == {"col01-tr1": 1.0, "col01-tr2": 0.5, "col01-tr3": 0.0, "col01-tr4": 0.0}
    assert sets.terms[~own, SHOWN].max() == 0.0


def test_a_new_programme_is_carried_by_its_field():
    """Programmes of field 34 are liked; a new one of the same field stands above a new one of another field."""
    sets = made_sets(400, 5, likes={})
    fields = np.where(np.isin(sets.programmes, ["tr0", "tr1", "tr2"]), "34", "08")
    random = np.random.default_rng(1)
    utility = (2.0 * (fields == "34") + random.gumbel(size=len(fields))).reshape(-1, 6)
    relevance = np.zeros_like(utility)
    relevance[np.arange(len(utility)), utility.argmax(axis=1)] = 2.0
    sets = replace(sets, pathways=sets.pathways._replace(fields=fields[:6]), relevance=relevance.ravel())
    new = sets.of_queries(np.array([0]))
    new = replace(new, pathways=new.pathways._replace(programmes=np.array([f"new{n}" for n in range(6)])))
    new = replace(new, terms=np.zeros_like(new.terms))
    scores = learned_scores(Fold(known=sets, asked=new), knowing(), 3.0)
    assert scores[:3].min() > scores[3:].max() + 0.3


def test_unseen_scores_come_from_other_students_of_all_years_at_one_level():
    parts = [made_sets(60, seed, likes={MARKS: 2.0}) for seed in (1, 2)]
    lifted = knowing(profile_wish=2.0)
    every = joined(parts)
    found = unseen_scores(every, lifted, 10.0)
    for known, asked in split_students(every):
        assert not set(every.student_ids[known]) & set(every.student_ids[asked])
        fold = informed(every.of_queries(known), every.of_queries(asked), every, lifted)
        told = learned_scores(replace(fold, every=None), lifted, 10.0)
        level = learned_scores(Fold(fold.known, fold.peers.told_to(every)), lifted, 10.0)
        assert found[np.isin(every.queries, asked)] == pytest.approx(told - level.mean(), abs=1e-9)


def taught_sets(students: int, seed: int, *, marked: bool = True) -> ChoiceSets:
    """Students of two kinds who choose between two fields; a fact, or an answer, gives the kind away."""
    sets = made_sets(students, seed, likes={})
    random = np.random.default_rng(seed)
    kind = random.integers(0, 2, students) * 2.0 - 1.0
    fields = np.where(np.isin(sets.programmes, ["tr0", "tr1", "tr2"]), "34", "08")
    utility = (
        1.5 * kind[sets.queries] * np.where(fields == "34", 1.0, -1.0) + random.gumbel(size=len(fields))
    ).reshape(-1, 6)
    relevance = np.zeros_like(utility)
    relevance[np.arange(students), utility.argmax(axis=1)] = 2.0
    told = {"students" if marked else "answers": np.column_stack([kind, random.normal(size=students)])}
    pathways = sets.pathways._replace(fields=fields[:6])
    return replace(sets, terms=np.zeros_like(sets.terms), pathways=pathways, relevance=relevance.ravel(), **told)


@pytest.mark.parametrize("marked", [True, False])
def test_what_like_students_chose_is_learned_from_facts_and_from_answers(marked):
    known, asked = taught_sets(300, 1, marked=marked), taught_sets(200, 2, marked=marked)
    fold = informed(known, asked, asked, knowing())
    better = learned_scores(fold, knowing(), 10.0)
    without = learned_scores(Fold(known, asked), knowing(), 10.0)
    gained = ndcg(better, asked.relevance, asked.queries) - ndcg(without, asked.relevance, asked.queries)
    assert gained.mean() > 0.1


def test_of_what_says_nothing_nothing_is_learned():
    sets = made_sets(300, 1, likes={})
    noise = np.random.default_rng(5).normal(size=(300, 4))
    peers, told = learn_peers(replace(sets, students=noise, answers=noise), knowing())
    assert peers.ridges == (None, None)
    assert not peers.fact_weights.any()
    assert np.array_equal(told.terms, sets.terms)


def test_a_students_own_choice_does_not_teach_that_students_own_terms():
    """Whoever is asked, the terms come from the others: a choice turned over moves everybody's terms but one's own."""
    sets = taught_sets(100, 3)
    turned = sets.relevance.copy()
    turned[:6] = np.roll(turned[:6], 3)
    same_fold = np.unique(sets.student_ids, return_inverse=True)[1] % 5
    _, told = learn_peers(sets, knowing())
    _, told_turned = learn_peers(replace(sets, relevance=turned), knowing())
    column = TERM_CODES.index("peer_facts")
    own = sets.queries == 0
    moved = np.abs(told.terms[:, column] - told_turned.terms[:, column])
    others = same_fold[sets.queries] != same_fold[0]
    assert moved[own].max() < 0.1 * moved[others].max()


def test_fit_is_the_chance_that_a_good_one_is_told_from_one_passed_over():
    random = np.random.default_rng(2)
    scores = random.normal(size=4000)
    grades = np.where(random.random(4000) < 1 / (1 + np.exp(-(1.5 * scores - 3.0))), 2.0, 0.0)
    slope, intercept, is_calibrated = calibrate([scores], [grades], EXPERT[TRIAL])
    assert is_calibrated
    assert slope == pytest.approx(1.5, abs=0.2)
    assert balanced_calibration_error(1 / (1 + np.exp(-(slope * scores + intercept))), grades) < 0.03


def test_the_newest_year_sets_the_level_and_all_years_the_slope():
    random = np.random.default_rng(3)
    years = [random.normal(size=3000) for _ in range(2)]
    grades = [np.where(random.random(3000) < 1 / (1 + np.exp(-(scores + level))), 2.0, 0.0)
              for scores, level in zip(years, (0.0, 2.0), strict=True)]  # fmt: skip
    shifted = calibrate([years[0], years[1]], grades, EXPERT[TRIAL])
    newest = calibrate([years[1]], grades[1:], EXPERT[TRIAL])
    assert shifted[1] == pytest.approx(newest[1], abs=0.15)


@pytest.mark.parametrize("grades", [[2.0] * 100, [0.0] * 100, [1.0] * 100, [2.0] * 30 + [0.0] * 70])
def test_without_enough_of_both_sides_fit_stays_expert_judgement(grades):
    expert = EXPERT[TRIAL]
    found = calibrate([np.linspace(0, 1, 100)], [np.array(grades)], expert)
    assert found == (expert.slope, expert.intercept, False)


def test_scores_that_fall_with_success_are_not_trusted():
    scores = np.linspace(-2, 2, 400)
    assert not calibrate([scores], [np.where(scores < 0, 2.0, 0.0)], EXPERT[TRIAL])[2]
