"""Errors that a person can cause. Each carries its HTTP status and a stable type (RFC 9457).

The titles, and the docstrings of the errors, are shown to users on the page of problem types.
"""

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class FieldError:
    """One validation error: where (a JSON pointer, or a parameter's name) and what to change."""

    pointer: str
    detail: str

    def as_json(self) -> dict[str, str]:
        return {"pointer": self.pointer, "detail": self.detail}


class DomainError(Exception):
    """A refusal. Raised, never returned, so that the edge rolls everything back."""

    status = 400
    code = "bad-request"
    title = "The request cannot be understood"

    def __init__(
        self, detail: str, *, errors: list[FieldError] | None = None, headers: dict[str, str] | None = None, **more: Any
    ) -> None:
        super().__init__(detail)
        self.detail = detail
        self.errors = errors or []
        self.headers = headers or {}
        self.more = more


class InvalidInput(DomainError):
    status = 422
    code = "invalid"
    title = "Some of the input has to be mended"

    def __init__(
        self,
        detail: str = "Mend what `errors` names and send it again; nothing was changed.",
        *,
        errors: list[FieldError] | None = None,
        headers: dict[str, str] | None = None,
        **more: Any,
    ) -> None:
        super().__init__(detail, errors=errors, headers=headers, **more)


class NotSignedIn(DomainError):
    status = 401
    code = "not-signed-in"
    title = "Say who you are"

    def __init__(
        self, detail: str = "Send an API key as 'Authorization: Bearer inl_...' or a console session."
    ) -> None:
        super().__init__(detail, headers={"WWW-Authenticate": 'Bearer realm="inlay"'})


class NotAllowed(DomainError):
    status = 403
    code = "not-allowed"
    title = "This is not yours to do"


class NotFound(DomainError):
    """Nothing there, or nothing that this actor may know of: strangers cannot tell the two apart."""

    status = 404
    code = "not-found"
    title = "There is nothing here"


class Conflict(DomainError):
    status = 409
    code = "conflict"
    title = "This clashes with what is there"


class WrongState(Conflict):
    code = "wrong-state"
    title = "Not possible in the present state"


class PreconditionFailed(DomainError):
    status = 412
    code = "precondition-failed"
    title = "It has changed since you read it"


class PreconditionRequired(DomainError):
    status = 428
    code = "precondition-required"
    title = "Say which version you are changing"


class TooMany(DomainError):
    status = 429
    code = "too-many-requests"
    title = "Slow down"


class Unavailable(DomainError):
    status = 503
    code = "unavailable"
    title = "Not available just now"

    def __init__(self, detail: str, retry_after_s: int = 2) -> None:
        super().__init__(detail, headers={"Retry-After": str(retry_after_s)})
