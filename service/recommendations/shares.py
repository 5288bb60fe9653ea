"""Contributions by block and by fact, with the facts in Russian."""

from collections.abc import Iterable, Mapping, Sequence

from recommender.fact_shares import FactShare as FoundShare
from recommender.scoring import BLOCK_OF
from service.recommendations import words
from service.recommendations.schemas import BlockShare, FactShare, TermShare

SMALL = 0.01  # log-odds; smaller shares are told together
REST, UNKNOWN = "остальное", "исходный уровень, без данных"
BY_PROFILE, BY_GROUP = ("profile_wish", "elective_experience"), ("profession_wish", "trial_experience")
Titles = Mapping[str, Mapping[str, str]]


def block_shares(contributions: Mapping[str, float], shares: Iterable[FoundShare], titles: Titles) -> list[BlockShare]:
    """Blocks, their terms and the facts within, largest first; every level adds up to the one above."""
    by_term: dict[str, list[FoundShare]] = {}
    for share in shares:
        by_term.setdefault(share.term, []).append(share)
    blocks: dict[str, list[TermShare]] = {}
    for term, contribution in contributions.items():
        if contribution != 0.0:
            facts = _facts(by_term.get(term, ()), titles)
            blocks.setdefault(BLOCK_OF[term], []).append(TermShare(term=term, contribution=contribution, facts=facts))
    found = [
        BlockShare(
            block=block,
            contribution=sum(each.contribution for each in terms),
            terms=sorted(terms, key=lambda each: -abs(each.contribution)),
        )
        for block, terms in blocks.items()
    ]
    return sorted(found, key=lambda each: -abs(each.contribution))


def _facts(shares: Sequence[FoundShare], titles: Titles) -> list[FactShare]:
    """Facts of one term; none where it has nothing to do with the student's."""
    if not any(share.fact for share in shares):
        return []
    told = [
        FactShare(fact=share.fact, code=share.code, label=fact_label(share, titles), contribution=share.contribution)
        for share in shares
        if abs(share.contribution) >= SMALL
    ]
    small = sum(share.contribution for share in shares if abs(share.contribution) < SMALL)
    return [*told, FactShare(fact="rest", code="", label=REST, contribution=small)] if small else told


def fact_label(share: FoundShare, titles: Titles) -> str:
    """What a fact is called: a subject, an interest, a profile, a group of professions, a test."""
    fact, code = share.fact, share.code
    if not fact:
        return UNKNOWN
    if fact == "interest_match":
        name = words.INTERESTS[code]
    elif fact == "elective_wish":
        name = words.THIS_COURSE
    elif fact in BY_PROFILE or fact in BY_GROUP or fact == "instrument":
        vocabulary = "profiles" if fact in BY_PROFILE else "spo_groups" if fact in BY_GROUP else "instruments"
        name = words.inner(titles.get(vocabulary, {}).get(code, code))
    else:
        name = words.NOMINATIVE[code]
    return f"{words.FACT_SORTS[fact]}: {name}" if share.term == "peer_facts" else name
