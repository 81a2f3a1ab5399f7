"""What is measured of mail that comes in: LMTP, SMTP, and a list.

A message counts when the server has promised it: by LMTP it is in its mailbox then, by SMTP it is
in the queue and will be.
"""

import contextlib
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

from benchmarks.mail.bench import CONNECTIONS, Bench, Wrong, hand_over, timed
from benchmarks.mail.peers import LIST, MAILBOXES, MEMBERS, Ours
from benchmarks.side_by_side.runs import Figures

RECIPIENTS = MAILBOXES[1:]


def _four(bench: Bench, protocol: str, messages: Sequence[bytes]) -> float:
    """Return the seconds that messages take over a connection for each recipient."""
    shares = [messages[number::CONNECTIONS] for number in range(CONNECTIONS)]
    with contextlib.ExitStack() as stack:
        clients = [stack.enter_context(bench.peer.hand_over(protocol)) for _ in shares]
        pool = stack.enter_context(ThreadPoolExecutor(CONNECTIONS))
        return timed(lambda: list(pool.map(hand_over, clients, shares, RECIPIENTS)))


def lmtp(bench: Bench) -> Figures:
    """Hand over a thousand messages on one connection, on four, and some for four recipients."""
    count = bench.taken
    with bench.peer.hand_over("lmtp") as client:
        one = hand_over(client, bench.fresh(count), RECIPIENTS[0])
    four = _four(bench, "lmtp", bench.fresh(count))
    with bench.peer.hand_over("lmtp") as client:
        several = hand_over(client, bench.fresh(count // 4), *RECIPIENTS)
    bench.peer.settle()
    return {
        "lmtp.one": count / one,
        "lmtp.four": count / four,
        "lmtp.several": count // 4 / several,
    }


def smtp(bench: Bench) -> Figures:
    """Hand over a thousand messages on one connection, and on four until they are filed."""
    count, filed = bench.taken, bench.peer.filed()
    with bench.peer.hand_over("smtp") as client:
        one = hand_over(client, bench.fresh(count), RECIPIENTS[0])
    bench.wait_filed(filed + count)
    bench.peer.settle()
    messages = bench.fresh(count)
    four = 0.0

    def until_filed() -> None:
        nonlocal four
        four = _four(bench, "smtp", messages)
        bench.wait_filed(filed + 2 * count)

    until = timed(until_filed)
    bench.peer.settle()
    return {"smtp.one": count / one, "smtp.four": count / four, "smtp.filed": count / until}


def everyone(bench: Bench) -> Figures:
    """Write to a list of a thousand, and wait until the last one has it."""
    [message] = bench.fresh(1)
    peer, filed = bench.peer, bench.peer.filed()
    stored = peer.stored() if isinstance(peer, Ours) else 0

    def until_filed() -> None:
        with peer.hand_over("smtp") as client:
            client.send(message, [LIST])
        bench.wait_filed(filed + len(MEMBERS))

    seconds = timed(until_filed)
    peer.settle()
    if isinstance(peer, Ours) and (copies := peer.stored() - stored) != 1:
        raise Wrong(f"The message to the list is stored {copies} times")
    return {"list.filed": seconds}
