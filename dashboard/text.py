"""Every visible sentence of the screens that the service does not say itself. Russian."""

from datetime import date

PRODUCT = "Ориентир"
TAGLINE = "Профильные классы, элективы и профессиональные пробы — с объяснением, почему"
SYNTHETIC = "Учебный район: все ученики, школы и результаты вымышлены (данные синтетические)."

SERVICE_DOWN = "Сервис не отвечает. Подождите минуту и обновите страницу; если не поможет — позовите администратора."
SIGNED_OUT = "Сеанс закончился. Войдите ещё раз."
REFUSED = "Не получилось: сервис отклонил запрос."

LOGIN, PASSWORD, SIGN_IN, SIGN_OUT = "Логин", "Пароль", "Войти", "Выйти"
SIGN_IN_TITLE = "Вход"
SIGN_IN_HINT = "Логин и пароль выдаёт администратор школы."
EMPTY_CREDENTIALS = "Введите логин и пароль."

PAGE_CLASSES, PAGE_DEMAND, PAGE_MODEL = "Мои классы", "Перечень профессий", "Модель"

CLASSES_TITLE = "Мои классы"
NO_CLASSES = "Пока нет ни одного класса. Загрузите списки: команда «orientir import» или ваша школьная система."
CLASSES_HINT = "Откройте класс, чтобы увидеть учеников. Числа показывают, чего не хватает для хорошего совета."
CLASS_COLUMNS = ("Класс", "Учеников", "Без диагностики", "Без отметок", "Без анкеты", "Без согласия", "Решения есть")
OPEN = "Открыть"
BACK_TO_CLASSES = "← Все классы"
STUDENT_COLUMNS = ("Ученик", "Диагностика", "Отметки", "Анкета", "Решения", "Чего не хватает")
BACK_TO_CLASS = "← К классу"
FIND_STUDENT = "Найти по фамилии"
ONLY_LACKING = "Только те, у кого чего-то не хватает"
NO_STUDENTS = "Таких учеников нет."
PSEUDONYM = "Ученик {student_id}"
PRESENT, ABSENT = "есть", "нет"
NO_CONSENT_SHORT = "нет согласия"

INTERESTS_TITLE = "Интересы"
INTERESTS_LEGEND = (
    "0 — как в среднем у сверстников. Точка — оценка, линия — где она лежит в 9 случаях из 10. "
    "Бледное — почти не измерено."
)
FAMILIES = {"klimov": "Предмет труда (по Климову)", "riasec": "Тип (по Голланду)"}
WEAKER, STRONGER = "слабее", "сильнее"
MARKS_TITLE, WISHES_TITLE, TRIALS_TITLE = "Отметки", "Пожелания", "Пробы"
NO_MARKS, NO_WISHES, NO_TRIALS = "Отметок нет.", "Анкет нет.", "Проб ещё не было."
OWN_MEAN = "Собственное среднее — {mean}"
READINGS_TITLE = "Диагностика: ответы и баллы"
RESULTS_TITLE = "Диагностика обученности и экзамены"
MISSING_TITLE = "Чего не хватает"
NEXT_TITLE = "Что измерить дальше"
NOTHING_MISSING = "Всё нужное есть."
CONDITIONS = "Нужны условия: {conditions}"
DID_NOT_COME = "неявка"
RATED = "оценка {after} из 10"
RATED_BOTH = "оценка {before} → {after} из 10"

