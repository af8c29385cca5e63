"""Folds a line for comparing it with the table of languages; needs no part of the vision extra."""

import unicodedata

# Only the traditional characters of those that the Chinese words of the table are written with.
_SIMPLE = str.maketrans(
    "與業絲個爲麼書於們衆夥會傳償關內則辦務臺嗎員諮國處對尋屬並廣攔無時機條來標樣歡沒灣獨環現筆紅約線絕網"
    "聯艦節薦獲裝觀規視記證識詞詢該語談謝費贊過這進郵裏長閉問間頻飯鳴為眾裡併係俬傢檯穫箇絶綫繫製証讚閤闆"
    "颱麪麫麵麽齣",
    "与业丝个为么书于们众伙会传偿关内则办务台吗员咨国处对寻属并广拦无时机条来标样欢没湾独环现笔红约线绝网"
    "联舰节荐获装观规视记证识词询该语谈谢费赞过这进邮里长闭问间频饭鸣为众里并系私家台获个绝线系制证赞合板"
    "台面面面么出",
)
_LETTERS = str.maketrans(
    {"đ": "d", "ł": "l", "ø": "o", "ı": "i", "æ": "ae", "œ": "oe", "ё": "е", "’": "'", "‘": "'", "ـ": None}
)
_STRIPPED = ("LATIN", "CYRILLIC", "ARABIC", "GREEK")


def fold(text: str) -> str:
    """Return a text in compatibility forms, small letters without accents, simplified characters, single spaces."""
    return " ".join(fold_letters(text).split())


def fold_letters(text: str) -> str:
    """Return a text folded letter by letter, with its spaces as they are."""
    kept = "".join(
        character
        for character in _decomposed(unicodedata.normalize("NFKC", text).casefold())
        if not (unicodedata.combining(character) and not _belongs(character))
    )
    return kept.translate(_LETTERS).translate(_SIMPLE)


def _decomposed(text: str) -> str:
    """Return a text with the letters of some scripts parted from their accents; others keep them (か and が differ)."""
    return "".join(
        unicodedata.normalize("NFD", character) if unicodedata.name(character, "").startswith(_STRIPPED) else character
        for character in text
    )


def _belongs(mark: str) -> bool:
    """Return whether a combining mark is a part of its letter: the vowels and tones of Thai and its kin."""
    return not unicodedata.name(mark, "").startswith(("COMBINING", "ARABIC"))
