"""A document becomes an edition: read, settled by a person, looked at, published once, remembered."""

import csv
from collections.abc import Callable
from pathlib import Path

import pytest
import sqlalchemy as sa
from starlette.testclient import TestClient

from service.db import Database
from service.tables import AuditRecord, DemandDraft, DemandEdition, Job, TitleDecision
from tests.service.conftest import Authorization
from tests.service.worked_example import DATA

SignIn = Callable[[str], Authorization]
FIXTURES = Path(__file__).parents[1] / "fixtures" / "demand"
KNOWN_LIST = (DATA / "demand" / "krasnodar-2024H1.csv").read_text(encoding="utf-8")
DRAFTS = "/v1/demand-drafts"
SINGLE = [row for row in csv.DictReader(KNOWN_LIST.splitlines()) if "," not in row["profession_title"]]


def next_list(*extra: str) -> bytes:
    """A document of the second half of 2024: the single professions of the first, and what is asked for."""
    rows = SINGLE
    lines = ["Перечень востребованных профессий (Краснодарский край), второе полугодие 2024 года", ""]
    lines += ["№ п/п\tНаименование профессии\tКод\tУровень спроса"]
    for row in rows:
        codes, level = row["spo_codes"].replace(";", "; "), row["demand_level_illustrative"]
        lines.append("\t".join((row["position"], row["profession_title"], codes, level)))
    lines += [f"{len(rows) + number}\t{title}\t\t3" for number, title in enumerate(extra, start=1)]
    return "\n".join(lines).encode()


def upload(client: TestClient, header: Authorization, content: bytes, name: str = "perechen.txt"):
    """Read a document."""
    return client.post(DRAFTS, params={"file_name": name}, headers=header, content=content)


def settle_all(client: TestClient, header: Authorization, draft: dict) -> dict:
    """The methodologist agrees with every best guess and leaves what is not found."""
    for line in draft["lines"]:
        if line["status"] == "confirm":
            meaning = {"spo_codes": line["spo_codes"], "profiles": line["profiles"]}
            client.put(f"{DRAFTS}/{draft['draft_id']}/lines/{line['position']}", headers=header, json=meaning)
    client.post(f"{DRAFTS}/{draft['draft_id']}/rest", headers=header)
    return client.get(f"{DRAFTS}/{draft['draft_id']}", headers=header).json()


def test_a_document_is_read_and_nothing_is_in_force(client: TestClient, sign_in: SignIn, ready: Database) -> None:
    header = sign_in("metodist")
    answer = upload(client, header, next_list())
    assert answer.status_code == 201, answer.text
    draft = answer.json()
    assert (draft["state"], draft["edition_code"], draft["line_count"]) == ("open", "krasnodar-2024H2", len(SINGLE))
    first = draft["lines"][0]
    assert (first["status"], first["spo_codes"], first["level"]) == ("accepted", ["34.02.01"], 5)
    assert first["source_cell"]
    assert [row["why"] for row in draft["ignored"]]
    with ready.reading() as session:
        assert session.scalar(sa.select(sa.func.count()).select_from(DemandEdition)) == 2
    assert [each["draft_id"] for each in client.get(DRAFTS, headers=header).json()["drafts"]] == [draft["draft_id"]]


@pytest.mark.parametrize("path", sorted(FIXTURES.glob("*-*.[cdoptx]*")), ids=lambda path: path.name)
def test_every_kind_of_document_comes_in(path: Path, client: TestClient, sign_in: SignIn) -> None:
    if path.name.endswith(".expected.csv"):
        return
    answer = upload(client, sign_in("metodist"), path.read_bytes(), path.name)
    assert answer.status_code == 201, answer.text
    assert answer.json()["line_count"] >= 20


def test_unsettled_titles_stop_publication(client: TestClient, sign_in: SignIn) -> None:
    header = sign_in("metodist")
    draft = upload(client, header, next_list("Борт-кудесник третьего разряда")).json()
    assert draft["unsettled_count"] >= 1
    answer = client.post(f"{DRAFTS}/{draft['draft_id']}/publication", headers=header)
    assert answer.status_code == 409
    assert "осталось" in answer.json()["detail"]


