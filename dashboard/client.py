"""The only module of the screens that knows addresses: a visitor's calls, on the client that schools' systems use."""

import os
from datetime import date
from functools import cache
from typing import Any, TypeVar
from urllib.parse import quote

import httpx2

from dashboard import text
from service import client
from service.accounts.schemas import (
    AdmittedPerson,
    ClassLimit,
    Keys,
    KeyShownOnce,
    Me,
    People,
    SessionOpened,
    SignInBegun,
    SignInProvider,
)
from service.client import Orientir, open_connection
from service.demand.draft_schemas import Draft, DraftList, MeaningChoices, Publication, Settled
from service.demand.schemas import Edition, EditionChange, EditionList
from service.imports.schemas import IntakeList, IntakeReport, IntakeRow
from service.jobs.schemas import JobList
from service.model_versions.schemas import ModelVersionList, ModelVersionRow
from service.monitoring.schemas import ObservationList
from service.privacy.schemas import (
    ErasureAsked,
    ErasureDone,
    ErasureList,
    ReadingList,
    RetentionPreview,
    SaidConsents,
    StudentConsents,
    StudentExport,
)
from service.recommendations.balance_schemas import DistrictBalance
from service.recommendations.district_schemas import DistrictPolicy
from service.recommendations.history_schemas import StudentHistory
from service.recommendations.impact_schemas import ClassEditionChange, EditionImpact
from service.recommendations.picture_schemas import ClassPicture
from service.recommendations.schemas import (
    ClassRecommendations,
    Contrast,
    PathwayList,
    StudentRecommendations,
    WhyNot,
)
from service.recommendations.what_if_schemas import Changeable, ImaginedFacts, WhatIf
from service.students.schemas import ClassList, ClassStudents, SchoolStudents, StudentCard, WorkbookReason
from service.surveys.schemas import RoundEnded, SheetBegun, SheetForm, SurveyRound, SurveyRounds
from service.talks.schemas import NewNote, NoteList, TalkQueue
from service.wire import NOT_IN_USE, Wire

SERVICE_URL = "ORIENTIR_SERVICE_URL"
DRAFTS, INTAKES = "/v1/demand-drafts", "/v1/intakes"
ASKED_ONCE = 1  # a person waits: whatever fails is said at once
LONG_SECONDS = 120.0  # a file is read and checked while one waits
Answer = TypeVar("Answer", bound=Wire)


class ServiceDownError(Exception):
    """The service did not answer; the sentence says what to do."""


class SignedOutError(Exception):
    """The session has ended: sign in again."""


class SheetClosedError(Exception):
    """The sheet of a survey is open no more."""


class RefusedError(Exception):
    """The service refused and said why in Russian; `faults` are rows of an import report, if any."""

    def __init__(self, message: str, faults: list[dict[str, Any]] | None = None) -> None:
        super().__init__(message)
        self.faults = faults or []


@cache
def _connection() -> httpx2.Client:
    connection = open_connection(os.environ.get(SERVICE_URL, "http://127.0.0.1:8000"))
    connection.headers["Accept-Language"] = "ru"
    return connection


def forget_connection() -> None:
    """Close the connection; the next question opens one to the address then in force."""
    if _connection.cache_info().currsize:
        _connection().close()
        _connection.cache_clear()


class _Screens(Orientir):
    """The service as a visitor meets it: what went wrong is one of three sentences."""

    def __init__(self, token: str | None) -> None:
        super().__init__(_connection(), token, attempts=ASKED_ONCE)

    def ask(self, method: str, path: str, **sent: Any) -> httpx2.Response:
        """One call."""
        try:
            return super().ask(method, path, **sent)
        except client.RefusedError as refused:
            if refused.status == httpx2.codes.UNAUTHORIZED and self._credentials is not None:
                raise SignedOutError(text.SIGNED_OUT) from refused
            if refused.status is None or refused.code.startswith("http_"):  # no answer, or none of the service's
                raise ServiceDownError(text.SERVICE_DOWN) from refused
            report = refused.facts.get("report") or {}
            parts = report.get("parts", ())
            faults = report.get("faults") or [fault for part in parts for fault in part["faults"]]
            raise RefusedError(str(refused), faults) from refused


def _ask(method: str, path: str, token: str | None, **sent: Any) -> httpx2.Response:
    return _Screens(token).ask(method, path, **sent)


def _get(answer: type[Answer], path: str, token: str, **params: Any) -> Answer:
    return _Screens(token).get(answer, path, **params)


def _post(answer: type[Answer], path: str, token: str | None, **sent: Any) -> Answer:
    return _Screens(token).post(answer, path, **sent)


