"""Nobody finds fewer than five people in what is told of many: not in a number, not in a difference of two."""

import random
from collections.abc import Callable, Iterable
from itertools import combinations, pairwise, product
from typing import Any

import pytest
from starlette.testclient import TestClient

from service.aggregates import in_fives, told_interval, told_share
from service.db import Database
from service.imports.vocabularies import ImportTools
from service.monitoring.actions import watch_at_once
from service.recommendations.balance import GROUP_ORDER, elective_verdict, group_verdict
from service.sections import declared_routes
from service.settings import Settings
from tests.service.conftest import Authorization, sqlite_only
from tests.service.test_imports import take
from tests.service.test_privacy import DIRECTOR
from tests.service.worked_example import CLASS_A, example_text

SignIn = Callable[[str], Authorization]
CROWD = 42
EDITIONS = ("krasnodar-2023H2", "krasnodar-2024H1")
AGGREGATES = {
    "/v1/policy",
    "/v1/balance",
    "/v1/observations",
    "/v1/model-versions",
    "/v1/demand-editions/{code}/impact",
    "/metrics",
}
NOT_ABOUT_MANY = {
    "/v1/jobs": "causes and states",
    "/v1/jobs/{job_id}": "the same",
    "/v1/demand-drafts/{draft_id}/impact": "made by the function of the route for editions",
}
PEOPLE = (
    "student_count", "count", "changed", "changed_first_three", "changed_first_five", "before", "after",
    "interest_count", "leading_count", "wish_count", "expected_count", "measured_count", "profession_count",
    "listed_count",
)  # fmt: skip


def letters(number: int) -> str:
    """A pseudonym."""
    return "s" + "".join("abcdefghijklmnop"[number >> shift & 15] for shift in (4, 0)) + "crowd"


@pytest.fixture
def crowded(ready: Database, tools: ImportTools) -> Database:
    """A school with a class of 42 who differ in what they like."""
    drawn = random.Random(7)
    students = [letters(number) for number in range(CROWD)]
    heads = {table: example_text(table, "sch01").splitlines()[0] for table in ("roster", "marks", "profile_survey")}
    rows = {
        "roster": [f"{each},2024-25,9А,Иванов,Иван,m,yes,yes,yes,," for each in students],
        "marks": [f"{each},2023-24,4,{drawn.randint(3, 5)},{drawn.randint(3, 5)},4,4" for each in students],
        "profile_survey": [
            f"{each},2024-09-18,{drawn.choice(['tech-eng', 'sci-med', ''])},,grade10," for each in students
        ],
    }
    with ready.writing() as session:
        for table, lines in rows.items():
            take(session, tools, table, "\n".join([heads[table], *lines, ""]), actor=DIRECTOR)
    return ready


def numbers(body: Any, path: str = "") -> Iterable[tuple[str, str, float]]:
    """Where, by which name, which number, in an answer."""
    if isinstance(body, dict):
        for name, value in body.items():
            yield from numbers(value, f"{path}.{name}")
    elif isinstance(body, list):
        for place, value in enumerate(body):
            yield from numbers(value, f"{path}[{place}]")
    elif isinstance(body, int | float) and not isinstance(body, bool):
        yield path, path.rpartition(".")[2], body


def possible(share: float, whole: int, told: Callable[[float, int], float]) -> set[tuple[int, int]]:
    """Every (people, of) that would have been told like this."""
    around = range(max(5, whole - 2), whole + 3)
    return {(k, of) for of in around for k in range(of + 1) if abs(told(k / of, of) - share) < 1e-9}


def is_cell(counts: Iterable[int]) -> bool:
    """Whether everything that is possible is one to four people: a cell recovered."""
    known = set(counts)
    return bool(known) and known <= {1, 2, 3, 4}


def recovered(shares: list[tuple[float, int]], told: Callable[[float, int], float]) -> int:
    """Cells that shares give away, each alone, from the other side, and two by two."""
    found = 0
    behind = [possible(share, whole, told) for share, whole in shares]
    for each in behind:
        found += is_cell(k for k, _ in each) + is_cell(of - k for k, of in each)
    for one, other in combinations(behind, 2):
        found += is_cell(abs(k - m) for (k, of), (m, also) in product(one, other) if of == also)
    return found


@sqlite_only
def test_nobody_is_found_by_difference(
    client: TestClient, sign_in: SignIn, crowded: Database, settings: Settings
) -> None:
    watch_at_once(crowded, settings=settings)
    header = sign_in("metodist")
    asked = ["/v1/policy", "/v1/balance", "/v1/observations", "/v1/model-versions"]
    asked += [f"/v1/demand-editions/{new}/impact?from={old}" for new, old in product(EDITIONS, EDITIONS)]
    answers = {path: client.get(path, headers=header).json() for path in asked}
    picture = f"/v1/classes/{CLASS_A}/picture"  # for the wall of the room; the class is read by those who may
    answers[picture] = client.get(picture, headers=sign_in("navigator")).json()
    assert answers[picture]["wishes"]
    told = [each for path, body in answers.items() for each in numbers(body, path)]
    people = [(path, value) for path, name, value in told if name in PEOPLE]
    assert len(people) > 30
    assert [each for each in people if each[1] % 5] == []  # so is every difference of two
    shares = [(point["demanded_share"], point["student_count"]) for point in answers["/v1/policy"]["frontier"]]
    balance = answers["/v1/balance"]
    shares += [(group["interest_share"], balance["student_count"]) for group in balance["groups"]]
    figures = answers["/v1/observations"]["observations"][0]["figures"]
    shares += [(f["value"], f["count"]) for f in figures if f["unit"] == "share" and f["value"] is not None]
    assert len({share for share, _ in shares}) > 2
    assert recovered(shares, told_share) == 0


