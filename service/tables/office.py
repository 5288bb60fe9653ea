"""Tables of the office: who may what, what was done, shown and decided."""

from datetime import date, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from service.tables.columns import Table, one_of, only_one, student_id


class User(Table):
    """A person who signs in."""

    __tablename__ = "users"
    __table_args__ = (
        one_of("role", "counsellor", "school_admin", "methodologist", "regional_admin", "auditor"),
        sa.CheckConstraint("role = 'counsellor' OR NOT is_limited", name="is_limited"),
        one_of("signs_in_by", "password", "provider"),
    )
    user_id: Mapped[int] = mapped_column(primary_key=True)
    login: Mapped[str] = mapped_column(unique=True)
    password_hash: Mapped[str] = mapped_column(sa.Text)
    display_name: Mapped[str] = mapped_column(sa.Text)
    role: Mapped[str] = mapped_column(sa.String(24))
    school_code: Mapped[str | None] = mapped_column(sa.ForeignKey("schools.school_code"))
    failure_count: Mapped[int] = mapped_column(server_default=sa.text("0"))
    locked_until: Mapped[datetime | None]
    dismissed_at: Mapped[datetime | None]
    password_is_temporary: Mapped[bool] = mapped_column(server_default=sa.false())  # somebody else has seen it
    is_limited: Mapped[bool] = mapped_column(server_default=sa.false())  # a counsellor of `UserClass` and nobody else
    revision: Mapped[int] = mapped_column(sa.BigInteger, server_default="0")  # deed that last changed the person
    signs_in_by: Mapped[str] = mapped_column(sa.String(16), server_default="password")  # or by the identity provider


class UserClass(Table):
    """A class of a limited counsellor; whoever is limited and has none sees nobody."""

    __tablename__ = "user_classes"
    user_id: Mapped[int] = mapped_column(sa.ForeignKey("users.user_id", ondelete="CASCADE"), primary_key=True)
    class_id: Mapped[str] = mapped_column(
        sa.ForeignKey("school_classes.class_id", ondelete="CASCADE"), primary_key=True, index=True
    )


class BrokenGlass(Table):
    """A regional administrator's access to students, for a reason and a while."""

    __tablename__ = "broken_glass"
    glass_id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(sa.ForeignKey("users.user_id", ondelete="CASCADE"), index=True)
    reason: Mapped[str] = mapped_column(sa.Text)
    opened_at: Mapped[datetime]
    until: Mapped[datetime]


class UserSession(Table):
    """A sign-in; only the token's hash is kept."""

    __tablename__ = "user_sessions"
    session_id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(sa.ForeignKey("users.user_id", ondelete="CASCADE"), index=True)
    token_hash: Mapped[str] = mapped_column(unique=True)
    opened_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    quiet_until: Mapped[datetime]  # over by then unless it is used before
    ended_at: Mapped[datetime | None]


class SignInRequest(Table):
    """Somebody was sent to the identity provider; who comes back with the state, in the same browser, takes the row."""

    __tablename__ = "sign_in_requests"
    state_digest: Mapped[str] = mapped_column(primary_key=True)  # keyed, as is the other
    browser_digest: Mapped[str]
    expires_at: Mapped[datetime] = mapped_column(index=True)


class ApiKey(Table):
    """A system's key, scoped to a school and to verbs; only its hash is kept."""

    __tablename__ = "api_keys"
    key_id: Mapped[int] = mapped_column(primary_key=True)
    prefix: Mapped[str] = mapped_column(sa.String(16), unique=True)
    secret_hash: Mapped[str]
    title: Mapped[str] = mapped_column(sa.Text)
    school_code: Mapped[str] = mapped_column(sa.ForeignKey("schools.school_code"))
    verbs: Mapped[tuple[str, ...]]
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    revoked_at: Mapped[datetime | None]
    last_used_on: Mapped[date | None]


class RequestKey(Table):
    """A deed done under an `Idempotency-Key`, for a day; neither the key nor anything personal can be read from it."""

    __tablename__ = "request_keys"
    key_digest: Mapped[str] = mapped_column(primary_key=True)  # keyed, of the actor and the key
    actor_id: Mapped[str]
    fingerprint: Mapped[str]  # keyed digest of method, address and body
    done_at: Mapped[datetime]
    expires_at: Mapped[datetime] = mapped_column(index=True)
    status: Mapped[int | None]  # None: the answer was shown once
    made_id: Mapped[int | None]  # number of what was made, where the answer itself is not kept
    location: Mapped[str | None]
    answer: Mapped[bytes | None] = mapped_column(sa.LargeBinary)


