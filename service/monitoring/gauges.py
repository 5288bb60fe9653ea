"""What a monitoring system collects at /metrics: numbers about the installation, nothing about anybody."""

from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, Gauge, generate_latest
from sqlalchemy.orm import Session

from service.clock import now
from service.demand.queries import age_in_force
from service.events.queries import count_deliveries
from service.installation import get_today
from service.jobs.queries import count_jobs
from service.model_versions.queries import find_active_version
from service.monitoring.queries import figures_of, find_newest
from service.settings import Settings

CONTENT_TYPE = CONTENT_TYPE_LATEST
JOB_GAUGES = {
    "queued": "Jobs that nobody has begun",
    "running": "Jobs that a worker does",
    "failed": "Jobs that were given up and not done since",
    "stuck": "Jobs whose worker has not been heard of for a whole lease",
    "oldest_waiting_seconds": "How long the oldest job that could be begun has waited",
}
DELIVERY_GAUGES = {
    "orientir_webhooks_failing": ("failing", "Webhooks whose last delivery was given up, or that were disabled"),
    "orientir_deliveries_waiting": ("waiting", "Events that a webhook has not taken yet"),
    "orientir_deliveries_oldest_waiting_seconds": ("oldest_waiting_seconds", "How old the oldest of those events is"),
}


def written_gauges(session: Session, settings: Settings) -> bytes:
    """All of them, as Prometheus reads them."""
    registry = CollectorRegistry()
    age = age_in_force(session, settings, get_today(session, settings).as_of)
    if age is not None:
        text = "Days since the demand list in force was published; the next one is due after 184"
        Gauge("orientir_demand_list_age_days", text, registry=registry).set(age)
    counts = count_jobs(session)
    for field, text in JOB_GAUGES.items():
        Gauge(f"orientir_jobs_{field}", text, registry=registry).set(getattr(counts, field))
    deliveries = count_deliveries(session)
    for name, (field, text) in DELIVERY_GAUGES.items():
        Gauge(name, text, registry=registry).set(getattr(deliveries, field))
    _add_alarms(registry, session)
    return generate_latest(registry)


def _add_alarms(registry: CollectorRegistry, session: Session) -> None:
    """What the last observation of the version that serves saw; nothing before the first one."""
    version = find_active_version(session)
    newest = find_newest(session, version) if version is not None else None
    if newest is None:
        return
    age = (now() - newest.observed_at).total_seconds()
    Gauge("orientir_observation_age_seconds", "Since the model was last observed", registry=registry).set(age)
    alarm = Gauge("orientir_model_alarm", "1 where a figure is beyond its limit", ["figure"], registry=registry)
    value = Gauge("orientir_model_figure", "The figure as last observed", ["figure"], registry=registry)
    for figure in figures_of(newest):
        alarm.labels(figure.code).set(bool(figure.is_alarm))
        if figure.value is not None:
            value.labels(figure.code).set(figure.value)
