"""Wire shapes of events, of who is told of them and of deliveries."""

from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import Field

from service.events.addresses import MAX_URL
from service.wire import Wire, example

EventType = Literal[
    "orientir.edition.published", "orientir.version.promoted", "orientir.batch.finished", "orientir.import.finished"
]
EventTypes = Annotated[list[EventType], Field(min_length=1, max_length=4)]
Url = Annotated[str, Field(max_length=MAX_URL, pattern=r"^https?://[!-~]+$")]


class CloudEvent(Wire):
    """An event as it is sent and listed: CloudEvents 1.0, structured."""

    specversion: Literal["1.0"] = "1.0"
    id: str  # the same in every delivery and in the list
    source: str  # urn:orientir:<region>
    type: str
    subject: str  # edition, version, number of a batch, school/table of an import
    time: datetime
    datacontenttype: Literal["application/json"] = "application/json"
    data: dict[str, Any]  # codes and counts; nothing about one student


class EventPage(Wire):
    """GET /v1/events, the earliest first; `next_cursor` goes on after the last one, also of a page without any."""

    events: list[CloudEvent]
    next_cursor: str
    has_more: bool


class NewWebhook(Wire):
    """POST /v1/webhooks."""

    model_config = example(url="https://journal.example.org/orientir", event_types=["orientir.edition.published"])

    url: Url
    event_types: EventTypes


class WebhookChange(Wire):
    """PATCH /v1/webhooks/{webhook_id}: what is not named stays."""

    model_config = example(event_types=["orientir.edition.published", "orientir.batch.finished"])

    url: Url | None = None
    event_types: EventTypes | None = None
    state: Literal["active", "paused"] | None = None


class SecretRotation(Wire):
    """POST /v1/webhooks/{webhook_id}/rotation."""

    model_config = example(overlap_hours=24.0)

    overlap_hours: Annotated[float, Field(strict=True, ge=0, le=720)] = 24.0


class WebhookRow(Wire):
    """Who is told of what, and whether it arrives."""

    webhook_id: int
    school_code: str
    url: str
    event_types: list[str]
    state: Literal["active", "paused", "disabled"]  # disabled by the service: too much was given up in a row
    is_failing: bool  # the last delivery that ended was given up
    failing_since: datetime | None
    failure_count: int  # deliveries given up in a row
    former_secret_until: datetime | None  # until then messages bear two signatures
    created_at: datetime
    created_by: str


class WebhookShownOnce(WebhookRow):
    """A webhook with its secret, which is never shown again."""

    secret: str


class EventTypeTitle(Wire):
    """A type of events that can be chosen."""

    event_type: str
    title: str  # Russian


class WebhookList(Wire):
    """GET /v1/webhooks."""

    webhooks: list[WebhookRow]
    event_types: list[EventTypeTitle]  # what can be chosen


class AttemptRow(Wire):
    """One attempt to deliver."""

    attempt: int
    begun_at: datetime
    ended_at: datetime | None  # None: nobody knows how it ended; another follows
    status: int | None  # the receiver's
    fault: str | None  # code of what went wrong
    text: str  # the same in Russian


class DeliveryRow(Wire):
    """An event on its way to a webhook."""

    delivery_id: int
    event_code: str  # `id` of the event, header webhook-id
    event_type: str
    subject: str
    state: Literal["waiting", "delivered", "failed"]
    due_at: datetime | None  # of the next attempt
    attempts: list[AttemptRow]


class DeliveryList(Wire):
    """GET /v1/webhooks/{webhook_id}/deliveries, newest events first."""

    deliveries: list[DeliveryRow]
