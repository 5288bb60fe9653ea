"""What a pathway asks for: vectors by term, and where its host stands to each school.

A pathway says what it is in the columns in which a student says what he knows, wishes and has done: interests,
subjects, SPO groups, profiles, programmes. What nothing is known of is zero.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from recommender.catalogue import Catalogue, Pathway, PathwayKind, current_spo_code
from recommender.interests import mean_type_vector
from recommender.reference import Reference

Floats = NDArray[np.float64]

TYPICAL_DISTANCE_KM = 5.0  # where a host has no coordinates


@dataclass(frozen=True)
class PathwayVectors:
    """Makes the vectors of one catalogue's pathways.

    Attributes
    ----------
    reference : Reference
    catalogue : Catalogue
    """

    reference: Reference
    catalogue: Catalogue

    @cached_property
    def subject_index(self) -> dict[str, int]:
        """Subject code -> column."""
        return {code: column for column, code in enumerate(self.reference.subjects)}

    @cached_property
    def profile_index(self) -> dict[str, int]:
        """Profile code -> column."""
        return {code: column for column, code in enumerate(self.reference.profiles)}

    @cached_property
    def group_index(self) -> dict[str, int]:
        """First two digits of SPO codes -> column."""
        groups = sorted({spo.group_code[:2] for spo in self.reference.spo.values()})
        return {code: column for column, code in enumerate(groups)}

    @cached_property
    def programme_index(self) -> dict[str, int]:
        """Programme code -> column; only of the catalogue, others can no longer be wished for."""
        codes = sorted({pathway.programme_code for pathway in self.catalogue.pathways})
        return {code: column for column, code in enumerate(codes)}

    def interests_of(self, pathway: Pathway) -> Floats:
        """Interest vector of a pathway, shape (11,): its SPO codes where it names them, its profiles otherwise."""
        if pathway.spo_codes:
            spo = [self.reference.spo[current_spo_code(self.reference, code)] for code in pathway.spo_codes]
            return mean_type_vector(tuple((code.riasec, code.klimov) for code in spo))
        profiles = [self.reference.profiles[code] for code in pathway.profiles]
        return mean_type_vector(tuple((profile.riasec, profile.klimov) for profile in profiles))

    def subjects_of(self, pathway: Pathway) -> Floats:
        """Share of each subject in what a pathway asks for, (n_subjects,), sums to 1 or is zero."""
        codes = list(pathway.subjects)
        if not codes:
            for code in pathway.spo_codes:
                codes += self.reference.spo[current_spo_code(self.reference, code)].subjects
        return _shares(codes, self.subject_index)

    def exams_of(self, pathway: Pathway) -> Floats:
        """Share of each exam subject that a profile class usually asks for; other kinds ask what they teach."""
        if pathway.kind != PathwayKind.PROFILE_CLASS:
            return self.subjects_of(pathway)
        codes = [code for profile in pathway.profiles for code in self.reference.profiles[profile].oge_subjects[:2]]
        return _shares(codes, self.subject_index)

    def groups_of(self, pathway: Pathway) -> Floats:
        """SPO groups a pathway leads to, (n_groups,), each 1; several profiles share."""
        result = np.zeros(len(self.group_index))
        if pathway.spo_codes:
            for code in pathway.spo_codes:
                result[self.group_index[code[:2]]] = 1.0
        for profile in () if pathway.spo_codes else pathway.profiles:
            for group in self.reference.profiles[profile].spo_groups:
                if group in self.group_index:
                    result[self.group_index[group]] += 1.0 / len(pathway.profiles)
        return result

    def profiles_of(self, pathway: Pathway) -> Floats:
        """Profiles a pathway belongs to, (n_profiles,), at most 1; a trial belongs to profiles of its SPO groups."""
        result = np.zeros(len(self.profile_index))
        if pathway.profiles:
            for code in pathway.profiles:
                result[self.profile_index[code]] = 1.0
        elif pathway.spo_codes:
            groups = {code[:2] for code in pathway.spo_codes}
            for code, profile in self.reference.profiles.items():
                shared = groups & set(profile.spo_groups)
                result[self.profile_index[code]] = len(shared) / len(groups)
        return result

    def programme_of(self, pathway: Pathway) -> Floats:
        """The programme itself, (n_programmes,)."""
        result = np.zeros(len(self.programme_index))
        result[self.programme_index[pathway.programme_code]] = 1.0
        return result

    @cached_property
    def known_interests(self) -> dict[str, Floats]:
        """Interest vectors of the pathways of all years, by pathway code."""
        return {code: self.interests_of(pathway) for code, pathway in self.catalogue.known.items()}

    @cached_property
    def known_groups(self) -> dict[str, Floats]:
        """SPO groups of the pathways of all years, by pathway code."""
        return {code: self.groups_of(pathway) for code, pathway in self.catalogue.known.items()}

    @cached_property
    def known_profiles(self) -> dict[str, Floats]:
        """Profiles of the pathways of all years, by pathway code."""
        return {code: self.profiles_of(pathway) for code, pathway in self.catalogue.known.items()}

    @cached_property
    def own_blocks(self) -> dict[str, Floats]:
        """Vectors of the pathways by term, each (n_pathways, width); those of like students are not among them."""
        pathways = self.catalogue.pathways
        rows = {
            "interests": [self.interests_of(p) for p in pathways],
            "subjects": [self.subjects_of(p) for p in pathways],
            "exams": [self.exams_of(p) for p in pathways],
            "groups": [self.groups_of(p) for p in pathways],
            "profiles": [self.profiles_of(p) for p in pathways],
            "programmes": [self.programme_of(p) for p in pathways],
        }
        columns = {
            "interests": 11,
            "subjects": len(self.subject_index),
            "exams": len(self.subject_index),
            "groups": len(self.group_index),
            "profiles": len(self.profile_index),
            "programmes": len(self.programme_index),
        }
        made = {
            name: np.array(rows[name], dtype=float).reshape(len(pathways), width) for name, width in columns.items()
        }
        source = {
            "interest_match": "interests", "subject_strength": "subjects", "subject_level": "subjects",
            "exam_margin": "exams", "knowledge": "subjects", "profile_wish": "profiles", "exam_wish": "exams",
            "elective_wish": "programmes", "profession_wish": "groups", "trial_experience": "groups",
            "elective_experience": "profiles",
        }  # fmt: skip
        return {term: made[name] for term, name in source.items()}

    @cached_property
    def distance_km(self) -> Floats:
        """From each school to each pathway's host, (n_schools, n_pathways); online is 0, unknown is typical."""
        places = self.catalogue.places
        hosts = [places.get(pathway.host_code) for pathway in self.catalogue.pathways]
        xy = np.array([(h.x_km, h.y_km) if h is not None else (np.nan, np.nan) for h in hosts]).reshape(-1, 2)
        online = np.array([h is not None and h.host_kind == "online" for h in hosts], dtype=bool)
        schools = np.array([(places[c].x_km, places[c].y_km) for c in self.catalogue.school_codes]).reshape(-1, 2)
        distance = np.sqrt(((schools[:, None, :] - xy[None, :, :]) ** 2).sum(axis=2))
        return np.where(online, 0.0, np.where(np.isfinite(distance), distance, TYPICAL_DISTANCE_KM))

    @cached_property
    def access_tables(self) -> dict[str, Floats]:
        """Terms looked up by school, each (n_schools + 1, n_pathways); the last row serves unknown schools."""
        hosts = np.array([pathway.host_code for pathway in self.catalogue.pathways], dtype=np.str_)
        own = (np.array(self.catalogue.school_codes, dtype=np.str_)[:, None] == hosts[None, :]).astype(float)
        near = -np.log1p(self.distance_km) / np.log1p(TYPICAL_DISTANCE_KM)
        unknown = np.zeros((1, len(hosts)))
        return {"own_school": np.vstack([own, unknown]), "proximity": np.vstack([near, unknown - 1.0])}


def _shares(codes: list[str], index: Mapping[str, int]) -> Floats:
    result = np.zeros(len(index))
    for code in codes:
        result[index[code]] += 1.0 / len(codes)
    return result
