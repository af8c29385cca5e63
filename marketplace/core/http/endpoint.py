"""What a route requires and answers, as one value that the blueprint declares and request handling enforces."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any, TypeVar

from marshmallow import Schema
from sqlalchemy.orm import Session

from marketplace.core.actor import Actor, Permission, Role
from marketplace.core.http.bodies import RawBodySpec

View = TypeVar("View", bound=Callable[..., Any])
Authenticate = Callable[[Session], Actor]
Receive = Callable[..., AbstractContextManager[Any]]
Work = Callable[[Any], Any]

ANYONE = tuple(Role)
SIGNED_IN = (Role.BRAND, Role.CREATOR, Role.AGENCY, Role.ADMIN)


@dataclass(frozen=True)
class HeaderSpec:
    """A header that requests have beside the usual ones. The OpenAPI document describes it; the view reads it."""

    name: str
    description: str
    pattern: str
    required: bool = True

    def describe(self) -> dict[str, Any]:
        """Return the OpenAPI parameter."""
        schema = {"type": "string", "pattern": self.pattern}
        facts = {"name": self.name, "description": self.description, "required": self.required}
        return {"in": "header", **facts, "schema": schema}


@dataclass(frozen=True)
class Endpoint:
    """What a route requires and answers. The tests of authorization walk all of them, so that none is forgotten.

    `once` requires an Idempotency-Key, `if_match` an ETag; `counted` names a strict rate policy; `then` answers once
    the transaction has ended.
    `while_suspended`: whether a suspended party may call it. Reading it may; of the rest only what a route allows.
    `to_set_up`: whether an admin may call it who still has to set a second factor up, where the market demands one.
    """

    method: str
    allow: tuple[Role, ...]
    needs: Permission | None
    takes: Schema | None
    query: Schema | None
    answers: Schema | None
    status: int
    once: bool
    if_match: bool
    counted: str | None
    raw: RawBodySpec | None = None
    receive: Receive | None = None
    refuses: tuple[int, ...] = ()
    while_suspended: bool = False
    then: Work | None = None
    to_set_up: bool = False