def test_a_settled_title_is_remembered_for_the_next_half_year(
    client: TestClient, sign_in: SignIn, ready: Database
) -> None:
    header = sign_in("metodist")
    draft = upload(client, header, next_list("Борт-кудесник третьего разряда")).json()
    line = draft["lines"][-1]
    assert line["status"] == "unknown"
    address = f"{DRAFTS}/{draft['draft_id']}/lines/{line['position']}"
    wrong = client.put(address, headers=header, json={"spo_codes": ["99.99.99"], "profiles": []})
    assert (wrong.status_code, wrong.json()["spo_code"]) == (422, "99.99.99")
    settled = client.put(address, headers=header, json={"spo_codes": ["43.02.16", "43.02.16"], "profiles": []})
    assert settled.json()["line_count"] == 1
    draft = settle_all(client, header, client.get(f"{DRAFTS}/{draft['draft_id']}", headers=header).json())
    assert (draft["lines"][-1]["status"], draft["lines"][-1]["spo_codes"]) == ("decided", ["43.02.16"])
    early = upload(client, header, next_list("Борт-кудесник третьего разряда"), "early.txt").json()["lines"][-1]
    assert early["status"] == "unknown"  # nothing is remembered of a list that is not published
    assert client.post(f"{DRAFTS}/{draft['draft_id']}/publication", headers=header).json()["published"]
    again = upload(client, header, next_list("БОРТ-КУДЕСНИКИ третьего разряда"), "next.txt").json()["lines"][-1]
    assert (again["status"], again["spo_codes"], again["ground"]) == ("accepted", ["43.02.16"], "remembered")
    with ready.reading() as session:
        kept = session.scalars(sa.select(TitleDecision.title)).all()
        assert "Борт-кудесник третьего разряда" in kept
        deeds = session.scalars(sa.select(AuditRecord.deed).order_by(AuditRecord.audit_id)).all()
        assert {"demand.read", "demand.title_settled", "demand.published"} <= set(deeds)


def test_what_a_person_settles_touches_lines_in_doubt_only(client: TestClient, sign_in: SignIn) -> None:
    header = sign_in("metodist")
    content = "Профессия\tКод\nПовар\t08.02.01\nПовар\t43.01.09\nПовар\t08.02.01\nСпециалист\t\n".encode()
    draft = upload(client, header, content).json()
    assert [line["status"] for line in draft["lines"][:3]] == ["confirm", "accepted", "confirm"]
    assert "(08.02.01 «Строительство и эксплуатация зданий и сооружений»)" in draft["lines"][0]["doubt_text"]
    address = f"{DRAFTS}/{draft['draft_id']}"
    done = client.put(f"{address}/lines/1", headers=header, json={"spo_codes": [], "profiles": []}).json()
    assert done["line_count"] == 2
    lines = client.get(address, headers=header).json()["lines"]
    assert [line["status"] for line in lines[:3]] == ["decided", "accepted", "decided"]
    corrected = client.put(f"{address}/lines/2", headers=header, json={"spo_codes": ["43.02.15"], "profiles": []})
    assert corrected.json()["line_count"] == 1  # what was accepted can be put right
    assert client.get(address, headers=header).json()["lines"][1]["spo_codes"] == ["43.02.15"]


