"""Workbooks that the service makes."""

from openpyxl import Workbook


def keep_texts(workbook: Workbook) -> None:
    """A name or a title that begins like a formula stays a text."""
    for sheet in workbook.worksheets:
        for cell in (cell for row in sheet.iter_rows() for cell in row if isinstance(cell.value, str)):
            cell.data_type = "s"
