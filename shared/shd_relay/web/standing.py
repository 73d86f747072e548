"""How a partner stands with its support plan: what is used and left, what waits for an answer, and what to warn of."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import TYPE_CHECKING, Literal, NamedTuple

from shd_relay import plans
from shd_relay.tickets import Ticket, Tickets, counted
from shd_relay.web.ticket_shelf import UNREAD

if TYPE_CHECKING:
    from shd_relay.config import Partner

Code = Literal[
    "plan-ends-soon", "plan-ends-now", "allowance-nearly-used", "allowance-used", "allowance-exceeded",
    "tickets-unread",
]  # fmt: skip
NEARLY = 0.8
"""The share of the technical tickets that is worth a warning when it is used."""


class Counts(NamedTuple):
    """What the partner's tickets come to. Used: opened while the plan holds; so are those whose first response came
    `in_time` or `late`. `open` and `awaiting` (the first response) are all that are, whenever they were opened.
    `allowance` and `left` None: as many as needed. `over`: how many came after the allowance was used up."""

    allowance: int | None
    used: int
    left: int | None
    over: int
    consulting: int
    open: int
    awaiting: tuple[Ticket, ...]
    in_time: int
    late: int

    def overdue(self, now: datetime) -> list[Ticket]:
        """Those whose first response should have come by now."""
        return [ticket for ticket in self.awaiting if ticket.due <= now]


class Warned(NamedTuple):
    """`text`: one English sentence, for those who have no words of their own for the code."""

    code: Code
    text: str


def counts(partner: Partner, tickets: Tickets) -> Counts | None:
    """None if the tickets could not be read."""
    if tickets is UNREAD:
        return None
    since, until = plans.validity(partner.valid_from, partner.valid_until)
    each = tuple(tickets.tickets.values())
    allowed = plans.allowance(partner.plan, partner.ticket_packages)
    used = len(counted(each, since, until))
    inside = [ticket for ticket in each if since <= ticket.opened_at < until]
    opened = [ticket for ticket in each if ticket.closed_at is None]
    return Counts(
        allowance=allowed,
        used=used,
        left=None if allowed is None else max(0, allowed - used),
        over=0 if allowed is None else max(0, used - allowed),
        consulting=sum(ticket.kind == "consulting" for ticket in inside),
        open=len(opened),
        awaiting=tuple(ticket for ticket in opened if ticket.responded_at is None),
        in_time=_count(inside, in_time=True),
        late=_count(inside, in_time=False),
    )


def warnings(partner: Partner, found: Counts | None, now: datetime) -> list[Warned]:
    """What the partner should be told before it is too late. The same for a whole day in UTC+8, unless the tickets
    change."""
    return [*_of_the_end(partner, now), *_of_the_allowance(found)]


def _of_the_end(partner: Partner, now: datetime) -> Iterator[Warned]:
    ends = plans.ends_soon(partner.valid_until, now)
    if ends is None:
        return
    left = plans.working_days_left(partner.valid_until, now)
    text = (
        f"The last day of the plan is {partner.valid_until} (UTC+8), working days left after today: {left}; "
        f"the next plan has to be applied for {plans.APPLY_WORKING_DAYS} working days in advance"
    )
    yield Warned("plan-ends-now", f"{text}: do it now") if ends == "now" else Warned("plan-ends-soon", text)


def _of_the_allowance(found: Counts | None) -> Iterator[Warned]:
    if found is None:
        yield Warned("tickets-unread", "The tickets cannot be read now: what is used and left is not known")
        return
    used, allowed = found.used, found.allowance
    if allowed is None or used < NEARLY * allowed:
        return
    said = f"{used} of {allowed} technical tickets are used"
    package = f"a ticket package adds {plans.PACKAGE_TICKETS}"
    if used > allowed:
        yield Warned("allowance-exceeded", f"{said}: {found.over} more than the plan gives; {package}")
    elif used == allowed:
        yield Warned("allowance-used", f"{said}; {package}")
    else:
        yield Warned("allowance-nearly-used", f"{said}; {package}")


def _count(tickets: Iterable[Ticket], *, in_time: bool) -> int:
    return sum(ticket.in_time is in_time for ticket in tickets)