def test_what_is_no_profession_is_left_out_of_the_list_and_not_remembered(
    client: TestClient, sign_in: SignIn, ready: Database
) -> None:
    header = sign_in("metodist")
    draft = upload(client, header, next_list("Сведения по форме 7-У")).json()
    last = draft["lines"][-1]
    address = f"{DRAFTS}/{draft['draft_id']}"
    line = f"{address}/lines/{last['position']}"
    odd = client.put(line, headers=header, json={"spo_codes": ["43.02.16"], "profiles": [], "is_listed": False})
    assert odd.status_code == 422
    assert "коды и классы оставьте пустыми" in odd.json()["detail"]
    nothing = {"spo_codes": [], "profiles": []}
    assert client.put(line, headers=header, json={**nothing, "is_listed": False}).json()["line_count"] == 1
    draft = settle_all(client, header, client.get(address, headers=header).json())
    assert (draft["lines"][-1]["status"], draft["counts"]["left_out"]) == ("left_out", 1)
    assert draft["line_count"] == len(draft["lines"]) - 1
    change = client.get(f"{address}/difference", headers=header).json()
    assert "Сведения по форме 7-У" not in str(change)
    done = client.post(f"{address}/publication", headers=header).json()
    listed = client.get(f"/v1/demand-editions/{done['added']['edition']['code']}", headers=header).json()
    assert "Сведения по форме 7-У" not in str(listed)
    with ready.reading() as session:
        assert "Сведения по форме 7-У" not in session.scalars(sa.select(TitleDecision.title)).all()


def test_the_last_line_of_a_list_stays(client: TestClient, sign_in: SignIn) -> None:
    header = sign_in("metodist")
    draft = upload(client, header, "Профессия\tКод\nПовар\t43.01.09\nНечто\t\n".encode()).json()
    lines = f"{DRAFTS}/{draft['draft_id']}/lines"
    gone = {"spo_codes": [], "profiles": [], "is_listed": False}
    assert client.put(f"{lines}/2", headers=header, json=gone).status_code == 200
    refused = client.put(f"{lines}/1", headers=header, json=gone)
    assert refused.status_code == 409
    assert "Удалите черновик" in refused.json()["detail"]
    back = client.put(f"{lines}/2", headers=header, json={"spo_codes": [], "profiles": []})  # on second thoughts
    assert back.status_code == 200
    assert client.put(f"{lines}/1", headers=header, json=gone).status_code == 200


def test_a_heading_of_another_region_needs_a_second_person(client: TestClient, sign_in: SignIn) -> None:
    header = sign_in("metodist")
    content = next_list("Аддитивные технологии").decode().replace("Краснодарский край", "Ростовская область")
    draft = settle_all(client, header, upload(client, header, content.encode()).json())
    assert [suspicion["code"] for suspicion in draft["suspicions"]] == ["another_region"]
    assert client.post(f"{DRAFTS}/{draft['draft_id']}/publication", headers=header).json()["published"] is False
    shown = client.get(f"{DRAFTS}/{draft['draft_id']}", headers=header).json()
    assert (shown["state"], shown["signed_by_me"]) == ("signed", True)


def test_the_same_document_under_another_half_year_is_another_list(client: TestClient, sign_in: SignIn) -> None:
    header, content = sign_in("metodist"), next_list("Аддитивные технологии")
    draft = settle_all(client, header, upload(client, header, content).json())
    client.post(f"{DRAFTS}/{draft['draft_id']}/publication", headers=header)
    second = settle_all(client, header, upload(client, header, content).json())
    head = {"edition_code": "krasnodar-2025H1", "published_on": "2025-01-15"}
    client.patch(f"{DRAFTS}/{second['draft_id']}", headers=header, json=head)
    answer = client.post(f"{DRAFTS}/{second['draft_id']}/publication", headers=header).json()
    assert answer["published"] is False  # nothing changed since the last list: somebody else must look


def test_a_code_that_is_no_code_or_is_taken_is_said_in_words(client: TestClient, sign_in: SignIn) -> None:
    header = sign_in("metodist")
    draft = upload(client, header, next_list("Аддитивные технологии")).json()
    for code, said in (("Перечень 2-е", "латинские буквы"), ("krasnodar-2024H1", "уже издан")):
        head = {"edition_code": code, "published_on": "2025-01-15"}
        refused = client.patch(f"{DRAFTS}/{draft['draft_id']}", headers=header, json=head)
        assert said in refused.json()["detail"]


