"""Two people at one thing: whoever names the revision that was seen changes nothing that has changed since."""

from sqlalchemy.orm import Session

from service.errors import ChangedMeanwhileError
from service.tables import AuditRecord

Seen = frozenset[int] | None  # revisions that the caller has seen; None: whatever it is now
CHANGED = "Пока вы смотрели, это изменилось. Прочитайте заново и решите ещё раз."


def check_seen(session: Session, seen: Seen, revision: int) -> None:
    """Refuse to change what is no longer as it was seen; asked while nobody else can change it."""
    if seen is None or revision in seen:
        return
    last = session.get(AuditRecord, revision)
    when = {"changed_at": last.recorded_at.isoformat(), "changed_by": last.actor_id} if last is not None else {}
    raise ChangedMeanwhileError(CHANGED, revision=revision, **when)