def sign_in(login: str, password: str) -> SessionOpened:
    """Open a session."""
    return _post(SessionOpened, "/v1/sessions", None, json={"login": login, "password": password})


def sign_in_provider() -> SignInProvider:
    """Whether an identity provider lets people in, and what it is called."""
    return SignInProvider.model_validate_json(_ask("GET", "/v1/sign-in/provider", None).content)


def begin_sign_in() -> SignInBegun:
    """Where a browser is to be sent to sign in."""
    return _post(SignInBegun, "/v1/sign-in/requests", None)


def finish_sign_in(code: str, state: str, browser: str) -> SessionOpened:
    """Open a session with what the provider sent the browser back with."""
    sent = {"code": code, "state": state, "browser": browser}
    return _post(SessionOpened, "/v1/sign-in/sessions", None, json=sent)


def sign_out(token: str) -> None:
    """End the session on the service's side too."""
    _ask("DELETE", "/v1/sessions/current", token)


def me(token: str) -> Me:
    """Who this session belongs to and what may be done with it."""
    return _get(Me, "/v1/me", token)


def classes(token: str) -> ClassList:
    """Classes that may be seen, with the counts of who lacks what."""
    return _Screens(token).classes()


def class_students(token: str, class_id: str) -> ClassStudents:
    """Students of a class."""
    return _Screens(token).class_students(class_id)


def class_lists(token: str, class_id: str) -> ClassRecommendations:
    """The first three of each list, of a whole class."""
    return _get(ClassRecommendations, f"/v1/classes/{quote(class_id, safe='')}/recommendations", token, k=3)


def class_workbook(token: str, class_id: str, reason: WorkbookReason) -> bytes:
    """The table of a class as a workbook, and what it is taken for."""
    path = f"/v1/classes/{quote(class_id, safe='')}/workbook"
    content: bytes = _ask("GET", path, token, params={"reason": reason}).content
    return content


def class_picture(token: str, class_id: str) -> ClassPicture:
    """What a class leans to and wishes, without names."""
    return _get(ClassPicture, f"/v1/classes/{quote(class_id, safe='')}/picture", token)


def school_students(token: str) -> SchoolStudents:
    """Everybody of the school whom one may see."""
    return _get(SchoolStudents, "/v1/school-students", token)


def talks(token: str, limit: int) -> TalkQueue:
    """Whom to talk to and why; what is due this month."""
    return _get(TalkQueue, "/v1/talks", token, limit=limit)


def student_card(token: str, student_id: str) -> StudentCard:
    """Everything known of a student."""
    return _get(StudentCard, _student(student_id), token)


def recommendations(token: str, student_id: str, k: int, demand_strength: float | None) -> StudentRecommendations:
    """Three ranked lists of a student."""
    return _Screens(token).lists_of(student_id, k=k, demand_strength=demand_strength)


def policy(token: str) -> DistrictPolicy:
    """What demand brings and costs in the district, and where seats will not do."""
    return _get(DistrictPolicy, "/v1/policy", token)


def balance(token: str) -> DistrictBalance:
    """Interest, demand and seats of the district side by side."""
    return _get(DistrictBalance, "/v1/balance", token)


def pathways(token: str) -> PathwayList:
    """What the school year offers, to ask about."""
    return _get(PathwayList, "/v1/pathways", token)


def why_not(token: str, student_id: str, pathway_code: str, demand_strength: float) -> WhyNot:
    """Why a pathway is not among the first of a student's list."""
    path = f"{_student(student_id)}/recommendations/why-not"
    return _get(WhyNot, path, token, pathway_code=pathway_code, demand_strength=demand_strength)


def contrast(token: str, student_id: str, first: str, second: str, demand_strength: float) -> Contrast:
    """Two pathways of one kind side by side."""
    path = f"{_student(student_id)}/recommendations/contrast"
    return _get(Contrast, path, token, first=first, second=second, demand_strength=demand_strength)


def sheet(token: str, student_id: str, file_format: str, demand_strength: float) -> bytes:
    """The sheet for student and parents as a file."""
    params = {"file_format": file_format, "demand_strength": demand_strength}
    content: bytes = _ask("GET", f"{_student(student_id)}/sheet", token, params=params).content
    return content


def decide(token: str, student_id: str, pathway_code: str, decision: str, reason: str | None) -> None:
    """Record what a person decided about a pathway."""
    sent = {"pathway_code": pathway_code, "decision": decision, "reason": reason}
    _ask("POST", f"{_student(student_id)}/decisions", token, json=sent)


