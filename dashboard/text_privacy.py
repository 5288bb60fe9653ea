"""Sentences of the pages about one child's data: consents, readings, export, erasure, terms. Russian."""

from datetime import date, datetime

from dashboard.text import plural
from service.privacy.schemas import ErasureAct, ErasureDone, TrailLine

PAGE_PRIVACY = "Данные учеников"
PRIVACY_TITLE = "Данные учеников"
PRIVACY_HINT = (
    "О чём просит семья: согласия, кто читал карточку, копия всех данных, стирание. "
    "Каждый просмотр записывается в журнал."
)
WHAT = "Что открыть"
PARTS = {"student": "Данные ученика", "acts": "Акты о стирании", "retention": "Срок хранения"}
CLASS, STUDENT = "Класс", "Ученик"
CHOOSE = "Выберите"
NO_LONGER_HERE = "Или псевдоним, если ученика в классах уже нет"
WHOM_FIRST = "Выберите класс и ученика — откроются его согласия, чтения карточки, выгрузка и стирание."
ABOUT = "Что нужно"
SECTIONS = {"consents": "Согласия", "readings": "Кто читал", "export": "Копия данных", "erasure": "Стирание"}

CONSENT_COLUMNS = ("Согласие", "Сейчас", "С какого дня", "Документ", "Кто записал")
GIVEN, WITHDRAWN, NOT_GIVEN = "дано", "отозвано", "не дано"
FROM_ROSTER, UNKNOWN = "список класса", "—"
SAY_TITLE = "Записать, что сказал законный представитель"
PURPOSE, SAID, ON, PAPER = "Какое согласие", "Что сказано", "Когда", "Номер и дата документа, без имени"
WORDS = {"given_on": "Согласие дано", "withdrawn_on": "Согласие отозвано"}
SAY_HINT = (
    "Отзыв действует сразу: без согласия на рекомендации списки не показываются, без согласия на диагностику не видны "
    "её результаты. Списки классов его не отменят, пока вы не запишете согласие снова."
)
RECORD, RECORDED = "Записать", "Записано и уже действует."
BAD_PAPER = "В номере документа — буквы, цифры, пробелы и № . / -, не длиннее 64 знаков."
READ_AGAIN = "Прочитать заново"
HISTORY = "История согласий"
HISTORY_COLUMNS = ("Записано (UTC)", "Согласие", "Что", "С какого дня", "Учебный год", "Документ", "Кто записал")
NO_HISTORY = "Согласия пришли со списком класса и с тех пор не менялись."

READINGS_HINT = "Кто открывал карточку, согласия или списки этого ученика. Новые сверху; и этот просмотр записан."
READING_COLUMNS = ("Когда (UTC)", "Кто", "Что открывал")
NO_READINGS = "Пока никто не открывал."

EXPORT_HINT = (
    "Всё, что хранится об этом ученике, одним файлом: имя, классы, согласия, результаты, пожелания, показанные списки, "
    "решения и кто их читал. Файл выдают законному представителю; выгрузка записывается в журнал."
)
PREPARE, PREPARED = "Подготовить файл", "Файл готов. Скачайте его сейчас: здесь он не хранится."
DOWNLOAD = "Скачать файл (JSON)"

ERASE_HINT = (
    "Стирается всё: имя, результаты, пожелания, показанные списки, решения и след в журнале. Вернуть нельзя. "
    "Останется акт, по которому не узнать, чьи это были данные. "
    "Готовые выгрузки школы тоже удалятся: их можно взять снова."
)
GROUND = "Основание"
GROUNDS = {
    "request": "Требование законного представителя или ученика",
    "consent": "Отзыв согласия на обработку",
    "mistake": "Внесён по ошибке",
}
CONFIRM = "Чтобы подтвердить, введите псевдоним ученика: {student_id}"
UNDERSTOOD = "Я понимаю: данные этого ученика исчезнут навсегда"
ERASE = "Стереть навсегда"
NOT_CONFIRMED = "Отметьте, что понимаете последствия, и введите псевдоним без ошибок: ничего не стёрто."
NO_PAPER = "Назовите номер и дату документа: на нём стоит акт."

