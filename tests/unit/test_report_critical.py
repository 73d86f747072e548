"""The Critical Support Summary: when the rule said critical, and what was done about it."""

from __future__ import annotations

from msgspec import structs

from shd_relay.model import Pair, Update
from shd_relay.ticket_severity import Important
from shd_relay.tickets import Ticket
from tests.report_log import ECS, RDS, Log, at, event, partner

HOUR = 3_600
IMPORTANT = Important(business_critical=frozenset({"rds"}), key=None)
WIDE = [Pair(f"p{n}", "cn-hongkong") for n in range(4)]


def critical_log(**more: object) -> Log:
    log = Log()
    log.partner = partner(important=IMPORTANT, **more)
    log.pairs = (ECS, RDS, *WIDE)
    return log


def test_an_alarm_of_a_business_critical_product_is_critical_from_its_start() -> None:
    log = critical_log()
    log.lasts(event("db", RDS, start=at(3)), at(3, 2))
    log.lasts(event("other", ECS, start=at(4)), at(4, 2))
    (found,) = log.critical().events
    (spell,) = found.spells
    assert (found.event.id, found.why) == ("db", "rule")
    assert (spell.since, spell.until, found.critical_seconds) == (at(3), at(3, 2), 2 * HOUR)
    assert spell.reason == "An incident with severity ALARM; rds is business-critical for this partner"


def test_it_is_critical_only_while_the_rule_says_so() -> None:
    log = critical_log()
    told = log.tell("opened", event("db", RDS, start=at(3), severity="NOTIFICATION"), at(3, 0, 1))
    worse = log.tell("updated", structs.replace(told, severity="ALARM", revision=2), at(3, 1))
    better = log.tell("updated", structs.replace(worse, severity="NOTIFICATION", revision=3), at(3, 2))
    log.tell("resolved", structs.replace(better, state="resolved", end=at(3, 5), revision=4), at(3, 5, 1))
    (found,) = log.critical().events
    assert [(spell.since, spell.until) for spell in found.spells] == [(at(3, 1), at(3, 2))]
    assert found.event.seconds == 5 * HOUR
    assert [line.revision for line in found.pushes] == [1, 2, 3, 4]


def test_other_pairs_that_are_hit_make_it_critical_and_their_end_ends_that() -> None:
    log = critical_log()
    mild = log.tell("opened", event("db", RDS, start=at(3), severity="NOTIFICATION"), at(3, 0, 1))
    for n, pair in enumerate(WIDE):
        log.tell("opened", event(f"w{n}", pair, start=at(3, 1)), at(3, 1, n))
    last = event("w0", WIDE[0], start=at(3, 1), state="resolved", end=at(3, 2), revision=2)
    log.tell("resolved", last, at(3, 2, 1))
    log.tell("resolved", structs.replace(mild, state="resolved", end=at(3, 3), revision=2), at(3, 3, 1))
    (found,) = log.critical().events
    (spell,) = found.spells
    assert (spell.since, spell.until, spell.hit, spell.wide) == (at(3, 1, 3), at(3, 2, 1), 5, True)


def test_what_the_partner_does_not_see_hits_nothing() -> None:
    log = critical_log(products=("rds", "ecs"))
    log.tell("opened", event("db", RDS, start=at(3), severity="NOTIFICATION"), at(3, 0, 1))
    for n, pair in enumerate(WIDE):
        log.tell("opened", event(f"w{n}", pair, start=at(3, 1)), at(3, 1, n))
    assert log.critical().events == ()


def test_what_was_critical_before_the_period_is_so_from_its_first_day() -> None:
    log = critical_log()
    told = log.tell("opened", event("db", RDS, start=at(-2)), at(-2, 0, 1))
    log.tell("resolved", structs.replace(told, state="resolved", end=at(1, 6), revision=2), at(1, 6, 1))
    (found,) = log.critical().events
    assert [(spell.since, spell.until) for spell in found.spells] == [(at(1), at(1, 6))]