def test_a_line_of_the_list_before_is_one_line_and_means_what_it_meant(client: TestClient, sign_in: SignIn) -> None:
    header = sign_in("metodist")
    before = client.get("/v1/demand-editions/krasnodar-2024H1", headers=header).json()["entries"]
    entry = next(each for each in before if ", " in each["title"] and each["spo_codes"])
    titles = [entry["title"], "Фельдшер", "Сварщик"]
    listed = "\n".join(f"{number}\t{title}" for number, title in enumerate(titles, start=1))
    draft = upload(client, header, f"№\tПрофессия\n{listed}\n".encode()).json()
    assert [line["title"] for line in draft["lines"]] == titles
    line = draft["lines"][0]
    assert set(line["spo_codes"]) == set(entry["spo_codes"]) or line["status"] == "confirm"
    assert line["ground"] == "remembered"


def test_our_own_file_twice_by_two_roads_is_once(client: TestClient, sign_in: SignIn) -> None:
    header = sign_in("metodist")
    content = KNOWN_LIST.replace("krasnodar-2024H1,2024-01-31", "krasnodar-2024H2,2024-07-31").replace(
        "Фельдшер", "Фельдшер скорой помощи"
    )
    direct = client.post(
        "/v1/demand-editions", headers={**header, "content-type": "text/csv"}, content=content.encode()
    )
    assert direct.status_code == 201, direct.text
    draft = upload(client, header, content.encode(), "krasnodar-2024H2.csv").json()
    done = client.post(f"{DRAFTS}/{draft['draft_id']}/publication", headers=header).json()
    assert (done["published"], done["added"]["already_known"]) == (True, True)


def test_published_once_whatever_is_clicked(client: TestClient, sign_in: SignIn, ready: Database) -> None:
    header = sign_in("metodist")
    content = next_list("Аддитивные технологии")
    draft = settle_all(client, header, upload(client, header, content).json())
    assert draft["suspicions"] == []
    published = client.post(f"{DRAFTS}/{draft['draft_id']}/publication", headers=header).json()
    assert (published["published"], published["added"]["edition"]["code"]) == (True, "krasnodar-2024H2")
    assert published["added"]["edition"]["source_name"] == "perechen.txt"
    closed = client.post(f"{DRAFTS}/{draft['draft_id']}/publication", headers=header)
    assert closed.status_code == 409
    source = client.get("/v1/demand-editions/krasnodar-2024H2/source", headers=header)
    assert source.content == content
    second = settle_all(client, header, upload(client, header, content).json())
    assert second["edition_code"] == "krasnodar-2024H2.2"
    same = client.post(f"{DRAFTS}/{second['draft_id']}/publication", headers=header).json()
    assert (same["added"]["already_known"], same["added"]["edition"]["code"]) == (True, "krasnodar-2024H2")
    with ready.reading() as session:
        assert session.scalar(sa.select(sa.func.count()).select_from(DemandEdition)) == 3
        assert session.scalars(sa.select(Job.cause).where(Job.state == "queued")).all() == ["edition krasnodar-2024H2"]


def test_a_suspicious_list_needs_two_people(client: TestClient, sign_in: SignIn, ready: Database) -> None:
    first, second = sign_in("metodist"), sign_in("metodist2")
    short = "Профессия\tКод\nСварщик\t15.01.05\nПовар, кондитер\t43.01.09\n".encode()
    draft = settle_all(client, first, upload(client, first, short).json())
    assert draft["needs_second_person"]
    assert "меньше 5" in draft["suspicions"][0]["text"]
    address = f"{DRAFTS}/{draft['draft_id']}"
    asked = client.post(f"{address}/publication", headers=first).json()
    assert (asked["published"], asked["added"]) == (False, None)
    again = client.post(f"{address}/publication", headers=first)
    assert (again.status_code, "другой человек" in again.json()["detail"]) == (409, True)
    head = {"edition_code": "krasnodar-2024H2", "published_on": "2024-09-15"}
    assert client.patch(address, headers=second, json=head).json()["state"] == "open"  # changed: must be asked anew
    assert client.post(f"{address}/publication", headers=first).json()["published"] is False
    done = client.post(f"{address}/publication", headers=second).json()
    assert done["published"] is True
    people = (done["added"]["edition"]["published_by"], done["added"]["edition"]["approved_by"])
    assert people[0] != people[1]
    assert all(each.startswith("user:") for each in people)
    with ready.reading() as session:
        assert session.scalar(sa.select(DemandDraft.state)) == "published"


