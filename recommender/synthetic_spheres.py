"""What the sample region believes about the world: narrow spheres of interest, abilities, and what touches which.

These tables are the hidden truth behind `data/samples`. They are not the crosswalk and not the expert weights that the
ranker uses: spheres are narrower than Holland types or Klimov objects, and a programme touches several of them.
"""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

SPHERES = (
    "bio", "phys", "chem", "earth", "med", "elec", "build", "math", "code", "biz", "lang", "transport", "avia", "force",
    "hist", "trade", "media", "law", "teach", "service", "sport", "stage", "art", "agro", "office",
)  # fmt: skip
SPHERE_INDEX = {name: position for position, name in enumerate(SPHERES)}

# Common causes of interests; what they leave unexplained is the sphere's own.
FACTORS: Mapping[str, str] = {
    "tech": "elec 8, build 7, transport 6, trade 6, avia 5, phys 5, code 4, agro 2",
    "nature": "bio 6, agro 7, earth 6, chem 5, med 4",
    "care": "teach 8, med 6, service 4, bio 2, lang 2",
    "abstract": "math 8, phys 6, code 5, chem 5, hist 3, bio 3, office 3, lang 2",
    "expressive": "stage 8, art 7, media 6, lang 4, hist 2, teach 2",
    "power": "biz 8, law 6, office 4, service 4, media 3, force 2, hist 2",
    "body": "sport 8, force 8, avia 5, transport 4, earth 3",
}
# Average difference girls - boys in standard deviations: used for realism and so that audits have something to find.
SEX_DIFFERENCE = (
    "elec -5, build -4, transport -5, trade -4, avia -5, phys -3, code -3, force -4, sport -2, "
    "med 4, teach 5, service 3, art 4, stage 3, lang 3, media 2, bio 2"
)

ABILITIES = ("numeric", "verbal", "spatial", "science", "social")
SUBJECT_ABILITIES: Mapping[str, tuple[float, float, float, float, float]] = {
    "rus": (0.1, 0.9, 0.0, 0.0, 0.1),
    "lit": (0.0, 0.9, 0.0, 0.0, 0.3),
    "math": (0.9, 0.1, 0.2, 0.1, 0.0),
    "inf": (0.7, 0.1, 0.3, 0.2, 0.0),
    "phys": (0.6, 0.0, 0.3, 0.5, 0.0),
    "chem": (0.3, 0.1, 0.1, 0.8, 0.0),
    "bio": (0.0, 0.3, 0.1, 0.8, 0.1),
    "geo": (0.1, 0.3, 0.4, 0.3, 0.1),
    "soc": (0.1, 0.6, 0.0, 0.0, 0.5),
    "hist": (0.0, 0.8, 0.0, 0.1, 0.2),
    "eng": (0.0, 0.8, 0.0, 0.0, 0.3),
    "tech": (0.1, 0.0, 0.6, 0.1, 0.0),
    "draw": (0.3, 0.0, 0.8, 0.0, 0.0),
    "art": (0.0, 0.1, 0.6, 0.0, 0.1),
    "mus": (0.0, 0.3, 0.0, 0.0, 0.4),
    "pe": (0.0, 0.0, 0.1, 0.0, 0.2),
    "obzh": (0.1, 0.2, 0.1, 0.1, 0.1),
    "kuban": (0.0, 0.4, 0.1, 0.0, 0.2),
}
SUBJECT_EASE = {"pe": 0.7, "art": 0.6, "mus": 0.7, "tech": 0.55, "obzh": 0.5, "kuban": 0.5, "phys": -0.15, "chem": -0.1}
SUBJECT_SPHERES: Mapping[str, str] = {
    "rus": "lang 4, media 3",
    "lit": "media 4, stage 3, lang 2",
    "math": "math 8",
    "inf": "code 8",
    "phys": "phys 6, elec 3",
    "chem": "chem 8",
    "bio": "bio 6, med 2",
    "geo": "earth 7",
    "soc": "law 4, biz 3",
    "hist": "hist 8",
    "eng": "lang 8",
    "tech": "trade 6",
    "draw": "build 4, art 2",
    "art": "art 8",
    "mus": "stage 8",
    "pe": "sport 8",
    "obzh": "force 5",
    "kuban": "hist 4, agro 2",
}