def withdraw_decision(token: str, student_id: str, decision_id: int) -> None:
    """Take a decision back."""
    _ask("DELETE", f"{_student(student_id)}/decisions/{decision_id}", token)


def changeable(token: str, student_id: str) -> Changeable:
    """What can be imagined of a student."""
    return _get(Changeable, f"{_student(student_id)}/what-if", token)


def what_if(token: str, student_id: str, wanted: ImaginedFacts) -> WhatIf:
    """The lists with some facts otherwise; nothing is stored."""
    return _post(WhatIf, f"{_student(student_id)}/what-if", token, json=wanted.model_dump(mode="json"))


def history(token: str, student_id: str) -> StudentHistory:
    """The school years of a student."""
    return _get(StudentHistory, f"{_student(student_id)}/history", token)


def notes(token: str, student_id: str) -> NoteList:
    """Notes of talks with a student."""
    return _get(NoteList, f"{_student(student_id)}/notes", token)


def write_note(token: str, student_id: str, wanted: NewNote) -> None:
    """Note what was said and what is to be done next."""
    _ask("POST", f"{_student(student_id)}/notes", token, json=wanted.model_dump(mode="json"))


def mark_note_done(token: str, student_id: str, note_id: int, *, is_done: bool) -> None:
    """What a note asks for is done, or is not."""
    _ask("PUT", f"{_student(student_id)}/notes/{note_id}/done", token, json={"is_done": is_done})


def withdraw_note(token: str, student_id: str, note_id: int) -> None:
    """Take a note back."""
    _ask("DELETE", f"{_student(student_id)}/notes/{note_id}", token)


def _student(student_id: str) -> str:
    """Address of a student."""
    return f"/v1/students/{quote(student_id, safe='')}"


def editions(token: str) -> EditionList:
    """All demand editions, newest first."""
    return _get(EditionList, "/v1/demand-editions", token)


def edition(token: str, code: str) -> Edition:
    """One edition with its lines."""
    return _get(Edition, f"/v1/demand-editions/{quote(code, safe='')}", token)


def edition_change(token: str, code: str, from_code: str) -> EditionChange:
    """What changed between two editions."""
    return _get(EditionChange, f"/v1/demand-editions/{quote(code, safe='')}/difference", token, **{"from": from_code})


def class_edition_change(token: str, class_id: str, old: str, new: str) -> ClassEditionChange:
    """Whose first three another edition changes in a class."""
    return _get(ClassEditionChange, f"/v1/classes/{class_id}/edition-change", token, **{"from": old, "to": new})


def drafts(token: str) -> DraftList:
    """Lists on their way to becoming editions."""
    return _get(DraftList, DRAFTS, token)


def open_draft(token: str, content: bytes, name: str) -> Draft:
    """Have a document read."""
    headers = {"Content-Type": "application/octet-stream"}
    return _post(Draft, DRAFTS, token, content=content, params={"file_name": name}, headers=headers)


def draft(token: str, draft_id: int) -> Draft:
    """What was understood of a document."""
    return _get(Draft, f"{DRAFTS}/{draft_id}", token)


def meaning_choices(token: str) -> MeaningChoices:
    """Everything that a title may be said to mean."""
    return _get(MeaningChoices, "/v1/demand-meanings", token)


def settle_title(
    token: str, draft_id: int, position: int, spo_codes: list[str], profiles: list[str], *, is_listed: bool
) -> None:
    """Say what a title means, or that it is none of the list."""
    sent = {"spo_codes": spo_codes, "profiles": profiles, "is_listed": is_listed}
    _ask("PUT", f"{DRAFTS}/{draft_id}/lines/{position}", token, json=sent)


def settle_rest(token: str, draft_id: int) -> int:
    """Leave what was not found without codes; how many lines."""
    return _post(Settled, f"{DRAFTS}/{draft_id}/rest", token).line_count


def change_draft(token: str, draft_id: int, edition_code: str, published_on: date) -> None:
    """Code and day of the edition to be."""
    sent = {"edition_code": edition_code, "published_on": published_on.isoformat()}
    _ask("PATCH", f"{DRAFTS}/{draft_id}", token, json=sent)


def draft_change(token: str, draft_id: int) -> EditionChange:
    """What would change from the edition in force."""
    return _get(EditionChange, f"{DRAFTS}/{draft_id}/difference", token)


def draft_impact(token: str, draft_id: int) -> EditionImpact:
    """What would change in the district's lists."""
    return _get(EditionImpact, f"{DRAFTS}/{draft_id}/impact", token)


def publish_draft(token: str, draft_id: int) -> Publication:
    """Publish, or sign for the second person."""
    return _post(Publication, f"{DRAFTS}/{draft_id}/publication", token)


