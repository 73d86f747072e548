"""The tables of one instance by name."""

from __future__ import annotations

from dataclasses import dataclass, field

from local.fakes.tablestore.errors import OtsError
from local.fakes.tablestore.limits import MOST_TABLES, check_schema, check_table_name
from local.fakes.tablestore.tables import Schema, Table


@dataclass(slots=True)
class Instance:
    tables: dict[str, Table] = field(default_factory=dict)

    def table(self, name: str) -> Table:
        check_table_name(name)
        if name not in self.tables:
            raise OtsError("OTSObjectNotExist")
        return self.tables[name]

    def create(self, schema: Schema, now: int) -> None:
        check_schema(schema)
        if schema.name in self.tables:
            raise OtsError("OTSObjectAlreadyExist")
        if len(self.tables) >= MOST_TABLES:
            raise OtsError("OTSQuotaExhausted")
        self.tables[schema.name] = Table(schema=schema, created=now)
