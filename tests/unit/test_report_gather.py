"""What a report is made of, and that it stays what it is: final, the same bytes, with and without snapshots."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from datetime import timedelta, timezone

import msgspec
import pytest
from msgspec import structs

from local.synthetic_year import CONFIG, SINCE, Year, fill
from shd_relay import config, ledger, pushed
from shd_relay.adapters.memory_store import MemoryStore
from shd_relay.errors import ContractError, RequestError
from shd_relay.ledger import State
from shd_relay.model import Pair
from shd_relay.records import POLL
from shd_relay.reports import period, rows
from shd_relay.reports.gather import Budget, gather
from shd_relay.reports.question import Question
from shd_relay.reports.reach import Reach
from shd_relay.ticket_severity import Important
from shd_relay.tickets import Ticket
from tests.report_log import PAIRS, RDS, SETTLED, Log, at, event, partner

SMALL = Year(changes=900, days=70)


def busy() -> Log:
    log = Log()
    log.lasts(event("a", start=at(3)), at(3, 1))
    log.commit(at(5), log.change("opened", event("b", RDS, start=at(5))), pushed_at=[at(5, 0, 0, 4)])
    log.ticket(at(5, 1), "opened", Ticket(id="T", revision=1, kind="technical", severity="low", opened_at=at(5, 1)))
    return log


def test_a_final_report_is_the_same_bytes_whatever_is_committed_later() -> None:
    log = busy()
    log.poll(at(35))
    before = log.bytes(now=at(35))
    log.tell("resolved", event("b", RDS, start=at(5), end=at(6), state="resolved", revision=2), at(36))
    log.tell("recorded", event("late", start=at(4), end=at(4, 1), state="resolved", revision=0), at(37))
    log.push(2, [at(38)])  # accepted long after
    log.push(3, [None])
    log.ticket(at(39), "opened", Ticket(id="U", revision=1, kind="technical", severity="low", opened_at=at(6)))
    log.turn("blind", at(40))
    log.poll(at(50))
    assert log.bytes(now=at(50)) == before
    assert log.bytes() == before
    assert log.bytes(known=SETTLED) != before
    assert log.summary(known=SETTLED).totals.incidents == 3


def test_it_is_final_three_days_after_the_period_if_somebody_looked_until_then() -> None:
    log = busy()
    log.poll(at(33))
    early = log.summary(now=at(33))
    assert (early.head.final, early.head.known_until, early.head.settles_at) == (False, at(33), at(35))
    died = log.summary(now=at(60))
    assert (died.head.final, died.head.known_until) == (False, at(33))
    log.turn("blind", at(60))  # the log goes on
    assert log.summary(now=at(60)).head.final


def test_a_gap_that_is_told_after_the_last_entry_that_is_read_is_in_the_report() -> None:
    log = busy()
    log.gap(at(28), at(50))
    found = log.summary()
    assert [(spell.why, spell.since, spell.until) for spell in found.unwatched] == [("no_poll", at(28), at(32))]
    assert found.head.final
    assert found.head.logs[0].last == log.seq


def test_known_takes_what_was_committed_up_to_then() -> None:
    log = busy()
    assert log.summary(known=at(4)).totals.incidents == 1
    found = log.summary(known=at(4))
    assert (found.head.known_until, found.head.final) == (at(4), False)
    assert found.totals.watched_seconds == 3 * 86_400


def test_changes_are_counted_that_were_committed_in_the_period() -> None:
    log = busy()
    log.tell("resolved", event("b", RDS, start=at(5), end=at(6), state="resolved", revision=2), at(33))
    found = log.summary()
    assert (found.totals.changes, found.totals.ongoing, found.latency[0].unknown) == (3, 0, 0)


def test_what_was_over_before_the_period_is_not_carried_into_it() -> None:
    """A snapshot may have forgotten it, and the digest must be the same without one."""
    log = busy()
    asked = Question("product-usage", partner(), Reach(partner(), PAIRS, ""), period.asked(
        "2024-03-04", "2024-03-04", timezone.utc, SETTLED), timezone.utc)  # fmt: skip
    assert gather(log.store, asked, SETTLED).carried == []
    later = asked._replace(period=period.asked("2024-03-06", "2024-03-06", timezone.utc, SETTLED))
    assert [told.id for told in gather(log.store, later, SETTLED).carried] == ["b"]


def test_the_head_names_the_rows_that_were_read_and_their_hash() -> None:
    log = busy()
    changes, pushes, tickets = log.summary().head.logs
    sha = hashlib.sha256()
    for row in log.store.read_log("main", 1, 100):
        sha.update(row.seq.to_bytes(8, "big") + len(row.blob).to_bytes(8, "big") + row.blob)
    assert (changes.first, changes.last, changes.entries, changes.changes) == (2, 4, 3, 3)
    assert (changes.sha256, changes.last_commit) == (sha.hexdigest(), at(5))
    assert (pushes.first, pushes.last, pushes.entries) == (4, 4, 1)
    assert (tickets.first, tickets.last, tickets.last_commit) == (1, 1, at(5, 1))


def test_of_a_limited_scope_nothing_in_the_report_depends_on_what_lies_outside() -> None:
    """Nor on how much of it there is: rows are counted from 1, and hashed by what is in scope of them."""
    logs = Log(), Log()
    for log, beyond in zip(logs, (True, False), strict=True):
        log.partner = partner(products=("ecs",), important=Important(business_critical=None))
        mine = log.change("opened", event("a", start=at(3)))
        if beyond:
            log.lasts(event("x", RDS, start=at(2)), at(2, 1))
            log.push(2, [at(2, 0, 2)])
            log.push(3, [at(39)])
            theirs = log.change("opened", event("y", RDS, start=at(3)))
            log.commit(at(3), theirs, mine, pushed_at=[at(39), at(3, 0, 0, 2)])
            log.tell("resolved", event("y", RDS, start=at(3), end=at(4), state="resolved", revision=2), at(4))
        else:
            log.commit(at(3), mine, pushed_at=[at(3, 0, 0, 2)])
        log.gap(at(5), at(6))
    assert logs[0].bytes() == logs[1].bytes()
    changes, pushes, _ = logs[0].summary().head.logs
    assert (changes.first, changes.last, changes.changes, changes.scoped) == (1, 2, 2, True)
    assert (pushes.entries, logs[0].summary().latency[2].count) == (1, 1)
    again = Log()
    again.partner = logs[0].partner
    again.commit(at(3), again.change("opened", event("a", start=at(3), title="other")))
    assert again.summary().head.logs[0].sha256 != changes.sha256


def test_the_digest_is_another_when_anything_is_that_the_report_depends_on() -> None:
    log = busy()
    digests = {log.summary().head.digest, log.summary(last="2024-03-30").head.digest}
    log.partner = structs.replace(log.partner, ticket_packages=1)
    digests.add(log.summary().head.digest)
    log.pairs = (Pair("ecs", "cn-hongkong"),)
    digests.add(log.summary().head.digest)
    assert len(digests) == 4


@pytest.fixture(scope="module")
def stores() -> tuple[MemoryStore, MemoryStore]:
    made = MemoryStore(), MemoryStore()
    for store, snapshots in zip(made, (True, False), strict=True):
        fill(store, SMALL._replace(snapshots=snapshots))
    return made


def synthetic(store: MemoryStore) -> Log:
    log = Log(MemoryStore())
    parsed = config.parse(CONFIG, "config.yaml")
    log.store, log.partner = store, parsed.partners[0]
    log.pairs = [Pair(product, region) for product in parsed.watch.products for region in parsed.watch.regions]
    return log


@pytest.mark.parametrize(("first", "last"), [("2024-01-01", "2024-01-31"), ("2024-02-10", "2024-03-05")])
def test_snapshots_change_nothing_but_the_time_it_takes(
    stores: tuple[MemoryStore, MemoryStore], first: str, last: str
) -> None:
    with_them, without = map(synthetic, stores)
    assert with_them.store.load_record("main", "state-1")
    assert not without.store.load_record("main", "state-1")
    assert with_them.bytes(first, last) == without.bytes(first, last)


def test_the_same_seed_gives_the_same_log(stores: tuple[MemoryStore, MemoryStore]) -> None:
    for shard in ("main", pushed.shard_of(), "tickets/synthetic"):
        one, other = (store.read_log(shard, 0, 5_000) for store in stores)
        assert one == other
        assert len(one) > 50


def test_a_synthetic_log_is_one_that_the_relay_could_have_written(stores: tuple[MemoryStore, MemoryStore]) -> None:
    state, _ = ledger.load(stores[0])
    folded = ledger.fold(ledger.EMPTY, stores[0].read_log("main", 0, 5_000))
    assert state == folded
    log = synthetic(stores[1])
    found = log.summary("2024-01-01", "2024-03-10")
    assert {spell.why for spell in found.unwatched} >= {"blind", "before_log"}
    assert found.tickets.opened == 46 == found.tickets.allowance.used
    assert found.tickets.allowance.over == 6
    assert min(found.totals.incidents, found.totals.maintenances, found.totals.notices, found.tickets.late) > 0
    assert SINCE + timedelta(days=70) == SMALL.until


def test_one_request_reads_so_much_and_is_told_what_to_do_about_more() -> None:
    log = busy()
    for budget in (Budget(most_rows=3), Budget(most_rows=4, most_bytes=900)):
        with pytest.raises(RequestError, match="ask for a shorter period, or use the command `shd-relay report`"):
            log.summary(budget=budget)
    assert log.summary(budget=Budget(most_rows=4, most_bytes=9_000)).totals.incidents == 2


def test_the_progress_ends_at_the_whole() -> None:
    told: list[tuple[int, int]] = []
    busy().summary(budget=Budget(progress=lambda done, total: told.append((done, total))))
    assert told == [(0, 4), (4, 4)]


@pytest.mark.parametrize("count", [0, 1, 2, 7, 8, 33])
def test_the_head_of_a_log_is_found_from_any_checkpoint(count: int) -> None:
    for checkpoint in {0, count // 2, count}:
        store = MemoryStore()
        for seq in range(1, count + 1):
            store.append("main", seq, b"{}")
        if checkpoint:
            store.save_checkpoint("main", ledger.Checkpoint(checkpoint, b""))
        assert rows.head(store) == count


@pytest.mark.parametrize("there", [range(1, 1), range(1, 21), range(13, 21), range(20, 21), range(1, 9), range(5, 9)])
def test_rows_of_pushes_are_found_beyond_those_that_are_missing(there: range) -> None:
    store = MemoryStore()
    for seq in there:
        store.append(pushed.shard_of(), seq, b"{}")
    assert [row.seq for row in rows.pushes(store, 0, 20)] == list(there)
    assert [row.seq for row in rows.pushes(store, 6, 15)] == [seq for seq in there if 6 < seq <= 15]


def test_a_newer_log_stops_the_report() -> None:
    log = busy()
    newer = msgspec.json.encode({"schema": 2, "id": "x", "at": at(6), "token": 1, "changes": []})
    log.store.append("main", log.seq + 1, newer)
    with pytest.raises(ContractError, match="a newer version wrote the log"):
        log.summary()


def test_a_row_of_pushes_that_cannot_be_read_says_nothing() -> None:
    log = busy()
    log.store.append(pushed.shard_of(), 2, b"?")
    log.store.append(pushed.shard_of(), 3, b"?")
    assert log.summary().latency[2].count == 1


class Polls(MemoryStore):
    """A store where a poll commits and finishes, `then`, while a report is being made of it."""

    then: Callable[[], None] | None = None

    def load_record(self, shard: str, name: str) -> bytes | None:
        if name == POLL and self.then:
            do, self.then = self.then, None
            do()
        return super().load_record(shard, name)


def test_what_a_poll_commits_while_the_report_is_made_is_in_it_if_it_is_called_final() -> None:
    log = Log(Polls(), polled_until=at(34, 23, 59))

    def poll() -> None:
        log.tell("opened", event(start=at(30)), at(34, 23, 59, 59))
        log.poll(at(35, 0, 0, 1))

    log.store.then = poll  # type: ignore[attr-defined]
    first = log.summary(now=SETTLED)
    assert (first.head.final, first.totals.incidents) == (True, 1)
    assert log.summary(now=SETTLED) == first


def test_nothing_that_was_committed_after_known_is_read_even_if_it_was_before_the_period() -> None:
    log = Log()
    before = log.summary(known=at(-5))
    log.tell("opened", event(start=at(-3)), at(-3))
    assert log.summary(known=at(-5)) == before
    assert before.head.known_until == at(-5)


def test_a_report_that_knows_more_is_final_when_somebody_looked_until_then() -> None:
    log = Log(polled_until=at(40))
    assert not log.summary(known=at(50), now=at(60)).head.final
    log.poll(at(51))
    assert log.summary(known=at(50), now=at(60)).head.final


def test_what_was_said_to_be_over_before_its_end_reaches_into_the_next_period() -> None:
    log = Log()
    log.tell("resolved", event(start=at(1, 20), end=at(2, 3), state="resolved"), at(1, 22))
    assert log.summary("2024-03-02", "2024-03-02").totals.incident_pair_seconds == 3 * 3600


def test_what_is_committed_out_of_scope_does_not_show_in_how_much_is_known() -> None:
    log = Log(polled_until=at(10))
    log.partner = partner(products=("rds",))
    before = log.bytes(last="2024-03-10", now=at(11))
    log.tell("opened", event(start=at(10)), at(10, 1))
    assert log.bytes(last="2024-03-10", now=at(11)) == before
    log.tell("opened", event("mine", RDS, start=at(10)), at(10, 2))
    assert log.summary(last="2024-03-10", now=at(11)).head.known_until == at(10, 2)


@pytest.mark.parametrize("hole", range(2, 9))
def test_a_log_with_a_hole_is_no_log_to_report_on(hole: int) -> None:
    log = Log()
    for n in range(2, 10):
        log.seq += n == hole
        log.tell("opened", event(f"e{n}", start=at(n)), at(n))
    log.store.save_checkpoint("main", ledger.to_checkpoint(State(seq=log.seq, at=at(9))))
    with pytest.raises(ContractError, match="missing"):
        log.summary()


def test_another_partners_tickets_are_not_read() -> None:
    log = busy()
    log.partner = partner(id="other")
    assert (log.summary().tickets.opened, log.summary().head.logs[2].entries) == (0, 0)
