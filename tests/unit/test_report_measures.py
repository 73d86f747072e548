"""What counts, and for how long: the Service Summary and the Product Usage Report over logs written by hand."""

from __future__ import annotations

from datetime import date, datetime, timedelta, timezone

from msgspec import structs

from shd_relay.model import Pair, Update
from shd_relay.reports import gather, period, service_summary
from shd_relay.reports.latency import at_rank
from shd_relay.reports.question import Question
from shd_relay.reports.reach import Reach
from shd_relay.reports.shapes import ServiceSummary
from shd_relay.tickets import Ticket
from tests.report_log import BEGAN, ECS, RDS, SETTLED, Log, at, event, partner

DAY, HOUR = 86_400, 3_600


def test_an_incident_lasts_from_the_start_to_the_end_that_shd_gave() -> None:
    log = Log()
    log.lasts(event(start=at(4, 10)), at(4, 12))
    found = log.summary()
    assert found.totals.incident_pair_seconds == 2 * HOUR
    assert found.totals.availability == (62 * DAY - 2 * HOUR) * 1_000_000 // (62 * DAY) / 1_000_000
    assert [row.measure.availability for row in found.by_pair][1] == 1.0
    (longest,) = found.longest
    assert (longest.seconds, longest.whole_seconds, longest.ongoing) == (2 * HOUR, 2 * HOUR, False)
    assert found.worst_week
    assert found.worst_week.name == "2024-W10"
    assert found.by_day[3].measure.availability == (48 - 2) * 1_000_000 // 48 / 1_000_000


def test_incidents_that_overlap_in_a_pair_are_not_added_up() -> None:
    log = Log()
    steps = [(at(4, 10), event("a", start=at(4, 10))), (at(4, 11), event("b", start=at(4, 11)))]
    told = [log.tell("opened", each, moment) for moment, each in steps]
    for each, end in zip(told, (at(4, 12), at(4, 13)), strict=True):
        log.tell("resolved", structs.replace(each, state="resolved", end=end, revision=2), end)
    found = log.summary()
    assert found.totals.incidents == 2
    assert found.totals.incident_pair_seconds == 3 * HOUR
    assert found.by_kind[0].seconds == 4 * HOUR


def test_what_was_open_before_counts_from_the_first_day_and_what_goes_on_to_what_is_known() -> None:
    log = Log(polled_until=at(20))
    log.tell("opened", event("before", start=at(-3)), at(-3, 0, 1))
    log.tell("opened", event("goes on", RDS, start=at(10)), at(10, 0, 1))
    log.tell("resolved", event("before", start=at(-3), end=at(2), state="resolved", revision=2), at(2, 0, 1))
    found = log.summary(last="2024-03-20", now=at(20))
    before, goes_on = sorted(found.longest, key=lambda row: row.start)
    assert (before.seconds, before.carried, before.whole_seconds) == (DAY, True, 5 * DAY)
    assert (goes_on.seconds, goes_on.ongoing, goes_on.end) == (10 * DAY, True, None)
    assert found.totals.incident_pair_seconds == 11 * DAY
    assert found.totals.carried == 1
    assert found.by_product[0].measure.incidents_begun == 0
    assert (found.head.known_until, found.head.final) == (at(20), False)
    assert found.totals.unwatched_seconds == DAY
    assert [(spell.why, spell.since, spell.ongoing) for spell in found.unwatched] == [("not_yet", at(20), True)]


def test_maintenance_and_notices_are_no_incidents_and_what_was_called_off_takes_no_time() -> None:
    log = Log()
    planned = event("m", kind="maintenance", state="scheduled", start=at(5, 1), end=at(5, 3), severity="NOTIFICATION")
    off = structs.replace(planned, id="off")
    ahead = structs.replace(planned, id="ahead", start=at(30))
    log.commit(at(1), *(log.change("scheduled", each) for each in (planned, off, ahead)))
    log.tell("cancelled", structs.replace(off, state="cancelled", revision=2), at(2))
    log.tell("started", structs.replace(planned, state="open", revision=2), at(5, 1, 1))
    log.tell("completed", structs.replace(planned, state="resolved", revision=3), at(5, 3, 1))
    log.lasts(event("n", kind="notice", start=at(6)), at(7))
    found = log.summary()
    assert (found.totals.incidents, found.totals.maintenances, found.totals.notices) == (0, 3, 1)
    assert (found.totals.availability, found.totals.cancelled, found.worst_week) == (1.0, 1, None)
    assert [(row.id, row.seconds, row.state) for row in found.maintenance] == [
        ("m", 2 * HOUR, "resolved"), ("off", 0, "cancelled"), ("ahead", 0, "scheduled"),
    ]  # fmt: skip
    assert found.by_pair[0].measure.maintenance_seconds == 2 * HOUR


