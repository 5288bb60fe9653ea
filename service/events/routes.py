"""Events and webhooks over HTTP."""

from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request, status

from service.access import Actor, Permission
from service.cursors import read_cursor, sign_cursor
from service.declared import DeclaringRoute, SomeFields
from service.events import actions, deliveries, queries
from service.events.schemas import (
    DeliveryList,
    DeliveryRow,
    EventPage,
    NewWebhook,
    SecretRotation,
    WebhookChange,
    WebhookList,
    WebhookRow,
    WebhookShownOnce,
)
from service.once import ONCE, DoneOnce
from service.web import AppSettings, Number, Permitted, Reads, Writes

router = APIRouter(tags=["events"], route_class=DeclaringRoute)

EventReader = Annotated[Actor, Depends(Permitted(Permission.READ_EVENTS))]
Keeper = Annotated[Actor, Depends(Permitted(Permission.MANAGE_WEBHOOKS))]
Limit = Annotated[int, Query(ge=1, le=500)]

WEBHOOK_MADE = DoneOnce(
    "webhook_id", remedy="Подписка уже заведена; её секрет показан один раз. Не увидели его — смените секрет."
)
SECRET_ROTATED = DoneOnce(
    "webhook_id", remedy="Секрет уже сменён и показан один раз. Не увидели его — смените ещё раз."
)


@router.get("/events")
def list_events(
    actor: EventReader,
    session: Reads,
    request: Request,
    cursor: Annotated[str | None, Query(max_length=200, description="next_cursor прошлой страницы")] = None,
    limit: Limit = 100,
) -> EventPage:
    """События для моей школы, ранние первыми: догнать то, о чём не удалось сообщить."""
    key, purpose = request.app.state.secret_key, f"events {actor.school_code}"
    after = 0 if cursor is None else int(read_cursor(key, purpose, cursor)[0])
    found = queries.list_events(session, actor, after=after, limit=limit + 1)
    page, source = found[:limit], queries.source_of(session)
    return EventPage(
        events=[queries.cloud_event(event, source) for event in page],
        next_cursor=sign_cursor(key, purpose, page[-1].event_id if page else after),
        has_more=len(found) > limit,
    )


@router.get("/webhooks", dependencies=[Depends(SomeFields(WebhookList))])
def list_webhooks(actor: Keeper, session: Reads) -> WebhookList:
    """Подписки моей школы, без секретов."""
    return queries.list_webhooks(session, actor)


def _shown_once(made: actions.MadeWebhook) -> WebhookShownOnce:
    return WebhookShownOnce(**queries.webhook_row(made.webhook).model_dump(), secret=made.secret)


@router.post("/webhooks", status_code=status.HTTP_201_CREATED, dependencies=[Depends(WEBHOOK_MADE)])
def make_webhook(
    wanted: NewWebhook, actor: Keeper, session: Writes, settings: AppSettings, request: Request
) -> WebhookShownOnce:
    """Сообщать системе школы о событиях; секрет показывается один раз."""
    key = request.app.state.secret_key
    return _shown_once(actions.make_webhook(session, actor=actor, wanted=wanted, settings=settings, secret_key=key))


@router.get("/webhooks/{webhook_id}")
def get_webhook(webhook_id: Number, actor: Keeper, session: Reads) -> WebhookRow:
    """Одна подписка: действует ли, доходит ли."""
    return queries.webhook_row(queries.get_webhook(session, actor, webhook_id))


@router.patch("/webhooks/{webhook_id}")
def change_webhook(
    webhook_id: Number, wanted: WebhookChange, actor: Keeper, session: Writes, settings: AppSettings
) -> WebhookRow:
    """Другой адрес или виды событий; приостановить (paused) или возобновить (active)."""
    row = actions.change_webhook(session, actor=actor, webhook_id=webhook_id, wanted=wanted, settings=settings)
    return queries.webhook_row(row)


@router.delete("/webhooks/{webhook_id}", status_code=status.HTTP_204_NO_CONTENT)
def remove_webhook(webhook_id: Number, actor: Keeper, session: Writes) -> None:
    """Удалить подписку вместе с её доставками."""
    actions.remove_webhook(session, actor=actor, webhook_id=webhook_id)


@router.post(
    "/webhooks/{webhook_id}/rotation", status_code=status.HTTP_201_CREATED, dependencies=[Depends(SECRET_ROTATED)]
)
def rotate_secret(
    webhook_id: Number, wanted: SecretRotation, actor: Keeper, session: Writes, request: Request
) -> WebhookShownOnce:
    """Новый секрет; прежний подписывает вместе с ним ещё указанное время."""
    made = actions.rotate_secret(
        session,
        actor=actor,
        webhook_id=webhook_id,
        overlap_hours=wanted.overlap_hours,
        secret_key=request.app.state.secret_key,
    )
    return _shown_once(made)


@router.post("/webhooks/{webhook_id}/ping", status_code=status.HTTP_202_ACCEPTED, dependencies=ONCE)
def ping_webhook(webhook_id: Number, actor: Keeper, session: Writes) -> DeliveryRow:
    """Пробное событие; чем кончилось — в доставках."""
    delivery = actions.ping_webhook(session, actor=actor, webhook_id=webhook_id)
    return deliveries.delivery_rows(session, [delivery])[0]


@router.get("/webhooks/{webhook_id}/deliveries", dependencies=[Depends(SomeFields(DeliveryList))])
def list_deliveries(webhook_id: Number, actor: Keeper, session: Reads, limit: Limit = 100) -> DeliveryList:
    """Последние доставки: попытка за попыткой, что ответил узел."""
    webhook = queries.get_webhook(session, actor, webhook_id)
    return DeliveryList(deliveries=deliveries.list_deliveries(session, webhook, limit=limit))


@router.post(
    "/webhooks/{webhook_id}/deliveries/{delivery_id}/replay", status_code=status.HTTP_202_ACCEPTED, dependencies=ONCE
)
def replay_delivery(webhook_id: Number, delivery_id: Number, actor: Keeper, session: Writes) -> DeliveryRow:
    """Отправить событие ещё раз, под тем же номером."""
    delivery = actions.replay_delivery(session, actor=actor, webhook_id=webhook_id, delivery_id=delivery_id)
    return deliveries.delivery_rows(session, [delivery])[0]
