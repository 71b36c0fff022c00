"""Values to rows and back, where a dataclass and its table have the same names."""

from dataclasses import fields
from enum import Enum
from typing import Any, TypeVar

from sqlalchemy.orm import DeclarativeBase

T = TypeVar("T")


def columns_of(value: object) -> dict[str, Any]:
    """A dataclass as keyword values for its table; enumerations as their names."""
    columns = {field.name: getattr(value, field.name) for field in fields(value)}  # type: ignore[arg-type]  # a dataclass
    return {
        _ATTRIBUTES.get(name, name): column.value if isinstance(column, Enum) else column
        for name, column in columns.items()
    }


def value_of(dataclass: type[T], row: DeclarativeBase, /, **others: object) -> T:
    """The dataclass that *row* keeps; *others* are given instead of read."""
    names = [field.name for field in fields(dataclass) if field.name not in others]  # type: ignore[arg-type]  # a dataclass
    return dataclass(**{name: getattr(row, _ATTRIBUTES.get(name, name)) for name in names}, **others)


_ATTRIBUTES = {"metadata": "metadata_"}
"""SQLAlchemy keeps this name for itself."""