def test_what_shd_took_back_lasts_until_then_and_what_was_another_event_is_none() -> None:
    log = Log()
    taken = log.tell("opened", event("taken", start=at(3)), at(3, 0, 1))
    log.tell("withdrawn", structs.replace(taken, state="withdrawn", revision=2, inferred=True), at(3, 5))
    same = log.tell("opened", event("same", RDS, start=at(3)), at(3, 6))
    log.tell("withdrawn", structs.replace(same, state="withdrawn", revision=2, merged_into="taken"), at(3, 7))
    found = log.summary()
    assert (found.totals.events, found.totals.withdrawn, found.totals.duplicates) == (1, 1, 1)
    assert found.totals.incident_pair_seconds == 5 * HOUR


def test_what_was_reopened_lasts_to_its_last_end() -> None:
    log = Log()
    told = log.lasts(event(start=at(3)), at(3, 1))
    again = log.tell("reopened", structs.replace(told, state="open", end=None, revision=3), at(3, 2))
    log.tell("resolved", structs.replace(again, state="resolved", end=at(3, 4), revision=4), at(3, 4, 1))
    assert log.summary().totals.incident_pair_seconds == 4 * HOUR


def test_history_is_an_event_that_nobody_was_told_of() -> None:
    log = Log()
    log.tell("recorded", event(revision=0, start=at(3), end=at(4), state="resolved"), at(10))
    found = log.summary()
    assert (found.totals.history, found.totals.incident_pair_seconds) == (1, DAY)
    assert (found.totals.changes, found.totals.pushed, found.latency[0].count) == (1, 0, 0)
    assert found.longest[0].history


def test_a_start_that_shd_did_not_give_is_when_we_first_knew() -> None:
    log = Log()
    log.tell("opened", event(start=None), at(3))
    log.tell("resolved", event(start=None, state="resolved", end=at(3, 2), revision=2), at(3, 3))
    assert log.summary().longest[0].start == at(3)
    assert log.summary().totals.incident_pair_seconds == 2 * HOUR


def test_an_end_before_the_start_takes_no_time_and_is_an_event_all_the_same() -> None:
    log = Log()
    log.tell("resolved", event(start=at(3), end=at(2), state="resolved"), at(4))
    found = log.summary()
    assert (found.totals.incidents, found.totals.incident_pair_seconds) == (1, 0)
    assert found.by_day[2].measure.incidents == 1


def test_blind_stale_and_pollless_time_is_shown_as_such_and_not_as_availability() -> None:
    log = Log()
    told = log.tell("opened", event(start=at(3)), at(3, 0, 1))
    log.turn("blind", at(3, 1))
    log.turn("stale", at(3, 2))
    log.turn("fresh", at(3, 3))
    log.tell("resolved", structs.replace(told, state="resolved", end=at(3, 4), revision=2), at(3, 4))
    log.gap(at(5), at(6))
    found = log.summary()
    assert [(s.why, s.since, s.until) for s in found.unwatched] == [
        ("blind", at(3, 1), at(3, 2)), ("stale", at(3, 2), at(3, 3)), ("no_poll", at(5), at(6)),
    ]  # fmt: skip
    assert found.totals.blind_seconds == DAY + 2 * HOUR
    assert found.totals.incident_pair_seconds == 2 * HOUR
    assert (found.by_day[4].watched_seconds, found.by_day[4].measure.availability) == (0, None)
    assert sum(row.blind_seconds for row in found.by_day) == found.totals.blind_seconds


def test_a_blind_spell_from_before_goes_on_into_the_period() -> None:
    log = Log()
    log.turn("blind", at(0))
    log.turn("fresh", at(1, 6))
    (spell,) = log.summary().unwatched
    assert (spell.why, spell.since, spell.until) == ("blind", at(1), at(1, 6))


def test_drills_and_the_relays_own_state_are_no_events() -> None:
    log = Log()
    log.tell("opened", event(kind="drill"), at(3))
    log.turn("blind", at(4))
    log.turn("fresh", at(4, 1))
    totals = log.summary().totals
    assert (totals.events, totals.changes) == (0, 0)


