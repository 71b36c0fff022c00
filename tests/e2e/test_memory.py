"""An API process stays small, however long it has served."""

import asyncio
import json
import random

from e2e.conftest import Installation, OpenBank
from e2e.processes import children_of
from e2e.wire import Response

CLIENTS = 64
REQUESTS_EACH = 40
MOST_BYTES = 200 * 1024 * 1024


async def test_an_api_process_stays_below_200_megabytes(open_bank: OpenBank, installation: Installation) -> None:
    bank = await open_bank(wallets=20, opening=10_000)

    async def work(client: int) -> list[Response]:
        rng = random.Random(client)
        answers: list[Response] = []
        for number in range(REQUESTS_EACH):
            wire = bank.wires[(client + number) % len(bank.wires)]
            one, other = rng.sample(bank.wallets, 2)
            if number % 4:
                body = {"from_wallet_id": one, "to_wallet_id": other, "amount": rng.randint(1, 9)}
                answers.append(await wire.post("/v1/transfers", json.dumps(body).encode(), key=f"{client}-{number}"))
            else:
                answers.append(await wire.get(f"/v1/wallets/{one}/entries?limit=20"))
        return answers

    answers = [answer for told in await asyncio.gather(*map(work, range(CLIENTS))) for answer in told]

    assert {answer.status for answer in answers} <= {200, 201, 422}
    sizes = [process.resident_bytes for api in installation.apis for process in children_of(api.pid)]
    assert len(sizes) == 3
    assert max(sizes) < MOST_BYTES, sizes
