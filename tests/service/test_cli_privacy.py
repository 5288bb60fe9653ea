"""One child's data, and data whose term is over, on the command line."""

import json

import pytest

from tests.service.test_cli import FOLDER, Operator, operator  # noqa: F401 -- a fixture
from tests.service.worked_example import BLANK, KNOWN, REFUSED


def test_a_child_is_handed_out_and_erased(operator: Operator, monkeypatch: pytest.MonkeyPatch) -> None:  # noqa: F811
    operator.do("db", "upgrade")
    operator.do("reference", "load")
    operator.do("import", str(FOLDER))
    body = json.loads(operator.do("student", "export", KNOWN))
    assert body["purposes"][0]["tables"][1]["rows"][0]["last_name"] == "Ольхина"

    wrong = operator.run("student", "erase", KNOWN, "--reason", "надо", "--yes")
    assert (wrong.returncode, "Основание — одно из: request, consent, mistake" in wrong.stderr) == (3, True)
    act = operator.do("student", "erase", KNOWN, "--reason", "request", "--document", "вх. 12", "--yes")
    assert "Акт о стирании № 1" in act
    assert "требование законного представителя или ученика, документ вх. 12" in act
    assert "Отметки по четвертям: 8" in act
    assert "student.exported: Оператор" in act
    assert KNOWN not in act
    assert "Ольхина" not in act
    gone = operator.run("student", "export", KNOWN)
    assert (gone.returncode, gone.stderr) == (4, "Такого ученика нет.\n")
    again = operator.run("import", str(FOLDER / "schools" / "sch01" / "roster.csv"))
    assert (again.returncode, "данные этого ученика стёрты" in again.stderr) == (3, True)
    assert "Остатков стёртых строк" in operator.do("db", "scrub")
    assert "Журнал цел" in operator.do("audit", "verify")

    assert "никого" in operator.do("retention", "preview")
    monkeypatch.setenv("ORIENTIR_AS_OF", "2029-09-01")
    preview = json.loads(operator.do("retention", "preview", "--json"))
    assert preview["schools"][0]["student_ids"] == [BLANK, REFUSED]
    assert "Стёрто учеников: 3." in operator.do("retention", "apply", "--yes")
    assert "Стёрто учеников: 0." in operator.do("retention", "apply", "--yes")
