"""One code for each platform, whatever people call it in their files."""

import unicodedata
from difflib import get_close_matches
from functools import lru_cache

# The names by which people know the platforms, without case and space, beside the codes that the market goes by.
_NAMES = {
    "douyin": ("抖音", "抖音短视频"),
    "tiktok": ("国际版抖音", "ティックトック", "틱톡"),
    "kuaishou": ("快手", "kwai"),
    "xiaohongshu": ("小红书", "小紅書", "rednote", "red", "xhs"),
    "bilibili": ("哔哩哔哩", "嗶哩嗶哩", "b站", "b站视频"),
    "weibo": ("微博", "新浪微博", "sinaweibo"),
    "weixin_channels": ("视频号", "微信视频号", "wechatchannels"),
    "youtube": ("油管", "ユーチューブ", "유튜브", "youtubeshorts", "yt"),
    "instagram": ("ig", "ins", "instagramreels", "インスタグラム", "인스타그램"),
    "facebook": ("fb", "facebookreels", "脸书", "臉書"),
}
# A name that is as near to a known one is a slip of the pen: douyn, bilibli, you-tub.
_NEAR = 0.8
_CODES = {name: code for code, names in _NAMES.items() for name in (code.replace("_", ""), *names)}


@lru_cache(256)  # files say the same few over and over
def platform_code(label: str) -> str:
    """Return the code of a platform: `douyin` for 抖音. A name that is not known stands for itself, in small letters
    and without signs, so that it has one spelling, too."""
    letters = _letters(label)
    return _CODES.get(letters, letters)


def is_known(code: str) -> bool:
    """Return whether a code is of a platform that the market knows; the name of another is as it was written."""
    return code in _NAMES


@lru_cache(256)
def meant(label: str) -> str | None:
    """Return the code of the platform that an unknown name is a slip of the pen for, None where there is none."""
    letters = _letters(label)
    near = [] if letters in _CODES else get_close_matches(letters, _CODES, n=1, cutoff=_NEAR)
    return _CODES[near[0]] if near else None


def slip_said(label: str, code: str) -> tuple[str, str]:
    """Return the refusal of a name that is a slip of the pen, in Chinese and English."""
    return f"不认识平台“{label}”。是不是想写 {code}？", f"There is no platform '{label}' known. Did you mean {code}?"


def _letters(label: str) -> str:
    return "".join(letter for letter in unicodedata.normalize("NFKC", label).casefold() if letter.isalnum())
