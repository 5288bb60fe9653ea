"""Training and the artifact on a small made history; the sample region's figures are measured in benchmarks."""

import json
from dataclasses import replace
from datetime import date

import numpy as np
import pytest

from recommender.artifact import (
    CARD,
    MANIFEST,
    RANKER,
    TRAINING_FORM,
    check_reference,
    kept_of,
    load_earlier,
    load_served,
    load_training_form,
    manifest_of,
    save_artifact,
)
from recommender.candidate_audit import audit_candidate
from recommender.catalogue import KINDS, PathwayKind
from recommender.congestion import usual_choices
from recommender.errors import ArtifactError, TableValueError
from recommender.expert import expert_ranker, read_expert_weights
from recommender.features import TERM_CODES
from recommender.learning import served_scores
from recommender.model_card import model_card
from recommender.outcomes import OutcomeRow
from recommender.splitting import COLUMNS, History, choice_sets, school_year_end
from recommender.students import FactRow, FactRows, StudentRow
from recommender.training import train
from recommender.warm_restart import NOTHING_KEPT
from tests.recommender.worked_region import EDITION, EXPERT, MODEL, PLACES, REFERENCE, RULES, TRIAL, pathway

KEY = b"a key of the tests"
YEARS = ("2021-22", "2022-23", "2023-24")


def made_history(students_per_year: int = 60) -> History:
    """Everybody takes the trial of the group that matches the best mark; half of the time it is liked."""
    random = np.random.default_rng(5)
    pathways, students, marks, outcomes = [], {}, [], []
    for year in YEARS:
        last_day = school_year_end(year)
        for programme, spo in (("tr1", "08.01.27"), ("tr2", "34.02.01"), ("tr3", "09.02.07"), ("tr4", "43.01.09")):
            pathways.append(
                pathway(TRIAL, "col01", programme, spo_codes=(spo,), school_year=year, apply_until=last_day)
            )
        students[year] = []
        for number in range(students_per_year):
            student = StudentRow(f"s{year[:4]}{number:03}", 9, ("sch01", "sch02")[number % 2])
            students[year].append(student)
            loves_biology = number % 3 == 0
            day = date(int(year[:4]) + 1, 2, 1)
            for code, good in (("bio", loves_biology), ("chem", loves_biology), ("inf", not loves_biology)):
                marks.append(FactRow(student.student_id, code, date(day.year - 1, 12, 30), 5.0 if good else 3.0))
            taken = "col01-tr2" if loves_biology else "col01-tr3"
            if random.random() < 0.15:
                taken = "col01-tr4"
            relevance = 1 + int(random.random() < 0.5)
            outcomes.append(OutcomeRow(student.student_id, year, TRIAL, taken, day, relevance))
    return History(
        REFERENCE, PLACES, pathways, students, FactRows(marks=marks), outcomes, RULES, date(2024, 10, 1), [EDITION]
    )


@pytest.fixture(scope="module")
def history() -> History:
    return made_history()


@pytest.fixture(scope="module")
def training(history):
    return train(history, EXPERT)


def test_a_choice_set_is_what_was_on_offer_the_day_before(history):
    sets = choice_sets(history, TRIAL, "2022-23", MODEL)
    assert len(sets) == 60
    assert len(sets.relevance) == 60 * 4
    assert sets.terms.shape[1] == len(COLUMNS)
    assert (np.bincount(sets.queries, sets.relevance > 0) == 1).all()


def test_facts_of_the_choice_itself_stay_out(history):
    later = FactRow("s2022000", "bio", date(2023, 2, 1), 2.0)
    told = replace(history, rows=FactRows(marks=[*history.rows.marks, later]))
    before, after = (choice_sets(h, TRIAL, "2022-23", MODEL).terms for h in (history, told))
    assert np.array_equal(before, after)


def test_a_year_that_has_not_ended_teaches_nothing(history):
    assert history.years() == YEARS
    earlier = replace(history, as_of=date(2024, 8, 31))
    assert earlier.years() == YEARS[:2]


def test_kinds_without_outcomes_stay_with_knowledge(training):
    row = KINDS.index(PathwayKind.ELECTIVE)
    assert np.array_equal(training.served.weights[row], EXPERT[PathwayKind.ELECTIVE].weights)
    assert not training.served.is_calibrated[row]
    assert training.judgements[PathwayKind.ELECTIVE] == ()


def test_the_trained_ranker_learns_what_was_there_to_learn(training):
    found = {judged.name: judged for judged in training.judgements[TRIAL]}
    assert training.held_back == "2023-24"
    assert found["trained_ranker"].ndcg5 > found["random"].ndcg5 + 0.1
    assert found["trained_ranker"].ndcg5 > found["expert_weights"].ndcg5
    assert len(found["trained_ranker"].per_query) == 60