def test_difference_and_impact_before_publishing(client: TestClient, sign_in: SignIn) -> None:
    header = sign_in("metodist")
    next_code = KNOWN_LIST.replace("krasnodar-2024H1,2024-01-31", "krasnodar-2024H2,2024-07-31")
    added = "krasnodar-2024H2,2024-07-31,Краснодарский край,60,Аддитивные технологии,15.02.09,4,,current,,\n"
    draft = upload(client, header, (next_code + added).encode(), "krasnodar-2024H2.csv").json()
    assert draft["unsettled_count"] == 0
    change = client.get(f"{DRAFTS}/{draft['draft_id']}/difference", headers=header).json()
    assert (change["from_code"], change["to_code"]) == ("krasnodar-2024H1", "krasnodar-2024H2")
    assert [entry["title"] for entry in change["added"]] == ["Аддитивные технологии"]
    assert change["dropped"] == []
    impact = client.get(f"{DRAFTS}/{draft['draft_id']}/impact", headers=header).json()
    assert (impact["from_code"], impact["to_code"]) == ("krasnodar-2024H1", "krasnodar-2024H2")


def test_a_discarded_draft_is_closed(client: TestClient, sign_in: SignIn) -> None:
    header = sign_in("metodist")
    draft = upload(client, header, next_list()).json()
    address = f"{DRAFTS}/{draft['draft_id']}"
    assert client.delete(address, headers=header).status_code == 204
    assert client.get(DRAFTS, headers=header).json()["drafts"] == []
    assert client.post(f"{address}/publication", headers=header).status_code == 409


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("perechen.txt", b"2024\n\n12\n", "не нашлось ни одной профессии"),
        ("perechen.xlsx", b"PK\x03\x04broken", ""),
        ("perechen.exe", b"MZ", ""),
    ],
)
def test_what_is_not_a_list_is_refused_in_russian(
    client: TestClient, sign_in: SignIn, name: str, content: bytes, said: str
) -> None:
    answer = upload(client, sign_in("metodist"), content, name)
    assert answer.status_code == 422, answer.text
    assert said in answer.json()["detail"]
    assert any("а" <= letter <= "я" for letter in answer.json()["detail"])


def test_choices_are_those_in_force(client: TestClient, sign_in: SignIn) -> None:
    found = client.get("/v1/demand-meanings", headers=sign_in("metodist")).json()
    codes = {choice["spo_code"] for choice in found["spo"]}
    assert "08.01.27" in codes
    assert "08.01.07" not in codes  # closed
    assert "sci-med" in {choice["profile"] for choice in found["profiles"]}


@pytest.mark.parametrize(
    "title",
    [
        "Сварщик\u00a0ручной\u00adсварки",
        "=ГИПЕРССЫЛКА(1)",
        'Мастер "золотые руки"; сварщик',
        "Сварщик " * 80,
        "\u202eкиращавС",
        "Сварщик, " * 40,
        "’; DROP TABLE students; --",
    ],
)
def test_odd_letters_are_shown_compared_and_published_all_the_same(
    client: TestClient, sign_in: SignIn, title: str
) -> None:
    header = sign_in("metodist")
    answer = upload(client, header, next_list(title), 'перечень"\r\nX: y.txt')
    assert answer.status_code == 201, answer.text
    draft = settle_all(client, header, answer.json())
    address = f"{DRAFTS}/{draft['draft_id']}"
    assert draft["unsettled_count"] == 0
    for part in ("", "/difference", "/impact"):
        assert client.get(address + part, headers=header).status_code == 200
    done = client.post(f"{address}/publication", headers=header)
    assert done.status_code == 200, done.text
    if done.json()["published"]:
        source = client.get(f"/v1/demand-editions/{draft['edition_code']}/source", headers=header)
        assert "\n" not in source.headers["content-disposition"]
