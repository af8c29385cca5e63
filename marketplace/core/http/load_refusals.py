"""What is said of a value that a schema does not take: in both languages, with what would be taken.

marshmallow has its sentences in class attributes, of which its manual says to replace them, and treats them as texts.
So the sentences here are texts too: English ones that know their Chinese.
"""

from collections.abc import Iterator, Mapping
from difflib import get_close_matches
from typing import Any

from marshmallow import RAISE, Schema, fields, validate

from marketplace.core.errors import FieldError
from marketplace.core.message import Bilingual


class LoadText(str):
    """A sentence for a ValidationError: as a text it is English, `zh` is the same in Chinese.

    `kind` names those to which the nearest name or the expected members are added when the answer is made.
    """

    zh: str
    kind: str

    def __new__(cls, zh: str, en: str, kind: str = "") -> "LoadText":
        text = super().__new__(cls, en)
        text.zh, text.kind = zh, kind
        return text

    def format(self, *values: Any, **named: Any) -> "LoadText":
        """Fill in both languages; a value that has two languages goes into each sentence in its own."""
        chinese = {name: value.zh if isinstance(value, LoadText) else value for name, value in named.items()}
        return LoadText(self.zh.format(*values, **chinese), super().format(*values, **named), self.kind)

    def __deepcopy__(self, memo: dict[int, Any]) -> "LoadText":
        return self

    @property
    def told(self) -> Bilingual:
        return Bilingual(self.zh, str(self))


def refusal(zh: str, en: str) -> LoadText:
    """Return a sentence for a ValidationError of a field or a schema."""
    return LoadText(zh, en)


TWICE = refusal("同一内容出现了两次。", "Holds the same thing twice.")
NO_LINK = refusal(
    "这里应当是链接，例如 https://example.com/product。", "Not a link such as https://example.com/product."
)
NO_OBJECT = refusal("这里应当是一个 JSON 对象。", "Must be a JSON object.")
_OF_FIELDS: dict[type[fields.Field[Any]], dict[str, LoadText]] = {
    fields.Field: {
        "required": LoadText("这一项必填。", "This is required."),
        "null": LoadText("不能是 null。", "May not be null."),
        "validator_failed": LoadText("这个值不行。", "Invalid value."),
    },
    fields.Nested: {"type": LoadText("这里应当是一个对象。", "Must be an object.", "type")},
    fields.List: {"invalid": LoadText("这里应当是一个列表：[...]。", "Must be a list: [...].")},
    fields.String: {
        "invalid": LoadText("这里应当是文字。", "Must be a text."),
        "invalid_utf8": LoadText("这段文字不是有效的 UTF-8。", "Not a valid UTF-8 text."),
    },
    fields.Number: {
        "invalid": LoadText("这里应当是数字。", "Must be a number."),
        "too_large": LoadText("这个数太大。", "Too large a number."),
    },
    fields.Integer: {"invalid": LoadText("这里应当是整数。", "Must be a whole number.")},
    fields.Float: {"special": LoadText("不能是 NaN 或无穷大。", "May not be NaN or infinity.")},
    fields.Boolean: {"invalid": LoadText("这里应当是 true 或 false。", "Must be true or false.")},
    fields.Date: {
        "invalid": LoadText("这里应当是日期，例如 2026-11-23。", "Must be a day such as 2026-11-23."),
    },
    fields.Mapping: {"invalid": NO_OBJECT},
}
_OF_SCHEMAS = {
    "type": LoadText("这里应当是一个对象。", "Must be an object.", "type"),
    "unknown": LoadText("没有这个字段。", "There is no such field.", "unknown"),
}
# Of the schema of a query string.
_NO_PARAMETER = LoadText("没有这个查询参数。", "There is no such query parameter.", "unknown")
_OF_RANGES = {
    "message_min": LoadText("必须{min_op} {{min}}。", "Must be {min_op} {{min}}."),
    "message_max": LoadText("必须{max_op} {{max}}。", "Must be {max_op} {{max}}."),
    "message_all": LoadText(
        "必须{min_op} {{min}} 且{max_op} {{max}}。", "Must be {min_op} {{min}} and {max_op} {{max}}."
    ),
    "message_gte": LoadText("不小于", "greater than or equal to"),
    "message_gt": LoadText("大于", "greater than"),
    "message_lte": LoadText("不大于", "less than or equal to"),
    "message_lt": LoadText("小于", "less than"),
}
_OF_LENGTHS = {
    "message_min": LoadText("太短：至少要 {min} 个。", "Shorter than minimum length {min}."),
    "message_max": LoadText("太长：最多 {max} 个。", "Longer than maximum length {max}."),
    "message_all": LoadText("长度必须在 {min} 到 {max} 之间。", "Length must be between {min} and {max}."),
    "message_equal": LoadText("长度必须是 {equal}。", "Length must be {equal}."),
}
_ONE_OF = LoadText("必须是其中之一：{choices}。", "Must be one of: {choices}.", "one_of")


