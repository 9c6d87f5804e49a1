"""What a client may make this process keep is bounded: messages kept for it, sockets at the door, turns that wait."""

import asyncio
from uuid import uuid4

import orjson
import pytest

from auricle.channels.in_order import MOST_WAITING, InOrder, TooManyWaiting
from auricle.channels.kept import MAX_CHARS, MAX_MESSAGES, Kept
from auricle.channels.lines import MAX_AT_DOOR, Lines
from auricle.channels.tokens import BURST, Presented, ResumeFlood, ResumeRefused, Tokens, as_token
from auricle.identity.tokens import hash_of
from auricle.voice.admission import Busy


def test_messages_are_kept_in_order_up_to_a_number() -> None:
    kept = Kept()
    for number in range(MAX_MESSAGES + 50):
        assert orjson.loads(kept.add(f'{{"type":"mark","mark":"{number}"}}'))["seq"] == number + 1
    assert not kept.has_after(49) and kept.has_after(50) and kept.has_after(kept.last_seq)
    assert not kept.has_after(kept.last_seq + 1)
    assert [orjson.loads(f)["seq"] for f in kept.after(kept.last_seq - 3)] == [448, 449, 450]
    assert kept.after(kept.last_seq) == []


def test_long_messages_push_the_oldest_out() -> None:
    kept = Kept()
    for _ in range(5):
        kept.add('{"type":"ai_response","text":"' + "x" * (MAX_CHARS // 3) + '"}')
    assert kept.has_after(3) and not kept.has_after(2)


def test_a_used_token_counts_until_the_next_has_arrived() -> None:
    tokens, first = Tokens.first()
    second = tokens.renew(hash_of(first))
    assert tokens.accept(hash_of(first)) and tokens.accept(hash_of(second))
    third = tokens.renew(hash_of(first))  # the answer with the second was lost
    assert not tokens.accept(hash_of(second)) and tokens.accept(hash_of(third))
    tokens.confirm()
    assert not tokens.accept(hash_of(first)) and tokens.accept(hash_of(third))


def test_a_token_names_its_organization_and_hides_its_secret() -> None:
    organization_id, (tokens, secret) = uuid4(), Tokens.first()
    presented = Presented.read(as_token(organization_id, secret))
    assert presented.organization_id == organization_id and tokens.accept(presented.hash)
    assert secret not in repr(tokens) + repr(presented)
    with pytest.raises(ResumeRefused):
        Presented.read("nonsense")


def test_coming_back_all_the_time_is_slowed_down() -> None:
    tokens, _ = Tokens.first()
    for _ in range(int(BURST)):
        tokens.pace(100.0)
    with pytest.raises(ResumeFlood):
        tokens.pace(100.0)
    tokens.pace(101.0)


def test_only_so_many_stand_at_the_door() -> None:
    lines = Lines()
    doors = [lines.at_door() for _ in range(MAX_AT_DOOR)]
    for door in doors:
        door.__enter__()
    with pytest.raises(Busy), lines.at_door():
        pass
    doors[0].__exit__(None, None, None)
    with lines.at_door():
        pass


async def test_turns_are_taken_in_order_and_leave_nothing_behind() -> None:
    in_order, conversation, order = InOrder(), uuid4(), list[int]()

    async def turn(number: int) -> None:
        async with in_order.turn(conversation):
            await asyncio.sleep(0)
            order.append(number)

    await asyncio.gather(*(turn(n) for n in range(MOST_WAITING + 1)))
    assert order == list(range(MOST_WAITING + 1))
    results = await asyncio.gather(*(turn(n) for n in range(MOST_WAITING + 3)), return_exceptions=True)
    assert [type(r) for r in results if r] == [TooManyWaiting] * 2
    assert not in_order._queues


async def test_a_turn_given_up_while_waiting_blocks_nobody() -> None:
    in_order, conversation = InOrder(), uuid4()

    async def hold() -> None:
        async with in_order.turn(conversation):
            await asyncio.sleep(30)

    first, second = asyncio.create_task(hold()), asyncio.create_task(hold())
    await asyncio.sleep(0.01)
    for task in (second, first):
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
    async with asyncio.timeout(1), in_order.turn(conversation):
        assert in_order._queues
    assert not in_order._queues
