"""Reference data enter the installation."""

import hashlib
from pathlib import Path

import sqlalchemy as sa
from sqlalchemy.orm import Session

from recommender.reference import Reference
from service import audit
from service.access import Actor
from service.installation import find_installation, save_installation
from service.tables import ReferenceCode

DEFAULT_REGION = ("region", "Регион не назван")


def vocabularies_of(reference: Reference) -> dict[str, dict[str, str]]:
    """Codes and titles that the database keeps."""
    return {
        "subjects": {code: subject.title_ru for code, subject in reference.subjects.items()},
        "profiles": {code: profile.title_ru for code, profile in reference.profiles.items()},
        "spo": {
            **{code: former.title_ru for code, former in reference.former_spo.items()},
            **{code: spo.title_ru for code, spo in reference.spo.items()},
        },
        "spo_groups": {spo.group_code[:2]: spo.group_title_ru for spo in reference.spo.values()},
        "instruments": {code: instrument.title_ru for code, instrument in reference.instruments.items()},
    }


def checksum_of(folder: Path) -> str:
    """SHA-256 over names and contents of the reference files."""
    digest = hashlib.sha256()
    for path in sorted(folder.rglob("*.csv")):
        digest.update(path.relative_to(folder).as_posix().encode())
        digest.update(path.read_bytes())
    return digest.hexdigest()


def load_reference(session: Session, *, actor: Actor, reference: Reference, folder: Path) -> dict[str, int]:
    """Store the vocabularies; codes that left the reference data stay, marked as withdrawn."""
    counts = {}
    present = {(row.vocabulary, row.code): row for row in session.scalars(sa.select(ReferenceCode))}
    for vocabulary, titles in vocabularies_of(reference).items():
        counts[vocabulary] = len(titles)
        for code, title in titles.items():
            row = present.pop((vocabulary, code), None)
            if row is None:
                session.add(ReferenceCode(vocabulary=vocabulary, code=code, title_ru=title, withdrawn=False))
            elif row.title_ru != title or row.withdrawn:
                row.title_ru, row.withdrawn = title, False
    for row in present.values():
        row.withdrawn = True
    installation = find_installation(session)
    if installation is None:
        save_installation(
            session, region_code=DEFAULT_REGION[0], region_title=DEFAULT_REGION[1], as_of=None, synthetic=False
        )
        session.flush()
        installation = find_installation(session)
    checksum = checksum_of(folder)
    if installation is not None:
        installation.reference_checksum = checksum
    audit.record(session, actor=actor, deed="reference.loaded", subject="reference", checksum=checksum, **counts)
    return counts
