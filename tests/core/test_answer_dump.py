"""An answer is made as marshmallow makes it, whatever the schema."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, NamedTuple
from uuid import UUID

import pytest
from marshmallow import Schema, fields, post_dump, pre_dump

from marketplace.core.http import answer_dump
from marketplace.core.http.fields import IdField, MoneyField, StoredDocument, TimeField
from marketplace.core.http.paging import Page, page_of
from marketplace.core.money import Money


class Inner(Schema):
    word = fields.String(required=True)
    count = fields.Integer(data_key="n")


class Hooked(Schema):
    word = fields.String()

    @pre_dump
    def shout(self, value: Any, **_: Any) -> dict[str, str]:
        return {"word": value["word"].upper()}

    @post_dump(pass_collection=True)
    def number(self, value: Any, many: bool, **_: Any) -> Any:
        return [{**one, "place": place} for place, one in enumerate(value)] if many else value


class Peculiar(Schema):
    word = fields.String()

    def get_attribute(self, obj: Any, attr: str, default: Any) -> Any:
        return f"<{super().get_attribute(obj, attr, default)}>"


class Everything(Schema):
    id = IdField("brf", required=True)
    at = TimeField(allow_none=True)
    price = MoneyField(allow_none=True)
    number = fields.Float(attribute="value")
    deep = fields.String(attribute="inner.word")
    inner = fields.Nested(Inner, allow_none=True)
    inners = fields.List(fields.Nested(Inner))
    many = fields.Nested(Inner, many=True)
    hooked = fields.Nested(Hooked, many=True)
    peculiar = fields.Nested(Peculiar)
    document = StoredDocument(Inner)
    table = fields.Dict(keys=fields.String(), values=fields.Nested(Inner))
    texts = fields.List(fields.List(fields.String()), allow_none=True)
    made = fields.Function(lambda one: "made of " + str(getattr(one, "value", "nothing")))
    asked = fields.Method("ask")
    fixed = fields.Constant(5)
    missed = fields.String()
    defaulted = fields.String(dump_default="so")
    counted = fields.Integer(dump_default=lambda: 3)
    only = fields.Nested(Inner(only=("word",)))
    loaded = fields.String(load_only=True)

    def ask(self, _: Any) -> str:
        return "asked"


class Word(NamedTuple):
    word: str
    count: int


@dataclass
class Thing:
    id: UUID = field(default_factory=lambda: UUID(int=7))
    at: datetime | None = datetime(2026, 11, 23, 8, tzinfo=UTC)
    price: Money | None = field(default_factory=lambda: Money("CNY", 5))
    value: float = 1.5
    inner: Any = field(default_factory=lambda: Word("a", 1))
    inners: list[Any] = field(default_factory=lambda: [{"word": "b"}, Word("c", 2)])
    many: list[Any] = field(default_factory=lambda: [{"word": 5, "count": "6"}])
    hooked: list[Any] = field(default_factory=lambda: [{"word": "d"}, {"word": "e"}])
    peculiar: Mapping[str, Any] = field(default_factory=lambda: {"word": "f"})
    document: Any = field(default_factory=lambda: {"more": [1]})
    table: Mapping[str, Any] = field(default_factory=lambda: {"k": {"word": "g"}})
    texts: Any = field(default_factory=lambda: [["h"], []])
    only: Any = field(default_factory=lambda: {"word": "i", "count": 1})
    loaded: str = "never"


def test_every_kind_of_field_is_dumped_as_marshmallow_does() -> None:
    schema, thing = Everything(), Thing()
    found = answer_dump.dump(schema, thing)
    assert found == schema.dump(thing)
    assert list(found) == list(schema.dump(thing)), "in the order of the schema"
    assert {"deep", "hooked", "made", "asked", "fixed", "defaulted", "counted"} <= set(found)
    assert not {"missed", "loaded"} & set(found)


def test_dictionaries_missing_values_and_pages_too() -> None:
    schema = Everything()
    as_dict = {**vars(Thing()), "at": None, "price": None, "inner": None, "texts": None}
    of_dict = Everything(exclude=("deep",))
    assert answer_dump.dump(of_dict, as_dict) == of_dict.dump(as_dict)
    page = page_of(Everything)()
    shown = Page([Thing(), Thing(at=None, inner=Word("z", 0))], has_more=True)
    assert answer_dump.dump(page, shown) == page.dump(shown)
    several = Inner(many=True)
    assert answer_dump.dump(several, [Word("a", 1)]) == several.dump([Word("a", 1)])
    assert answer_dump.dump(schema, Thing(price=None)) == schema.dump(Thing(price=None))


def test_a_fault_of_a_value_is_the_same_fault() -> None:
    with pytest.raises(AttributeError):
        answer_dump.dump(Everything(), Thing(price="free"))  # type: ignore[arg-type]