def discard_draft(token: str, draft_id: int) -> None:
    """Give a draft up."""
    _ask("DELETE", f"{DRAFTS}/{draft_id}", token)


def bring_file(
    token: str, content: bytes, name: str, *, mode: str, taking: str, table: str | None
) -> IntakeReport | IntakeRow:
    """Have a file of the school checked or taken in; a large one is waited for."""
    sent = {"mode": mode, "taking": taking, **({} if table is None else {"table": table})}
    response = _ask(
        "POST", "/v1/imports", token, content=content, params=sent, headers=_named(name), timeout=LONG_SECONDS
    )
    answer = IntakeRow if response.status_code == httpx2.codes.ACCEPTED else IntakeReport
    return answer.model_validate_json(response.content)


def marked_copy(token: str, content: bytes, name: str, *, taking: str, table: str | None) -> bytes:
    """The file with its bad cells coloured and commented."""
    sent = {"taking": taking, **({} if table is None else {"table": table})}
    path = "/v1/marked-copies"
    return _ask("POST", path, token, content=content, params=sent, headers=_named(name), timeout=LONG_SECONDS).content


def survey_kit(token: str, class_id: str, survey: str, *, form: bool) -> bytes:
    """A survey of a class: a workbook to fill in, or a form to print."""
    asked = {"survey": survey, "form": "true" if form else "false"}
    return _ask("GET", f"/v1/classes/{quote(class_id, safe='')}/survey-kit", token, params=asked).content


def survey_rounds(token: str, class_id: str, *, by_itself: bool = False) -> SurveyRounds:
    """Surveys that a class fills in the browser, the newest first; a screen that asks by itself keeps nobody in."""
    headers = {NOT_IN_USE: "1"} if by_itself else {}
    answer = _ask("GET", f"/v1/classes/{quote(class_id, safe='')}/survey-rounds", token, headers=headers)
    return SurveyRounds.model_validate_json(answer.content)


def open_survey(token: str, class_id: str, survey: str, hours: int) -> SurveyRound:
    """Open one; its code is for the blackboard."""
    path, sent = f"/v1/classes/{quote(class_id, safe='')}/survey-rounds", {"survey": survey, "hours": hours}
    return _post(SurveyRound, path, token, json=sent)


def reset_sheet(token: str, round_id: int, student_id: str) -> None:
    """Forget a student's sheet."""
    _ask("DELETE", f"/v1/survey-rounds/{round_id}/sheets/{quote(student_id, safe='')}", token)


def end_survey(token: str, round_id: int) -> RoundEnded:
    """Take in what was submitted."""
    return _post(RoundEnded, f"/v1/survey-rounds/{round_id}/end", token, timeout=LONG_SECONDS)


def begin_sheet(class_code: str, last_name: str, first_name: str) -> str:
    """The token of a student's own sheet."""
    sent = {"class_code": class_code, "last_name": last_name, "first_name": first_name}
    return _post(SheetBegun, "/v1/survey-sheets", None, json=sent).token


def survey_sheet(sheet: str) -> SheetForm:
    """The questions, and the answers so far."""
    return _of_sheet("GET", sheet)


def keep_sheet(sheet: str, answers: dict[str, list[str]], *, submitted: bool) -> SheetForm:
    """Keep answers."""
    return _of_sheet("PUT", sheet, json={"answers": answers, "submitted": submitted})


def _of_sheet(method: str, sheet: str, **sent: Any) -> SheetForm:
    try:
        return SheetForm.model_validate_json(_ask(method, "/v1/survey-sheets/current", sheet, **sent).content)
    except SignedOutError as closed:
        refused = closed.__cause__
        raise SheetClosedError(str(refused)) from closed


def _named(name: str) -> dict[str, str]:
    """A file's name goes in a header: in the address it could be somebody's."""
    return {
        "Content-Type": "application/octet-stream",
        "Content-Disposition": f"attachment; filename*=UTF-8''{quote(name, safe='')}",
    }


def imports(token: str) -> IntakeList:
    """Files that came in, newest first."""
    return _get(IntakeList, INTAKES, token, limit=20)


def import_row(token: str, intake_id: int) -> IntakeRow:
    """One of them, with its report."""
    return _get(IntakeRow, f"{INTAKES}/{intake_id}", token)


def undo_import(token: str, intake_id: int) -> None:
    """Bring back what was before it."""
    _ask("POST", f"{INTAKES}/{intake_id}/undo", token)


