"""What calls of every kind of actor leave behind is no other test's work."""

from tests.api.conftest import nothing_left

__all__ = ["nothing_left"]
