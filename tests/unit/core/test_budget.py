import asyncio

from groupware.core.budget import UploadBudget


def test_everyone_may_grow_while_there_is_room() -> None:
    budget = UploadBudget(100)
    budget.hold("a", 60)
    budget.hold("b", 40)
    assert budget.may_grow("a")
    assert budget.may_grow("b")
    assert budget.may_grow("somebody new")


def test_only_the_largest_goes_on_when_there_is_none() -> None:
    budget = UploadBudget(100)
    budget.hold("a", 60)
    budget.hold("b", 41)
    assert budget.may_grow("a")
    assert not budget.may_grow("b")
    assert not budget.may_grow("somebody new")


def test_holding_less_makes_room_again() -> None:
    budget = UploadBudget(100)
    budget.hold("a", 200)
    budget.hold("b", 50)
    budget.hold("a", 50)
    assert budget.may_grow("b")
    budget.hold("b", 300)
    budget.hold("b", 0)
    budget.hold("b", 0)
    assert budget.may_grow("a")


async def test_whoever_waits_goes_on_when_another_lets_go() -> None:
    budget = UploadBudget(100)
    budget.hold("large", 90)
    budget.hold("small", 20)
    waiting = asyncio.create_task(budget.wait_to_grow("small"))
    await asyncio.sleep(0)
    budget.hold("large", 95)
    await asyncio.sleep(0)
    assert not waiting.done()
    budget.hold("large", 0)
    await asyncio.wait_for(waiting, 5)