def _install() -> None:
    for field, texts in _OF_FIELDS.items():
        field.default_error_messages = {**field.default_error_messages, **texts}
    Schema.error_messages = {**Schema.error_messages, **_OF_SCHEMAS}
    for validator, sentences in ((validate.Range, _OF_RANGES), (validate.Length, _OF_LENGTHS)):
        for name, text in sentences.items():
            setattr(validator, name, text)
    validate.OneOf.default_message = _ONE_OF


_install()


def query_schema(schema: type[Schema]) -> Schema:
    """Return what reads a query string: a name that it does not know is refused, as that of a parameter."""
    made = schema(unknown=RAISE)
    made.error_messages["unknown"] = _NO_PARAMETER
    return made


def field_errors_of(messages: Any, schema: Any = None, data: Any = None, pointer: str = "") -> Iterator[FieldError]:
    """Flatten marshmallow's messages: {'a': {0: ['x']}} is at /a/0. Characters that cannot be encoded are replaced.

    `schema` is what refused `data`; where they are known, sentences name the nearest name and the members.
    """
    if isinstance(messages, Mapping):
        for key, value in messages.items():
            if key == "_schema":
                yield from field_errors_of(value, schema, data, pointer)
                continue
            word = str(key).encode("utf-8", "replace").decode()[:100].replace("~", "~0").replace("/", "~1")
            inner, part = _inside(schema, key), _part(data, key)
            holder = schema.schema if isinstance(schema, fields.Nested) else schema
            if inner is None and isinstance(holder, Schema) and value == [holder.error_messages["unknown"]]:
                yield FieldError(f"{pointer}/{word}", _unknown(holder, str(key)))
            else:
                yield from field_errors_of(value, inner, part, f"{pointer}/{word}")
    elif isinstance(messages, list | tuple):
        for message in messages:
            yield from field_errors_of(message, schema, data, pointer)
    else:
        yield FieldError(pointer or "/", _told(messages, schema, data))


def _told(message: Any, schema: Any, data: Any) -> Bilingual:
    if not isinstance(message, LoadText):
        # A sentence of marshmallow's that has no Chinese here yet; tests hold that no field of ours gives one.
        return Bilingual(f"这个值不行（{message}）。", str(message))
    if message.kind == "type" and isinstance(schema, Schema | fields.Nested):
        names = ", ".join(_names(schema if isinstance(schema, Schema) else schema.schema))
        return Bilingual(f"这里应当是一个对象，字段有：{names}。", f"Must be an object with the members: {names}.")
    if message.kind == "one_of" and isinstance(schema, fields.Field) and isinstance(data, str):
        choices = [str(word) for check in schema.validators for word in getattr(check, "choices", ())]
        return _with_nearest(message.told, data, choices)
    return message.told


def _unknown(schema: Schema, name: str) -> Bilingual:
    names = _names(schema)
    text = schema.error_messages["unknown"]
    said = text.told if isinstance(text, LoadText) else _OF_SCHEMAS["unknown"].told
    near = _with_nearest(said, name, names)
    if near is not said:
        return near
    listed = ", ".join(names)
    zh, en = said.zh.rstrip("。"), said.en.rstrip(".")
    return Bilingual(f"{zh}；可用的有：{listed}。", f"{en}; there are: {listed}.")


def _with_nearest(said: Bilingual, written: str, names: list[str]) -> Bilingual:
    folded = {name.casefold(): name for name in names}
    near = get_close_matches(written[:100].casefold(), folded, n=1, cutoff=0.6)
    if not near:
        return said
    name = folded[near[0]]
    return Bilingual(f"{said.zh}是不是想写 {name}？", f"{said.en} Did you mean {name}?")


def _names(schema: Schema) -> list[str]:
    return [field.data_key or name for name, field in schema.load_fields.items()]


def _inside(schema: Any, key: Any) -> Any:
    """Return the schema or field of a member or an item; None where it cannot be told."""
    if isinstance(schema, fields.Nested):
        return schema if schema.many and isinstance(key, int) else _inside(schema.schema, key)
    if isinstance(schema, Schema):
        return next((field for name, field in schema.load_fields.items() if key == (field.data_key or name)), None)
    if isinstance(schema, fields.List):
        return schema.inner
    return None


def _part(data: Any, key: Any) -> Any:
    if isinstance(data, Mapping):
        return data.get(key)
    return data[key] if isinstance(data, list) and isinstance(key, int) and key < len(data) else None
