"""What the page calls products and regions: by name, with the id at hand; what has no name is shown by its id."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from shd_relay import catalogue
from shd_relay.model import Pair
from shd_relay.web.markup import Html, fill, join
from shd_relay.web.page_words import LANGUAGES, Words

NAMED_UP_TO = 8  # in a sentence; of more it says how many

_SPAN = '<span title="{title}">{text}</span>'
_HEAD = '<span class="name">{text}</span> <span class="id">{id}</span>'
_CITY = re.compile(r"[(（]([^)）]+?)(?: ?- ?[^)）]*)?[)）]")
_GROUPS = {"cn": "cn", "ap": "ap", "us": "am", "na": "am", "sa": "am", "eu": "eu", "me": "me"}


class Label(NamedTuple):
    """`names`: in English and Chinese, where there are any; `which` is the one of the two that is shown."""

    id: str
    names: tuple[str, str] | None
    which: int = 0

    @property
    def text(self) -> str:
        """The name, or the id."""
        return self.names[self.which] if self.names else self.id

    @property
    def short(self) -> str:
        """For narrow columns: the city, where the name has one in brackets."""
        city = _CITY.search(self.text) if self.names else None
        return city[1] if city else self.text

    @property
    def aside(self) -> str:
        """What appears when pointed at: the id and the name in the other language."""
        return f"{self.id}, {self.names[1 - self.which]}" if self.names else self.id

    @property
    def inline(self) -> Html:
        """Within a sentence."""
        if self.names is None:
            return fill("<bdi>{id}</bdi>", id=self.id)
        return fill(_SPAN, title=self.aside, text=self.text)

    @property
    def head(self) -> Html:
        """Before a row or over a column, the id beside the name."""
        if self.names is None:
            return fill('<bdi class="name">{id}</bdi>', id=self.id)
        return fill(_HEAD, text=self.text, id=self.id)


class Labels(NamedTuple):
    """`global_region`: the region id of services without a region."""

    global_region: str
    words: Words = Words(LANGUAGES[0])

    def product(self, id_: str) -> Label:
        return Label(id_, catalogue.product_names(id_), self.words.index)

    def region(self, id_: str) -> Label:
        return Label(id_, catalogue.region_names(id_, self.global_region), self.words.index)

    def group(self, region: str) -> str:
        """The part of the world that a region id names: a key of the words `group.`."""
        return _GROUPS.get(region.partition("-")[0].casefold(), "")

    def place(self, pairs: Iterable[Pair]) -> str:
        """Where in a few words, as text: by name where there is one product or one region, else how many."""
        products, regions = _sides(pairs)
        n, m = f"{len(products):,}", f"{len(regions):,}"
        product, region = self.product(products[0]).text, self.region(regions[0]).text
        if len(products) == 1:
            key, values = ("where.one", {"region": region}) if len(regions) == 1 else ("where.regions", {"n": m})
            return self.words(key, product=product, **values)
        return (
            self.words("where.products", n=n, region=region)
            if len(regions) == 1
            else self.words("where.many", n=n, m=m)
        )

    def products(self, ids: Sequence[str]) -> Html:
        if len(ids) > NAMED_UP_TO:
            return Html(self.words.count_html("all.services", len(ids)))
        return self._listed(map(self.product, ids))

    def regions(self, ids: Sequence[str]) -> Html:
        if len(ids) > NAMED_UP_TO:
            return Html(self.words.count_html("all.regions", len(ids)))
        return self._listed(map(self.region, ids))

    def _listed(self, labels: Iterable[Label]) -> Html:
        """One after the other, in a sentence."""
        return join((label.inline for label in labels), self.words("comma"))


def _sides(pairs: Iterable[Pair]) -> tuple[list[str], list[str]]:
    both = list(pairs)
    return list(dict.fromkeys(p.product for p in both)), list(dict.fromkeys(p.region for p in both))
