"""Sentences of surveys that a class fills in the browser: the counsellor's panel and the students' pages. Russian."""

from dashboard import text_imports

PANEL = "Провести опрос в классе"
PANEL_HINT = (
    "Ученики заполняют анкету на телефоне или в компьютерном классе по коду с доски. Фамилию и имя каждый пишет сам: "
    "списка класса они не видят. Ответы попадут в базу, когда вы закончите опрос."
)
WHICH, HOW_LONG, OPEN = "Что спросить", "Сколько действует код", "Открыть опрос"
SURVEYS = {"interests": "Интересы: 48 занятий", **text_imports.SURVEYS}
HOURS = {3: "до конца урока (3 часа)", 12: "сегодня (12 часов)", 168: "неделю"}
UNTIL = "Код действует до {moment}."
PROGRESS = "Сдали: {submitted} из {count}. Заполняют: {begun}."
STATES = {
    "begun": "Заполняют",
    "not_begun": "Не начинали",
    "submitted": "Сдали",
    "no_consent": "Нет согласия на диагностику",
}
BY_NAME = "Поимённо — только для вас, не для доски"
LISTED = "{title} ({count}): {names}."
RESET_WHOM, RESET = "Сбросить анкету (начали под чужим именем или потеряли страницу)", "Сбросить"
RESET_DONE = "Анкета сброшена: её можно начать заново."
END = "Закончить и принять ответы"
END_UNFINISHED = "Ещё не сдали: {begun}. Их ответы не сохранятся."
ENDED = "Опрос закончен: принято анкет {count}."
ENDED_NOBODY = "Опрос закончен: никто не сдал анкету."
ENDED_REFUSED = "Опрос закончен, но ответы принять нельзя: {remedy}."
LAST = "Прошлые опросы: {titles}."
LAST_ONE = "{title}, {day}, принято {count}"

ADDRESS = "/anketa"
STUDENTS_HERE = "Ученикам: анкета по коду класса"
PAGE_TITLE = "Анкета класса"
ENTRY_HINT = "Код — на доске. Фамилию и имя пиши так, как они записаны в журнале."
CODE_LABEL, LAST_NAME, FIRST_NAME, BEGIN = "Код класса", "Фамилия", "Имя", "Начать"
STEP = "Страница {step} из {count}"
NEXT, BACK, SUBMIT = "Дальше", "Назад", "Сдать анкету"
NO_ANSWER = "не отвечаю"
LEAST, MOST = "совсем нет", "очень"
DONE_TITLE, DONE = "Анкета сдана. Спасибо!", "На этом устройстве ответов больше не видно. Исправить их поможет педагог."
ANOTHER, LEAVE = "Другая анкета", "Это не моя анкета"
SKIPPED = "Без ответа: {count}. Можно вернуться или сдать так."