@sqlite_only
def test_by_hand_the_balance_of_a_town_with_one_trial(client: TestClient, sign_in: SignIn, crowded: Database) -> None:
    """The only trial, of 12 seats, names group 09: it stands in every list, and more than 18 of 45 would come."""
    body = client.get("/v1/balance", headers=sign_in("region")).json()
    groups = {row["group_code"]: row for row in body["groups"]}
    computing, building = groups["09"], groups["08"]
    assert computing["title_ru"] == "Информатика и вычислительная техника"
    assert (body["student_count"], computing["interest_count"], computing["interest_share"]) == (45, 45, 1.0)
    assert (computing["seats"], computing["verdict"]) == (12, "few_seats")
    assert computing["kinds"][2]["expected_per_seat"] >= body["limits"]["crowded_per_seat"]
    assert (building["interest_count"], building["seats"], building["verdict"]) == (0, 0, "no_seats")
    assert building["title_count"] == 8
    assert body["groups"][0]["verdict"] == "no_seats"
    (drawing,) = body["electives"]
    assert (drawing["programme_code"], drawing["seats"], drawing["host_count"]) == ("el003", 25, 1)
    assert (drawing["wish_count"], drawing["verdict"]) == (0, "few_wishes")  # one wish is told as none


@sqlite_only
def test_a_verdict_tells_no_more_than_the_numbers_beside_it(
    client: TestClient, sign_in: SignIn, crowded: Database
) -> None:
    body = client.get("/v1/balance", headers=sign_in("metodist")).json()
    assert len(body["groups"]) > 30
    for row in body["groups"]:
        per_seat = [kind["expected_per_seat"] or 0.0 for kind in row["kinds"]]
        said = group_verdict(row["interest_share"], row["demand_max"], row["seats"], per_seat)
        assert row["verdict"] == said
        assert row["interest_share"] == row["interest_count"] / body["student_count"]
    for row in body["electives"]:
        expected = row["expected_count"] or 0
        assert row["verdict"] == elective_verdict(row["wish_count"], expected, row["seats"], row["host_count"])
    verdicts = [row["verdict"] for row in body["groups"]]
    assert verdicts == sorted(verdicts, key=GROUP_ORDER.index)  # the most pressing first


@pytest.mark.parametrize("of", [6, 7, 8, 11, 23, 44])
def test_no_share_of_any_count_is_found(of: int) -> None:
    told = {(told_share(count / of, of), in_fives(of)) for count in range(of + 1)}
    assert recovered(sorted(told), told_share) == 0


def test_the_attack_finds_people_in_exact_shares() -> None:
    """Otherwise finding nobody would mean nothing: 3 of 44 alone, 41 of 44 from the other side, 20 beside 21."""
    for counts in ([3], [41], [20, 21]):
        assert recovered([(count / 44, 44) for count in counts], lambda share, _: share) > 0


def test_the_metrics_tell_no_more_than_the_observations(
    client: TestClient, sign_in: SignIn, crowded: Database, settings: Settings
) -> None:
    watch_at_once(crowded, settings=settings)
    body = client.get("/v1/observations", headers=sign_in("metodist")).json()
    lines = dict(
        line.rsplit(" ", 1)
        for line in client.get("/metrics").text.splitlines()
        if line.startswith("orientir_model_figure{")
    )
    told = {f'orientir_model_figure{{figure="{f["code"]}"}}': f["value"] for f in body["observations"][0]["figures"]}
    assert {name: float(value) for name, value in lines.items()} == {k: v for k, v in told.items() if v is not None}


def test_every_route_about_many_is_attacked(client: TestClient) -> None:
    """A new aggregate for readers of models enters this test, or the list of those that are none."""
    about = {
        context.path
        for context, (declaration,) in declared_routes(client.app)  # type: ignore[arg-type] # Starlette's own
        if "GET" in (context.methods or ())
        and any(each.value == "models:read" for each in getattr(declaration, "any_of", ()))
    }
    assert about <= AGGREGATES | set(NOT_ABOUT_MANY)


@pytest.mark.parametrize("of", [5, 9, 20, 43, 400])
def test_steps_of_five_keep_their_order(of: int) -> None:
    shares = [told_share(count / of, of) for count in range(of + 1)]
    assert all(low <= high for low, high in pairwise(shares))
    assert (shares[0], shares[-1], in_fives(4)) == (0.0, 1.0, 0)
    for count in range(of + 1):
        low, high = told_interval((count / of, count / of), of)
        assert 0 <= low <= high <= 1