def test_before_the_log_began_nothing_is_known_and_the_report_says_so() -> None:
    log = Log()
    for found in (log.summary("2023-12-01", "2023-12-31"), Log().summary("2024-01-01", "2024-02-29")):
        assert found.unwatched[0].why == "before_log"
    whole = log.summary("2023-12-01", "2023-12-31")
    assert (whole.totals.events, whole.totals.availability, whole.totals.unwatched_seconds) == (0, None, 31 * DAY)
    assert whole.worst_week is None
    assert whole.head.logs[0].entries == 0
    assert len(whole.by_day) == 31
    part = log.summary("2024-01-01", "2024-02-29")
    assert part.totals.watched_seconds == 29 * DAY
    assert part.head.log_began == BEGAN


def test_days_and_weeks_are_those_of_the_partners_time_zone() -> None:
    log = Log()
    log.partner = partner(time_zone="Europe/Berlin")
    log.lasts(event(start=datetime(2024, 3, 30, 23, tzinfo=timezone.utc)), at(31, 1))  # midnight to three: two hours
    found = log.summary()
    spring = found.by_day[30]
    assert (spring.name, spring.watched_seconds, spring.measure.incident_seconds) == ("2024-03-31", 23 * HOUR, 7_200)
    assert found.by_day[29].measure.incidents == 0
    assert found.head.period.seconds == 31 * DAY - HOUR
    assert found.by_week[-1].last_day == date(2024, 3, 31)


def test_a_partner_sees_its_scope_and_no_more() -> None:
    log = Log()
    log.lasts(event("mine", start=at(3)), at(3, 1))
    log.lasts(event("theirs", RDS, start=at(4)), at(5))
    before = log.summary()
    log.partner = partner(products=("ECS",))
    found = log.summary()
    assert (before.totals.incidents, found.totals.incidents, found.totals.pairs) == (2, 1, 1)
    assert [row.of.id for row in found.by_product] == ["ecs"]
    assert found.totals.changes == 2


def test_a_pair_that_nobody_watches_has_events_and_no_availability() -> None:
    log = Log()
    log.lasts(event("beyond", Pair("brand-new", "cn-hongkong"), start=at(3)), at(3, 1))
    found = log.summary()
    assert [(row.product.id, row.watched, row.measure.availability) for row in found.by_pair][-1] == (
        "brand-new", False, None,
    )  # fmt: skip
    assert (found.totals.incidents, found.totals.pairs_hit, found.totals.incident_pair_seconds) == (1, 0, 0)


def pushed_log() -> Log:
    log = Log()
    opened = event(start=at(3), since=at(3, 0, 2), changed_at=at(3, 0, 2))
    change = log.change("opened", opened, observed=at(3, 0, 1, 30))
    log.commit(at(3, 0, 2), change, pushed_at=[at(3, 0, 2, 1)])
    updated = structs.replace(opened, revision=2, updates=(Update(at=at(3, 1), text="more"),))
    log.commit(at(3, 1, 1), log.change("updated", updated, changed=("updates",), observed=at(3, 1, 1)))
    ended = structs.replace(updated, revision=3, state="resolved", end=at(3, 2))
    log.commit(
        at(3, 2, 1), log.change("resolved", ended, observed=at(3, 2, 1)), pushed_at=[at(3, 2, 11)]
    )  # fmt: skip
    return log


def test_latency_is_counted_in_three_steps_and_what_is_not_known_is_said() -> None:
    said, observed, committed = pushed_log().summary().latency
    assert (said.count, said.unknown, said.median_seconds, said.max_seconds) == (3, 0, 60, 120)
    assert (observed.count, observed.unknown, observed.median_seconds) == (2, 1, 31)
    assert (committed.count, committed.median_seconds, committed.p95_seconds) == (2, 1, 600)
    assert sum(bucket.count for bucket in committed.buckets) == 2
    assert {bucket.up_to: bucket.count for bucket in committed.buckets}[1.0] == 1


def test_what_shd_did_before_the_log_began_is_not_our_latency() -> None:
    log = Log()
    log.tell("opened", event(start=BEGAN - timedelta(days=3)), at(3))
    assert (log.summary().latency[0].count, log.summary().latency[0].unknown) == (0, 1)


def test_ranks_are_values_that_there_are() -> None:
    assert [at_rank([1, 2, 3, 4], share) for share in (0.25, 0.5, 0.95)] == [1, 2, 4]
    assert at_rank([7], 0.5) == 7
    assert at_rank([], 0.5) is None


def ticket(id_: str, opened: datetime, **more: object) -> Ticket:
    return Ticket(id=id_, revision=1, kind="technical", severity="urgent", opened_at=opened, **more)  # type: ignore[arg-type]


