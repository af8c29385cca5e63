"""One normal form of handles: without @, without the address of the profile, without letters that nobody sees, in NFKC;
case is ignored in comparing."""

import re
import unicodedata
from urllib.parse import unquote, urlsplit

# https://www.tiktok.com/@name, youtube.com/c/name, www.douyin.com/user/name: the handle is the last part of the path.
_ADDRESS = re.compile(r"^(?:https?://|www\.)\S+$|^[a-z0-9.-]+\.[a-z]{2,}/\S+$", re.IGNORECASE)
# Letters that show nothing: Default_Ignorable_Code_Point (Unicode 17, DerivedCoreProperties), the marks of interlinear
# annotation and the blank of Braille. With one of them a handle would look like another's and be compared as a third.
# Python's re and PostgreSQL's read the class alike.
INVISIBLE = (
    r"[\u00AD\u034F\u061C\u115F\u1160\u17B4\u17B5\u180B-\u180F\u200B-\u200F\u202A-\u202E\u2060-\u206F\u2800\u3164"
    r"\uFE00-\uFE0F\uFEFF\uFFA0\uFFF0-\uFFFB\U0001BCA0-\U0001BCA3\U0001D173-\U0001D17A\U000E0000-\U000E0FFF]"
)
NOTHING_TO_SEE = ("账号名没有看得见的字符。", "Nothing of this handle can be seen.")
_INVISIBLE = re.compile(INVISIBLE)


def visible_text(text: str) -> str:
    """Return a name or an id without the letters that nobody sees, and without space around it."""
    return _INVISIBLE.sub("", text).strip()


def normal_handle(text: str) -> str:
    """Return a handle as it is shown: `@mcn18`, `＠mcn18` and `https://www.tiktok.com/@mcn18/` are all `mcn18`. It is
    empty if nothing of it is to be seen."""
    # A slash at the end is left from an address; no platform has one in a handle.
    handle = _plain(text).rstrip("/ ")
    if _ADDRESS.match(handle):
        handle = _plain(_last_part(handle)) or handle
    return " ".join(handle.lstrip("@ ").split()) or handle


def _plain(text: str) -> str:
    return unicodedata.normalize("NFKC", visible_text(text)).strip()


def _last_part(address: str) -> str:
    try:
        path = urlsplit(address if "://" in address else f"https://{address}").path
    except ValueError:
        return ""
    parts = [unquote(part) for part in path.split("/") if part]
    # A profile's tabs follow its handle (/@name/videos), so a part with an @ wins.
    return next((part for part in parts if part.startswith("@")), parts[-1] if parts else "")


# Alphabets with letters that look alike: а is Cyrillic, α Greek. Writings whose letters look like none of these stand
# beside Latin every day (美妆mei, meiちゃん) and are not told.
_ALIKE = ("LATIN", "CYRILLIC", "GREEK", "COPTIC", "ARMENIAN", "CHEROKEE", "LISU")


def mixed_alphabets(handle: str) -> tuple[str, ...]:
    """Return the alphabets of a handle whose letters look alike, if there are several; such a handle may pretend to be
    another's. `paypal` with a Cyrillic а gives ("Latin", "Cyrillic")."""
    if handle.isascii():
        return ()
    names = {unicodedata.name(letter, "").split(" ")[0] for letter in handle if letter.isalpha()}
    found = tuple(name.capitalize() for name in _ALIKE if name in names)
    return found if len(found) > 1 else ()


def handle_key(text: str) -> str:
    """Return a handle as it is compared; it is the account key of a channel whose platform's own id is not known."""
    return normal_handle(text).casefold()


def account_key(external_id: str | None, handle: str) -> str:
    """Return what identifies the account in a file: the platform's own id as it is, for some platforms tell capitals
    from small letters; or the handle, where there is no id or it is the handle in another spelling."""
    if external_id is None or normal_handle(external_id) == normal_handle(handle):
        return normal_handle(handle)
    return visible_text(external_id) or normal_handle(handle)
