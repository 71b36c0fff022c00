"""Long reconciliations leave room in a worker for everything else."""

from entrypoints.worker.reconciliation_places import ReconciliationPlaces


def test_reconciliations_take_a_quarter_of_a_worker() -> None:
    places = ReconciliationPlaces(concurrency=8)
    with places.one() as first, places.one() as second, places.one() as third:
        assert (first, second, third) == (True, True, False)
    with places.one() as again:
        assert again


def test_a_worker_of_one_place_still_reconciles() -> None:
    places = ReconciliationPlaces(concurrency=1)
    with places.one() as first, places.one() as second:
        assert (first, second) == (True, False)
