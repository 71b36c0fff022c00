"""Keep a poison job where people find it."""

from dataclasses import dataclass

from core.domain.dead_letters import dead_letter
from core.domain.jobs import PoisonJob
from ports.unit_of_work import UnitOfWorkFactory


@dataclass(frozen=True, slots=True)
class BuryJobHandler:
    """Idempotent: the queue calls it again until it has returned once."""

    unit_of_work: UnitOfWorkFactory

    async def __call__(self, poison: PoisonJob) -> None:
        """
        Keep it.

        Raises:
            Unavailable: If the database cannot be reached.
        """
        async with self.unit_of_work() as work:
            await work.dead_letters.add(dead_letter(poison, now=await work.now()))
            await work.commit()