def test_the_served_form_equals_the_training_form(training, history):
    """Every term and bias of the served arrays gives the estimator's own score."""
    trained = training.kinds[KINDS.index(TRIAL)]
    sets = choice_sets(history, TRIAL, "2023-24", training.model)
    expected = served_scores(trained.estimator, trained.vocabulary, sets)
    row = KINDS.index(TRIAL)
    served = training.served
    terms = sets.terms[:, : len(TERM_CODES)]
    scores = terms @ served.weights[row]
    for position, column in enumerate(trained.estimator.shaped_columns):
        bends = np.maximum(terms[:, column, None] - served.knots[row, position], 0.0)
        scores += bends @ served.bend_weights[row, position]
    scores += [served.programme_bias[row][code] + served.host_bias[row][host]
               for code, host in zip(sets.programmes, sets.hosts, strict=True)]  # fmt: skip
    assert scores == pytest.approx(expected, abs=1e-9)


def test_too_few_outcomes_are_knowledge_only():
    small = train(made_history(students_per_year=5), EXPERT)
    assert small.kinds[KINDS.index(TRIAL)].estimator is None
    assert np.array_equal(small.served.weights, expert_ranker(EXPERT).weights)


def manifest(training, version: str = "2024H1.1"):
    return manifest_of(training, version=version, edition="uchebny-2024H1", is_synthetic=True, reference=REFERENCE)


@pytest.fixture
def folder(training, tmp_path):
    return save_artifact(tmp_path, training, manifest(training), KEY)


def test_a_saved_version_comes_back_equal(training, folder):
    loaded = load_served(folder, KEY)
    assert loaded.version == "2024H1.1"
    assert np.array_equal(loaded.ranker.weights, training.served.weights)
    assert loaded.ranker.programme_bias == training.served.programme_bias
    assert loaded.interest_model.methods[0][1].mean == pytest.approx(training.model.methods[0][1].mean)


def test_the_training_form_comes_back(folder, training):
    kinds = load_training_form(folder, KEY)
    assert np.array_equal(kinds[TRIAL].estimator.weights_, training.kinds[KINDS.index(TRIAL)].estimator.weights_)


def test_same_history_same_bytes(tmp_path, training, folder):
    again = train(made_history(), EXPERT)
    twin = save_artifact(tmp_path / "again", again, manifest(again), KEY)
    for name in (RANKER, TRAINING_FORM, CARD, MANIFEST):
        assert (folder / name).read_bytes() == (twin / name).read_bytes(), name


def test_the_card_says_synthetic_and_names_every_rival(folder):
    card = (folder / CARD).read_text(encoding="utf-8")
    assert "данные синтетические" in card
    assert "случайный порядок" in card
    assert "обученная модель" in card


def test_a_version_is_never_overwritten(folder, training):
    with pytest.raises(ArtifactError, match=r"2024H1\.1 exists already"):
        save_artifact(folder.parent, training, manifest(training), KEY)


@pytest.mark.parametrize("name", [RANKER, TRAINING_FORM, CARD])
def test_a_changed_file_is_refused(folder, name):
    (folder / name).write_bytes((folder / name).read_bytes() + b"x")
    with pytest.raises(ArtifactError, match=f"{name} is missing or was changed after signing"):
        load_served(folder, KEY)


def test_a_foreign_signature_is_refused_before_anything_is_loaded(folder):
    (folder / TRAINING_FORM).write_bytes(b"not even a pickle")
    with pytest.raises(ArtifactError, match="signature does not match"):
        load_training_form(folder, b"another key")


@pytest.mark.parametrize(
    ("field", "value", "message"),
    [("format", 99, "signature does not match"), ("version", "other", "signature does not match")],
)
def test_an_edited_manifest_is_refused(folder, field, value, message):
    path = folder / MANIFEST
    path.write_text(json.dumps({**json.loads(path.read_text(encoding="utf-8")), field: value}), encoding="utf-8")
    with pytest.raises(ArtifactError, match=message):
        load_served(folder, KEY)


def test_a_model_is_tied_to_the_codes_it_was_trained_with(training):
    profiles = dict(reversed(REFERENCE.profiles.items()))
    check_reference(manifest(training), REFERENCE)
    with pytest.raises(ArtifactError, match="was trained with other reference data; train it again"):
        check_reference(manifest(training), replace(REFERENCE, profiles=profiles))


def test_another_format_is_refused_by_name(training, tmp_path):
    folder = save_artifact(tmp_path, training, {**manifest(training), "format": 99}, KEY)
    with pytest.raises(ArtifactError, match="has format 99, this program reads 2, 3; train it again"):
        load_served(folder, KEY)


def test_the_format_before_still_serves(training, tmp_path):
    """It has no ranker of the earlier years and nothing that a warm restart could take over."""
    old = {**manifest(training), "format": 2}
    del old["earlier_kinds"]
    folder = save_artifact(tmp_path, replace(training, earlier=None), old, KEY)
    assert np.array_equal(load_served(folder, KEY).ranker.weights, training.served.weights)
    assert load_earlier(folder, KEY) is None
    assert kept_of(old) == NOTHING_KEPT


