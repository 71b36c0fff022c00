"""One scene for all attacks, each undone; one office, with a tenant a test, for whoever only adds to the ledger."""

import shutil
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import asyncpg
import pytest

from concurrency.market import Market
from conftest import TestDatabase, copy_of
from entrypoints.container import Container
from integration.integrity.crime_scene import Attack, Scene, container_with_checkpoints, keep, stage, undo


@pytest.fixture(scope="session")
async def scene(template_database: TestDatabase, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Scene]:
    """The ledger that is attacked."""
    staged = await stage(await copy_of(template_database), tmp_path_factory.mktemp("scene"))
    yield staged
    await staged.container.posting().stop(grace_seconds=5)
    await staged.container.database().dispose()


@pytest.fixture
async def attack(scene: Scene, tmp_path: Path) -> AsyncIterator[Attack]:
    """An attack that is undone; after that everything is found to be right again."""
    shutil.copytree(scene.copies, tmp_path / "copies")
    connection = await asyncpg.connect(scene.database.admin_url)
    try:
        attacker = Attack(scene, connection, tmp_path / "copies")
        await keep(connection)
        assert await attacker.verify() == []
        yield attacker
        await undo(connection)
        attacker.copies = scene.copies
        assert await attacker.verify() == []
    finally:
        await connection.close()


@dataclass(frozen=True, slots=True)
class Office:
    """A container that signs, and where its key and the copies are."""

    container: Container
    folder: Path


@pytest.fixture(scope="session")
async def office(template_database: TestDatabase, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Office]:
    """Where checkpoints are taken."""
    folder = tmp_path_factory.mktemp("office")
    container = container_with_checkpoints(await copy_of(template_database), folder)
    await container.posting().start()
    yield Office(container, folder)
    await container.posting().stop(grace_seconds=5)
    await container.database().dispose()


@pytest.fixture
async def market(office: Office) -> Market:
    """A tenant of the test's own."""
    return await Market.open(office.container, office.container.posting())
