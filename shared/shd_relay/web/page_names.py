"""What the page calls products and regions: by name, with the id at hand; what has no name is shown by its id."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from shd_relay import catalogue
from shd_relay.web.markup import Html, fill, join

_SPAN = '<span title="{title}">{text}</span>'
_HEAD = '<span class="name">{text}</span> <span class="id">{id}</span>'


class Label(NamedTuple):
    """`names`: in English and Chinese, where there are any."""

    id: str
    names: tuple[str, str] | None

    @property
    def text(self) -> str:
        """The English name, or the id."""
        return self.names[0] if self.names else self.id

    @property
    def inline(self) -> Html:
        """Within a sentence; the id and the Chinese name appear when pointed at."""
        if self.names is None:
            return fill("<bdi>{id}</bdi>", id=self.id)
        return fill(_SPAN, title=f"{self.id}, {self.names[1]}", text=self.names[0])

    @property
    def head(self) -> Html:
        """Over a column or before a row, the id beside the name."""
        if self.names is None:
            return fill('<bdi class="name">{id}</bdi>', id=self.id)
        return fill(_HEAD, text=self.names[0], id=self.id)


class Labels(NamedTuple):
    """`global_region`: the region id of services without a region."""

    global_region: str

    def product(self, id_: str) -> Label:
        return Label(id_, catalogue.product_names(id_))

    def region(self, id_: str) -> Label:
        return Label(id_, catalogue.region_names(id_, self.global_region))


def listed(labels: Iterable[Label]) -> Html:
    """One after the other, in a sentence."""
    return join((label.inline for label in labels), ", ")