DEMAND_SLIDER = "Учитывать спрос на рынке труда"
DEMAND_SLIDER_HELP = (
    "На сколько пунктов из 100 спрос может поднять предложение. 0 — спрос не учитывается. "
    "Предложение, которое подходит лучше больше чем на это число, спрос обогнать не может."
)
LIST_LENGTH = "Сколько строк"
FIT_VALUE = "{fit} из 100"
FIT_INTERVAL = "Соответствие, вероятно, от {low} до {high}"
UNCALIBRATED = "Оценка по экспертным весам: на исходах прошлых лет пока не проверена."
CALIBRATED_HELP = (
    "Возьмём из прошлых лет поровну удачных выборов и предложений, от которых отказались. "
    "Среди тех, у кого была такая же оценка, удачных выборов столько из 100."
)
IN_DEMAND = "Востребовано"
DEMAND_BADGE = "{title}: уровень {level} из 5, перечень от {published}"
DEMAND_BADGE_PLAIN = "{title}: перечень от {published}"
ILLUSTRATIVE = "перечень показательный, не официальный"
MOVED_BY_DEMAND = "поднят спросом"
PRICE = "Цена учёта спроса: {price} пункта соответствия в среднем на строку."
PRICE_NONE = "Спрос ничего не изменил."
WHY, ALL_REASONS = "Почему", "Все причины и баллы"
POINTS_NOTE = "Баллы складываются в общий балл {score}. Сравнение — с остальными предложениями этого вида в районе."
ACCEPT, DECLINE, PIN, TAKE_BACK = "Принять", "Отклонить", "Обсудить", "Вернуть"
DECISIONS = {"accepted": "Принято", "declined": "Отклонено", "pinned": "К обсуждению"}
DECLINE_TITLE = "Почему не подходит?"
DECLINE_REASONS = (
    "Ученик не хочет",
    "Родители против",
    "Далеко или неудобно",
    "По здоровью или условиям",
    "Уже выбрал другое",
    "Другое",
)
DECLINE_NOTE = "Пояснение (без фамилий)"
SAVE = "Записать"
SAVED = "Решение записано."
TAKEN_BACK = "Решение снято."
APPLY_UNTIL = "запись до {day}"
HOURS = "{hours} ч"
TIE = "Места {first}–{last} равноценны: по этим данным их не различить."
TOP_CHANCE = "Вероятность, что при полных данных путь войдёт в первую тройку: {percent} %."
ONLINE = "онлайн"
DISTANCE = "{distance} км от школы"
STAMP = "Модель {version} · перечень {edition} · данные на {as_of}"
NO_EDITION = "нет"
LEVELS = {"intro": "ознакомительная", "deep": "углублённая"}

TERMS = {
    "interest_match": "Интересы",
    "subject_strength": "Сильные предметы",
    "subject_level": "Уровень отметок",
    "exam_margin": "Баллы ОГЭ",
    "knowledge": "Диагностика обученности",
    "profile_wish": "Желаемый профиль",
    "exam_wish": "Выбранные экзамены",
    "elective_wish": "Желаемые курсы",
    "profession_wish": "Желаемые профессии",
    "trial_experience": "Опыт проб",
    "elective_experience": "Опыт курсов",
    "peer_facts": "Похожие ученики: данные",
    "peer_answers": "Похожие ученики: ответы",
    "own_school": "Своя школа",
    "proximity": "Дорога",
    "programme_bias": "Программа: исходы прошлых лет",
    "host_bias": "Место: исходы прошлых лет",
}

BLOCKS = {
    "interests": "Интересы",
    "subjects": "Отметки и экзамены",
    "wishes": "Пожелания",
    "experience": "Опыт",
    "peers": "Похожие ученики",
    "access": "Место и дорога",
    "past_choices": "Исходы прошлых лет",
}
OF_TERM = "{term}: {fact}"

QUESTIONS_TITLE = "Спросить о списке"
WHY_NOT_TITLE = "Почему не …?"
WHY_NOT_HINT = "Выберите предложение, которого нет в списке: скажем, что его отодвинуло и что изменило бы дело."
WHICH_KIND = "Список"
WHICH_PATHWAY = "Предложение"
CHOOSE = "Начните вводить название"
CHOICE = "{title} — {host}"
RULES_TITLE = "Не позволяют правила"
COSTS_TITLE = "Что отодвинуло его за третье место"
COSTS_AGAINST = "Рядом — «{title}», третье место."
HERE, THERE = "Здесь", "Там"
CHANGES_TITLE_OF = "Что изменило бы дело"
CONTRAST_TITLE = "Сравнить два предложения"
CONTRAST_HINT = "Выберите два предложения одного списка: что говорит за каждое."
FIRST_OF_TWO, SECOND_OF_TWO = "Первое", "Второе"
CONTRAST_NOTE = "Плюс — перевес первого, минус — второго. Вместе — {difference}."
CONTRAST_COLUMN = "Перевес"

