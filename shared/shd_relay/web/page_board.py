"""The board: products down, regions across. Each cell has a word and a shape; a colour comes on top."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Literal, NamedTuple
from urllib.parse import quote

from shd_relay.web.markup import Html, escape, fill, join
from shd_relay.web.page_cards import anchor
from shd_relay.web.page_marks import KINDS, WORST_FIRST
from shd_relay.web.page_model import Section
from shd_relay.web.page_names import Label, Labels
from shd_relay.web.page_words import Words
from shd_relay.web.status_view import PairView

WORDS_UP_TO = 6  # regions; with more of them a cell is a tile, and its word is for screen readers and the legend
FITS_UP_TO = 45  # columns on a wide screen; more of them scroll

_BOARD = """<ul class="legend" aria-label="{legend_title}">{legend}</ul>
{well}{whole}<div class="scroll" id="board-scroll" role="group" aria-labelledby="board-title" tabindex="0">
<table class="board {size}">
<thead>
{groups}<tr><th scope="col" class="corner">{service}</th>{heads}</tr>
</thead>
<tbody>
{rows}
</tbody>
</table>
</div>"""
_WELL = '<p class="well">{text}</p>\n'
_WHOLE = '<p class="whole"><input type="checkbox" id="whole"><label for="whole">{text}</label></p>\n'
_LEGEND = '<li class="{status}"><span class="mark" aria-hidden="true"></span>{text}</li>'
_GROUPS = '<tr class="groups"><td></td>{groups}</tr>\n'
_NO_GROUP = '<td colspan="{n}" class="g"></td>'
_GROUP = '<th scope="colgroup" colspan="{n}" class="g">{name}</th>'


class _Column(NamedTuple):
    region: Label
    first: bool
    """of its part of the world"""
    quiet: bool
    """nothing in it is shown at first on a narrow screen"""


class _Links:
    """Where a cell leads: to the card of its event; beyond those that are shown, to the event's own page."""

    def __init__(self, section: Section, suffix: str) -> None:
        self._anchors = {id_: f"#{anchor(card.ids[0])}" for card in section.cards for id_ in card.ids}
        self._suffix = suffix
        self._reached: set[str] = set()

    def of(self, ids: Sequence[str]) -> tuple[str, bool]:
        """The address, and whether it is the first that leads there: keys stop at one cell for each card."""
        known = (self._anchors[id_] for id_ in ids if id_ in self._anchors)
        address = next(known, f"events/{quote(ids[0], safe='')}{self._suffix}")
        first = address not in self._reached
        self._reached.add(address)
        return address, first


def board(views: Sequence[PairView], now: Section, labels: Labels, suffix: str) -> Html:
    words = labels.words
    if not views:
        return fill("<p>{text}</p>", text=words("board.none"))
    calm = _calm(views)
    columns, quiet = _columns(views, calm, labels), _well(views, "product", calm)
    by_pair = {(view.product, view.region): view for view in views}
    links = _Links(now, suffix)
    dense = len(columns) > WORDS_UP_TO
    hides = dense and (any(column.quiet for column in columns) or any(quiet.values()))
    return fill(
        _BOARD,
        legend_title=words("legend"), legend=join(_legend(views, words)),
        well=fill(_WELL, text=words("board.well")) if dense and all(c.quiet for c in columns) else Html(""),
        whole=fill(_WHOLE, text=words("board.whole")) if hides else Html(""),
        size=f"tiles {'fits' if len(columns) <= FITS_UP_TO else ''}" if dense else "roomy",
        groups=_groups(columns, labels) if dense else Html(""), service=words("service"),
        heads=join(_head(column, dense=dense) for column in columns),
        rows=join((_row(labels.product(p), columns, by_pair, links, quiet=quiet[p], words=words) for p in quiet), "\n"),
    )  # fmt: skip


def _columns(views: Sequence[PairView], calm: frozenset[str], labels: Labels) -> list[_Column]:
    """The regions in the order of the watch list, those of one part of the world side by side."""
    well = _well(views, "region", calm)
    parts = {part: n for n, part in enumerate(dict.fromkeys(map(labels.group, well)))}
    regions = sorted(well, key=lambda region: parts[labels.group(region)])
    before = ["", *map(labels.group, regions)]
    return [
        _Column(labels.region(region), n > 0 and labels.group(region) != before[n], well[region])
        for n, region in enumerate(regions)
    ]


def _well(views: Sequence[PairView], side: Literal["product", "region"], calm: frozenset[str]) -> dict[str, bool]:
    """Whether all is calm in each product or region, in the order of the watch list."""
    found: dict[str, bool] = {}
    for view in views:
        name = getattr(view, side)
        found[name] = found.get(name, True) and view.status in calm
    return found


def _calm(views: Sequence[PairView]) -> frozenset[str]:
    """What is left out at first on a narrow screen: what is well; and what is unknown, while that is most of all, and
    hides what is known to be ill."""
    counts = Counter(view.status for view in views)
    ill = any(counts[kind] for kind in KINDS)
    return frozenset({"operational", "unknown"} if ill and 2 * counts["unknown"] > len(views) else {"operational"})


def _groups(columns: Sequence[_Column], labels: Labels) -> Html:
    sizes = Counter(labels.group(column.region.id) for column in columns)
    names = ((labels.words(f"group.{part}"), n) for part, n in sizes.items())
    cells = (fill(_GROUP if name else _NO_GROUP, n=n, name=name) for name, n in names)
    return fill(_GROUPS, groups=join(cells))


def _head(column: _Column, *, dense: bool) -> Html:
    classes = _classes("", column)
    if not dense:
        return fill('<th{classes} scope="col">{head}</th>', classes=classes, head=column.region.head)
    title = f"{column.region.text}, {column.region.id}"
    return fill(
        '<th{classes} scope="col" title="{title}"><span>{text}</span></th>',
        classes=classes, title=title, text=column.region.short,
    )  # fmt: skip


def _row(
    product: Label, columns: Sequence[_Column], views: Mapping[tuple[str, str], PairView], links: _Links,
    *, quiet: bool, words: Words,
) -> Html:  # fmt: skip
    row = [views.get((product.id, column.region.id)) for column in columns]
    cells = "".join(_cell(view, column, links, words) for view, column in zip(row, columns, strict=True))
    return fill(
        '<tr{quiet}><th scope="row">{head}</th>{cells}</tr>',
        quiet=Html(' class="quiet"' if quiet else ""), head=product.head, cells=Html(cells),
    )  # fmt: skip


def _cell(view: PairView | None, column: _Column, links: _Links, words: Words) -> str:
    """Without `fill`, as there are thousands: what is not a word of ours is escaped here."""
    if view is None:
        return f"<td{_classes('', column)}></td>"
    word = words(view.status)
    if view.events:
        address, first = links.of(view.events)
        word = f'<a href="{escape(address)}"{"" if first else " tabindex=-1"}>{word}</a>'
    return f"<td{_classes(view.status[0], column)}>{word}</td>"


def _classes(status: str, column: _Column) -> Html:
    """`status`: the first letter of it, which is short and, of our five, unlike the others."""
    found = " ".join(filter(None, (status, "g" if column.first else "", "q" if column.quiet else "")))
    return Html(f' class="{found}"' if found else "")


def _legend(views: Sequence[PairView], words: Words) -> list[Html]:
    counts = Counter(view.status for view in views)
    return [
        fill(_LEGEND, status=status, text=words(f"counted.{status}", n=f"{counts[status]:,}"))
        for status in WORST_FIRST
        if counts[status]
    ]
