"""Lists: newest first, with a limit and the id after which the next page starts."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar
from uuid import UUID

import sqlalchemy as sa
from marshmallow import Schema, fields
from sqlalchemy.orm import Session

from marketplace.core.db import Base
from marketplace.core.http.fields import IdField, WholeParam

LIMIT_MAX = 100
LIMIT_DEFAULT = 20

Item = TypeVar("Item")
Row = TypeVar("Row", bound=Base)


@dataclass(frozen=True)
class Page(Generic[Item]):
    """A part of a list."""

    data: Sequence[Item]
    has_more: bool


def page_query(prefix: str, **more: Any) -> type[Schema]:
    """Return the query parameters of a list: `limit`, `starting_after`, and the filters given."""
    members: dict[str, Any] = {
        "limit": WholeParam(1, LIMIT_MAX, load_default=LIMIT_DEFAULT),
        "starting_after": IdField(
            prefix, load_default=None, metadata={"description": "The last id of the page before."}
        ),
        **more,
    }
    return Schema.from_dict(members, name=f"{prefix.title()}Query{''.join(sorted(more)).title().replace('_', '')}")


def page_of(out: type[Schema]) -> type[Schema]:
    """Return the schema of a page of `out`."""
    name = out.__name__.removesuffix("Out").removesuffix("Schema") + "Page"
    members: dict[str, Any] = {
        "data": fields.List(fields.Nested(out), required=True),
        "has_more": fields.Boolean(required=True),
    }
    return Schema.from_dict(members, name=name)


def only(query: sa.Select[Any], wanted: Mapping[Any, Any]) -> sa.Select[Any]:
    """Return a query for the rows that have these values, by column; None asks for nothing."""
    return query.where(*(column == value for column, value in wanted.items() if value is not None))


def page(
    session: Session, query: sa.Select[Any], model: type[Row], limit: int, starting_after: UUID | None
) -> Page[Row]:
    """Return the rows of a query, newest first (ids sort by time), and whether there are more."""
    # One row more than asked for says whether there are more, without a count of the whole table.
    query = query.order_by(model.id.desc()).limit(limit + 1)
    if starting_after is not None:
        query = query.where(model.id < starting_after)
    rows: Sequence[Row] = session.scalars(query).all()
    return Page(rows[:limit], len(rows) > limit)