DEMAND_TITLE = "Перечень востребованных профессий"
IN_FORCE = "Действует перечень «{code}», {region}, опубликован {published}, строк: {count}."
NO_EDITIONS = "Перечней пока нет. Загрузите документ, которым их издали."
DEMAND_COLUMNS = ("№", "Профессия или специальность", "Коды СПО", "Уровень")
STALE = "Перечню больше полугода ({days} дн.): пора опубликовать новый. До тех пор списки учитывают прежний спрос."
STALE_ON_CARD = "Перечень востребованных профессий старше полугода: отметки «Востребовано» могли устареть."
UPLOAD_TITLE = "Новый перечень"
UPLOAD_HINT = (
    "Загрузите документ таким, каким его издали: Word, Excel, PDF, CSV или текст. "
    "Программа покажет, что поняла, и ничего не изменит, пока вы не опубликуете."
)
UPLOAD_LABEL = "Документ с перечнем"
UPLOAD_TYPES = ("xlsx", "xls", "ods", "docx", "pdf", "csv", "tsv", "txt")
READ, READING = "Прочитать документ", "Читаем документ…"
PASTE_TITLE, PASTE_LABEL = "Или вставьте текст", "Текст перечня"
PASTED_NAME = "вставленный текст.txt"
DRAFTS_TITLE = "Черновики"
DRAFT_ROW = "{code} · {name} · осталось решить: {count}"
DRAFT_SIGNED = "{code} · {name} · ждёт второй подписи"
BACK_TO_LISTS = "← К перечню"
DRAFT_TITLE = "Черновик перечня «{code}»"
DRAFT_SOURCE = "Документ: {name}. Строк: {count}."
STEPS = {
    "read": "1. Что понято",
    "settle": "2. Решить ({count})",
    "change": "3. Что изменится",
    "impact": "4. Кого коснётся",
    "publish": "5. Опубликовать",
}
STEP_LABEL = "Шаг"
STATUSES = {
    "accepted": "понято",
    "confirm": "подтвердить",
    "unknown": "не найдено",
    "decided": "решено человеком",
}
DRAFT_COLUMNS = ("№", "Название в документе", "Что это", "Уровень", "Как понято", "Где в документе")
HIGHER = "высшее образование: {profiles}"
NO_MEANING = "не профессия и не специальность СПО"
IGNORED_TITLE = "Что не принято за профессии ({count})"
IGNORED_COLUMNS = ("Где", "Текст", "Что это")
NOTHING_TO_SETTLE = "Все названия поняты или решены: можно смотреть, что изменится."
SETTLE_LEFT = "Осталось решить: {count}. Когда перечень опубликуют, решение запомнится на следующее полугодие."
SETTLE_WHAT = "Что означает «{title}»?"
SETTLE_LABEL = "Что означает название"
CORRECT_LINE = "Исправить другую строку"
CORRECT_CHOICE = "{position}. {title} — {meaning}"
SETTLE_DOUBT = "Почему спрашиваем: {doubt}."
SETTLE_WRITTEN = "В документе указан код: {codes}."
SETTLE_PLACE = "Место в документе: {place}."
NONE_OF_THEM, SEVERAL = "Ничего из этого: не профессия и не специальность СПО", "Другая или несколько — выберу ниже"
GUESSED_TOGETHER = "Все вместе: {titles}"
CHOICE_OF_CODE = "{code} {title}"
WHICH_CODES = "Специальности и профессии СПО"
WHICH_PROFILES = "Профильные классы, если нужно высшее образование"
SETTLE = "Записать и дальше"
SETTLE_LATER = "Пропустить"
SETTLE_REST = "Оставить без кода всё, что не найдено ({count})"
SETTLED = "Записано: «{title}»."
SETTLED_REST = "Без кода оставлено строк: {count}."
FIRST_LIST = "Это первый перечень: сравнивать не с чем."
ORDER_TITLE = "Текст для приказа"
IMPACT_HINT = (
    "Списки всех учеников района составлены дважды: по действующему перечню и по новому. "
    "Числа округлены до пяти; где меньше пяти учеников, не показано."
)
IMPACT_COLUMNS = ("Список", "Учеников", "Изменится первая тройка", "Первая пятёрка", "Цена спроса: была", "станет")
FEW = "не показано"
GAINING_TITLE, LOSING_TITLE = "Чаще в первой тройке", "Реже в первой тройке"
MOVED_COLUMNS = ("Предложение", "Где", "Было", "Станет")
FILLING_TITLE = "Где не хватит мест"
FILLING_COLUMNS = ("Предложение", "Где", "Мест", "Желающих на место: было", "станет")
GAPS_TITLE = "Чего нет в районе"
GAPS_HINT = "Востребовано, но ни один путь этого вида туда не ведёт."
GAPS_COLUMNS = ("Профессия", "Уровень", *("профильный класс", "электив", "проба"))
LACKS = "нет"
HEAD_CODE, HEAD_DAY = "Код перечня", "День публикации"
HEAD_CODE_HELP = "Латинские буквы, цифры и дефис. Исправление уже изданного перечня получает номер: .2, .3"
SAVE_HEAD = "Сохранить код и день"
SUSPICIOUS = "Перечень выглядит необычно. Его опубликует второй человек после вашей подписи."
SIGNED_BY_ME = "Вы подписали этот перечень. Опубликует его другой человек: попросите его открыть черновик."
SIGNED_ALREADY = "Первая подпись есть. Если всё верно, подтвердите публикацию."
PUBLISH, SIGN, AGREE, DISCARD = "Опубликовать", "Подписать", "Подтвердить и опубликовать", "Удалить черновик"
SETTLE_FIRST = "Сначала решите, что означают названия: осталось {count}."
DISCARDED = "Черновик удалён."
AFTER_PUBLISHING = "Списки изменятся сразу. Обучение модели на новом перечне поставлено в очередь."
CLASS_CHANGE = "Кого затронул новый перечень"
CLASS_CHANGE_NONE = "Перечень {new} не изменил первые три места ни у кого из класса."
CLASS_CHANGE_SOME = "Перечень {new} вместо {old} изменил первые три места у {count}."
CLASS_CHANGE_COLUMNS = ("Ученик", "Появилось", "Ушло")
MAY_NOT_PUBLISH = "Публикует перечень методист района."
CHANGES_TITLE = "Что изменилось"
COMPARE_WITH = "Сравнить с перечнем"
TOUCHED = "Предложений этого года, у которых изменился вес спроса: {count}."
NO_CHANGES = "Строки те же."
CHANGES = {
    "added": "Появились",
    "dropped": "Исчезли",
    "raised": "Уровень выше",
    "lowered": "Уровень ниже",
    "renamed": "Переименованы",
    "recoded": "Другие коды СПО",
}

