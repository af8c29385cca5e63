"""The kinds of value that come in and go out of the API, each refusing what the database would choke on."""

import math
import re
import unicodedata
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, cast
from uuid import UUID

from marshmallow import Schema, ValidationError, fields, validate

from marketplace.core import ids
from marketplace.core.http.caller_language import caller_language
from marketplace.core.http.load_refusals import NO_LINK, NO_OBJECT, LoadText, refusal
from marketplace.core.message import Bilingual
from marketplace.core.money import AMOUNT_MAX, MINOR_DIGITS, Money

# NUL and lone surrogates; bidirectional controls make a text look different from what is stored (CVE-2021-42574).
_UNSTORABLE = re.compile("[\x00\ud800-\udfff\u202a-\u202e\u2066-\u2069]")

NOT_BLANK = r"^\s*\S"
_SAID_OF_PATTERNS = {
    NOT_BLANK: refusal("不能只有空白。", "May not be blank."),
    r"\S": refusal("不能只有空白。", "May not be blank."),
    r"^[0-9a-f]{64}$": refusal(
        "这里应当是 64 个小写十六进制字符。", "Must be 64 hexadecimal digits, in small letters."
    ),
}
_WORDS_OF_LETTERS = {
    r"^[a-z][a-z0-9_]{1,29}$": ("数字和 _", "digits and _"),
    r"^[a-z][a-z0-9_.-]{0,39}$": ("数字、_、. 和 -", "digits, _, . and -"),
}
_SAID_OF_PATTERNS |= {
    pattern: refusal(
        f"要以小写字母开头，只用小写字母、{zh}。", f"Begin with a small letter, and use small letters, {en} only."
    )
    for pattern, (zh, en) in _WORDS_OF_LETTERS.items()
}
_SAID_OF_PATTERNS["^[a-z0-9_-]+$"] = refusal("只用小写字母、数字、_ 和 -。", "Use small letters, digits, _ and - only.")
_SAID_OF_PATTERNS[r"^https?://[^\s<>\"]{3,}$"] = NO_LINK
_SAID_OF_OTHERS = refusal("必须符合格式 {regex}。", "Must match the pattern {regex}.")
_WHOLE = refusal("这里应当是整数。", "Must be a whole number.")
_TIME = refusal(
    "这里应当是带时区的时间，例如 2026-11-23T08:00:00Z 或 2026-11-23T16:00:00+08:00。",
    "Must be a time with its offset, such as 2026-11-23T08:00:00Z or 2026-11-23T16:00:00+08:00.",
)
YEARS = refusal("年份必须在 2000 到 2099 之间。", "Must lie between the years 2000 and 2099.")


class TextField(fields.String):
    """A string of 1 to `longest` code points: NFC, no NUL, no lone surrogates, no bidirectional controls."""

    def __init__(self, longest: int = 200, *, shortest: int = 1, pattern: str | None = None, **kwargs: Any) -> None:
        checks: list[Any] = [validate.Length(min=shortest, max=longest)]
        if pattern:
            checks.append(validate.Regexp(pattern, error=_SAID_OF_PATTERNS.get(pattern, _SAID_OF_OTHERS)))
        super().__init__(validate=checks, **kwargs)

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> str:
        text = super()._deserialize(value, attr, data, **kwargs)
        if _UNSTORABLE.search(text):
            raise ValidationError(
                refusal(
                    "含有不能保存的字符（NUL、孤立代理项或文字方向控制符）。",
                    "Contains characters that cannot be stored (NUL, lone surrogate or text direction).",
                )
            )
        return unicodedata.normalize("NFC", text)


class WholeField(fields.Integer):
    """A whole number in a range. 201.0 is one (JSON Schema says so), 1.5 and "12" are not."""

    def __init__(self, low: int, high: int, **kwargs: Any) -> None:
        super().__init__(validate=validate.Range(min=low, max=high), **kwargs)

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> int:
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise ValidationError(_WHOLE)
        if isinstance(value, float):
            if not math.isfinite(value) or value != int(value):
                raise ValidationError(_WHOLE)
            value = int(value)
        return int(value)


class WholeParam(fields.Integer):
    """A whole number in a query string, in a range."""

    def __init__(self, low: int, high: int, **kwargs: Any) -> None:
        super().__init__(validate=validate.Range(min=low, max=high), **kwargs)

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> int:
        if not isinstance(value, str) or not re.fullmatch(r"-?[0-9]{1,15}", value):
            raise ValidationError(_WHOLE)
        return int(value)


class RealField(fields.Float):
    """A finite number in a range; text is not one."""

    def __init__(self, low: float, high: float, **kwargs: Any) -> None:
        super().__init__(validate=validate.Range(min=low, max=high), **kwargs)

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> float:
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise ValidationError(refusal("这里应当是数字。", "Must be a number."))
        try:
            number = float(value)
        except OverflowError:
            number = math.copysign(math.inf, value)
        if math.isnan(number):
            raise ValidationError(refusal("这里应当是数字。", "Must be a number."))
        return number  # the range refuses what is too large, and names its ends


