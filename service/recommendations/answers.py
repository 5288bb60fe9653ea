"""From the recommender's lists to wire shapes: titles, distances, sentences, the price of demand."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

from recommender import lists
from recommender.catalogue import Pathway
from recommender.congestion import CROWDED
from recommender.demand_weights import EntryWeight
from recommender.evidence import NextEvidence
from recommender.explanation import Reason as FoundReason
from service.catalogue.queries import host_title
from service.demand.queries import is_stale
from service.recommendations.schemas import (
    BriefItem,
    BriefList,
    Decision,
    EditionStamp,
    InDemand,
    MeasureNext,
    PriceOfDemand,
    RankedList,
    RankedPathway,
    Reason,
)
from service.recommendations.sentences import Saying, sentence
from service.recommendations.shares import block_shares
from service.recommendations.shelf import Serving
from service.recommendations.words import inner, number, plural

KIND_TITLES = {
    "profile_class": "Профильные классы",
    "elective": "Элективные курсы",
    "career_trial": "Профессиональные пробы",
}
ADVICE_NOTE = "Это рекомендация, а не решение: решают ученик, родитель и школа."
TOO_LITTLE_KNOWN = "Данных пока мало: эти места почти не отличить от остальных. Начните с разговора: это ещё не совет."
WORTH_ASKING = 0.005  # less than half a point in a hundred is not promised
EVIDENCE_TITLES = {
    "marks": "Отметки за последние четверти",
    "knowledge": "Диагностика обученности по профильным предметам",
    "profile_survey": "Анкета выбора профиля",
    "exam_survey": "Анкета выбора экзаменов",
    "elective_survey": "Анкета о курсах",
}
DISCOVERY_NOTES = {
    "able": "Предметы этого направления даются легко, а интереса к нему пока не видно. Проба покажет, так ли это.",
    "unsure": "Непохоже на остальные предложения, и данных пока мало, чтобы сказать, что это не подойдёт.",
}
NOTHING_TO_OFFER = {
    "profile_class": "Подходящих профильных классов сейчас нет: их выбирают в 9 классе, пока идёт приём.",
    "elective": "Курсов, на которые сейчас можно записаться, для этого класса нет.",
    "career_trial": "Проб с открытой записью и нужными условиями сейчас нет.",
}

Decisions = Mapping[str, Decision]
FitLists = Sequence[Mapping[str, float]]  # one a kind: pathway code -> fit, best first
Crowding = Sequence[float]  # expected applicants per seat, by position in the catalogue; NaN = not told


def edition_stamp(serving: Serving) -> EditionStamp | None:
    """The edition an answer was made with."""
    edition = serving.edition
    if edition is None:
        return None
    return EditionStamp(
        code=edition.code,
        published_on=edition.published_on,
        region=edition.region,
        illustrative=edition.illustrative,
        age_days=max(0, (serving.today.as_of - edition.published_on).days),
        is_stale=is_stale(edition.published_on, serving.today.as_of),
    )


def stamps(serving: Serving, k: int, demand_strength: float) -> dict[str, Any]:
    """Fields of `Stamps`."""
    return {
        "model_version": serving.model.version,
        "demand_edition": edition_stamp(serving),
        "as_of": serving.today.as_of,
        "fit_is_calibrated": bool(serving.model.ranker.is_calibrated.all()),
        "demand_strength": demand_strength,
        "k": k,
        "advice_note": ADVICE_NOTE,
        "degradation": serving.degradation,
    }


def ranked_lists(
    serving: Serving,
    shown: lists.StudentRecommendations,
    by_fit: FitLists,
    school_code: str,
    decisions: Decisions,
    crowding: Crowding | None = None,
) -> list[RankedList]:
    """The lists of one student; `by_fit` are the same lists without demand."""
    return [
        _ranked_list(serving, found, fits, school_code, decisions, crowding)
        for found, fits in zip(shown.lists, by_fit, strict=True)
    ]


def _ranked_list(
    serving: Serving,
    found: lists.RankedList,
    fits: Mapping[str, float],
    school_code: str,
    decisions: Decisions,
    crowding: Crowding | None,
) -> RankedList:
    place_by_fit = {code: place for place, code in enumerate(fits, start=1)}
    return RankedList(
        kind=found.kind.value,
        title_ru=KIND_TITLES[found.kind],
        items=[_line(serving, line, place_by_fit, school_code, decisions, crowding) for line in found.items],
        eligible_count=found.offered_count,
        sureness=found.sureness,
        is_sure=found.is_sure,
        fit_is_calibrated=found.is_calibrated,
        price_of_demand=_price(found, fits),
        note=_note(found),
    )


def _note(found: lists.RankedList) -> str | None:
    if not found.items:
        return NOTHING_TO_OFFER[found.kind]
    return None if found.is_sure else TOO_LITTLE_KNOWN


def _price(found: lists.RankedList, fits: Mapping[str, float]) -> PriceOfDemand | None:
    if not found.items:
        return None
    fit_without = sum(fits.values()) / len(found.items)
    return PriceOfDemand(
        fit_without=fit_without,
        fit_with=fit_without - found.price_of_demand,  # a discovery place is not demand's doing
        price=found.price_of_demand,
        moved_in=[
            line.pathway.pathway_code
            for line in found.items
            if line.discovery is None and line.pathway.pathway_code not in fits
        ],
    )


def _line(
    serving: Serving,
    line: lists.RankedPathway,
    place_by_fit: Mapping[str, int],
    school_code: str,
    decisions: Decisions,
    crowding: Crowding | None,
) -> RankedPathway:
    pathway = line.pathway
    places = serving.catalogue.places
    saying = saying_of(serving, pathway)
    host = places.get(pathway.host_code)
    return RankedPathway(
        rank=line.rank,
        rank_by_fit=place_by_fit.get(pathway.pathway_code),
        pathway_code=pathway.pathway_code,
        kind=pathway.kind.value,
        title_ru=pathway.title_ru,
        host_code=pathway.host_code,
        host_title=host_title(places, pathway.host_code),
        host_kind=host.host_kind if host is not None else "",
        distance_km=distance_km(serving, school_code, pathway.host_code),
        apply_until=pathway.apply_until,
        dates=list(pathway.dates),
        hours=pathway.hours,
        seats=pathway.seats,
        level=pathway.level or None,
        fit=line.fit,
        fit_low=line.fit_low,
        fit_high=line.fit_high,
        top_chance=line.top_chance,
        band_first=line.band[0],
        band_last=line.band[1],
        demand_weight=line.demand_weight,
        final=line.final,
        score=line.score,
        contributions=dict(line.contributions),
        blocks=block_shares(line.contributions, line.fact_shares, serving.titles),
        reasons=[_reason(reason, saying, serving, school_code, pathway) for reason in line.reasons],
        in_demand=[_in_demand(source, serving) for source in line.demand_sources],
        decision=decisions.get(pathway.pathway_code),
        is_discovery=line.discovery is not None,
        discovery_note=DISCOVERY_NOTES[line.discovery] if line.discovery is not None else None,
        crowding_note=crowding_note(crowding[serving.catalogue.position[pathway.pathway_code]]) if crowding else None,
    )


def saying_of(serving: Serving, pathway: Pathway) -> Saying:
    """What the sentences about a pathway are told with."""
    return Saying(pathway.kind.value, pathway.programme_code, bool(pathway.subjects), serving.titles)


def distance_km(serving: Serving, school_code: str, host_code: str) -> float | None:
    """Kilometres as the crow flies; None online or where a place is not known."""
    places = serving.catalogue.places
    school, host = places.get(school_code), places.get(host_code)
    if school is None or host is None:
        return None
    distance = math.hypot(school.x_km - host.x_km, school.y_km - host.y_km)
    return round(distance, 1) if math.isfinite(distance) else None


def _reason(found: FoundReason, saying: Saying, serving: Serving, school_code: str, pathway: Pathway) -> Reason:
    facts = wire_facts(found.term, found.facts, serving, school_code, pathway)
    return Reason(
        code=found.code,
        term=found.term,
        contribution=found.contribution,
        advantage=found.advantage,
        facts=facts,
        text=sentence(found.term, is_for=found.advantage > 0, facts=facts, saying=saying),
    )


def wire_facts(
    term: str, quoted: Mapping[str, object], serving: Serving, school_code: str, pathway: Pathway
) -> dict[str, Any]:
    """What a sentence quotes, as JSON can hold it, with what only the service knows of places."""
    facts = {name: _wire_value(value) for name, value in quoted.items()}
    if term == "own_school":
        facts["is_own"] = pathway.host_code == school_code
    if term == "proximity":
        host = serving.catalogue.places.get(pathway.host_code)
        facts["is_online"] = host is not None and host.host_kind == "online"
        facts["distance_km"] = distance_km(serving, school_code, pathway.host_code)
    return facts


def _wire_value(value: object) -> Any:
    """Values as JSON can hold them: no NaN."""
    if isinstance(value, float) and not math.isfinite(value):
        return None
    if isinstance(value, Mapping):
        return {key: _wire_value(inner) for key, inner in value.items()}
    if isinstance(value, Sequence) and not isinstance(value, str):
        return [_wire_value(inner) for inner in value]
    return value


def crowding_note(per_seat: float) -> str | None:
    """What a card says where clearly more are expected than there are seats."""
    if not per_seat >= CROWDED:
        return None
    people = round(per_seat)
    return f"На место — примерно {people} {plural(people, 'желающий', 'желающих', 'желающих')}"


def _in_demand(source: EntryWeight, serving: Serving) -> InDemand:
    edition, entry = serving.edition, source.entry
    if edition is None:
        raise TypeError("a demanded profession comes from an edition")
    return InDemand(
        title=entry.title,
        spo_codes=list(entry.spo_codes),
        position=entry.position,
        level=entry.level,
        horizon=entry.horizon or None,
        weight=source.weight,
        level_factor=source.level_factor,
        persistence_factor=source.persistence_factor,
        lead_factor=source.lead_factor,
        edition_code=edition.code,
        published_on=edition.published_on,
    )


def measure_next(serving: Serving, found: Sequence[NextEvidence]) -> list[MeasureNext]:
    """Which evidence would sharpen the lists most."""
    return [_measure(serving, evidence) for evidence in found]


def _measure(serving: Serving, evidence: NextEvidence) -> MeasureNext:
    title, minutes = EVIDENCE_TITLES.get(evidence.kind, ""), None
    if evidence.kind == "instrument":
        instrument = serving.reference.instruments[evidence.code]
        title, minutes = instrument.title_ru, instrument.minutes
    if evidence.kind == "trial":
        title = f"Проба «{inner(serving.catalogue.get_pathway(evidence.code).title_ru)}»"
    takes = f" ({minutes} {plural(minutes, 'минута', 'минуты', 'минут')})" if minutes else ""
    gain = (
        f"точность первых мест вырастет примерно на {number(100 * evidence.expected_gain)} из 100"
        if evidence.expected_gain >= WORTH_ASKING
        else "списки изменит мало"
    )
    return MeasureNext(
        kind=evidence.kind,
        code=evidence.code,
        title_ru=title,
        minutes=minutes,
        expected_gain=evidence.expected_gain,
        text=f"{title}{takes}: {gain}",
    )


def brief_lists(shown: lists.StudentRecommendations, decisions: Decisions) -> list[BriefList]:
    """Lists without reasons, for a class."""
    return [_brief_list(found, decisions) for found in shown.lists]


def _brief_list(found: lists.RankedList, decisions: Decisions) -> BriefList:
    items = [
        BriefItem(
            rank=line.rank,
            pathway_code=line.pathway.pathway_code,
            title_ru=line.pathway.title_ru,
            fit=line.fit,
            fit_low=line.fit_low,
            fit_high=line.fit_high,
            demand_weight=line.demand_weight,
            final=line.final,
            decision=decisions[code].decision if (code := line.pathway.pathway_code) in decisions else None,
        )
        for line in found.items
    ]
    accepted = [item.rank for item in items if item.decision == "accepted"]
    left = [item.rank for item in items if item.decision != "declined"]
    first = next(iter(accepted or left), None)
    return BriefList(kind=found.kind.value, items=items, first_rank=first)
