"""Values to rows and back, where a dataclass and its table have the same names."""

from dataclasses import fields
from enum import Enum
from typing import Any, TypeVar, cast

from sqlalchemy import Row, Table
from sqlalchemy.orm import DeclarativeBase

T = TypeVar("T")


def columns_of(value: object) -> dict[str, Any]:
    """A dataclass as keyword values for its table; enumerations as their names."""
    columns = {field.name: getattr(value, field.name) for field in fields(value)}  # type: ignore[arg-type]  # a dataclass
    return {
        _ATTRIBUTES.get(name, name): column.value if isinstance(column, Enum) else column
        for name, column in columns.items()
    }


def table_of(mapped: type[DeclarativeBase]) -> Table:
    """The table behind a mapped class, for statements that are made once and say nothing of objects."""
    return cast("Table", mapped.__table__)


def parameters_of(value: object) -> dict[str, Any]:
    """A dataclass as the parameters of a statement on its table."""
    columns = {field.name: getattr(value, field.name) for field in fields(value)}  # type: ignore[arg-type]  # a dataclass
    return {name: column.value if isinstance(column, Enum) else column for name, column in columns.items()}


def value_in(dataclass: type[T], row: Row[Any], /, **others: object) -> T:
    """The dataclass in a *row* of its table; *others* are given instead of read."""
    names = [field.name for field in fields(dataclass) if field.name not in others]  # type: ignore[arg-type]  # a dataclass
    return dataclass(**{name: getattr(row, name) for name in names}, **others)


def value_of(dataclass: type[T], row: DeclarativeBase, /, **others: object) -> T:
    """The dataclass that *row* keeps; *others* are given instead of read."""
    names = [field.name for field in fields(dataclass) if field.name not in others]  # type: ignore[arg-type]  # a dataclass
    return dataclass(**{name: getattr(row, _ATTRIBUTES.get(name, name)) for name in names}, **others)


_ATTRIBUTES = {"metadata": "metadata_"}
"""SQLAlchemy keeps this name for itself."""
