"""`python -m local serve`: the stand-ins alone, for whoever writes a subscriber or tries the functions by hand."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from pathlib import Path

from local.cloud import KEY_ID, KEY_SECRET, QUEUE, TOPIC
from local.fakes.mns import MnsFake
from local.fakes.status import StatusFake, events_of
from local.fakes.tablestore import TablestoreFake


def serve(*, api_port: int, mns_port: int, ots_port: int, events: Path | None, tell: Callable[[str], None]) -> None:
    """Serves them until the process is interrupted. `events`: a JSON file of what the dashboard shows, or an incident.

    Raises OSError for a port that is taken or a file that cannot be read, ValueError or KeyError for one that is not
    what it should be.
    """
    with StatusFake(port=api_port) as api, MnsFake(port=mns_port) as mns, TablestoreFake(port=ots_port) as ots:
        if events is not None:
            api.world.put(*events_of(json.loads(events.read_text(encoding="utf-8"))))
        mns.create_topic(TOPIC)
        mns.create_queue(QUEUE)
        mns.subscribe(TOPIC, "on-call", queue=QUEUE)
        tell(f"stand-ins of SHD, Tablestore and MNS (topic {TOPIC}, queue {QUEUE}); what the poll function needs:")
        tell(f"export SHD_ENDPOINT={api.url} MNS_ENDPOINT={mns.url} MNS_TOPIC={TOPIC}")
        tell(f"export ALIBABA_CLOUD_ACCESS_KEY_ID={KEY_ID} ALIBABA_CLOUD_ACCESS_KEY_SECRET={KEY_SECRET}")
        tell(f"export SHD_STORE='tablestore://{ots.instance}?endpoint={ots.url}'  # or leave it out: a SQLite file")
        tell(".venv/bin/shd-relay setup  # makes its tables, once")
        threading.Event().wait()
