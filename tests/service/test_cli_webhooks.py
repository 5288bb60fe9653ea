"""Who is told of events, on the command line."""

import os

from service.access import GRANTS, Actor, Role
from service.clock import now
from service.db import Database
from service.events.actions import make_webhook, ping_webhook
from service.events.schemas import NewWebhook
from service.settings import Settings
from service.tables import Delivery, Webhook
from tests.service.test_cli import FOLDER, Operator, operator  # noqa: F401 -- a fixture

ADMIN = Actor("user:2", Role.SCHOOL_ADMIN, "Директор", GRANTS[Role.SCHOOL_ADMIN], school_code="sch01")


def test_a_failing_webhook_is_seen_and_taken_up_again(operator: Operator) -> None:  # noqa: F811
    operator.do("db", "upgrade")
    operator.do("reference", "load")
    operator.do("import", str(FOLDER))
    assert operator.do("webhook", "list") == ""
    database = Database(os.environ["ORIENTIR_DATABASE_URL"], seal_key=b"key")
    wanted = NewWebhook(url="https://journal.example/hook", event_types=["orientir.edition.published"])
    with database.writing() as session:
        made = make_webhook(
            session, actor=ADMIN, wanted=wanted, settings=Settings(webhook_hosts="journal.example"), secret_key=b"key"
        )
        ping_webhook(session, actor=ADMIN, webhook_id=made.webhook.webhook_id)
    assert operator.do("webhook", "list") == "№ 1     sch01      действует: https://journal.example/hook\n"
    with database.writing() as session:
        session.get_one(Delivery, 1).state = "failed"
        hook = session.get_one(Webhook, 1)
        hook.state, hook.failing_since, hook.failure_count = "disabled", now(), 10
    assert "отключена, не принимает с " in operator.do("webhook", "list")
    retried = operator.do("webhook", "retry", "1")
    assert retried == "Подписка № 1 действует; заново отправляется событий: 1.\n"
    assert "действует: https" in operator.do("webhook", "list")
    with database.reading() as session:
        assert session.get_one(Delivery, 1).state == "waiting"
    database.close()
    missing = operator.run("webhook", "retry", "9")
    assert (missing.returncode, missing.stderr) == (4, "Такой подписки нет.\n")