def test_another_order_of_features_is_refused(training, tmp_path):
    folder = save_artifact(tmp_path, training, {**manifest(training), "feature_schema": "0"}, KEY)
    with pytest.raises(ArtifactError, match="was made for other features"):
        load_served(folder, KEY)


def test_another_scikit_learn_is_refused(training, tmp_path):
    old = manifest(training)
    folder = save_artifact(tmp_path, training, {**old, "libraries": {**old["libraries"], "scikit-learn": "0.1"}}, KEY)
    with pytest.raises(ArtifactError, match=r"was trained with scikit-learn 0\.1"):
        load_training_form(folder, KEY)
    assert load_served(folder, KEY).version == "2024H1.1"


def test_expert_weights_must_name_every_term(tmp_path):
    path = tmp_path / "weights.toml"
    path.write_text("[profile_class]\ninterest_match = 1.0\n", encoding="utf-8")
    with pytest.raises(TableValueError, match="expert weights of profile_class: check"):
        read_expert_weights(path)


def test_a_folder_under_another_name_is_refused(folder):
    twin = folder.rename(folder.parent / "2020H1.9")
    with pytest.raises(ArtifactError, match=r"model 2020H1\.9 says it is 2024H1\.1"):
        load_served(twin, KEY)


@pytest.mark.parametrize("text", ["[]", "null", '{"signature": "подпись"}', "not json"])
def test_a_manifest_that_is_none_is_refused_by_name(folder, text):
    (folder / MANIFEST).write_text(text, encoding="utf-8")
    with pytest.raises(ArtifactError, match=r"no readable manifest|signature does not match"):
        load_served(folder, KEY)


def test_a_version_cannot_name_a_folder_elsewhere(training, tmp_path):
    with pytest.raises(ArtifactError, match="plain folder name"):
        save_artifact(tmp_path / "models", training, manifest(training, "../outside"), KEY)


# --- audit of a candidate ---


def test_a_fair_candidate_is_refused_by_nothing(history, training):
    audit = audit_candidate(history, training, sexes_of(history))
    assert audit.refusals() == []
    assert audit.twins.changed_count == 0
    assert audit.twins.twin_counts["sex"] == 60
    told = {(figure.attribute, figure.group) for figure in audit.figures}
    assert {("sex", "f"), ("sex", "m"), ("school", "sch01"), ("school", "sch02")} <= told
    assert not any(attribute == "needs" for attribute, _ in told)  # nobody needs conditions: one group is no comparison
    assert audit.figures[0].student_count == 30


def test_sex_never_reaches_the_candidate(history, training):
    """Other sexes, other groups in the audit; the ranker was trained without either."""
    swapped = {student: {"f": "m", "m": "f"}[sex] for student, sex in sexes_of(history).items()}
    first, second = (audit_candidate(history, training, sexes).figures for sexes in (sexes_of(history), swapped))
    girls, boys = (
        next(f for f in figures if (f.group, f.measure) == (group, "ndcg5"))
        for figures, group in ((first, "f"), (second, "m"))
    )
    assert girls.value == boys.value


def test_a_candidate_that_fails_one_group_is_refused(history, training):
    judged = training.judgements[TRIAL][-1]
    assert judged.name == "trained_ranker"
    of_girls = np.array([sexes_of(history)[student] == "f" for student in judged.student_ids])
    worse = replace(judged, per_query=np.where(of_girls, judged.per_query * 0.5, judged.per_query))
    failing = replace(training, found={TRIAL: training.found[TRIAL]._replace(judgements=(worse,))})
    refusals = audit_candidate(history, failing, sexes_of(history)).refusals()
    assert "gap.sex.f.ndcg5" in refusals
    assert not any(code.startswith("twins") for code in refusals)


def test_the_card_and_the_manifest_tell_the_audit(history, training):
    audit = audit_candidate(history, training, sexes_of(history))
    manifest = manifest_of(training, version="a.1", edition=None, is_synthetic=True, reference=REFERENCE)
    manifest |= {"audits": json.loads(json.dumps(audit.as_data())), "refusals": audit.refusals()}
    card = model_card(manifest)
    assert "изменилось 0 из 300 (данные синтетические)" in card
    assert "| пол | девочки | 30 | NDCG@5 |" in card
    assert "Не прошла" not in card
    assert "Не прошла: twins.sex." in model_card({**manifest, "refusals": ["twins.sex"]})


def test_how_many_a_student_usually_takes(history):
    usual = usual_choices(history)
    assert usual == {"profile_class": 0.0, "elective": 0.0, "career_trial": 1.0}
    assert usual_choices(replace(history, outcomes=[])) == {}


def sexes_of(history: History) -> dict[str, str]:
    """Every second one in each school."""
    ids = sorted({student.student_id for rows in history.students.values() for student in rows})
    return {student: "fm"[(int(student[-3:]) // 2) % 2] for student in ids}
