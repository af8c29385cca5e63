"""One normal form of handles: without @, without the address of the profile, in NFKC; case is ignored in comparing."""

import re
import unicodedata
from urllib.parse import unquote, urlsplit

# https://www.tiktok.com/@name, youtube.com/c/name, www.douyin.com/user/name: the handle is the last part of the path.
_ADDRESS = re.compile(r"^(?:https?://|www\.)\S+$|^[a-z0-9.-]+\.[a-z]{2,}/\S+$", re.IGNORECASE)


def normal_handle(text: str) -> str:
    """Return a handle as it is shown: `@mcn18`, `＠mcn18` and `https://www.tiktok.com/@mcn18/` are all `mcn18`."""
    handle = unicodedata.normalize("NFKC", text).strip()
    if _ADDRESS.match(handle):
        handle = _last_part(handle) or handle
    return " ".join(handle.lstrip("@ ").split()) or handle


def _last_part(address: str) -> str:
    try:
        path = urlsplit(address if "://" in address else f"https://{address}").path
    except ValueError:
        return ""
    parts = [unquote(part) for part in path.split("/") if part]
    # A profile's tabs follow its handle (/@name/videos), so a part with an @ wins.
    return next((part for part in parts if part.startswith("@")), parts[-1] if parts else "")


def handle_key(text: str) -> str:
    """Return a handle as it is compared; it is the account key of a channel whose platform's own id is not known."""
    return normal_handle(text).casefold()


def account_key(external_id: str | None, handle: str) -> str:
    """Return what identifies the account in a file: the platform's own id as it is, for some platforms tell capitals
    from small letters; or the handle, where there is no id or it is the handle in another spelling."""
    if external_id is None or normal_handle(external_id) == normal_handle(handle):
        return normal_handle(handle)
    return external_id
