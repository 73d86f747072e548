"""What the dashboard knows, and what it shows at a given moment."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field, replace
from datetime import datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """From `at` on, the event is shown with this title or severity; None leaves what it was."""

    at: datetime
    title: str | None = None
    severity: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Update:
    """One text of an event's story, shown from `at` on."""

    at: datetime
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownEvent:
    """One event of one product and region. All times are aware.

    It is listed from `shown_from` (None: always) until just before `shown_until` (None: ever). `end` is shown
    once the clock has reached it, or from the beginning when `end_announced` (planned maintenance). Title and severity
    stay as given after the end unless a stage changes them. `id` None: the world gives the next free.

    The events of one `group` are one event, of that number, to whoever shows all products and regions at once. None: it
    is alone, under its own id. A group may be called by the id of one of them.
    """

    product: str
    region: str
    title: str
    start: datetime
    end: datetime | None = None
    severity: str = "ALARM"
    id: int | None = None
    group: int | None = None
    updates: tuple[Update, ...] = ()
    stages: tuple[Stage, ...] = ()
    shown_from: datetime | None = None
    shown_until: datetime | None = None
    end_announced: bool = False

    def __post_init__(self) -> None:
        for moment in (self.start, self.end, self.shown_from, self.shown_until):
            if moment is not None and moment.tzinfo is None:
                raise ValueError(f"a time without zone: {moment}")

    @property
    def number(self) -> int:
        """What the dashboard calls it: its group's number, else its own id. Raises ValueError before it has any."""
        number = self.id if self.group is None else self.group
        if number is None:
            raise ValueError("the world has not given this event an id yet")
        return number

    def at(self, now: datetime) -> ShownEvent | None:
        """The event as it is shown at `now`, or None while it is not."""
        if self.shown_from is not None and now < self.shown_from:
            return None
        if self.shown_until is not None and now >= self.shown_until:
            return None
        title, severity = self.title, self.severity
        for stage in sorted((stage for stage in self.stages if stage.at <= now), key=lambda stage: stage.at):
            title = title if stage.title is None else stage.title
            severity = severity if stage.severity is None else stage.severity
        ended = self.end is not None and (self.end_announced or now >= self.end)
        return replace(
            self,
            title=title,
            severity=severity,
            end=self.end if ended else None,
            updates=tuple(update for update in self.updates if update.at <= now),
        )


@dataclass
class World:
    """The events that the dashboard knows, by id, in the order they were put. Safe for threads."""

    _events: dict[int, ShownEvent] = field(default_factory=dict)
    _next_id: int = 1
    _groups: set[int] = field(default_factory=set)
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False)

    def put(self, *events: ShownEvent) -> tuple[int, ...]:
        """Adds all of them at one moment and returns their ids. Raises ValueError for an id that is there already."""
        with self._lock:
            given = [event.id for event in events if event.id is not None]
            if len(set(given)) < len(given) or self._events.keys() & set(given):
                raise ValueError(f"an event id is there already: {sorted(given)}")
            return tuple(self._add(event) for event in events)

    def replace(self, event_id: int, **changes: object) -> ShownEvent:
        """Changes fields of one event in place. Raises KeyError for an unknown id."""
        with self._lock:
            changed: ShownEvent = replace(self._events[event_id], **changes)  # type: ignore[arg-type]
            if changed.id != event_id:
                raise ValueError("an event keeps its id")
            self._add(changed)
            return changed

    def remove(self, event_id: int) -> None:
        """Takes one event off the dashboard for good. Raises KeyError for an unknown id."""
        with self._lock:
            del self._events[event_id]

    def clear(self) -> None:
        with self._lock:
            self._events.clear()

    def at(self, now: datetime, *, product: str | None = None, region: str | None = None) -> list[ShownEvent]:
        """Every event that is shown at `now`, as it is shown then; of one product or region only, if given."""
        with self._lock:
            events = [
                event
                for event in self._events.values()
                if (not product or event.product == product) and (not region or event.region == region)
            ]
        return [shown for event in events if (shown := event.at(now)) is not None]

    def _add(self, event: ShownEvent) -> int:
        event_id = event.id
        if event_id is None:
            while self._next_id in self._events or self._next_id in self._groups:
                self._next_id += 1
            event_id = self._next_id
        if event.group is not None:
            self._groups.add(event.group)  # no later event takes its number by chance
        self._events[event_id] = replace(event, id=event_id)
        self._next_id = max(self._next_id, event_id + 1)
        return event_id
