"""One code for each platform, whatever people call it in their files."""

import unicodedata
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
    "instagram": ("ig", "ins", "インスタグラム", "인스타그램"),
    "facebook": ("fb", "脸书", "臉書"),
}
_CODES = {name: code for code, names in _NAMES.items() for name in (code.replace("_", ""), *names)}


@lru_cache(256)  # files say the same few over and over
def platform_code(label: str) -> str:
    """Return the code of a platform: `douyin` for 抖音. A name that is not known stands for itself, in
    small letters."""
    plain = unicodedata.normalize("NFKC", label).strip().casefold()
    return _CODES.get("".join(letter for letter in plain if letter.isalnum()), plain)
