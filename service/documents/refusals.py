"""Why a file is not read: a stable reason and a Russian sentence that says what to do."""

from service.errors import InvalidInputError

NAME_LENGTH = 80


class DocumentRefusedError(InvalidInputError):
    """A file that is not read; facts["reason"] is one of a fixed set of words."""

    code = "document_refused"
    title = "Файл не прочитан"

    def __init__(self, reason: str, message: str) -> None:
        super().__init__(message, reason=reason)

    @property
    def reason(self) -> str:
        """Stable word for tests and counters."""
        return str(self.facts["reason"])


def shown_name(file_name: str) -> str:
    """The file's own name without folders and without what would break a line of a log."""
    name = file_name.replace("\\", "/").rsplit("/", 1)[-1]
    return "".join(letter for letter in name if letter.isprintable())[:NAME_LENGTH] or "файл"


def encrypted(name: str) -> DocumentRefusedError:
    """A file under a password."""
    return DocumentRefusedError("encrypted", f"{name}: файл защищён паролем; снимите защиту и сохраните снова.")
