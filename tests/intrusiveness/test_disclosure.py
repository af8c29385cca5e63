"""What says that a video is paid for, in each language of the table, and what denies it or only looks like it."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from marketplace.intrusiveness import factors, notice, plan_score, prominence
from marketplace.intrusiveness.disclosure.disclosure_words import LANGUAGES, disclosing_words
from marketplace.intrusiveness.disclosure.language_table import DisclosureLanguage
from marketplace.intrusiveness.disclosure.line_folding import fold
from marketplace.intrusiveness.disclosure.plan_lines import discloses_only, without_disclosures
from marketplace.intrusiveness.timeline import Timeline, from_dict


@pytest.mark.parametrize(
    "text",
    [
        # Lines of the field.
        "Werbung",
        "Anzeige",
        "enthält bezahlte Werbung",
        "広告",
        "#PR",
        "유료광고 포함",
        "Collaboration commerciale",
        "Publicidad",
        "商务合作",
        "含推广内容",
        "This video is brought to you by LIMEISLE",
        "Thanks to LIMEISLE for sponsoring this video",
        "#adv",
        "#partner",
        "#ad",
        "Paid partnership with LIMEISLE",
        "广告",
        # Of every language: a label, a tag, a sentence, words that readers join or write in another form.
        "Includes paid promotion",
        "Paidpartnership",
        "Sponsored",
        "This video is sponsored by Limeisle.",
        "Today's video is sponsored by NordVPN",
        "Ad | LIMEISLE",
        "[AD] morning routine",
        "(Anzeige)",
        "Anzeige: LIMEISLE",
        "Werbung für LIMEISLE",
        "Bezahlte Partnerschaft mit LIMEISLE",
        "unterstützt durch Produktplatzierungen",
        "#werbung",
        "Publicité",
        "En partenariat avec LIMEISLE",
        "Vidéo sponsorisée par LIMEISLE",
        "#sponsorisé",
        "Colaboración pagada con LIMEISLE",
        "Patrocinado por LIMEISLE",
        "Incluye promoción pagada",
        "#publi",
        "Publicidade",
        "Parceria paga com LIMEISLE",
        "Pubblicità",
        "Sponsorizzato da LIMEISLE",
        "In collaborazione con LIMEISLE",
        "Iklan",
        "Kemitraan berbayar dengan LIMEISLE",
        "Ditaja oleh LIMEISLE",
        "Quảng cáo",
        "Quang cao",
        "Được tài trợ bởi LIMEISLE",
        "โฆษณา",
        "ได้รับการสนับสนุนจาก LIMEISLE",
        "#โฆษณา",
        "Реклама",
        "На правах рекламы",
        "Реклама. ООО «Лайм»",
        "Оплачуване партнерство",
        "Reklam",
        "Bu video LIMEISLE reklamlarını içermektedir",
        "#işbirliği",
        "#REKLAM",
        "إعلان",
        "#إعلان",
        "شراكة مدفوعة مع LIMEISLE",
        "プロモーションを含みます",
        "この動画はLIMEISLE様の提供でお送りします",
        "タイアップ",
        "#プロモーション",
        "商品の提供を受けています",
        "これは広告です",
        "「PR」",
        "ＰＲ",
        "#협찬",
        "이 영상은 LIMEISLE로부터 제품을 제공받아 제작되었습니다",
        "광고",
        "本视频为广告",
        "本视频含有付费推广内容",
        "广告：LIMEISLE",
        "【广告】",
        "本集由青柠岛冠名播出",
        "非常感谢青柠岛赞助本期节目",
        "无线耳机由青柠岛赞助",
        "本影片由青檸島贊助播出",
        "業配",
        "含付費宣傳內容",
        "#广告 #好物",
        "Reklama",
        "Materiał reklamowy",
        "Współpraca reklamowa z LIMEISLE",
        "Advertentie",
        "Betaald partnerschap met LIMEISLE",
        "Annons",
        "Betalt samarbete med LIMEISLE",
        "Reklame",
        "Annonce",
        "Kaupallinen yhteistyö",
        "Mainos",
        "I'd like to thank LIMEISLE for sponsoring this video",
        "Not gonna lie, this video is sponsored by LIMEISLE",
        "I don't usually do this but this video is sponsored by LIMEISLE",
        "ＡＤ",
        "Paid partnership with @anker.official",
        "This content contains advertising",
    ],
)
def test_a_line_discloses(text: str) -> None:
    assert disclosing_words(text) is not None


@pytest.mark.parametrize(
    "text",
    [
        "This video is not sponsored",
        "Buy one get one promotion",
        "promotion 50% off",
        "Rome, 550 AD",
        "ad-free",
        "not an ad",
        "no paid promotion",
        "拒绝广告",
        "跳过广告",
        "未收任何赞助",
        "看广告得金币",
        "I was not paid for this promotion",
        "不是广告",
        # Of every language: a denial, a question, a wish, an offer of such work, a word that holds another.
        "ad-free listening",
        "No ads",
        "Skip ads",
        "not sponsored",
        "#notsponsored",
        "#adventure",
        "#adfree",
        "I'm not sponsored by LIMEISLE",
        "This video isn't sponsored",
        "Nobody paid me for this",
        "I wasn't paid to say this",
        "Is this video sponsored?",
        "I wish this video was sponsored by LIMEISLE",
        "Paid promotion inquiries: a@b.com",
        "How to get paid partnerships",
        "keine Werbung",
        "Das ist keine Werbung",
        "Werbung nervt",
        "werbefrei",
        "Dieses Video wird nicht von LIMEISLE gesponsert",
        "unbezahlte Werbung",
        "Werbung: nein",
        "sans publicité",
        "Ceci n'est pas une publicité",
        "vidéo non sponsorisée",
        "sin publicidad",
        "No es publicidad",
        "esto no es una colaboración pagada",
        "sem publicidade",
        "Não é publi",
        "senza pubblicità",
        "questo video non è sponsorizzato da LIMEISLE",
        "tanpa iklan",
        "ini bukan konten bersponsor",
        "không quảng cáo",
        "không được tài trợ bởi LIMEISLE",
        "ไม่ใช่โฆษณา",
        "ไม่ได้รับการสนับสนุนจาก LIMEISLE",
        "это не реклама",
        "видео не спонсировано",
        "reklam değildir",
        "Bu video reklam içermez",
        "ليس إعلان",
        "هذا ليس إعلان مدفوع",
        "広告ではありません",
        "広告なし",
        "PRではありません",
        "提供は受けていません",
        "プロモーションは含みません",
        "광고 아님",
        "유료광고 아닙니다",
        "협찬 받지 않았습니다",
        "非广告",
        "无广告",
        "这不是广告",
        "本视频不含任何付费推广",
        "本视频没有广告",
        "并非由青柠岛赞助",
        "没有任何商业合作",
        "谢绝商务合作",
        "商务合作请联系 abc@qq.com",
        "广告合作请私信",
        "公益广告",
        "不含广告",
        "广告位招租",
        "感谢大家的赞助",
        "看完广告领奖励",
        "关闭广告",
        "这是广告吗",
        "廣告攔截",
        "to nie jest reklama",
        "bez reklam",
        "geen reclame",
        "inte reklam",
        "ikke reklame",
        "ei kaupallinen yhteistyö",
        "The pub",
        "AD 79",
        "radical",
        "Brought to you by my patrons",
        "I paid for this myself",
        "partner in crime",
    ],
)
def test_a_line_does_not_disclose(text: str) -> None:
    assert disclosing_words(text) is None


@pytest.mark.parametrize("language", LANGUAGES, ids=lambda language: language.code)
def test_each_language_has_a_source_and_its_words_disclose_alone(language: DisclosureLanguage) -> None:
    assert language.source
    assert language.bare
    for word in (*language.bare, *language.whole):
        found = disclosing_words(word.upper())
        assert found is not None
    for word in (*language.bare, *language.tags):
        assert disclosing_words(f"#{re.sub(r'[^0-9]?[ -]', '', word)}" if " " not in word else word) is not None


def test_each_code_stands_for_one_language() -> None:
    assert len({language.code for language in LANGUAGES}) == len(LANGUAGES)


@given(st.text(max_size=60))
def test_any_line_is_folded_once(text: str) -> None:
    folded = fold(text)
    assert fold(folded) == folded or "\u0345" in text
    disclosing_words(text)


def plan(*lines: dict[str, object]) -> Timeline:
    shown = {"start_s": 1, "seconds": 3, "kind": "text", "area_share": 0.05, "centre": 0.5}
    product = {"start_s": 10, "seconds": 5, "kind": "product", "area_share": 0.1, "centre": 0.8}
    return from_dict({"duration_s": 60, "exposures": [product, *({**shown, **line} for line in lines)]})


@pytest.mark.parametrize(
    "text", ["广告", "Paid partnership with LIMEISLE", "本视频由青柠岛赞助播出", "#ad LIMEISLE", "Anzeige"]
)
def test_the_words_of_a_disclosure_are_no_placement_in_a_plan(text: str) -> None:
    with_label, without = plan({"description": text}), plan()
    assert plan_score.score_plan(with_label, 0.5).point == plan_score.score_plan(without, 0.5).point
    assert prominence.prominence(with_label) == prominence.prominence(without)
    assert notice.notice_share(with_label) == notice.notice_share(without)
    assert [span.exposure_index for span in factors.spans(with_label, "mid")] == [0]
    assert without_disclosures(with_label).exposures == without.exposures


@pytest.mark.parametrize(
    "line",
    [
        {"description": "LIMEISLE on the fridge door"},
        {"description": ""},
        {"description": "This is not an ad for LIMEISLE"},
        {"description": "广告", "claims": 1},
        {"description": "#ad", "cta": True},
        {"description": "#ad LIMEISLE makes my morning so much better"},
        {"description": "广告 青柠岛气泡水真的非常好喝大家快来买"},
    ],
)
def test_what_sells_or_shows_stays_in_a_plan(line: dict[str, object]) -> None:
    assert not discloses_only(plan(line).exposures[1])
    assert len(factors.spans(plan(line), "mid")) == 2
