"""By language: the words that say that a video is paid for, those that deny it, and where the words are from.

Patterns are regular expressions over a folded line (``line_folding.fold``): small letters, no accents, simplified
characters. A space in a pattern also stands for none, because readers join words. ``bare`` words disclose alone only:
as a whole line, as a label before a separator, in brackets, or as a hashtag. ``phrases`` disclose within a clause
unless a word of ``denied_before`` precedes them there or one of ``denied_after`` follows.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class DisclosureLanguage:
    """One language. ``source``: who recommends, demands or shows the words. ``whole``: words that disclose as a whole
    line only. ``around``: what may stand around them in a line that does nothing else."""

    code: str
    source: str
    bare: tuple[str, ...]
    phrases: tuple[str, ...]
    denied_before: str
    denied_after: str = "(?!)"
    around: str = "(?!)"
    tags: tuple[str, ...] = ()
    whole: tuple[str, ...] = ()


_ZH_MARK = "广告|推广|赞助|业配"
_EN_THING = "video|post|episode|reel|short|story|clip|stream|content|segment|portion|review|part"

CHINESE = DisclosureLanguage(
    "zh",
    "中国《互联网广告管理办法》（2023）第九条“广告”字样；抖音、小红书、B "
    "站的合作标识；YouTube“含付费推广/付費宣傳內容”；"
    "台湾公平交易委员会《广告荐证处理原则》与通行的“業配”",
    bare=(
        "广告",
        "商业广告",
        "广告推广",
        "付费推广",
        "商业推广",
        "合作推广",
        "推广内容",
        "推广",
        "业配",
        "赞助",
        "本集广告",
    ),
    whole=(
        "商务合作",
        "商业合作",
        "品牌合作",
        "付费合作",
        "广告合作",
        "广告时间",
        "工商时间",
        "工商服务",
        "赞助内容",
        "赞助播出",
        "冠名播出",
        "独家冠名",
        "独家赞助",
        "特约赞助",
        "特约播出",
        "赞助提供",
        "合作",
    ),
    tags=("合作", "商务合作", "品牌合作", "付费合作", "商业合作", "赞助", "恰饭"),
    phrases=(
        r"(本|这|此|该|以下|下面|接下来)(条|个|期|集|片|段|则|支)?(视频|影片|内容|节目|作品|短片|笔记|"
        r"直播|部分|环节)?(里|中)?"
        rf"(为|是|系|属于|含有?|包含|内含|有|进入)(一条|一个|一段|一支|一则)?(商业|付费|品牌|商务)?({_ZH_MARK})",
        rf"(含有?|包含|包括|内含)(有)?(商业|付费|品牌)?({_ZH_MARK})",
        "(含有?|包含|包括|内含)(有)?付费(宣传|合作)",
        r"由[^,]{1,24}?(赞助|冠名|特约)",
        r"(感谢|鸣谢|谢谢)(?![^,]{0,8}(大家|粉丝|观众|各位|网友|舰长|老板|朋友|小伙伴|你们))[^,]{0,24}?(赞助|冠名)",
        r"(付费|有偿|商业)(合作|推广|伙伴关系|合伙)(?!伙伴)|品牌合作(?=内容|视频|影片)|合作推广|商业广告|广告植入",
    ),
    # Only such words may lie between a denial and what it denies: 非常感谢, 无线耳机 deny nothing.
    denied_before="(不是?|不含有?|不包[含括]|不属于|不算|不接受?|不做|不打|不拍|不收|不受|没有?|未曾?|无|并?非|"
    "拒绝?|谢绝|跳过|屏蔽|关闭|"
    "免|去除?|零|反对|寻?(?<!要)(?<!需)求|承接|接受?|招|欢迎|希望|如果|要是|假装|关于|如何|怎么|什么是)"
    "(任何|一切|所有|过|收到?|接受?|包含|含有?|是|由|与|和|的|品牌|商家|一?[个条]|来自|受到?|获得?|"
    "拿到?|有|做|本|视频|了|费用?){0,6}$",
    denied_after="位|商|法|费|词|语|拦截|屏蔽|公司|招租|政策|规则",
    around=r"本(条|期|集|片)?|这(条|期|个|是)?|视频|影片|内容|节目|由|含|有|为|是|与|和|的|品牌|商业|付费|"
    r"推广|合作|赞助|广告|提供|"
    r"冠名|特约|感谢|支持|播出|呈现|制作|对|大力|独家|此",
)
ENGLISH = DisclosureLanguage(
    "en",
    "FTC, Disclosures 101 for Social Media Influencers (2019); ASA and CMA, Influencers' guide to "
    "making clear that ads "
    "are ads (2023); YouTube's “Includes paid promotion”, Meta's and TikTok's “Paid partnership”",
    bare=("ad", "ads", "advert", "advertisement", "advertising", "advertorial", "sponsored", "sponsored content"),
    whole=("ad feature", "advertisement feature", "paid ad", "includes paid promotion", "contains advertising"),
    tags=(
        *("adv", "spon", "sponcon", "sponsoredpost", "sponsoredvideo", "partner", "brandpartner", "paidpartner"),
        *("paidpartnership", "paidpromotion", "paidad", "paidcollab"),
    ),
    phrases=(
        r"\bpaid (promotions?|partnerships?|collaborations?|collab|advert(isement|ising)?|ads?|"
        r"endorsement|sponsorship)\b",
        r"\bsponsored by\b",
        rf"\bsponsored ({_EN_THING})s?\b",
        rf"\b(this|today'?s|the following) ({_EN_THING})? ?(is|was|has been|contains?|includes?|features?) "
        r"(an? |some )?(paid )?(sponsored|ads?|advert|advertisements?|advertising|promotional)\b",
        r"\bthis is (an? )?(paid )?(ad|advert|advertisement|advertorial)\b",
        r"\b(brought to you|paid for|made possible) by\b(?! (my|our|the|all) (patrons|patreon|viewers|"
        r"members|supporters))",
        r"\bfor sponsoring\b",
        r"\bsponsored (this|today'?s|me|my|our)\b",
        r"\b(thanks?|thank you|shout ?out) to (our|my|today'?s|this (video|episode)'?s) sponsors?\b",
        rf"\bsponsors? of (this|today'?s|the) ({_EN_THING})\b|\b(today'?s|this (video|episode)'?s) sponsor\b",
        r"\bin (paid )?partnership with\b",
        r"\b(i|we) (was|were|am|are|got|'?m|'?re) (being )?paid (to|by|for)\b|\bpaid (me|us) (to|for)\b",
    ),
    denied_before=r"\b(no|not|never|none|nobody|nor|neither|without|zero|(is|was|are|were|has|have|had|do|does|did|"
    r"ca|wo|ai)n'?t(?! believe)|cannot|un|non|refused?|declined?|rejected?|"
    r"stop(ped)?|skip(ped)?|block(ed)?|wish(ed)?|want(ed)?|hop(e|ed|ing)|would|could|might|if|dream(ed)?|pretend(ing)?|"
    r"please|how (to|do|i)|free (of|from)|instead of|rather than|looking for|open to|about|patrons?|patreon|viewers)\b",
    denied_after=r"^[- ]?(free|blockers?|agenc|rates?|polic|rules|laws?|opportunit|deals?|requests?|wanted)",
    around=r"\b(by|with|from|for|the|an?|this|our|my|your|today'?s|us|me|video|content|post|reel|episode|"
    r"clip|is|was|are|in|"
    r"contains?|includes?|made|brought|possible|to|you|paid|thanks?|thank|partner|partnership|promotion|sponsored|"
    r"sponsoring|sponsors?|advertisement|ad|and|of|proudly|kindly|collaboration|has|been)\b",
)
JAPANESE = DisclosureLanguage(
    "ja",
    "消費者庁「一般消費者が事業者の表示であることを判別することが困難である表示」の運用基準（2023）：「広告」「宣伝」「プロモーション」「PR」、"
    "消費者庁「一般消費者が事業者の表示であることを判別することが困難である表示」の運用基準（2023）：「広告」「宣伝」「プロモーション」「PR」、"
    "「A社から商品の提供を受けて投稿している」；YouTube「プロモーションを含みます」",
    bare=("広告", "pr", "pr案件", "プロモーション", "タイアップ", "タイアップ広告", "企業案件", "pr動画", "広告案件"),
    whole=("宣伝", "提供", "有料プロモーション", "有償パートナーシップ"),
    tags=("提供", "案件", "タイアップ投稿", "プロモーション投稿"),
    phrases=(
        "有料プロモーション|(有料|有償)パートナーシップ|プロモーションを?含",
        "タイアップ(動画|投稿|広告|企画|です)",
        "(から|より|様の|さんの|の)?(商品|製品|サービス)?の?ご?提供[をは]?(受け|いただ|頂|です|により|でお)",
        "(広告|pr|案件)(です|動画|投稿|を?含|が?含)",
        "(この|本)(動画|投稿|配信)(は|には)[^,]{0,20}(広告|pr|プロモーション|案件|タイアップ|提供)",
        "スポンサー(は|提供)",
    ),
    denied_before="非|脱|無|アンチ",
    denied_after=r"(では|じゃ|で)?は?(あり|受けて|い|おり|頂いて|いただいて|含み|含んで|含)?[^,]{0,6}"
    "(ません|ない|なし|無し|なく|まず|お断り|ブロック|募集|スキップ|非表示)",
    around="この|本|動画|投稿|配信|は|には|を|が|の|に|から|より|様|さん|商品|製品|ご?提供|広告|"
    "プロモーション|受け(て|た)?|いただ(いて|き)|"
    "頂(いて|き)|い?ます|です|お?送り|お?届け|で|して|含(み|ん|む)?|しま(す|した)",
)
KOREAN = DisclosureLanguage(
    "ko",
    "공정거래위원회 「추천·보증 등에 관한 표시·광고 심사지침」과 경제적 이해관계 표시 안내서(2020, "
    "2025): 광고, 유료광고, 협찬; "
    "YouTube “유료 광고 포함”",
    bare=(
        "광고",
        "유료광고",
        "협찬",
        "광고 포함",
        "협찬 광고",
        "유료 광고 포함",
        "제품 협찬",
        "제품 제공",
        "광고 영상",
    ),
    tags=("광고포함", "협찬광고", "유료광고포함", "제품제공"),
    phrases=(
        "유료 (광고|프로모션|협찬|파트너십)",
        "(광고|협찬)(를|을|가|이)? (포함|받아|받았|받은|받고|입니다|영상|콘텐츠)",
        "(제품|제작비|원고료|수수료|대가|비용)(를|을)? (지급|제공|지원|협찬) ?(을|를)? ?받",
        "(으)?로부터 [^,]{0,16}(협찬|제공|지원)(을|를)? ?받",
    ),
    denied_before="(무|비|안|노|가짜)",
    denied_after="[^,]{0,8}(아니|아님|아닙|아닌|없|않|안 |못 |무관|거부|사절|건너|차단|문의|스킵)",
    around="이|본|해당|영상|콘텐츠|은|는|이|가|을|를|의|에서|에게|로부터|으로부터|유료|광고|협찬|제품|제공|"
    "지원|포함|받(아|았|은)?|"
    "하(고|여|였)?|습니다|입니다|되(어|었)?|있|제작|와|과|함께|아|어",
)
GERMAN = DisclosureLanguage(
    "de",
    "Die Medienanstalten, Leitfaden Werbekennzeichnung bei Online-Medien (2023): „Werbung“, "
    "„Anzeige“, „unterstützt durch "
    "Produktplatzierung“; YouTube „Enthält bezahlte Werbung“, Meta „Bezahlte Werbepartnerschaft“",
    bare=(
        "werbung",
        "anzeige",
        "bezahlte werbung",
        "bezahlte partnerschaft",
        "gesponsert",
        "dauerwerbesendung",
        "werbevideo",
    ),
    tags=("bezahltekooperation", "bezahltewerbepartnerschaft"),
    phrases=(
        r"\b(enthalt|beinhaltet) (bezahlte )?(werbung|werbeinhalte|produktplatzierung(en)?)\b",
        r"\bbezahlte[rn]? (werbe)?(partnerschaft|werbung|kooperation|zusammenarbeit)\b",
        r"\bwerbung (fur|von|im auftrag)\b|\banzeige von\b",
        r"\bgesponser?t (von|durch)\b|\bgesponserte[rs]? (video|beitrag|inhalt)\b|\b(wird|ist|wurde) "
        r"[^,]{0,24}gesponsert\b",
        r"\bunterstutzt (durch|von) produktplatzierung",
        r"\bsponsor (dieses|des) videos\b|\bfurs? (das )?sponsoring\b",
    ),
    denied_before=r"\b(kein(e[rmns]?)?|nicht|nie(mals)?|ohne|un|weder|niemand|frei von|statt|wunsch[a-z]*|ware|"
    r"bitte|was ist|gegen)\b",
    denied_after=r"^(s?frei|blocker|anfragen)|^[^,]{0,24}\b(nicht|keine)\b",
    around=r"\b(dieses|das|die|der|den|dem|des|ein(e|er)?|video|beitrag|post|wird|ist|wurde|von|durch|fur|"
    r"mit|an|in|und|danke|"
    r"dank|enthalt|werbung|prasentiert|unterstutzt|sponsoring|gesponsert|freundlicher|bezahlter?)\b",
)
FRENCH = DisclosureLanguage(
    "fr",
    "Loi n° 2023-451 du 9 juin 2023, art. 5 : « Publicité » ou « Collaboration commerciale » ; ARPP, recommandation "
    "Communication publicitaire numérique ; YouTube « Inclut une communication commerciale »",
    bare=("publicite", "collaboration commerciale", "communication commerciale", "sponsorise", "contenu sponsorise"),
    whole=("partenariat remunere", "partenariat commercial", "publi-redactionnel"),
    tags=("pub", "collabcommerciale", "partenariatremunere", "collaborationremuneree", "sponsorisee"),
    phrases=(
        r"\b(collaboration|partenariat|communication) (commerciale?|remuneree?|sponsorisee?|payee?)\b",
        r"\b(video|contenu|post|publication|episode|reel|story) sponsorisee?\b|\bsponsorisee? par\b",
        r"\b(contient|inclut|comprend) (de la |une |du |des )?(publicites?|promotion|communication "
        r"commerciale|placements?)\b",
        r"\bplacements? de produits?\b|\ben partenariat (remunere )?avec\b|\bceci est une publicite\b|"
        r"\bpublicite pour\b",
        r"\b(d'avoir sponsorise|pour (le|son) sponsoring|de sponsoriser)\b",
    ),
    denied_before=r"\b(pas|sans|aucune?|non|jamais|ni|personne|zero|anti|bloqueur|comment|voudrais|aimerais)\b",
    denied_after=r"^[^,]{0,20}\b(interdit|refuse)",
    around=r"\b(cette?|ce|la|le|les|l|de|du|des|d|un|une|en|avec|par|pour|et|est|video|contenu|merci|a|au|"
    r"avoir|partenariat|"
    r"commerciale?|remuneree?|sponsorisee?|publicite|contient|inclut|notre|partenaire)\b",
)
SPANISH = DisclosureLanguage(
    "es",
    "AUTOCONTROL y AEA, Código de conducta sobre el uso de influencers en la publicidad (2020, "
    "2025): «publicidad», «publi», "
    "«en colaboración con», «patrocinado por»; YouTube «Incluye promoción pagada», Meta «Colaboración pagada»",
    bare=(
        "publicidad",
        "publi",
        "patrocinado",
        "contenido patrocinado",
        "contenido publicitario",
        "colaboracion pagada",
    ),
    whole=("anuncio", "promocion pagada", "publicidad pagada"),
    tags=("anuncio", "colaboracionpagada", "promocionpagada", "publicidadpagada", "publirreportaje"),
    phrases=(
        r"\b(incluye|contiene) (una? )?(promocion (pagada|de pago)|publicidad|colaboracion)\b|\bpromocion pagada\b",
        r"\bcolaboracion (pagada|remunerada|comercial)\b|\ben colaboracion con\b",
        r"\bpatrocinad[oa] por\b|\b(video|contenido|post) patrocinado\b|\bpor patrocinar\b|\bpatrocina este\b",
        r"\b(esto|este video|esta publicacion) es (una? )?(publicidad|anuncio|colaboracion)\b|"
        r"\bpublicidad (para|pagada)\b",
    ),
    denied_before=r"\b(no|sin|nunca|ningun[ao]?|nadie|tampoco|ni|jamas|libre de|anti|como|ojala|quiero)\b",
    denied_after=r"^ ?(enganosa|encubierta)",
    around=r"\b(este|esta|el|la|los|las|de|del|con|por|para|un|una|en|y|es|esta|video|contenido|gracias|a|"
    r"pagada|promocion|"
    r"publicidad|colaboracion|patrocinad[oa]|patrocinar|incluye|contiene)\b",
)
PORTUGUESE = DisclosureLanguage(
    "pt",
    "CONAR, Guia de publicidade por influenciadores digitais (2021): “publicidade”, “publi”, "
    "“publipost”, “parceria paga”; "
    "YouTube “Inclui promoção paga”",
    bare=(
        "publicidade",
        "publi",
        "publipost",
        "patrocinado",
        "conteudo patrocinado",
        "parceria paga",
        "conteudo publicitario",
    ),
    whole=("anuncio", "informe publicitario", "promocao paga"),
    tags=("anuncio", "parceriapaga", "publieditorial", "conteudopago"),
    phrases=(
        r"\b(parceria|promocao|publicidade|colaboracao) (paga|remunerada|comercial)\b",
        r"\bpatrocinad[oa] p(or|el[oa])\b|\b(video|conteudo|post) patrocinado\b|\bpor patrocinar\b|\bpatrocina este\b",
        r"\b(inclui|contem) (uma? )?(promocao paga|publicidade|publi)\b|\bpublicidade (para|paga)\b|\be (uma )?publi\b",
    ),
    denied_before=r"\b(nao|sem|nunca|nenhuma?|ninguem|nem|jamais|livre de|anti|como|queria)\b",
    denied_after=r"^ ?(enganosa|oculta)",
    around=r"\b(este|esta|esse|o|a|os|as|de|do|da|com|por|pel[oa]|para|um|uma|em|e|video|conteudo|"
    r"obrigad[oa]|parceria|paga|"
    r"publicidade|patrocinad[oa]|patrocinar|inclui|contem)\b",
)
ITALIAN = DisclosureLanguage(
    "it",
    "IAP, Digital Chart (2019): «Pubblicità», «Promosso da», «Sponsorizzato da», «in collaborazione "
    "con», «#adv»; AGCOM, "
    "linee-guida influencer (2024); YouTube «Include promozione a pagamento»",
    bare=("pubblicita", "adv", "sponsorizzato", "contenuto sponsorizzato", "advertising", "messaggio promozionale"),
    whole=("promozione a pagamento", "partnership retribuita", "annuncio pubblicitario"),
    tags=("sponsorizzata", "inserzioneapagamento", "collaborazioneretribuita", "partnershippubblicizzata"),
    phrases=(
        r"\bsponsorizzat[oa] da\b|\b(video|contenuto|post) sponsorizzato\b|\bpromoss[oa] da\b|\bper aver "
        r"sponsorizzato\b",
        r"\b(contiene|include) (una )?(pubblicita|promozion[ei] a pagamento|inserimento di prodotti)\b",
        r"\b(promozione|collaborazione|partnership) (a pagamento|retribuita|commerciale|pubblicizzata)\b",
        r"\bin collaborazione con\b|\bpubblicita per\b|\bquesto video e (una )?(pubblicita|sponsorizzat[oa])\b",
    ),
    denied_before=r"\b(non|senza|nessun[ao]?|mai|ne|zero|anti|come|vorrei)\b",
    denied_after=r"^ ?(ingannevole|occulta)",
    around=r"\b(questo|questa|il|lo|la|le|di|del|della|con|da|per|un|una|in|e|ed|video|contenuto|grazie|a|"
    r"aver|collaborazione|"
    r"pagamento|retribuita|pubblicita|sponsorizzat[oa]|contiene|include)\b",
)