POLICY_TITLE = "Что даёт учёт спроса и чего он стоит"
POLICY_HINT = (
    "Доля учеников, у кого в первой тройке есть востребованное предложение, при разной силе учёта спроса. "
    "Цена — сколько пунктов соответствия из 100 теряет в среднем строка списка."
)
POLICY_COLUMNS = ("Сила, пунктов", "Учеников с востребованным в тройке", "Цена")
POLICY_NOW = "так настроено сейчас"
POLICY_SHARE = "{percent} %"
POLICY_STUDENTS = "Учеников со списком: {count}."
POLICY_NOTHING = "Показать нечего: модели ещё нет или учеников меньше пяти."
CROWDED_TITLE = "Где желающих ждут больше, чем мест"
CROWDED_HINT = (
    "Сколько желающих придётся на место, если ученики выберут так, как ожидает модель. "
    "Предложения, которые доступны меньше чем пяти ученикам, не показаны."
)
CROWDED_COLUMNS = ("Предложение", "Где", "Мест", "Желающих на место")
KINDS = {
    "profile_class": "Профильные классы",
    "elective": "Элективные курсы",
    "career_trial": "Профессиональные пробы",
}

DISCOVERY = "Для расширения кругозора"

MODEL_TITLE = "Модель"
MODEL_ACTIVE = "Списки строит модель {version}, обучена на годах: {years}."
MODEL_NONE = (
    "Действующей модели нет: списки составлены по экспертным весам. "
    "Обучить её: команды «orientir train» и «orientir model promote»."
)
TRAINING_WAITS = "Обучение ждёт очереди: {cause}."
TRAINING_RUNS = "Идёт обучение новой версии, готово {percent} %: {cause}."
TRAINING_STOPS = "Обучение останавливается: его отменили."
TRAINING_STUCK = "Обучение прервалось на {percent} % и продолжится само, когда освободится исполнитель."
TRAINING_AGAIN = "Обучение не удалось и повторится само. Если не поможет — позовите администратора. Причина: {error}"
TRAINING_FAILED = (
    "Обучение не удалось, списки строит прежняя модель. Администратору: устраните причину и выполните "
    "«orientir train». Причина: {error}"
)
CAUSES = {
    "edition": "опубликован перечень {of}",
    "outcomes": "новых исходов {of}",
    "schedule": "по расписанию",
    "by": "по просьбе человека",
}
MODEL_GATE_PASSED = "Проверка на отложенном годе пройдена: модель лучше всех простых способов."
MODEL_GATE_FAILED = "Проверка на отложенном годе не пройдена: доверяйте спискам меньше."
MODEL_GATE_UNKNOWN = "Проверить модель было не на чем: мало исходов прошлых лет."
MODEL_COLUMNS = ("Версия", "Годы", "Перечень", "Проверка", "Состояние")
WATCHING_TITLE = "Наблюдение за моделью"
WATCHING_HINT = (
    "Последний раз — {day}, учеников {count}. Предел проведён так, что, пока ничего не меняется, хотя бы один "
    "ложный сигнал бывает не чаще чем в одном наблюдении из {rate}. «Мало данных» значит: сказать ещё нельзя. "
    "PSI — насколько распределение сдвинулось: до 0,1 почти не изменилось, с 0,25 изменилось сильно."
)
WATCHING_COLUMNS = ("Что", "Сейчас", "Предел", "Как менялось", "Вывод")
BOUNDS = {"at_most": "не выше {limit}", "at_least": "не ниже {limit}"}
FROM_TO = "от {low} до {high}"
PLOT_LABEL = "{title}: {first_day} — {first}, {day} — {now}"
INPUTS_TITLE = "Данные учеников, каждый показатель отдельно"
INPUTS_HINT = "Сравниваются ученики, которым составляют списки, с теми, на которых модель обучалась."
INPUTS_COLUMNS = ("Показатель", "Учеников", "PSI", "Предел", "Вывод")
INPUT_VERDICTS = {True: "сигнал", False: "в пределах обычного", None: "мало данных"}
FAIRNESS_TITLE = "Справедливость"
FAIRNESS_TWINS = (
    "Двойники, которые отличаются от ученика только полом, именем, школой, местом или особыми условиями: "
    "список изменился у {changed} из {count}."
)
FAIRNESS_HINT = (
    "Группы на отложенном годе. NDCG@5 — насколько высоко стояло то, что ученики выбрали и чем остались довольны. "
    "Востребованное — сколько его в первой тройке сверх того, что выбрали сами. "
    "Отличие от остальных широко, когда весь интервал лежит за пределом."
)
FAIRNESS_COLUMNS = ("Группа", "Учеников", "Что", "Значение", "Отличие от остальных", "Предел")
FAIRNESS_REFUSED = "Проверка справедливости не пройдена: {codes}."
GROUPS = {
    "sex.f": "девочки",
    "sex.m": "мальчики",
    "place.town": "школы города",
    "place.village": "сельские школы",
    "needs.none": "без особых условий",
    "needs.some": "с особыми условиями",
}
SCHOOL_GROUP = "школа {code}"
MEASURES = {"ndcg5": "NDCG@5", "exposure": "востребованное"}
ACTIVE, CANDIDATE = "действует", "кандидат"


def cause(code: str) -> str:
    """Why a training was asked for: "edition krasnodar-2024H1" -> "опубликован перечень krasnodar-2024H1"."""
    kind, _, of = code.partition(" ")
    return CAUSES[kind].format(of=of)


def day(value: date) -> str:
    """A date as people write it: 05.09.2024."""
    return value.strftime("%d.%m.%Y")


def decimal(value: float, digits: int = 1) -> str:
    """A number with a decimal comma."""
    return f"{value:.{digits}f}".replace(".", ",")


def signed(value: float) -> str:
    """A signed number with a decimal comma and a real minus."""
    return f"{value:+.2f}".replace(".", ",").replace("-", "−")


def hundredths(share: float) -> int:
    """A share as points of 100."""
    return round(100 * share)


def fit_points(fit: float) -> int:
    """Fit as points of 100; never 0 and never 100, because nothing here is certain."""
    return min(max(hundredths(fit), 1), 99)


def plural(count: int, one: str, few: str, many: str) -> str:
    """The form of a Russian noun after a number."""
    if count % 10 == 1 and count % 100 != 11:
        return f"{count} {one}"
    if count % 10 in (2, 3, 4) and count % 100 not in (12, 13, 14):
        return f"{count} {few}"
    return f"{count} {many}"