def ticketed() -> ServiceSummary:
    log = Log()
    log.partner = partner(plan="elite", valid_from=date(2024, 1, 1))
    for n in range(30):
        log.ticket(at(-20), "opened", ticket(f"old-{n}", at(-20) + timedelta(minutes=n)))
    for id_, moment, answered in (("in time", at(3), 39), ("late", at(4), 40), ("never", at(5), None)):
        told = ticket(id_, moment)
        log.ticket(moment, "opened", told)
        if answered:
            told = structs.replace(told, responded_at=moment + timedelta(minutes=answered))
            log.ticket(moment + timedelta(hours=1), "responded", told)
    log.ticket(at(29), "opened", structs.replace(ticket("asked", at(29)), kind="consulting", severity="low"))
    log.ticket(SETTLED, "closed", structs.replace(ticket("never", at(5)), closed_at=at(6)))  # recorded too late
    return log.summary()


def test_tickets_are_counted_by_what_was_recorded() -> None:
    found = ticketed().tickets
    assert (found.opened, found.in_time, found.late, found.unanswered, found.waiting) == (4, 1, 1, 2, 0)
    urgent = found.by_severity[1]
    assert (urgent.severity_name, urgent.technical, urgent.answered, urgent.closed) == ("Urgent", 3, 2, 0)
    assert urgent.median_response_seconds == 39 * 60
    assert [line.over_allowance for line in found.tickets] == [True, True, True, False]
    assert (found.allowance.allowed, found.allowance.used, found.allowance.left, found.allowance.over) == (30, 33, 0, 3)


def test_a_ticket_that_is_not_due_yet_waits() -> None:
    log = Log(polled_until=at(3, 0, 30))
    log.ticket(at(3), "opened", ticket("t", at(3)))
    assert log.summary("2024-03-01", "2024-03-03", now=at(3, 0, 30)).tickets.waiting == 1


def test_a_ticket_is_due_whether_the_relay_looked_or_not() -> None:
    log = Log(polled_until=at(5))
    opened = Ticket(id="T1", revision=1, kind="technical", severity="high", opened_at=at(20))
    log.ticket(at(20), "opened", opened)
    log.poll(at(5))
    before, after = (log.summary(last="2024-03-20", now=now) for now in (at(20, 1), at(21)))
    assert (before.tickets.waiting, after.tickets.unanswered, after.head.known_until) == (1, 1, at(5))
    assert before.head.digest != after.head.digest


def test_what_was_called_off_or_is_ahead_has_no_part_in_the_median() -> None:
    log = Log()
    log.lasts(event("m", kind="maintenance", start=at(3)), at(3, 2))
    for n in range(3):
        planned = event(f"off{n}", kind="maintenance", state="scheduled", start=at(4))
        log.tell("cancelled", structs.replace(planned, state="cancelled"), at(3, 5))
    row = log.summary().by_kind[1]
    assert (row.events, row.cancelled, row.median_seconds, row.longest_seconds) == (4, 3, 2 * HOUR, 2 * HOUR)


def test_an_incident_through_many_blind_times_is_not_cut_into_as_many_spans() -> None:
    """With 1,000 pairs and 4,000 blind times a report took longer than a request has."""
    log = Log()
    log.lasts(event(start=at(2)), at(30))
    for hour in range(24):
        log.turn("blind", at(31, hour))
        log.turn("fresh", at(31, hour, 30))
    log.lasts(event("b", start=at(31)), at(32))
    zone = timezone.utc
    asked = Question("service-summary", log.partner, Reach(log.partner, log.pairs, "oo-region"),
                     period.asked("2024-03-01", "2024-03-31", zone, SETTLED), zone)  # fmt: skip
    (ecs, _) = service_summary.board_of(asked, gather.gather(log.store, asked, SETTLED)).pairs
    assert len(ecs.down) == 2
    assert log.summary().totals.incident_pair_seconds == 28 * DAY + 12 * HOUR


def test_the_usage_report_tells_pair_by_pair_and_what_it_does_not_hold() -> None:
    log = Log()
    log.lasts(event("a", start=at(3)), at(3, 1))
    log.lasts(event("b", start=at(4)), at(4, 2))
    found = log.usage()
    ecs, rds = found.rows
    assert (ecs.product.en, ecs.longest_seconds, [row.id for row in ecs.events]) == (
        "Elastic Compute Service", 2 * HOUR, ["a", "b"],
    )  # fmt: skip
    assert (rds.longest_seconds, rds.events, rds.measure.availability) == (None, (), 1.0)
    assert (found.totals.quiet, found.totals.pairs_hit, found.totals.incident_pair_seconds) == (1, 1, 3 * HOUR)
    assert any("bills" in sentence for sentence in found.not_contained)
    assert [log_.name for log_ in found.head.logs] == ["changes"]
    assert tuple(Pair(row.product.id, row.region.id) for row in found.rows) == (ECS, RDS)