class AuditRecord(Table):
    """A deed; the database refuses to change or delete it, and each row seals the one before."""

    __tablename__ = "audit_records"
    audit_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    recorded_at: Mapped[datetime]
    actor_id: Mapped[str]
    deed: Mapped[str]
    subject: Mapped[str] = mapped_column(sa.String(128), index=True)  # a student stands here under an alias
    facts: Mapped[dict[str, Any]]
    previous_hash: Mapped[str]
    record_hash: Mapped[str]


class AuditHead(Table):
    """How long the audit is and where it ends, sealed: rows taken off its end are missed."""

    __tablename__ = "audit_head"
    __table_args__ = (sa.CheckConstraint("head_id = 1", name="one_row"),)
    head_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    record_count: Mapped[int]
    record_hash: Mapped[str]
    seal: Mapped[str]


class ImportRun(Table):
    """A file that was taken in."""

    __tablename__ = "import_runs"
    __table_args__ = (sa.Index("ix_import_runs_table_name", "table_name", "import_run_id"),)
    import_run_id: Mapped[int] = mapped_column(primary_key=True)
    table_name: Mapped[str]
    school_code: Mapped[str | None]
    checksum: Mapped[str]
    row_count: Mapped[int]
    added_count: Mapped[int]
    changed_count: Mapped[int]
    applied_at: Mapped[datetime]
    actor_id: Mapped[str]


class Job(Table):
    """Work to be done once, committed with its cause. Who holds the lease does it; a lease that ran out is free."""

    __tablename__ = "jobs"
    __table_args__ = (
        one_of("state", "queued", "running", "done", "failed", "cancelled"),
        only_one("uq_jobs_queued", "kind", "unique_key", where="state = 'queued'"),
        only_one("uq_jobs_running", "kind", "unique_key", where="state = 'running'"),
    )
    job_id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(sa.String(32))
    unique_key: Mapped[str] = mapped_column(sa.String(128))
    state: Mapped[str] = mapped_column(sa.String(16))
    cause: Mapped[str] = mapped_column(sa.String(128))  # such as "edition krasnodar-2024H1"
    enqueued_by: Mapped[str]
    enqueued_at: Mapped[datetime]
    due_at: Mapped[datetime]
    attempts: Mapped[int] = mapped_column(server_default=sa.text("0"))
    started_at: Mapped[datetime | None]  # by the last attempt
    lease: Mapped[str | None]  # token of the attempt that holds it
    lease_until: Mapped[datetime | None]
    cancel_asked_at: Mapped[datetime | None]
    progress: Mapped[float] = mapped_column(server_default=sa.text("0"))
    result: Mapped[str | None] = mapped_column(sa.Text)
    error: Mapped[str | None] = mapped_column(sa.Text)
    finished_at: Mapped[datetime | None]


class Batch(Table):
    """Lists of many students asked for at once; its job makes a file that stands for a while."""

    __tablename__ = "batches"
    __table_args__ = (
        one_of("scope", "class", "school", "region"),
        one_of("file_format", "ndjson", "csv", "xlsx", "parquet", "sqlite"),
    )
    batch_id: Mapped[int] = mapped_column(primary_key=True)
    job_id: Mapped[int] = mapped_column(sa.ForeignKey("jobs.job_id"), index=True)
    scope: Mapped[str] = mapped_column(sa.String(8))
    school_code: Mapped[str | None] = mapped_column(index=True)  # None: the region
    class_id: Mapped[str | None]
    file_format: Mapped[str] = mapped_column(sa.String(8))
    k: Mapped[int]
    demand_strength: Mapped[float]
    since_revision: Mapped[int] = mapped_column(sa.BigInteger, server_default=sa.text("0"))
    reason: Mapped[str | None] = mapped_column(sa.Text)  # why a person takes so much at once
    requested_by: Mapped[str]
    requested_at: Mapped[datetime]
    as_of: Mapped[date | None]
    model_version: Mapped[str | None]
    edition_code: Mapped[str | None]
    revision: Mapped[int | None] = mapped_column(sa.BigInteger)  # everything up to this change is in the file
    student_count: Mapped[int | None]
    row_count: Mapped[int | None]
    checksum: Mapped[str | None]
    expires_at: Mapped[datetime | None]
    removed_at: Mapped[datetime | None]


