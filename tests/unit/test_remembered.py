"""A bounded memory of facts that never change."""

from adapters.postgres.remembered import Remembered


def test_what_was_kept_is_remembered_and_the_rest_is_not() -> None:
    facts: Remembered[str, int] = Remembered(2)
    facts.keep("alice", 1)
    assert facts.get("alice") == 1
    assert facts.get("bob") is None


def test_what_was_learnt_first_is_forgotten_first() -> None:
    facts: Remembered[str, int] = Remembered(2)
    for number, name in enumerate(["alice", "bob", "carol", "dora"]):
        facts.keep(name, number)
    assert [facts.get(name) for name in ("alice", "bob", "carol", "dora")] == [None, None, 2, 3]


def test_asking_for_a_fact_does_not_keep_it_longer() -> None:
    facts: Remembered[str, int] = Remembered(2)
    facts.keep("alice", 1)
    facts.keep("bob", 2)
    assert facts.get("alice") == 1
    facts.keep("carol", 3)
    assert facts.get("alice") is None


def test_there_are_never_more_facts_than_room() -> None:
    facts: Remembered[int, int] = Remembered(10)
    for number in range(1000):
        facts.keep(number, number)
    assert [number for number in range(1000) if facts.get(number) is not None] == list(range(990, 1000))


def test_a_fact_that_is_learnt_again_is_still_remembered() -> None:
    facts: Remembered[str, int] = Remembered(2)
    for _ in range(3):
        facts.keep("alice", 1)
    assert facts.get("alice") == 1
