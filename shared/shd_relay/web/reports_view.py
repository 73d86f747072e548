"""`/v1/reports` and `/v1/reports/{name}`: the reports of the partner who asks. Only this room loads what makes them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from shd_relay.errors import RequestError
from shd_relay.plans import PLANS, REPORTS, reports_of
from shd_relay.web import age
from shd_relay.web.ask import Ask, View
from shd_relay.web.auth import CHALLENGE
from shd_relay.web.http import Pairs

if TYPE_CHECKING:
    from shd_relay.config import Partner
    from shd_relay.reports.shapes import Report

MOST_BYTES = 5_500_000  # an answer of Function Compute holds some 6 MB


def reports(ask: Ask) -> View:
    """All there are, and whether the partner's plan comes with them."""
    entitled = PLANS[_partner(ask).plan].reports
    body = [
        {"name": name, "title": title, "entitled": name in entitled, "plans": reports_of(name)}
        for name, title in REPORTS.items()
    ]
    return View(body=msgspec.json.encode({"reports": body}))


def report(ask: Ask) -> View:
    """One, made of the logs as they are now."""
    from shd_relay.reports import gather, make, period
    from shd_relay.reports.question import Question
    from shd_relay.reports.reach import Reach

    partner, name, format_ = _partner(ask), make.named(ask.params["name"]), ask.params["format"] or "json"
    if name is None:
        raise RequestError(404, f"there is no such report: {', '.join(REPORTS)}")
    make.check_entitled(partner.plan, name)
    if ask.params["known"] and ask.params["known"] > ask.now:
        raise RequestError(400, "known: lies in the future")
    zone = period.zone_of(partner.time_zone)
    asked = Question(
        name,
        partner,
        Reach(partner, ask.site.pairs, ask.site.global_region),
        period.asked(ask.params["from"], ask.params["to"], zone, ask.now),
        zone,
        ask.params["known"],
    )
    facts = ask.look()
    found = gather.gather(facts.store, asked, ask.now, gather.Budget(gather.MOST_ROWS, gather.MOST_BYTES))
    made = make.made(asked, found)
    body = make.written(made, format_)
    if len(body) > MOST_BYTES:
        raise RequestError(
            400, f"this report has {len(body):,} bytes, and an answer holds {MOST_BYTES:,}: {gather.OTHER}"
        )
    return View(
        body=body,
        content_type=make.MEDIA[format_],
        headers=(*age.headers(ask, facts), *_headers(made, format_)),
        as_of=age.as_of(facts, ask.viewer.pairs),
        lasting=False,
    )


def _partner(ask: Ask) -> Partner:
    if ask.viewer.partner is None:
        raise RequestError(401, "a token is needed: reports are a partner's own", headers=[CHALLENGE])
    return ask.viewer.partner


def _headers(made: Report, format_: str) -> Pairs:
    """A page is for looking at, and runs nothing; the rest has a name to be kept under."""
    from shd_relay.reports import make

    if format_ == "html":
        from shd_relay.reports import html

        return (("Content-Security-Policy", html.policy()),)
    kept = "attachment" if format_ == "csv" else "inline"
    return (("Content-Disposition", f'{kept}; filename="{make.file_name(made, format_)}"'),)