class Observation(Table):
    """What was seen of the version that serves on one day: aggregates only."""

    __tablename__ = "observations"
    observation_id: Mapped[int] = mapped_column(primary_key=True)
    observed_at: Mapped[datetime]
    as_of: Mapped[date]
    version: Mapped[str] = mapped_column(sa.ForeignKey("model_versions.version"), index=True)
    edition_code: Mapped[str | None]
    student_count: Mapped[int]
    figures: Mapped[dict[str, Any]]  # lines, and each input apart


class Showing(Table):
    """What was shown about a student, to whom, with which versions."""

    __tablename__ = "showings"
    showing_id: Mapped[int] = mapped_column(primary_key=True)
    student_id: Mapped[str] = student_id(first=False)
    shown_at: Mapped[datetime]
    actor_id: Mapped[str]
    as_of: Mapped[date]
    model_version: Mapped[str]
    edition_code: Mapped[str | None]
    demand_strength: Mapped[float]
    k: Mapped[int]
    discovery: Mapped[bool] = mapped_column(server_default=sa.false())
    items: Mapped[list[dict[str, Any]]]  # pathway_code, rank, fit, final


class DecisionRecord(Table):
    """Accepted, declined or pinned by a person; withdrawn decisions stay readable."""

    __tablename__ = "decisions"
    __table_args__ = (
        one_of("decision", "accepted", "declined", "pinned"),
        only_one("uq_decisions_in_force", "student_id", "pathway_code", where="withdrawn_at IS NULL"),
    )
    decision_id: Mapped[int] = mapped_column(primary_key=True)
    student_id: Mapped[str] = student_id(first=False)
    pathway_code: Mapped[str]
    decision: Mapped[str] = mapped_column(sa.String(16))
    reason: Mapped[str | None] = mapped_column(sa.Text)
    actor_id: Mapped[str]
    decided_by: Mapped[str] = mapped_column(sa.Text)
    decided_at: Mapped[datetime]
    withdrawn_at: Mapped[datetime | None]


class TalkNote(Table):
    """What was said in a talk with a student and what is to be done next; withdrawn notes stay readable."""

    __tablename__ = "talk_notes"
    __table_args__ = (sa.CheckConstraint("(next_step IS NULL) = (due_on IS NULL)", name="due_on"),)
    note_id: Mapped[int] = mapped_column(primary_key=True)
    student_id: Mapped[str] = student_id(first=False)
    text: Mapped[str] = mapped_column(sa.Text)
    next_step: Mapped[str | None] = mapped_column(sa.Text)
    due_on: Mapped[date | None]
    asked_by_parents: Mapped[bool] = mapped_column(server_default=sa.false())  # for a talk
    actor_id: Mapped[str]
    written_by: Mapped[str] = mapped_column(sa.Text)
    written_at: Mapped[datetime]
    done_by: Mapped[str | None] = mapped_column(sa.Text)  # what the note asks for
    done_at: Mapped[datetime | None]
    withdrawn_at: Mapped[datetime | None]


class Erasure(Table):
    """The act of an erasure: who, when, on what ground, how many rows; whose data they were cannot be read from it."""

    __tablename__ = "erasures"
    __table_args__ = (one_of("ground", "request", "consent", "retention", "mistake"),)
    erasure_id: Mapped[int] = mapped_column(primary_key=True)
    erased_at: Mapped[datetime]
    actor_id: Mapped[str]
    school_code: Mapped[str] = mapped_column(sa.ForeignKey("schools.school_code"), index=True)
    ground: Mapped[str] = mapped_column(sa.String(16))
    document: Mapped[str | None]  # number of a paper; never a name
    pseudonym_digest: Mapped[str] = mapped_column(unique=True)  # keyed: lets a file of before be refused, no more
    removed: Mapped[dict[str, Any]]  # rows by table
    was_learned_from: Mapped[bool]  # outcomes were behind the version that served
    scrubbed_at: Mapped[datetime | None]  # since when the file of the database holds no remains either
