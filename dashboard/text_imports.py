"""Sentences of the page where files come in. Russian."""

from datetime import datetime

PAGE_IMPORTS = "Загрузка файлов"
TITLE = "Загрузка файлов"
HINT = (
    "Перетащите файл как есть: список класса, ведомость из электронного журнала, ответы анкеты или диагностики. "
    "Сначала он проверяется: пока вы не нажмёте «Загрузить», ничего не меняется."
)
UPLOAD_LABEL = "XLSX, XLS, ODS, CSV, TSV или архив OneRoster"
TYPES = ["xlsx", "xls", "ods", "csv", "tsv", "txt", "zip"]
TAKING = {"all": "Всё или ничего", "good": "Только строки без ошибок"}
TAKING_LABEL = "Если в файле есть ошибки"
TABLE_LABEL = "Что это за таблица"
BY_HEADINGS = "понять по заголовкам"
CHECK, APPLY, UNDO = "Проверить", "Загрузить", "Отменить загрузку"
CHECKING, APPLYING, WAITING = "Читаем файл…", "Загружаем…", "Большой файл: готово {share:.0%}"
APPLIED = "Загружено: новых строк {added}, изменённых {changed}. Загрузку можно отменить внизу страницы."
UNDONE = "Загрузка отменена: строки стали прежними."
SUMMARY = "Новых строк {added}, изменённых {changed}, прежних {unchanged}; ошибок {faults}, замечаний {warnings}."
FINE = "Ошибок нет: файл можно загружать."
REFUSED_WHOLE = "В файле ошибки: исправьте их или выберите «Только строки без ошибок»."
NOTHING_GOOD = "Загружать нечего: исправьте ошибки."
UNDERSTOOD = "Как понят файл"
SHEET = "{sheet}: {table}, строк {rows}"
NOT_UNDERSTOOD = "{sheet}: не понять, что это за таблица. Выберите её выше или назовите столбцы."
WHOLE_FILE = "Файл"
UNREAD = "Не прочитано: {place} — {reason}."
GIVEN = "Для всех строк: {given}."
COLUMNS_TITLE = "Что в столбцах"
COLUMNS_HINT = "Отмеченные столбцы похожи на известные. Подтвердите один раз: для вашей школы это запомнится."
NOT_READ = "не читать"
CONFIRM_COLUMNS, COLUMNS_KEPT = "Подтвердить столбцы", "Столбцы запомнены."
FAULTS_TITLE, WARNINGS_TITLE, WITHDRAWN_TITLE = "Ошибки", "На заметку", "Нет в файле, но есть в базе"
FAULT_COLUMNS = ("Лист", "Строка", "Столбец", "Что найдено", "Что сделать")
WITHDRAWN_COLUMNS = ("Ученик", "Что")
WITHDRAWN_HINT = "Эти строки остаются: из базы ничего не удаляется. Проверьте, не выбыли ли ученики."
MORE = "И ещё {count}: все — в копии с пометками."
MARKED, MARKED_NAME = "Скачать копию с пометками", "замечания.xlsx"
MAKE_MARKED = "Подготовить копию с пометками"
KIT_TITLE = "Анкеты для класса"
KIT_HINT = "Составлены по каталогу вашей школы. Заполненную книгу загрузите на этой странице: она читается как есть."
KIT_CLASS, KIT_SURVEY = "Класс", "Анкета"
SURVEYS = {"profile": "Выбор профиля", "exams": "Выбор экзаменов", "electives": "Спрос на курсы"}
MAKE_KIT, MAKING_KIT = "Подготовить анкету", "Готовим анкету…"
KIT_BOOK, KIT_FORM = "Книга для заполнения", "Бланк для печати"
HISTORY_TITLE = "Последние загрузки"
NO_HISTORY = "Загрузок ещё не было."
HISTORY_COLUMNS = ("Файл", "Когда", "Состояние")
STATES = {
    "queued": "ждёт", "running": "читается", "done": "проверен", "failed": "не прочитан", "cancelled": "отменён",
    "applied": "загружен", "undone": "отменён",
}  # fmt: skip
SHOWN = 100


def moment(at: datetime) -> str:
    """A moment as it is written in Russia, UTC."""
    return f"{at:%d.%m.%Y %H:%M} UTC"
