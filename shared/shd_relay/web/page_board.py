"""The board: regions down, products across. Each cell has a shape and a word; a colour comes on top."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from shd_relay.web.markup import Html, fill, join
from shd_relay.web.page_cards import anchor
from shd_relay.web.page_names import Label, Labels
from shd_relay.web.page_words import STATUS, mark
from shd_relay.web.status_view import PairView

WORDS_UP_TO = 6  # products; with more of them the words are for screen readers and the legend

_BOARD = """<ul class="legend" aria-label="Legend">{legend}</ul>
<div class="scroll" role="region" aria-labelledby="board-title" tabindex="0">
<table class="board{dense}">
<thead><tr><th scope="col">Region</th>{heads}</tr></thead>
<tbody>
{rows}
</tbody>
</table>
</div>"""
_ROW = '<tr><th scope="row">{region}</th>{cells}</tr>'
_CELL = '<td class="{status}" title="{title}">{inside}</td>'
_INSIDE = '{mark}<span class="word">{word}</span>'


def board(views: Sequence[PairView], shown: set[str], labels: Labels) -> Html:
    """`shown`: ids of the events that have a card to link to."""
    if not views:
        return Html("<p>The watch list holds nothing that you may see.</p>")
    products = [labels.product(id_) for id_ in dict.fromkeys(view.product for view in views)]
    regions = [labels.region(id_) for id_ in dict.fromkeys(view.region for view in views)]
    by_pair = {(view.product, view.region): view for view in views}
    rows = (
        fill(_ROW, region=region.head, cells=join(_cell(by_pair, product, region, shown) for product in products))
        for region in regions
    )
    return fill(
        _BOARD,
        legend=join(_legend(views)),
        dense=" dense" if len(products) > WORDS_UP_TO else "",
        heads=join(fill('<th scope="col">{product}</th>', product=product.head) for product in products),
        rows=join(rows, "\n"),
    )


def _cell(views: Mapping[tuple[str, str], PairView], product: Label, region: Label, shown: set[str]) -> Html:
    view = views.get((product.id, region.id))
    if view is None:
        return Html("<td></td>")
    inside = fill(_INSIDE, mark=mark(view.status), word=STATUS[view.status].short)
    linked = [id_ for id_ in view.events if id_ in shown]
    if linked:
        inside = fill('<a href="#{anchor}">{inside}</a>', anchor=anchor(linked[0]), inside=inside)
    title = f"{product.text} in {region.text}: {STATUS[view.status].heading.lower()}"
    return fill(_CELL, status=view.status, title=title, inside=inside)


def _legend(views: Sequence[PairView]) -> list[Html]:
    statuses = [view.status for view in views]
    item = '<li class="{status}">{mark}<span>{count} {word}</span></li>'
    return [
        fill(item, status=status, mark=mark(status), count=statuses.count(status), word=words.counted)
        for status, words in STATUS.items()
        if status in statuses
    ]
