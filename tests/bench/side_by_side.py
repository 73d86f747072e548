"""Section 1: SHD Relay beside a baseline, by simulation."""

from __future__ import annotations

from tests.bench.markdown import table, wrapped
from tests.simulation.side_by_side import HEADS, ROWS, Tally, compare, lines

SEEDS = range(1, 41)

_WHAT = """
A simulated dashboard, a simulated clock, and two tools that poll once a minute and publish: SHD Relay, its real poll
over its memory store, and a baseline (`tests/simulation/baseline.py`) that works as most such tools do: it records and
then sends, asks for a constant window (one week), compares times in whole seconds, and knows an event by its start
and title. In all else the baseline is careful: a failed read changes nothing, one bad item or a topic that does not
answer does not end its round, an announced end is told when it comes, nothing that vanishes is called over. Both get
the same stories (drawn before anybody reads), the same clock, and the same faults at the places that both have: the
n-th read, store call or publish of the m-th poll. How many each meets follows from how many calls it makes: the
baseline looks up every item of every answer in its table; SHD Relay makes a dozen store calls, and few while another
poll's lease runs.
"""

_FACTS = """
One judge (`tests/simulation/fair_judge.py`) sits at the subscriber and knows what was true and what came when, nothing
of either tool. A **fact** stood for at least ten minutes in a row: a start, an end, an event's last title and severity.
**Lost**: a fact that the subscriber never had. **Doubled**: a message that says what the last one about the event said,
or a revision that the subscriber has. **Mislabelled**: an end that was none; "new" for an event told of before; another
identity for the same event. **Misordered**: older content after newer. **Delay**: from the moment a fact was true on
the dashboard to the moment the subscriber had it, in seconds of the simulated clock; a lost fact has none, so losing
makes the figure look better.
"""

_STORIES = """
Each row: {runs} stories of two hours with edits and faults and half an hour of quiet; {polls:,} polls of SHD Relay in
all. Unless it says otherwise, events open, change their severity and end; *every kind of edit* adds rewritten titles,
corrected starts and ends, reopening, vanishing, siblings with one start, and maintenance. Twelve days are polled
hourly. Rates of faults: killed, store, second poll 2 % of the effects; standing still 1 %; topic and answers 20 %; all
at once 2 % of all effects.
"""

_READ = """
How to read it: {marked:,} of the {doubled:,} doubled messages of SHD Relay carry a revision that the subscriber already
has, so its rule drops them; the others change only `inferred`, which the judge does not look at. The baseline gives
nothing to tell a repetition by. An old answer misleads both alike: nothing in an answer of SHD says when it was true.
SHD Relay takes longer where processes die, stores fail or polls stand still, as nobody polls until the lease of the
last one has run out (55 s here), and as it tells late what the baseline does not tell at all. Failed, throttled, short
and empty answers do no harm to either.
"""


def section() -> str:
    tallies = [(row, compare(row, SEEDS)) for row in ROWS]
    ours = [found["SHD Relay"] for _, found in tallies]
    rows = [cells for row, found in tallies for cells in lines(row, found)]
    return "\n\n".join((
        "## Side by side",
        wrapped(_WHAT),
        wrapped(_FACTS),
        wrapped(_STORIES.format(runs=len(SEEDS), polls=sum(tally.polls for tally in ours))),
        table(HEADS, rows),
        wrapped(_READ.format(marked=_sum(ours, "marked"), doubled=_sum(ours, "doubled"))),
    ))  # fmt: skip


def _sum(tallies: list[Tally], name: str) -> int:
    return sum(getattr(tally.verdict, name) for tally in tallies)
