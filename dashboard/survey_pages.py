"""Pages where students fill a survey: plain forms without a script, kept by the service at every step.

The token of the sheet is in a cookie that no script reads, so a reload loses nothing; names are sent, never shown.
"""

from collections.abc import Callable, Sequence
from urllib.parse import parse_qs

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from dashboard import client, plain_pages, text_surveys
from service.surveys.schemas import SheetForm, SurveyQuestion

COOKIE = "orientir_sheet"
COOKIE_SECONDS = 14 * 24 * 3600
DONE = "done"
ON_A_PAGE = 8  # grades of a scale; surveys of the school are short
MOST_BYTES = 64_000

Fields = dict[str, list[str]]


async def show(request: Request) -> Response:
    """The sheet where it was left, or the entry."""
    if request.query_params.get("step") == DONE:
        return _done(request)
    token = request.cookies.get(COOKIE)
    if token is None:
        return _entry(request)
    return await _on_the_sheet(request, lambda: client.survey_sheet(token), lambda form: _page(request, form))


async def begin(request: Request) -> Response:
    """The class code and a name in exchange for a sheet of one's own."""
    fields = await _fields_of(request)
    code, last, first = (fields.get(name, [""])[0].strip() for name in ("class_code", "last_name", "first_name"))
    try:
        token = await run_in_threadpool(client.begin_sheet, code, last, first)
    except (client.RefusedError, client.ServiceDownError) as error:
        return _entry(request, str(error), code)
    response = RedirectResponse(text_surveys.ADDRESS, status_code=303)
    plain_pages.keep(
        request, response, COOKIE, token, same_site="strict", path=text_surveys.ADDRESS, max_age=COOKIE_SECONDS
    )
    return response


async def keep(request: Request) -> Response:
    """Keep the answers of one page and go on."""
    token = request.cookies.get(COOKIE)
    fields = await _fields_of(request)
    if token is None:
        return _entry(request)
    step, goes = _number(fields.get("step", ["1"])[0]), fields.get("go", ["next"])[0]

    def kept() -> SheetForm:
        form = client.survey_sheet(token)
        shown = _steps_of(form.questions)[_within(form, step) - 1]
        answers = {each.question_id: [text for text in fields.get(each.question_id, []) if text] for each in shown}
        return client.keep_sheet(token, answers, submitted=goes == "submit")

    def go_on(form: SheetForm) -> Response:
        then = DONE if goes == "submit" else str(_within(form, step + (1 if goes == "next" else -1)))
        response = RedirectResponse(f"{text_surveys.ADDRESS}?step={then}", status_code=303)
        if goes == "submit":  # whoever sits here next must not find these answers
            response.delete_cookie(COOKIE, path=text_surveys.ADDRESS)
        return response

    return await _on_the_sheet(request, kept, go_on)


async def leave(_request: Request) -> Response:
    """Forget the sheet on this device."""
    response = RedirectResponse(text_surveys.ADDRESS, status_code=303)
    response.delete_cookie(COOKIE, path=text_surveys.ADDRESS)
    return response


async def _on_the_sheet(
    request: Request, does: Callable[[], SheetForm], answer: Callable[[SheetForm], Response]
) -> Response:
    """What is done with a sheet, or in words why not; a sheet that is closed is forgotten."""
    try:
        form = await run_in_threadpool(does)
    except client.SheetClosedError as error:
        response = _entry(request, str(error))
        response.delete_cookie(COOKIE, path=text_surveys.ADDRESS)
        return response
    except (client.RefusedError, client.ServiceDownError) as error:
        return _entry(request, str(error))
    return answer(form)


def _entry(request: Request, wrong: str = "", class_code: str = "") -> Response:
    said = {"text": text_surveys, "page": "entry", "wrong": wrong, "class_code": class_code}
    return plain_pages.TEMPLATES.TemplateResponse(request, "survey.html", said, status_code=422 if wrong else 200)


def _done(request: Request) -> Response:
    return plain_pages.TEMPLATES.TemplateResponse(request, "survey.html", {"text": text_surveys, "page": "done"})


def _page(request: Request, form: SheetForm) -> Response:
    asked = request.query_params.get("step")
    steps = _steps_of(form.questions)
    step = _within(form, _number(asked) if asked is not None else _first_open(form, steps))
    said = {
        "text": text_surveys,
        "page": "questions",
        "form": form,
        "questions": steps[step - 1],
        "step": step,
        "step_count": len(steps),
        "skipped": sum(not form.answers.get(each.question_id) for part in steps[: step - 1] for each in part),
    }
    return plain_pages.TEMPLATES.TemplateResponse(request, "survey.html", said)


def _steps_of(questions: Sequence[SurveyQuestion]) -> list[list[SurveyQuestion]]:
    if questions[0].kind != "scale":
        return [list(questions)]
    return [list(questions[first : first + ON_A_PAGE]) for first in range(0, len(questions), ON_A_PAGE)]


def _first_open(form: SheetForm, steps: Sequence[Sequence[SurveyQuestion]]) -> int:
    """The first page of which nothing was answered yet; the last one where there is none."""
    fresh = (
        number
        for number, part in enumerate(steps, start=1)
        if not any(each.question_id in form.answers for each in part)
    )
    return next(fresh, len(steps))


def _within(form: SheetForm, step: int) -> int:
    return min(max(step, 1), len(_steps_of(form.questions)))


def _number(written: str) -> int:
    return int(written) if written.isascii() and written.isdigit() and len(written) < 4 else 1


async def _fields_of(request: Request) -> Fields:
    body = await plain_pages.body_of(request, MOST_BYTES)
    return parse_qs(body.decode("utf-8", "replace"), keep_blank_values=True, max_num_fields=1000)


ROUTES = [
    Route(text_surveys.ADDRESS, show),
    Route(f"{text_surveys.ADDRESS}/begin", begin, methods=["POST"]),
    Route(f"{text_surveys.ADDRESS}/answers", keep, methods=["POST"]),
    Route(f"{text_surveys.ADDRESS}/leave", leave, methods=["POST"]),
]
