"""Errors that a person can cause. Each carries its HTTP status and a stable type (RFC 9457).

What is said of one is said in Chinese and in English, and whoever shows it chooses. The titles, and the docstrings of
the errors, are shown to users on the page of problem types.
"""

from dataclasses import dataclass
from typing import Any

from marketplace.core.message import Bilingual, Language

MEND_ERRORS = Bilingual(
    "请改正 `errors` 列出的各项后重新发送；什么都没有改动。",
    "Mend what `errors` names and send it again; nothing was changed.",
)

SEND_A_KEY = Bilingual(
    "请用 'Authorization: Bearer inl_...' 发送 API 密钥，或使用登录后的会话令牌。",
    "Send an API key as 'Authorization: Bearer inl_...' or a console session.",
)

ENDED_EARLY = Bilingual(
    "内容没有传完，什么都没有保存，请重新发送。", "The body ended too early. Nothing was kept; send it again."
)


@dataclass(frozen=True)
class FieldError:
    """One validation error: where (a JSON pointer, or a parameter's name) and what to change."""

    pointer: str
    detail: Bilingual

    def as_json(self, language: Language) -> dict[str, str]:
        return {"pointer": self.pointer, "detail": self.detail.said_in(language)}


class DomainError(Exception):
    """A refusal. Raised, never returned, so that the edge rolls everything back. In logs it is told in English."""

    status = 400
    code = "bad-request"
    title = Bilingual("无法理解这个请求", "The request cannot be understood")

    def __init__(
        self,
        detail: Bilingual,
        *,
        errors: list[FieldError] | None = None,
        headers: dict[str, str] | None = None,
        **more: Any,
    ) -> None:
        self.detail = detail
        super().__init__(detail.en)
        self.errors = errors or []
        self.headers = headers or {}
        self.more = more


class InvalidInput(DomainError):
    status = 422
    code = "invalid"
    title = Bilingual("有些输入需要改正", "Some of the input has to be mended")

    def __init__(
        self,
        detail: Bilingual = MEND_ERRORS,
        *,
        errors: list[FieldError] | None = None,
        headers: dict[str, str] | None = None,
        **more: Any,
    ) -> None:
        super().__init__(detail, errors=errors, headers=headers, **more)


class NotSignedIn(DomainError):
    status = 401
    code = "not-signed-in"
    title = Bilingual("请表明身份", "Say who you are")

    def __init__(
        self,
        detail: Bilingual = SEND_A_KEY,
    ) -> None:
        super().__init__(detail, headers={"WWW-Authenticate": 'Bearer realm="inlay"'})


class SecondFactorNeeded(DomainError):
    """The password was right, and the account asks for a code too: send `code` with the rest."""

    status = 401
    code = "second-factor-needed"
    title = Bilingual("还需要验证码", "A code is needed too")


class WrongCode(NotSignedIn):
    code = "wrong-code"
    title = Bilingual("验证码不对", "The code is wrong")


class NotAllowed(DomainError):
    status = 403
    code = "not-allowed"
    title = Bilingual("您无权这样做", "This is not yours to do")


class NotFound(DomainError):
    """Nothing there, or nothing that this actor may know of: strangers cannot tell the two apart."""

    status = 404
    code = "not-found"
    title = Bilingual("这里什么也没有", "There is nothing here")


class TooSlow(DomainError):
    status = 408
    code = "request-timeout"
    title = Bilingual("请求来得太慢", "The request came too slowly")


class Conflict(DomainError):
    status = 409
    code = "conflict"
    title = Bilingual("与已有内容冲突", "This clashes with what is there")


class WrongState(Conflict):
    code = "wrong-state"
    title = Bilingual("当前状态下不能这样做", "Not possible in the present state")


class PreconditionFailed(DomainError):
    status = 412
    code = "precondition-failed"
    title = Bilingual("您读取之后它已被改动", "It has changed since you read it")


class TooLarge(DomainError):
    status = 413
    code = "request-entity-too-large"
    title = Bilingual("发送的内容太大", "What was sent is too large")


class WrongMediaType(DomainError):
    status = 415
    code = "unsupported-media-type"
    title = Bilingual("不接受这种内容类型", "This media type is not taken here")


class PreconditionRequired(DomainError):
    status = 428
    code = "precondition-required"
    title = Bilingual("请说明您改的是哪个版本", "Say which version you are changing")


class TooMany(DomainError):
    status = 429
    code = "too-many-requests"
    title = Bilingual("请慢一点", "Slow down")


class Unavailable(DomainError):
    status = 503
    code = "unavailable"
    title = Bilingual("暂时不可用", "Not available just now")

    def __init__(self, detail: Bilingual, retry_after_s: int = 2) -> None:
        super().__init__(detail, headers={"Retry-After": str(retry_after_s)})


class CutOff(DomainError):
    """The body ended before it was whole."""

    title = Bilingual("内容没有传完", "The body ended too early")

    def __init__(
        self,
        detail: Bilingual = ENDED_EARLY,
    ) -> None:
        super().__init__(detail)
