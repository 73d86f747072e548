"""Two or three polls at once, their effects interleaved at random by seed. One thread each, and only one ever runs:
it is handed its turn before every effect, and hands it back at the next.
"""

from __future__ import annotations

import random
import threading

from tests.simulation.stage import LEASE, Faults, Stage

SWITCH = 0.3  # the chance, at each effect, that it is another poll's turn
STAND_STILL = 0.04  # and that a lease's time passes


class _Runner:
    """One poll in its own thread."""

    def __init__(self, stage: Stage, faults: Faults) -> None:
        self._go, self._back = threading.Semaphore(0), threading.Semaphore(0)
        self._stage, self._faults = stage, faults
        self.done = False
        self.failure: BaseException | None = None
        self._thread = threading.Thread(target=self._run)
        self._thread.start()

    def step(self) -> None:
        """Up to just before its next effect, or to its end."""
        self._go.release()
        self._back.acquire()
        if self.done:
            self._thread.join()
        if self.failure:
            raise self.failure

    def _run(self) -> None:
        self._go.acquire()
        try:
            self._stage.poll(self._faults, turn=self._turn)
        except BaseException as failure:  # noqa: BLE001 - it goes on in the thread that plays
            self.failure = failure
        self.done = True
        self._back.release()

    def _turn(self) -> None:
        self._back.release()
        self._go.acquire()


def interleaved(stage: Stage, rng: random.Random, faults: Faults) -> None:
    """Starts two or three polls and runs them to their ends."""
    runners = [_Runner(stage, faults) for _ in range(rng.choice((2, 2, 3)))]
    now = runners[0]
    while living := [runner for runner in runners if not runner.done]:
        if now not in living or rng.random() < SWITCH:
            now = rng.choice(living)
        if rng.random() < STAND_STILL:
            stage.wait(LEASE + 5)
            stage.happen(1)
        now.step()
