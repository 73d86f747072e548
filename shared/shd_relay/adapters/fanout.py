"""Many calls at once, begun in order, each outcome handed over soon after it came."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from queue import SimpleQueue
from typing import TypeVar

Task = TypeVar("Task")
Outcome = TypeVar("Outcome")

GATHER_SECONDS = 0.01
"""How long outcomes may gather: to wake the caller's thread for each costs a twentieth of the whole call's CPU."""


def fan_out(
    tasks: Sequence[Task], work: Callable[[Task], Outcome], *,
    threads: int, turn: Callable[[], bool], give_up: Callable[[], None],
) -> Iterator[Outcome]:  # fmt: skip
    """Yields `work(task)` for the tasks, in the caller's thread, as they end.

    A task begins when `turn()` has returned True; when it returns False, the tasks that have not begun never will.
    `give_up` makes turns False and running work end soon; it is called at the end, be that early or not. What `work`
    raises is raised here after the other tasks that had begun.
    """
    todo = deque(tasks)
    in_order = threading.Lock()
    done: SimpleQueue[tuple[Outcome] | None] = SimpleQueue()
    loops = min(threads, len(tasks))
    running = deque(range(loops))
    over = threading.Event()

    def loop() -> None:
        try:
            while task := _next(todo, turn, in_order):
                done.put((work(task[0]),))
        finally:
            if running.pop() == 0:
                over.set()
                done.put(None)

    with ThreadPoolExecutor(loops, thread_name_prefix="shd-read") as pool:
        try:
            futures = [pool.submit(loop) for _ in range(loops)]
            while (outcome := done.get()) is not None:
                yield outcome[0]
                if done.empty():
                    over.wait(GATHER_SECONDS)
            for future in futures:
                future.result()
        finally:
            give_up()


def _next(todo: deque[Task], turn: Callable[[], bool], in_order: threading.Lock) -> tuple[Task] | None:
    with in_order:
        if not todo or not turn():
            return None
        return (todo.popleft(),)
