"""What stands in addresses, each with an example that tests call: all of the made-up worked example."""

from typing import Annotated

from fastapi import Path

StudentId = Annotated[str, Path(description="Псевдоним ученика", examples=["s2222222"])]
ClassId = Annotated[str, Path(description="Код класса", examples=["sch01-2024-25-9a"])]
EditionCode = Annotated[str, Path(description="Код редакции перечня", examples=["krasnodar-2024H1"])]
SourcedCode = Annotated[str, Path(description="Код редакции, прочитанной из документа", examples=["krasnodar-2024H2"])]
Version = Annotated[str, Path(description="Версия модели", examples=["krasnodar-2024H2.1"])]
TableName = Annotated[str, Path(description="Таблица из data/formats", examples=["marks"])]
