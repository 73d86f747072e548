"""The history: a bar of 90 days for each product, said in words beside it, and the days' events in a list.

All bars share one drawing of the days without trouble; what differs is drawn over it: a row costs some 200 bytes. Each
kind of day has a height of its own, so that no colour is needed to tell them apart.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, timedelta

from shd_relay.ledger import Spell
from shd_relay.web.markup import Html, fill, join
from shd_relay.web.page_cards import line
from shd_relay.web.page_days import DAYS, Cell, History, Row, Run
from shd_relay.web.page_marks import KINDS
from shd_relay.web.page_model import cards
from shd_relay.web.page_names import Labels
from shd_relay.web.page_times import day, moment, span
from shd_relay.web.page_words import Words

ALL_UP_TO = 8  # products; with more of them those without any event are folded
MOST_LINES = 200

_MIDDLE: dict[Cell, str] = {  # of a stroke, in a drawing 16 high; the style sheet has how thick it is
    "incident": "8", "maintenance": "10.5", "notice": "12", "unknown": "10", "operational": "14", "nothing": "15.5",
}  # fmt: skip
_DRAWN = """<svg class="days" viewBox="0 0 {wide} 16" preserveAspectRatio="none"
 aria-hidden="true" focusable="false">{inside}</svg>"""
_SPELL = """<li class="unknown"><span class="mark" aria-hidden="true"></span>
<div>{text}<p>{since} · {lasting}</p></div></li>"""
_PATH = '<path class="{cell}" d="{d}"/>'
_LINK = '<a href="#{anchor}" tabindex="-1"><title>{title}</title>{path}</a>'
_ROW = '<li><span class="name">{name}</span>{bar}<span class="sum">{text}</span></li>'
_AXIS = '<p class="axis" aria-hidden="true"><span>{first}</span><span>{last}</span></p>'


def history(found: History, labels: Labels, suffix: str) -> Html:
    words = labels.words
    few = len(found.rows) <= ALL_UP_TO
    loud = [row for row in found.rows if row.counts or few]
    quiet = [row for row in found.rows if not (row.counts or few)]
    if not few:
        loud.sort(key=lambda row: (not row.open, -row.lasted, -sum(row.counts.values())))
    base = join(_path(cell, [run for run in found.base if run.cell == cell]) for cell in _MIDDLE)
    parts = [
        fill('<svg class="defs" aria-hidden="true" focusable="false"><g id="base">{base}</g></svg>\n', base=base),
        _legend(found, words),
        _rows(loud, found, labels) if loud else Html(""),
    ]
    if quiet:
        summary = words.count("history.quiet", len(quiet))
        parts.append(_fold("history-quiet", summary, _rows(quiet, found, labels)))
    parts.append(_fold("history-days", words("history.days"), _days(found, labels, suffix)))
    return join(parts)


def _fold(id_: str, summary: str, inside: Html) -> Html:
    return fill(
        '<details id="{id}"><summary>{summary}</summary>{inside}</details>\n', id=id_, summary=summary, inside=inside
    )


def _rows(rows: Iterable[Row], found: History, labels: Labels) -> Html:
    words = labels.words
    axis = fill(_AXIS, first=day(found.first, words), last=words("history.today"))
    items = join((_row(row, found, labels) for row in rows), "\n")
    return fill('<div class="bars">{axis}<ul>\n{items}\n</ul></div>\n', axis=axis, items=items)


def _row(row: Row, found: History, labels: Labels) -> Html:
    name = labels.product(row.product)
    trouble = join(_linked(run, found, labels.words) for run in row.runs)
    inside = join((Html('<use href="#base"/>'), trouble))
    return fill(_ROW, name=name.inline, bar=fill(_DRAWN, wide=DAYS, inside=inside), text=_summary(row, labels.words))


def _linked(run: Run, found: History, words: Words) -> Html:
    """A stroke that leads to the day that it began on, in the list below."""
    began = found.first + timedelta(days=run.first)
    listed = max((of for of, events, _ in found.days if of <= began and events), default=began)
    title = f"{day(began, words)}: {words(run.cell)}"
    return fill(_LINK, anchor=_anchor(listed), title=title, path=_path(run.cell, [run]))


def _path(cell: Cell, runs: Iterable[Run]) -> Html:
    """One path for all runs; the dashes of its stroke make days of it."""
    d = "".join(f"M{run.first} {_MIDDLE[cell]}h{run.days}" for run in runs)
    return fill(_PATH, cell=cell, d=d) if d else Html("")


def _summary(row: Row, words: Words) -> str:
    """As in `2 incidents, 5 h 10 min; 1 goes on`."""
    if not row.counts:
        return words("history.nothing")
    parts = [words.count(f"n.{kind}", row.counts[kind]) for kind in KINDS if kind in row.counts]
    if row.lasted:
        parts[0] += f", {span(row.lasted, words)}"
    return "; ".join([*parts, *([words.count("n.open", row.open)] if row.open else [])])


def _legend(found: History, words: Words) -> Html:
    cells = {run.cell for run in (*found.base, *(run for row in found.rows for run in row.runs))}
    texts: dict[Cell, str] = {
        "incident": words("incident"),
        "maintenance": words("maintenance"),
        "notice": words("notice"),
        "unknown": words("history.unseen"),
        "operational": words("operational"),
        "nothing": words("history.before", day=day(found.began, words)) if found.began else words("history.no.data"),
    }
    drawn = {cell: fill(_DRAWN, wide=1, inside=_path(cell, [Run(cell, 0, 1)])) for cell in _MIDDLE if cell in cells}
    items = (fill("<li>{drawn}{text}</li>", drawn=one, text=texts[cell]) for cell, one in drawn.items())
    return fill('<ul class="key" aria-label="{title}">{items}</ul>\n', title=words("legend"), items=join(items))


def _anchor(of: date) -> str:
    return f"day-{of.isoformat()}"


def _days(found: History, labels: Labels, suffix: str) -> Html:
    words = labels.words
    if not found.days:
        return fill("<p>{text}</p>", text=words("history.quiet.days"))
    parts: list[Html] = []
    left = MOST_LINES
    for of, events, spells in found.days:
        lines = [line(card, labels, suffix) for card in cards(events)[: max(0, left)]]
        left -= len(lines)
        items = join([*lines, *(_spell(spell, words) for spell in spells)], "\n")
        heading = fill('<h3 id="{id}">{day}</h3>', id=_anchor(of), day=day(of, words))
        parts.append(fill('{heading}<ul class="lines">{items}</ul>', heading=heading, items=items))
    return join(parts, "\n")


def _spell(spell: Spell, words: Words) -> Html:
    lasting = words.html("lasted", span=span(spell.until - spell.since, words)) if spell.until else words.html("open")
    text = words(f"spell.{spell.source}")
    return fill(_SPELL, text=text, since=moment(spell.since, words), lasting=lasting)
