"""The one file of a multipart/form-data body (RFC 7578), read as it comes in: what a browser's form sends."""

from typing import IO

from werkzeug.exceptions import RequestEntityTooLarge
from werkzeug.sansio.multipart import NEED_DATA, Data, Epilogue, Field, File, MultipartDecoder

from marketplace.core.errors import CutOff, DomainError, FieldError, InvalidInput
from marketplace.core.message import Bilingual

PART = "file"
_READ_BYTES = 64 * 1024
# The longest header of a part that is waited for; the file itself never collects here.
_WAITING_MAX = 4 * _READ_BYTES


class FormFile:
    """A stream of the file's bytes. `name` is the sender's name for the file, known from the start."""

    def __init__(self, stream: IO[bytes], boundary: str) -> None:
        """Read as far as the file's first bytes. Raises DomainError (400), InvalidInput: no file, or not in `file`."""
        if not boundary:
            raise DomainError(
                Bilingual(
                    "Content-Type multipart/form-data 没有写 boundary。",
                    "The Content-Type multipart/form-data names no boundary.",
                )
            )
        self._stream = stream
        self._decoder = MultipartDecoder(boundary.encode(), _WAITING_MAX)
        self._ready = b""
        self._over = False
        self.name = ""
        self._begun = False
        while not self._begun and not self._over:
            self._step()
        if not self._begun:
            raise _unwanted()

    def read(self, size: int) -> bytes:
        """Return at most `size` bytes, none at the end. Raises CutOff (400) where the form is cut off."""
        while not self._ready and not self._over:
            self._step()
        data, self._ready = self._ready[:size], self._ready[size:]
        return data

    def _step(self) -> None:
        try:
            event = self._decoder.next_event()
            if event is NEED_DATA:
                self._decoder.receive_data(self._stream.read(_READ_BYTES) or None)
        except ValueError as error:
            raise CutOff(
                Bilingual(
                    "表单不完整或已损坏，什么都没有保存，请重新发送。",
                    "The form is cut off or damaged. Nothing was kept; send it again.",
                )
            ) from error
        except RequestEntityTooLarge as error:
            raise DomainError(Bilingual("表单的头部太长。", "The form's headers are too long.")) from error
        if isinstance(event, Field) or (isinstance(event, File) and (self._begun or event.name != PART)):
            raise _unwanted()
        if isinstance(event, File):
            self._begun, self.name = True, event.filename
        elif isinstance(event, Data):
            self._ready += event.data
        elif isinstance(event, Epilogue):
            self._over = True


def _unwanted() -> InvalidInput:
    return InvalidInput(
        Bilingual("表单里应当只有一个文件。", "The form holds something else than one file."),
        errors=[FieldError(f"/{PART}", Bilingual("这个字段里请只放这个文件。", "Send the file alone in this field."))],
    )