class FlagField(fields.Boolean):
    """true or false, and nothing that merely looks like it."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> Any:
        if not isinstance(value, bool):
            raise ValidationError(refusal("这里应当是 true 或 false。", "Must be true or false."))
        return value


class TimeField(fields.AwareDateTime):
    """A time with its offset (RFC 3339), between 2000 and 2100; goes out in UTC."""

    def __init__(self, **kwargs: Any) -> None:
        kwargs.setdefault("metadata", {})
        words: Any = {"invalid": _TIME, "invalid_awareness": _TIME}
        super().__init__(format="iso", default_timezone=None, error_messages=words, **kwargs)

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> datetime:
        if not isinstance(value, str) or len(value) > 40:
            raise ValidationError(_TIME)
        try:
            result: datetime = super()._deserialize(value, attr, data, **kwargs)
            result = result.astimezone(UTC)
        except (OverflowError, ValueError) as error:
            raise ValidationError(_TIME) from error
        if not 2000 <= result.year < 2100:
            raise ValidationError(YEARS)
        return result

    def _serialize(self, value: datetime | None, attr: str | None, obj: Any, **kwargs: Any) -> str | None:
        if value is None:
            return None
        text = value.astimezone(UTC).isoformat(timespec="microseconds")
        return text.replace("+00:00", "Z")


class IdField(fields.String):
    """A public id of one noun; it is loaded as a UUID."""

    def __init__(self, prefix: str, **kwargs: Any) -> None:
        self.prefix = prefix
        metadata = {"pattern": ids.pattern(prefix), "example": ids.show(prefix, UUID(int=0))} | kwargs.pop(
            "metadata", {}
        )
        super().__init__(metadata=metadata, **kwargs)

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> UUID:  # type: ignore[override]
        if not isinstance(value, str):
            raise ValidationError(self._refusal())
        try:
            return ids.read(self.prefix, value)
        except ValueError as error:
            raise ValidationError(self._refusal()) from error

    def _refusal(self) -> LoadText:
        return refusal(f"这里应当是以 {self.prefix}_ 开头的 id。", f"Must be an id that starts with {self.prefix}_.")

    def _serialize(self, value: Any, attr: str | None, obj: Any, **kwargs: Any) -> str | None:
        return None if value is None else ids.show(self.prefix, value)


class MoneySchema(Schema):
    amount_minor = WholeField(
        0, AMOUNT_MAX, required=True, metadata={"description": "In the currency's smallest unit."}
    )
    currency = fields.String(required=True, validate=validate.OneOf(sorted(MINOR_DIGITS)))


_MONEY = refusal(
    '金额写成对象，以最小货币单位计：{"amount_minor": 6000000, "currency": "CNY"} 就是 60,000 元。',
    'Write money as an object, in the smallest unit: {"amount_minor": 6000000, "currency": "CNY"} is CNY 60,000.',
)


class MoneyField(fields.Nested):
    """`{amount_minor, currency}`; it is loaded as Money."""

    def __init__(self, *, low: int = 0, **kwargs: Any) -> None:
        self.low = low
        super().__init__(MoneySchema, **kwargs)

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> Money:  # type: ignore[override]
        if not isinstance(value, dict):
            raise ValidationError(_MONEY)
        loaded = super()._deserialize(value, attr, data, **kwargs)
        if loaded["amount_minor"] < self.low:
            raise ValidationError(
                {"amount_minor": [refusal(f"不能小于 {self.low}。", f"Must be at least {self.low}.")]}
            )
        return Money(loaded["currency"], loaded["amount_minor"])

    def _serialize(self, value: Any, attr: str | None, obj: Any, **kwargs: Any) -> Any:  # type: ignore[override]
        if value is None:
            return None
        return {"amount_minor": value.amount, "currency": value.currency}


class SaidField(fields.String):
    """A sentence that is kept in both languages and goes out in the caller's."""

    def _serialize(self, value: Any, attr: str | None, obj: Any, **kwargs: Any) -> str | None:
        return None if value is None else cast(Bilingual, value).said_in(caller_language())


class StoredDocument(fields.Nested):
    """A document that is shown as it is stored: it was validated when it came in, and the schema only describes it."""

    def _serialize(self, nested_obj: Any, attr: str | None, obj: Any, **kwargs: Any) -> Any:  # type: ignore[override]
        return nested_obj


class SentDocument(StoredDocument):
    """A JSON object that is loaded as it was sent: what it means has a reader of its own, and the schema only describes
    it."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> Any:  # type: ignore[override]
        if not isinstance(value, dict):
            raise ValidationError(NO_OBJECT)
        return value


class ObjectOr(fields.Nested):
    """Describes a value that is an object of the schema or one of other kinds; `others` are their JSON Schemas."""

    def __init__(self, nested: type[Schema], others: Sequence[dict[str, Any]], **kwargs: Any) -> None:
        self.others = others
        super().__init__(nested, **kwargs)


def describe_field(converter: Any, field: fields.Field[Any], ret: dict[str, Any], **_: Any) -> dict[str, Any]:
    """Describe an ObjectOr as `anyOf`, and a table's length as such; an attribute function of apispec."""
    if isinstance(field, fields.Dict) and "maxLength" in ret:
        return {"maxProperties": ret.pop("maxLength")}
    if not isinstance(field, ObjectOr):
        return {}
    reference = ret.pop("$ref", None) or ret.pop("allOf")[0]["$ref"]
    return {"anyOf": [*field.others, {"$ref": reference}]}


def free_form(description: str, **kwargs: Any) -> fields.Dict:
    """An object whose members are not fixed; the description says what they are."""
    return fields.Dict(keys=fields.String(), metadata={"description": f"Free-form: {description}"}, **kwargs)


def one_of(choices: Any, **kwargs: Any) -> fields.String:
    """A string out of a closed list (an enum's values or an iterable of words)."""
    return fields.String(validate=validate.OneOf([str(choice) for choice in choices]), **kwargs)