def test_what_goes_on_beyond_the_period_ends_with_it_here() -> None:
    log = critical_log()
    log.tell("opened", event("db", RDS, start=at(31, 20)), at(31, 20, 1))
    (found,) = log.critical().events
    assert [(spell.since, spell.until) for spell in found.spells] == [(at(31, 20), at(32))]
    log.poll(at(31, 22))
    (now,) = log.critical(now=at(31, 22)).events
    assert (now.spells[0].until, now.critical_seconds) == (None, 2 * HOUR)


def test_what_became_critical_after_the_period_is_not_in_it() -> None:
    log = critical_log()
    told = log.tell("opened", event("db", RDS, start=at(31), severity="NOTIFICATION"), at(31, 0, 1))
    log.tell("updated", structs.replace(told, severity="ALARM", revision=2), at(32, 1))
    assert log.critical().events == ()


def test_opened_and_resolved_in_one_commit_was_critical_as_well() -> None:
    log = critical_log()
    told = event("db", RDS, start=at(3))
    ended = structs.replace(told, state="resolved", end=at(3, 1), revision=2)
    log.commit(at(3, 2), log.change("opened", told), log.change("resolved", ended))
    (found,) = log.critical().events
    assert [(spell.since, spell.until) for spell in found.spells] == [(at(3), at(3, 1))]


def test_a_critical_ticket_makes_any_event_one_and_the_timeline_tells_all() -> None:
    log = critical_log()
    told = event("web", ECS, start=at(3), updates=(Update(at=at(3, 0, 30), text="<b>fans</b>"),))
    log.commit(at(3, 0, 1), log.change("opened", told), pushed_at=[at(3, 0, 1, 5)])
    ended = structs.replace(told, state="resolved", end=at(3, 1), revision=2)
    log.commit(at(3, 1, 1), log.change("resolved", ended, changed=("state",)))
    asked = Ticket(id="T1", revision=1, kind="technical", severity="critical", event="web", opened_at=at(3, 0, 5))
    log.ticket(at(3, 0, 5), "opened", asked)
    log.ticket(at(3, 1), "responded", structs.replace(asked, responded_at=at(3, 0, 19)))
    log.ticket(at(4), "opened", structs.replace(asked, id="T2", event="gone", opened_at=at(4)))
    found = log.critical()
    (web,) = found.events
    assert (web.why, web.spells, web.tickets[0].result) == ("ticket", (), "in_time")
    assert [(moment.by, moment.what) for moment in web.timeline] == [
        ("source", "begun"), ("relay", "change"), ("relay", "pushed"), ("ticket", "opened"), ("ticket", "responded"),
        ("ticket", "due"), ("source", "update"), ("source", "ended"), ("relay", "change"),
    ]  # fmt: skip
    assert [line.seconds for line in web.pushes] == [5, None]
    assert [line.id for line in found.other_tickets] == ["T2"]
    assert (found.totals.tickets, found.totals.in_time, found.totals.unanswered) == (2, 1, 1)


def test_without_a_business_critical_product_the_report_says_that_nothing_can_be() -> None:
    log = Log()
    log.lasts(event("db", RDS, start=at(3)), at(3, 2))
    found = log.critical()
    assert (found.business_critical, found.events) == ((), ())
    log.partner = partner(important=Important(business_critical=None))
    assert log.critical().business_critical is None
    assert len(log.critical().events) == 1


def test_totals_of_critical_events() -> None:
    log = critical_log()
    log.lasts(event("one", RDS, start=at(3)), at(3, 2))
    log.lasts(event("two", RDS, start=at(5)), at(5, 1))
    totals = log.critical().totals
    assert (totals.events, totals.by_rule, totals.by_ticket, totals.without_ticket, totals.pairs_hit) == (2, 2, 0, 2, 1)
    assert (totals.critical_seconds, totals.longest_seconds, totals.pushes) == (3 * HOUR, 2 * HOUR, 4)
    assert totals.median_push_seconds is None
