"""The description of the interface is kept beside the code: whoever changes it sees it, and sees what it breaks."""

import copy
import json

from tests.contracts.openapi import DOCUMENT, breaking_changes, described, written


def test_the_kept_description_is_the_programs() -> None:
    assert DOCUMENT.read_text(encoding="utf-8") == written(described()), "run make docs and look at the difference"


def test_what_breaks_callers_is_told() -> None:
    old = json.loads(DOCUMENT.read_text(encoding="utf-8"))
    assert list(breaking_changes(old, old)) == []
    new = copy.deepcopy(old)
    del new["paths"]["/v1/me"]["get"]
    route = new["paths"]["/v1/students/{student_id}/recommendations"]["get"]
    route["parameters"] = [each for each in route["parameters"] if each["name"] != "k"]
    route["parameters"].append({"in": "query", "name": "purpose", "required": True})
    del new["components"]["schemas"]["StudentRecommendations"]["properties"]["as_of"]
    new["components"]["schemas"]["NewDecision"]["required"].append("because")
    assert list(breaking_changes(old, new)) == [
        "GET /v1/me is gone",
        "GET /v1/students/{student_id}/recommendations: parameter k is gone",
        "GET /v1/students/{student_id}/recommendations: parameter purpose must be given now",
        "NewDecision.because must be given now",
        "StudentRecommendations.as_of is gone",
    ]


def test_every_route_says_what_it_is_for_and_who_may() -> None:
    for path, methods in described()["paths"].items():
        for method, operation in methods.items():
            assert operation.get("description") or operation.get("summary"), (method, path)
