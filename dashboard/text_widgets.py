"""What the framework's widgets say by themselves, in Russian: it has no setting for it."""

WORDS = {
    "This app has encountered an error. The original error message is redacted to prevent data leaks. Full error "
    "details have been recorded in the logs (if you're on Streamlit Cloud, click on 'Manage app' in the lower right "
    "of your app).": "На странице ошибка программы. Данные целы. Обновите страницу; если повторится — позовите "
    "администратора.",
    "Skip to main content": "К содержанию страницы",
    "App pages": "Разделы",
    "Choose an option": "Выберите",
    "Choose options": "Выберите",
    "Open": "Открыть список",
    "Clear value": "Очистить",
    "Clear all": "Очистить всё",
    "No results": "Ничего не нашлось",
    "No options to select.": "Выбирать не из чего",
    "Show password": "Показать пароль",
    "Hide password": "Скрыть пароль",
    "Copy to clipboard": "Скопировать",
    "Copied": "Скопировано",
    "file upload": "загрузка файла",
    "Upload": "Выбрать файл",
    "Close": "Закрыть",
    "Stop": "Остановить",
    "Running...": "Считаем…",
    "Connecting": "Соединяемся",
    "Connection error": "Нет связи",
    "Previous month.": "Предыдущий месяц",
    "Next month.": "Следующий месяц",
    "Calendar.": "Календарь",
}
BEGINNINGS = {"Help for ": "Пояснение: ", "Remove ": "Убрать "}
NAMES = {'[data-testid="stFileUploaderDropzone"] > span > button': "Выбрать файл"}  # of what has none
