"""What can go wrong in the service: a class says status, exit code and stable code; the sentence is Russian."""

from typing import ClassVar

DISK_FULL = "На диске сервиса кончилось место: ничего не записано. Освободите место и повторите."


class ServiceError(Exception):
    """Root of the family; `str(error)` is a Russian sentence without names, `detail_en` says it in general."""

    status: ClassVar[int] = 500
    code: ClassVar[str] = "internal"
    title: ClassVar[str] = "Внутренняя ошибка"
    title_en: ClassVar[str] = "Internal error"
    detail_en: ClassVar[str] = "Something unforeseen happened."
    exit_code: ClassVar[int] = 1
    retry_after_seconds: ClassVar[int | None] = None  # where the same request may succeed soon

    def __init__(self, message: str, **facts: object) -> None:
        super().__init__(message)
        self.facts = facts


class InvalidInputError(ServiceError):
    """What came in does not follow the rules."""

    status = 422
    code = "invalid_input"
    title = "Данные не подходят"
    title_en = "Unsuitable data"
    detail_en = "What was sent does not follow the rules; the Russian sentence and the facts say where."
    exit_code = 3


class ImportRefusedError(InvalidInputError):
    """A file with faults: nothing of it was taken in; facts["report"] says what and where."""

    code = "import_refused"
    title = "Файл не принят"
    title_en = "File not taken"
    detail_en = "The file has faults and nothing of it was taken in; `report` names row, column and remedy."


class NotFoundError(ServiceError):
    """Absent, or not this reader's business: the two must look the same."""

    status = 404
    code = "not_found"
    title = "Не найдено"
    title_en = "Not found"
    detail_en = "There is no such thing, or it is not yours to see."
    exit_code = 4

    def __init__(self, message: str = "Такой записи нет.", **facts: object) -> None:
        super().__init__(message, **facts)


class NotReadyError(ServiceError):
    """Something must be set up first; the sentence says which command does it."""

    status = 503
    code = "not_ready"
    title = "Ещё не готово"
    title_en = "Not ready"
    detail_en = "Something has to be set up first by the operator."
    exit_code = 5


class SignInError(ServiceError):
    """No credentials, or wrong ones."""

    status = 401
    code = "not_signed_in"
    title = "Нужно войти"
    title_en = "Sign in"
    detail_en = "Credentials are missing, wrong or expired: `Authorization: Bearer ...`."
    exit_code = 6


class ProviderRefusedError(SignInError):
    """The identity provider did not vouch for anybody, or for somebody who is not known here."""

    code = "provider_refused"
    title = "Вход не подтверждён"
    title_en = "Sign-in not confirmed"
    detail_en = "The identity provider did not confirm who this is, or nobody here has that login: begin again."


class ProviderFailedError(ServiceError):
    """The identity provider does not answer, or not as its settings say."""

    status = 503
    code = "provider_failed"
    title = "Единый вход не отвечает"
    title_en = "The identity provider fails"
    detail_en = "The identity provider does not answer as it should: try again in a minute."
    exit_code = 1


class DeniedError(ServiceError):
    """Known, but not allowed."""

    status = 403
    code = "denied"
    title = "Нет права"
    title_en = "Not allowed"
    detail_en = "Your role or the verbs of your key do not allow this; `permission` names what is wanted."
    exit_code = 6


class LockedOutError(ServiceError):
    """Too many wrong passwords."""

    status = 429
    code = "locked_out"
    title = "Вход временно закрыт"
    title_en = "Sign-in closed for a while"
    detail_en = "Too many wrong passwords."
    exit_code = 6


class TooManySignInsError(ServiceError):
    """More sign-ins at once than are compared at once."""

    status = 429
    code = "too_many_sign_ins"
    title = "Повторите чуть позже"
    title_en = "Try again shortly"
    detail_en = "Too many sign-ins at once."
    exit_code = 1
    retry_after_seconds = 2


class TooManyRequestsError(ServiceError):
    """One reader asks more often than is allowed."""

    status = 429
    code = "too_many_requests"
    title = "Слишком часто"
    title_en = "Too often"
    detail_en = "Wait as long as Retry-After says; many students at once are asked for as a batch."
    exit_code = 1

    def __init__(self, message: str, *, wait: int) -> None:
        super().__init__(message)
        self.wait_seconds = wait

    @property
    def retry_after_seconds(self) -> int:  # type: ignore[override] # here it is not the same for all
        """Until one more request is allowed."""
        return self.wait_seconds


class TooManyBatchesError(ServiceError):
    """A school has asked for more batches than are made at once for one."""

    status = 429
    code = "too_many_batches"
    title = "Повторите позже"
    title_en = "Try again later"
    detail_en = "Your school has as many batches in the making as are made at once."
    exit_code = 1
    retry_after_seconds = 60


class BusyError(ServiceError):
    """The database did not answer in time."""

    status = 503
    code = "busy"
    title = "Сервис занят"
    title_en = "Busy"
    detail_en = "The database did not answer in time: repeat the request."
    exit_code = 1
    retry_after_seconds = 5


class DiskFullError(ServiceError):
    """There is no room to write; nothing was half-written."""

    status = 507
    code = "disk_full"
    title = "Кончилось место"
    title_en = "No room left"
    detail_en = "The service's disk is full; nothing was written."
    exit_code = 1


class ConflictError(ServiceError):
    """Contradicts what is already there."""

    status = 409
    code = "conflict"
    title = "Противоречие"
    title_en = "Conflict"
    detail_en = "This contradicts what is already there."
    exit_code = 7


class ChangedMeanwhileError(ServiceError):
    """Not as the caller has seen it: somebody has changed it since."""

    status = 412
    code = "changed_meanwhile"
    title = "Уже изменено"
    title_en = "Changed meanwhile"
    detail_en = "It is no longer as If-Match names it: read it again. `revision` is that of now."
    exit_code = 7


class UnderWayError(ConflictError):
    """The same deed, under the same `Idempotency-Key`, is being done at this moment."""

    code = "under_way"
    title = "Уже выполняется"
    title_en = "Under way"
    detail_en = "A request with this Idempotency-Key is being done: repeat it after Retry-After to get its answer."
    retry_after_seconds = 1


class AlreadyDoneError(ConflictError):
    """Done before under this `Idempotency-Key`, and its answer was shown once."""

    code = "already_done"
    title = "Уже сделано"
    title_en = "Already done"
    detail_en = "A request with this Idempotency-Key was done; its answer was shown once and is not kept."


class KeyReusedError(InvalidInputError):
    """One `Idempotency-Key` for two different requests."""

    code = "key_reused"
    title = "Ключ другого запроса"
    title_en = "Key of another request"
    detail_en = "This Idempotency-Key was sent with another request: give each request a key of its own."


class TooLargeError(ServiceError):
    """More than is taken at once."""

    status = 413
    code = "too_large"
    title = "Слишком большой запрос"
    title_en = "Too large"
    detail_en = "More than is taken at once."
    exit_code = 3


EXIT_CODES = {
    0: "сделано",
    1: "непредвиденная ошибка",
    2: "команда набрана неверно",
    3: "данные не подходят",
    4: "не найдено",
    5: "ещё не готово: сначала другая команда",
    6: "нет права",
    7: "противоречие с тем, что уже есть",
}
