"""What Prometheus reads."""

import httpx
from prometheus_client.parser import text_string_to_metric_families

from conftest import Tenant
from entrypoints.development.api_process import ApiProcess


async def read(api: ApiProcess) -> dict[str, float]:
    async with httpx.AsyncClient(base_url=api.base_url) as client:
        answer = await client.get("/metrics")
    assert answer.headers["content-type"].startswith("text/plain")
    return {
        sample.name + sample.labels.get("quantile", ""): sample.value
        for family in text_string_to_metric_families(answer.text)
        for sample in family.samples
    }


async def test_posted_transfers_are_counted_and_timed(api: ApiProcess, tenant: Tenant) -> None:
    before = await read(api)

    await tenant.wallet("alice", balance=100)

    after = await read(api)
    assert after["bursar_posting_instructions_total"] >= before["bursar_posting_instructions_total"] + 1
    assert after["bursar_posting_batches_total"] >= before["bursar_posting_batches_total"] + 1
    assert 0 < after["bursar_posting_wait_seconds0.5"] <= after["bursar_posting_wait_seconds0.99"]
    assert after["bursar_posting_batch_size0.5"] >= 1
    assert after["bursar_posting_waiting"] == 0
