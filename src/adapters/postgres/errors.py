"""What the database says, in the core's words: by SQLSTATE, never by message text."""

from collections.abc import Generator
from contextlib import contextmanager

import asyncpg
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from core.domain.errors import Unavailable
from ports.unit_of_work import TransactionRaced

_UNAVAILABLE_CLASSES = ("08", "53", "57", "25")
"""Connection, resources, operator intervention, transaction state: all pass with time."""
_RACED_CLASSES = ("40", "55")
"""Rollback (deadlock, serialization), object in use (a lock not had in time): the other one will be done soon."""


class DatabaseUnavailable(Unavailable):
    """PostgreSQL cannot be reached, or cannot answer now."""

    code = "database_unavailable"
    title = "The database cannot be reached"


@contextmanager
def translated() -> Generator[None]:
    """
    Turn what passes with time into `DatabaseUnavailable`; a bug stays the error it is.

    Raises:
        DatabaseUnavailable: On lost connections, exhausted resources, time-outs.
        TransactionRaced: On deadlocks, serialization failures and locks not had in time.
    """
    try:
        yield
    except PoolTimeout as error:
        raise DatabaseUnavailable("no database connection is free") from error
    except DBAPIError as error:
        if (sqlstate_of(error) or "").startswith(_RACED_CLASSES):
            raise TransactionRaced("another transaction was in the way") from error
        if error.connection_invalidated or (sqlstate_of(error) or "").startswith(_UNAVAILABLE_CLASSES):
            raise DatabaseUnavailable("the database cannot answer now") from error
        raise
    except (OSError, TimeoutError, asyncpg.InterfaceError, asyncpg.InternalClientError) as error:
        raise DatabaseUnavailable("the database cannot be reached") from error
    except asyncpg.PostgresError as error:
        if (error.sqlstate or "").startswith(_RACED_CLASSES):
            raise TransactionRaced("another transaction was in the way") from error
        if (error.sqlstate or "").startswith(_UNAVAILABLE_CLASSES):
            raise DatabaseUnavailable("the database cannot answer now") from error
        raise


def sqlstate_of(error: DBAPIError) -> str | None:
    """The five-character SQLSTATE, if the server gave one."""
    return getattr(error.orig, "sqlstate", None)


def constraint_of(error: DBAPIError) -> str | None:
    """The name of the constraint that refused, if one did."""
    cause = getattr(error.orig, "__cause__", None)
    return getattr(cause, "constraint_name", None)
