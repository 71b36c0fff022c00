"""The database and the login roles a fresh server needs: one that owns the tables, one that uses them."""

import asyncpg

from adapters.postgres.connection import APPLICATION_ROLE, CONNECT_TIMEOUT_SECONDS, DatabaseAddress

OWNER = "bursar_owner"
LOGIN = "bursar_api"


async def prepare_database(
    admin: DatabaseAddress, database: str, *, owner_password: str, login_password: str
) -> tuple[DatabaseAddress, DatabaseAddress]:
    """
    Make the database and both login roles unless they exist; the owner's address and the application's.

    Raises:
        asyncpg.PostgresError, OSError: If *admin* may not, or is not there.
    """
    connection = await asyncpg.connect(admin.url, timeout=CONNECT_TIMEOUT_SECONDS)
    try:
        await _ensure_role(connection, APPLICATION_ROLE, "NOLOGIN")
        for role, password in ((OWNER, owner_password), (LOGIN, login_password)):
            await _ensure_role(connection, role, "LOGIN")
            await connection.execute(await _quoted(connection, "ALTER ROLE %I PASSWORD %L", role, password))
        await connection.execute(f"GRANT {APPLICATION_ROLE} TO {LOGIN}")
        if not await connection.fetchval("SELECT true FROM pg_database WHERE datname = $1", database):
            await connection.execute(await _quoted(connection, "CREATE DATABASE %I OWNER %I", database, OWNER))
    finally:
        await connection.close()
    host = admin.url.rpartition("@")[2].partition("/")[0]
    return (
        DatabaseAddress(f"postgresql://{OWNER}:{owner_password}@{host}/{database}"),
        DatabaseAddress(f"postgresql://{LOGIN}:{login_password}@{host}/{database}"),
    )


async def _ensure_role(connection: "asyncpg.Connection[asyncpg.Record]", role: str, kind: str) -> None:
    if not await connection.fetchval("SELECT true FROM pg_roles WHERE rolname = $1", role):
        await connection.execute(f"CREATE ROLE {role} {kind}")


async def _quoted(connection: "asyncpg.Connection[asyncpg.Record]", template: str, *values: str) -> str:
    """The statement with its identifiers and literals quoted by the server: DDL takes no parameters."""
    places = ", ".join(f"${n}::text" for n in range(2, len(values) + 2))
    statement: str = await connection.fetchval(f"SELECT format($1, {places})", template, *values)
    return statement
