"""One rule for languages at every door: a BCP 47 tag, or a language's name, which becomes its tag."""

import re
import unicodedata
from functools import lru_cache

# language | region, script and variant: the tags that platforms write; extensions and private tags are not used.
_TAG = re.compile(r"[a-z]{2,3}(?:-[a-z]{4})?(?:-(?:[a-z]{2}|[0-9]{3}))?(?:-(?:[a-z0-9]{5,8}|[0-9][a-z0-9]{3})){0,2}")
# ISO 639-1, and the codes of 639-3 that platforms use beside them.
_CODE_LIST = (
    "aa ab ae af ak am an ar as av ay az ba be bg bh bi bm bn bo br bs ca ce ch co cr cs cu cv cy da de dv dz ee el en"
    " eo es et eu fa ff fi fj fo fr fy ga gd gl gn gu gv ha he hi ho hr ht hu hy hz ia id ie ig ii ik io is it iu ja jv"
    " ka kg ki kj kk kl km kn ko kr ks ku kv kw ky la lb lg li ln lo lt lu lv mg mh mi mk ml mn mr ms mt my na nb nd ne"
    " ng nl nn no nr nv ny oc oj om or os pa pi pl ps pt qu rm rn ro ru rw sa sc sd se sg si sk sl sm sn so sq sr ss st"
    " su sv sw ta te tg th ti tk tl tn to tr ts tt tw ty ug uk ur uz ve vi vo wa wo xh yi yo za zh zu"
    " cmn yue wuu nan hak fil ceb ckb mai bho"
)
_CODES = frozenset(_CODE_LIST.split())
_NAMES = {
    "zh": "chinese mandarin putonghua 中文 汉语 漢語 普通话 普通話 国语 國語 华语 華語 zhongwen",
    "zh-Hans": "simplifiedchinese chinesesimplified 简体中文 简体 中文简体 簡體中文",
    "zh-Hant": "traditionalchinese chinesetraditional 繁体中文 繁體中文 繁体 繁體 中文繁体",
    "yue": "cantonese 粤语 粵語 广东话 廣東話",
    "en": "english 英语 英文 英語",
    "ja": "japanese 日语 日文 日語 日本語",
    "ko": "korean 韩语 韩文 韓語 朝鲜语 한국어",
    "fr": "french français 法语 法文 法語",
    "de": "german deutsch 德语 德文 德語",
    "es": "spanish español castellano 西班牙语 西班牙文",
    "pt": "portuguese português 葡萄牙语 葡萄牙文",
    "pt-BR": "brazilianportuguese 巴西葡萄牙语",
    "it": "italian italiano 意大利语",
    "ru": "russian русский 俄语 俄文",
    "ar": "arabic العربية 阿拉伯语",
    "hi": "hindi 印地语",
    "id": "indonesian bahasaindonesia 印尼语 印度尼西亚语",
    "ms": "malay bahasamelayu 马来语",
    "th": "thai ไทย 泰语 泰文",
    "vi": "vietnamese tiếngviệt 越南语",
    "fil": "filipino tagalog 菲律宾语",
    "tr": "turkish türkçe 土耳其语",
    "nl": "dutch nederlands 荷兰语",
    "pl": "polish polski 波兰语",
    "uk": "ukrainian 乌克兰语",
    "sv": "swedish svenska 瑞典语",
    "da": "danish dansk 丹麦语",
    "nb": "norwegian norsk 挪威语",
    "fi": "finnish suomi 芬兰语",
    "cs": "czech čeština 捷克语",
    "el": "greek 希腊语",
    "he": "hebrew 希伯来语",
    "hu": "hungarian magyar 匈牙利语",
    "ro": "romanian română 罗马尼亚语",
    "bn": "bengali bangla 孟加拉语",
    "ur": "urdu 乌尔都语",
    "fa": "persian farsi 波斯语",
    "km": "khmer 高棉语",
    "my": "burmese 缅甸语",
}


def _plain(text: str) -> str:
    return "".join(letter for letter in unicodedata.normalize("NFKC", text).casefold() if letter.isalnum())


_BY_NAME = {_plain(name): tag for tag, names in _NAMES.items() for name in names.split()}


@lru_cache(4096)
def language_tag(text: str) -> str | None:
    """Return the BCP 47 tag of a language in its usual case (zh-Hans-CN), from a tag or from the language's name; None
    for anything else."""
    if _plain(text) in _BY_NAME:
        return _BY_NAME[_plain(text)]
    tag = unicodedata.normalize("NFKC", text).strip().replace("_", "-").lower()
    language, *parts = tag.split("-")
    if not _TAG.fullmatch(tag) or language not in _CODES:
        return None
    return "-".join([language, *(_in_case(part) for part in parts)])


def _in_case(part: str) -> str:
    # RFC 5646, 2.1.1: regions in capitals, scripts with a capital, all else small.
    if len(part) == 2:
        return part.upper()
    return part.title() if len(part) == 4 and part.isalpha() else part


def stranger_said(text: str) -> tuple[str, str]:
    """Return the refusal of a text that names no language, in Chinese and English."""
    return (
        f"“{text}” 不是语言标签；请写 BCP 47 标签，如 zh-CN、en。",
        f"'{text}' is no language: write a BCP 47 tag such as zh-CN or en.",
    )