ACT_TITLE = "Акт о стирании № {number}"
ACT_ONCE = "Данные стёрты. Скачайте акт сейчас: выписку из журнала второй раз получить нельзя."
ACT_DOWNLOAD, ACT_CLOSE = "Скачать акт", "Акт сохранён, закрыть"
ACT_HEAD = "Акт о стирании № {number} от {at} (UTC), школа {school}"
ACT_WHO = "Кто стёр: {who}. Основание: {ground}{paper}."
ACT_PAPER = ", документ {document}"
ACT_ROWS, ACT_TRAIL = "Стёрто строк:", "Выписка из журнала (UTC):"
ROW_COLUMNS, TRAIL_COLUMNS = ("Что стёрто", "Строк"), ("Когда (UTC)", "Что было сделано", "Кто")
ACTS_HINT = "Чьи это были данные, по актам не узнать. Выписка из журнала была только в самом акте."
ACT_COLUMNS = ("№", "Когда (UTC)", "Кто стёр", "Основание", "Документ", "Строк", "В файле базы")
CLEAN, REMAINS = "остатков нет", "остатки: оператору выполнить orientir db scrub"
NO_ACTS = "Ничьи данные ещё не стирали."
DEEDS = {
    "card.read": "открыта карточка",
    "consents.read": "открыты согласия",
    "consents.set": "записаны согласия",
    "contrast.read": "сравнены два предложения",
    "decision.made": "записано решение",
    "decision.withdrawn": "решение снято",
    "decisions.read": "открыты решения",
    "readings.read": "открыт список чтений",
    "sheet.made": "сделан лист для ученика",
    "showing.read": "открыт прежний список",
    "showings.read": "открыт перечень показов",
    "student.exported": "выгружены все данные",
    "why_not.read": "спрошено, почему не это предложение",
}

TERM = (
    "Данные хранятся {years} после последнего учебного года. Срок вышел у тех, чей последний год — {year} или раньше."
)
TERM_COLUMNS = ("Школа", "Учеников", "Строк", "Псевдонимы")
TERM_NOBODY = "Таких учеников нет: ничего делать не нужно."
TERM_NEXT = (
    "Здесь ничего не стирается. Стирает их оператор командой «orientir retention apply»; до неё можно проверить список."
)


def moment(at: datetime | None) -> str:
    """A moment, in UTC as the service tells it."""
    return f"{at:%d.%m.%Y %H:%M}" if at is not None else UNKNOWN


def day(on: date | None) -> str:
    """A day as people write it."""
    return f"{on:%d.%m.%Y}" if on is not None else UNKNOWN


def years(count: int) -> str:
    """A term in whole years."""
    return plural(count, "год", "года", "лет")


def deed(line: TrailLine) -> str:
    """What was done, in words where there are any."""
    return DEEDS.get(line.deed, line.deed)


def act_lines(act: ErasureAct) -> list[str]:
    """The sentences of an act."""
    paper = ACT_PAPER.format(document=act.document) if act.document else ""
    return [
        ACT_HEAD.format(number=act.erasure_id, at=moment(act.erased_at), school=act.school_code),
        ACT_WHO.format(who=act.erased_by, ground=act.ground_title, paper=paper),
        *act.notes,
    ]


def act_file(act: ErasureDone) -> bytes:
    """The act with its extract, as a file that any computer opens."""
    rows = [f"  {each.title_ru}: {each.row_count}" for each in act.removed]
    trail = [f"  {moment(line.at)} {deed(line)}: {line.who}" for line in act.trail]
    return "\r\n".join([*act_lines(act), ACT_ROWS, *rows, ACT_TRAIL, *trail, ""]).encode("utf-8-sig")