PROFILE_SPHERES: Mapping[str, str] = {
    "tech-eng": "phys 4, elec 3, build 3, math 2",
    "tech-it": "code 7, math 3",
    "tech-agro": "agro 5, transport 2, phys 2, elec 1",
    "sci-med": "med 6, bio 3, chem 2",
    "sci-bio": "bio 5, chem 4, earth 2",
    "sci-agro": "agro 6, bio 3, chem 1",
    "soc-econ": "biz 5, office 3, math 2",
    "soc-law": "law 6, hist 3, office 1",
    "hum-ling": "lang 6, media 3",
    "hum-psyped": "teach 6, med 1, media 1",
    "hum-art": "art 5, stage 4, media 2",
    "univ": "service 1, hist 1, trade 1, sport 1, office 1, lang 1, biz 1, bio 1",
    "cadet": "force 7, sport 3, avia 1",
    "cossack": "force 4, hist 4, sport 2, agro 1",
    "rosneft-ind": "elec 4, transport 3, chem 2, phys 2",
    "med-pre": "med 7, teach 1, bio 2",
    "ped-pre": "teach 7, stage 1, sport 1",
    "it-pre": "code 8, elec 1",
    "eng-pre": "build 4, elec 4, phys 2",
    "biz-pre": "biz 7, service 2",
    "tour": "service 5, lang 3, earth 2",
    "uav": "avia 6, code 2, phys 2",
}
GROUP_SPHERES: Mapping[str, str] = {
    "05": "earth 6, phys 1",
    "07": "build 4, art 4",
    "08": "build 7, trade 3",
    "09": "code 8, elec 1",
    "10": "code 6, law 2",
    "11": "elec 7, code 2",
    "12": "elec 4, med 2",
    "13": "elec 7, trade 2",
    "14": "phys 5, elec 3",
    "15": "trade 5, elec 3",
    "18": "chem 7",
    "19": "chem 3, service 3, agro 3",
    "20": "force 7, sport 2",
    "21": "earth 5, build 2, transport 1",
    "22": "trade 5, chem 2",
    "23": "transport 8, trade 2",
    "24": "avia 7, trade 2",
    "25": "avia 8, code 1",
    "26": "avia 6, transport 2",
    "27": "office 4, math 2, elec 2",
    "29": "trade 4, art 5",
    "31": "med 8, bio 2",
    "32": "med 4, bio 3, chem 2",
    "33": "med 3, chem 5",
    "34": "med 8, teach 1",
    "35": "agro 8, bio 1",
    "36": "agro 4, bio 3, med 2",
    "38": "biz 4, office 5",
    "39": "teach 4, service 4",
    "40": "law 8, force 1",
    "42": "media 7, biz 1, art 2",
    "43": "service 8, lang 1",
    "44": "teach 9",
    "46": "office 7, hist 2",
    "49": "sport 8, teach 2",
    "51": "stage 4, hist 2, teach 2",
    "52": "stage 8",
    "53": "stage 8",
    "54": "art 8, code 1",
    "55": "art 4, media 4",
}
# What a statement of a scale may be about; each item then draws its own narrow mixture.
SCALE_SPHERES: Mapping[str, str] = {
    "R": "elec 3, build 3, transport 3, trade 5, agro 3, force 1, avia 1, sport 1",
    "I": "bio 3, phys 3, chem 3, math 3, code 2, med 2, earth 2, hist 1",
    "A": "stage 4, art 5, media 3, lang 1",
    "S": "teach 5, med 3, service 2, sport 1",
    "E": "biz 5, law 2, service 2, media 1, force 1",
    "C": "office 6, biz 2, math 1, code 1, law 1",
    "nature": "bio 3, agro 4, earth 2, chem 1",
    "technics": "elec 3, build 3, transport 3, trade 3, avia 1, phys 1",
    "human": "teach 4, med 3, service 3, law 1",
    "sign": "math 3, code 3, office 3, lang 1, biz 1",
    "art": "stage 4, art 5, media 1",
    "physics_math": "phys 5, math 5",
    "chemistry_biology": "chem 5, bio 5",
    "radio_electronics": "elec 8, code 1",
    "mechanics_design": "trade 3, build 3, transport 3",
    "geography_geology": "earth 8",
    "literature_art": "art 3, stage 3, media 3, lang 1",
    "history_politics": "hist 5, law 3",
    "pedagogy_medicine": "teach 5, med 5",
    "business_household": "biz 5, service 5",
    "sport_military": "sport 5, force 5",
}


def sphere_vector(text: str) -> Floats:
    """Shares of the spheres that a table cell such as "code 7, math 3" names.

    Returns
    -------
    ndarray of shape (n_spheres,), adding up to 1

    Examples
    --------
    >>> vector = sphere_vector("code 3, math 1")
    >>> float(vector[SPHERE_INDEX["code"]]), float(vector.sum())
    (0.75, 1.0)
    """
    vector = sphere_values(text)
    shares: Floats = vector / vector.sum()
    return shares


def sphere_values(text: str) -> Floats:
    """The numbers of a table cell as they stand, zero for spheres it does not name; shape (n_spheres,)."""
    vector = np.zeros(len(SPHERES))
    for part in text.split(","):
        name, value = part.split()
        vector[SPHERE_INDEX[name]] += float(value)
    return vector


def factor_loadings() -> Floats:
    """Loadings of the spheres on the common factors, shape (n_spheres, n_factors)."""
    return np.column_stack([sphere_values(cell) / 10 for cell in FACTORS.values()])


def programme_vector(profiles: tuple[str, ...], subjects: tuple[str, ...], spo_codes: tuple[str, ...]) -> Floats:
    """What a programme touches by what it declares: groups of its SPO codes, else its profiles and, less, its subjects.

    Returns
    -------
    ndarray of shape (n_spheres,), adding up to 1
    """
    parts = [(1.0, GROUP_SPHERES[code[:2]]) for code in spo_codes]
    if not parts:
        parts = [(1.0 / (rank + 1), PROFILE_SPHERES[code]) for rank, code in enumerate(profiles)]
        parts += [(0.4, SUBJECT_SPHERES[code]) for code in subjects]
    vector = np.zeros(len(SPHERES))
    for weight, cell in parts:
        vector += weight * sphere_vector(cell)
    shares: Floats = vector / vector.sum()
    return shares
