"""What people read about addresses, attempts and whether events arrive."""

from service.events.queries import DeliveryCounts

OFF = (
    "Уведомления выключены: оператор перечисляет узлы, которым можно сообщать, в ORIENTIR_WEBHOOK_HOSTS "
    "(свои внутренние — в ORIENTIR_WEBHOOK_INTERNAL_HOSTS)."
)
FAULTS = {
    "not_an_address": "Нужен адрес вида https://узел/путь: латиницей, без имени пользователя, пробелов и знака #.",
    "https_only": "Нужен https: по http сообщают только узлам из ORIENTIR_WEBHOOK_INTERNAL_HOSTS.",
    "host_not_allowed": "Этого узла или порта нет в списке оператора: ORIENTIR_WEBHOOK_HOSTS.",
    "address_refused": "Узел ведёт на внутренний или служебный адрес: туда ничего не отправляется.",
    "unresolved": "Имя узла не находится: проверьте адрес и DNS.",
    "connection": "Не удалось соединиться с узлом, или он прервал разговор.",
    "tls": "Сертификату узла нельзя верить: он другого имени, просрочен или неизвестно кем выдан.",
    "timeout": "Узел не ответил за 10 секунд.",
    "redirect": "Узел переадресует: укажите в подписке окончательный адрес.",
    "gone": "Узел ответил, что больше не принимает (410): подписка отключена.",
    "status": "Узел ответил отказом.",
}
DELIVERED, UNKNOWN = "Доставлено.", "Чем кончилось, неизвестно: попытка прервалась."


def said_of_attempt(fault: str | None, *, is_over: bool) -> str:
    """An attempt in words."""
    if not is_over:
        return UNKNOWN
    return DELIVERED if fault is None else FAULTS.get(fault, FAULTS["status"])


def said_of_deliveries(counts: DeliveryCounts) -> tuple[bool, str]:
    """Whether events arrive, and a sentence that says what to do."""
    if not counts.webhooks:
        return True, "подписок нет"
    text = f"подписок {counts.webhooks}, ждут доставки {counts.waiting}"
    if counts.failing:
        return False, f"{text}; не принимают или отключены: {counts.failing}, см. orientir webhook list"
    return True, text
