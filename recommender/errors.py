"""What can go wrong: the class says the kind, the fields carry the facts, the sentence says what to do."""


class RecommenderError(Exception):
    """Root of the family.

    Parameters
    ----------
    message : str
        A sentence that says what to do. Never contains a student's name.
    **facts
        The same as data, for programs: row, column, found, allowed, ...

    Examples
    --------
    >>> error = RecommenderError("edition lacks column spo_codes; see data/formats/demand.toml", column="spo_codes")
    >>> error.facts["column"]
    'spo_codes'
    """

    def __init__(self, message: str, **facts: object) -> None:
        super().__init__(message)
        self.facts = facts


class MissingColumnsError(RecommenderError):
    """A table came without columns it must have."""


class TableValueError(RecommenderError):
    """A cell holds what the table's definition does not allow; facts: row, column, found, remedy."""


class UnknownCodeError(RecommenderError):
    """A code that no reference table and no catalogue knows."""


class ArtifactError(RecommenderError):
    """A model folder that must not be loaded: unknown format, foreign signature, changed file."""