def settle_columns(token: str, table: str, columns: dict[str, str]) -> None:
    """Say what the columns of such files are."""
    _ask("PUT", "/v1/column-meanings", token, json={"table": table, "columns": columns})


def jobs(token: str) -> JobList:
    """Trainings, newest first."""
    return _get(JobList, "/v1/jobs", token)


def promote(token: str, version: str, although: str | None) -> None:
    """Make a version serve."""
    _ask("POST", f"/v1/model-versions/{quote(version, safe='')}/promotion", token, json={"although": although})


def roll_back(token: str, version: str) -> ModelVersionRow:
    """Make the version serve that served before the active one; `version` is the one a person was told of."""
    return _post(ModelVersionRow, "/v1/model-versions/rollback", token, json={"version": version})


def model_versions(token: str) -> ModelVersionList:
    """Trained versions and which of them serves."""
    return _get(ModelVersionList, "/v1/model-versions", token)


def observations(token: str) -> ObservationList:
    """What was seen of the version that serves, newest first."""
    return _get(ObservationList, "/v1/observations", token)


def change_password(token: str, current: str, wanted: str) -> None:
    """A password of one's own choice."""
    _ask("PUT", "/v1/me/password", token, json={"current": current, "wanted": wanted})


def people(token: str) -> People:
    """Who signs in to the school."""
    return _get(People, "/v1/people", token)


def add_person(
    token: str, login: str, name: str, role: str, limit: ClassLimit | None, signs_in_by: str = "password"
) -> AdmittedPerson:
    """Let a person in; of a counsellor it is said whom he or she sees."""
    of_whom = limit.model_dump(mode="json") if limit is not None else {}
    sent = {"login": login, "display_name": name, "role": role, "signs_in_by": signs_in_by, **of_whom}
    return _post(AdmittedPerson, "/v1/people", token, json=sent)


def limit_person(token: str, user_id: int, limit: ClassLimit) -> None:
    """Limit a counsellor to classes, or open the whole school."""
    _ask("PUT", f"/v1/people/{user_id}/classes", token, json=limit.model_dump(mode="json"))


def reset_password(token: str, user_id: int) -> AdmittedPerson:
    """Another temporary password."""
    return _post(AdmittedPerson, f"/v1/people/{user_id}/password", token)


def dismiss_person(token: str, user_id: int) -> None:
    """Close the door behind a person."""
    _ask("POST", f"/v1/people/{user_id}/dismissal", token)


def keys(token: str) -> Keys:
    """Keys of the school's systems."""
    return _get(Keys, "/v1/keys", token)


def issue_key(token: str, title: str, verbs: list[str], days: int) -> KeyShownOnce:
    """A key for a system."""
    sent = {"title": title, "verbs": verbs, "days": days}
    return _post(KeyShownOnce, "/v1/keys", token, json=sent)


def rotate_key(token: str, key_id: int, overlap_hours: float) -> KeyShownOnce:
    """A new key in place of one."""
    return _post(KeyShownOnce, f"/v1/keys/{key_id}/rotation", token, json={"overlap_hours": overlap_hours})


def revoke_key(token: str, key_id: int) -> None:
    """A key that must not work any more."""
    _ask("DELETE", f"/v1/keys/{key_id}", token)


def consents(token: str, student_id: str) -> StudentConsents:
    """Consents of a student by purpose, with their history."""
    return _get(StudentConsents, f"{_student(student_id)}/consents", token)


def set_consents(token: str, seen: StudentConsents, said: SaidConsents) -> None:
    """Record what the representative said, unless the consents have changed since they were looked at."""
    path, headers = f"/v1/students/{seen.student_id}/consents", {"If-Match": f'"{seen.revision}"'}
    _ask("PUT", path, token, json=said.model_dump(mode="json"), headers=headers)


def readings(token: str, student_id: str) -> ReadingList:
    """Who looked at what is kept about a student."""
    return _get(ReadingList, f"{_student(student_id)}/readings", token)


def export_student(token: str, student_id: str) -> StudentExport:
    """Everything kept about a student."""
    return _get(StudentExport, f"{_student(student_id)}/export", token)


def erase_student(token: str, student_id: str, asked: ErasureAsked) -> ErasureDone:
    """Erase everything about a student; the act is answered once."""
    return _post(ErasureDone, f"{_student(student_id)}/erasure", token, json=asked.model_dump(mode="json"))


def erasures(token: str) -> ErasureList:
    """Acts of the school, newest first."""
    return _get(ErasureList, "/v1/erasures", token)


def retention(token: str) -> RetentionPreview:
    """Whose term of keeping is over."""
    return _get(RetentionPreview, "/v1/retention", token)
