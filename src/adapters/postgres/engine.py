"""SQLAlchemy on PostgreSQL, configured through advanced-alchemy, for everything but the posting path."""

from pathlib import Path

from advanced_alchemy.config import AlembicAsyncConfig, AsyncSessionConfig, EngineConfig, SQLAlchemyAsyncConfig

from adapters.postgres import tables
from adapters.postgres.connection import (
    COMMAND_TIMEOUT_SECONDS,
    CONNECT_TIMEOUT_SECONDS,
    DatabaseAddress,
    session_settings,
)

MIGRATIONS = Path(__file__).parent / "migrations"
POOL_TIMEOUT_SECONDS = 5
POOL_RECYCLE_SECONDS = 1800


def application_config(address: DatabaseAddress, *, pool_size: int) -> SQLAlchemyAsyncConfig:
    """Engine and sessions for the application's role; at most *pool_size* connections."""
    return SQLAlchemyAsyncConfig(
        connection_string=address.sqlalchemy_url,
        engine_config=EngineConfig(
            pool_size=pool_size,
            max_overflow=0,
            pool_timeout=POOL_TIMEOUT_SECONDS,
            pool_recycle=POOL_RECYCLE_SECONDS,
            pool_pre_ping=False,
            hide_parameters=True,
            json_deserializer=str,  # the driver would parse `json`; what was hashed must be read as it stands
            connect_args={
                "timeout": CONNECT_TIMEOUT_SECONDS,
                "command_timeout": COMMAND_TIMEOUT_SECONDS,
                "server_settings": session_settings("bursar"),
            },
        ),
        session_config=AsyncSessionConfig(expire_on_commit=False, autoflush=False),
        metadata=tables.TenantRow.metadata,
        enable_touch_updated_timestamp_listener=False,
        enable_file_object_listener=False,
    )


def migration_config(address: DatabaseAddress) -> SQLAlchemyAsyncConfig:
    """Engine for the role that owns the tables; no statement timeout, but no waiting behind the living either."""
    return SQLAlchemyAsyncConfig(
        connection_string=address.sqlalchemy_url,
        engine_config=EngineConfig(
            connect_args={
                "timeout": CONNECT_TIMEOUT_SECONDS,
                "server_settings": {"lock_timeout": "1s", "timezone": "UTC", "application_name": "bursar migrate"},
            },
        ),
        alembic_config=AlembicAsyncConfig(
            script_location=str(MIGRATIONS), version_table_name="schema_version", render_as_batch=False
        ),
        metadata=tables.TenantRow.metadata,
    )
