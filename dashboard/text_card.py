"""Sentences of a card below its lists: what if, notes, years. Russian."""

MORE = "Что ещё посмотреть"
WHAT_IF, NOTES, YEARS = "Что, если…", "Заметки и шаги", "По годам"

PRICE = "Цена учёта спроса: предложения в списке подходят в среднем хуже на столько пунктов: {prices}."
PRICE_NONE = "Спрос ничего не изменил: порядок такой же, как без него."
PRICE_FIRST = "{title}: первым из-за спроса стоит предложение, которое подходит на {points} хуже."
PRICE_OF = "{title} — {price}"

WHAT_IF_HINT = (
    "Измените что-нибудь — и увидите, как сдвинутся списки. Ничего не записывается: данные ученика останутся прежними."
)
CHANGE_MARKS = "Отметки по каким предметам изменить"
CHANGE_MARKS_HELP = "Отметка будет стоять {terms}."
CHANGE_TEST = "Новый тест"
CHOOSE_SUBJECTS, CHOOSE_TEST, CHOOSE_EXAMS = "Выберите предметы", "Без нового теста", "Выберите экзамены"
MARK_NOW, MARK_NONE = "{title} — сейчас {mean}", "{title} — отметок нет"
EXAMS = "Какие экзамены по выбору будет сдавать"
SCALE = "{title}, от {minimum} до {maximum}"
SCORES_HINT = "Баллы шкал; чего не знаете — оставьте пустым."
SHOW = "Показать, что изменится"
NOTHING_CHANGED = "Пока всё как есть: измените отметку, экзамены или впишите баллы теста."
NOT_YET = "Здесь появится, как изменятся списки и почему."
UNDERSTOOD = "Если"
MOVES = {"entered": "новое", "left": "уйдёт", "rose": "выше", "fell": "ниже", "stayed": "на месте"}
PLACES, PLACE, NO_PLACE = "{before} → {after}", "{after}", "—"

NOTE_TEXT = "О чём говорили (без фамилий и номеров документов)"
NOTE_STEP = "Следующий шаг"
NOTE_STEP_PLACEHOLDER = "Например: принести результат пробного ОГЭ"
NOTE_DAY = "До какого дня"
NOTE_PARENTS = "Поговорить просили родители"
NOTE_SAVE = "Записать заметку"
NOTE_SAVED, NOTE_DONE, NOTE_REOPENED = "Заметка записана.", "Отмечено: сделано.", "Шаг снова открыт."
NOTE_TAKEN_BACK = "Заметка убрана."
NO_NOTES = "Заметок о разговорах пока нет."
NOTES_HINT = (
    "Заметки видят педагоги-навигаторы и администратор школы. Шаги, срок которых подошёл, стоят в «С кем поговорить»."
)
DONE, REOPEN, TAKE_BACK = "Сделано", "Вернуть в работу", "Убрать"
STEP = "Следующий шаг — до {day}: {step}"
STEP_OVER = "Срок прошёл {day}: {step}"
PARENTS_ASKED = "Поговорить просили родители: {text}"
WRITTEN = "{day} · {who}"
WAS_DONE = "Сделано {day} · {who}"

NO_YEARS = "По годам пока ничего нет."
YEAR_COLUMNS = ("Учебный год", "Что советовали и решили", "Что было дальше")
YEAR_OF = "{year}, {title}"
ADVISED = "{kind} «{title}» — {word}"
ADVISED_WORDS = {"accepted": "принято", "pinned": "обсуждали", "declined": "отклонено", None: "первое в списке"}
MARKS_BY_YEAR, INTERESTS_BY_YEAR = "Средние отметки по годам", "Интересы по годам"
MEAN_ROW = "Среднее по всем предметам"
INTERESTS_HINT = "Какими интересы были известны к концу учебного года, по всем ответам до него. {methods}"
MEASURED = "{year}: {methods}."
INTEREST, SUBJECT = "Интерес", "Предмет"
