"""A poller is killed, by SIGKILL, before and after every effect of a poll that does everything there is to do."""

from __future__ import annotations

import pytest

from local.stores import StoreName
from tests.death.cases import at_every_effect, figures_of
from tests.death.conftest import Prove
from tests.death.runs import STORES, Runs
from tests.death.scenarios import RICH

BACKLOG, NEWS = 2, 4
EFFECTS = [
    *["acquire", "load_checkpoint", "read_log", "load_record", "load_record", "load_watermark", "read_log"],
    *(["publish", "append", "save_watermark"] * BACKLOG),  # entries of one change each
    *["read_log", "read", "read", "read", "read", "park", "renew", "append", "renew", "append"],
    *["put_documents", "save_checkpoint", "save_record", "save_record", "load_watermark", "read_log"],
    *(["publish", "save_watermark"] * (NEWS - 2)),  # an entry of three changes, and one of one
    *(["publish", "append", "save_watermark"] * 2),
    *["read_log", "load_record", "save_record", "release"],
]


@pytest.mark.parametrize("store", STORES)
def test_a_poll_has_the_same_effects_in_the_same_order_on_both_stores(runs: Runs, store: StoreName) -> None:
    _, clean = runs.prepared(store, RICH)
    assert list(clean.ended.effects) == EFFECTS
    assert (clean.ended.report["state"], clean.ended.report["changes"]) == ("done", NEWS)


@pytest.mark.parametrize("store", STORES)
def test_a_death_before_or_after_any_effect_loses_nothing_and_repeats_one_message_at_most(
    runs: Runs, store: StoreName, prove: Prove
) -> None:
    _, clean = runs.prepared(store, RICH)
    cases = list(at_every_effect("effect", clean))
    assert len(cases) == 2 * len(EFFECTS)
    share = cases if store == "sqlite" else cases[::3]  # the rest of the slower one's is tests.death.prove's
    figures = figures_of(runs, store, RICH, share)
    assert figures.hurts == len(share)
    prove("deaths at every effect", [figures])
