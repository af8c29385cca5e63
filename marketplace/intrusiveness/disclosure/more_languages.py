"""The rest of the table of languages (``language_table.py``)."""

from marketplace.intrusiveness.disclosure.language_table import DisclosureLanguage

DUTCH = DisclosureLanguage(
    "nl",
    "Stichting Reclame Code, Reclamecode Social Media & Influencer Marketing: “advertentie”, “reclame”, “betaald "
    "partnerschap”; YouTube “Bevat betaalde promotie”",
    bare=("advertentie", "reclame", "betaald partnerschap", "betaalde samenwerking", "gesponsord", "betaalde promotie"),
    tags=("betaaldpartnerschap", "betaaldesamenwerking", "gesponsorde"),
    phrases=(
        r"\bbetaalde? (partnerschap|samenwerking|promotie|reclame)\b|\bgesponsorde? (door|video|bericht)\b",
        r"\bbevat (betaalde )?(reclame|promotie|productplaatsing|advertenties?)\b|\bmede mogelijk gemaakt door\b",
        r"\breclame voor\b|\bdit is (een )?(advertentie|reclame)\b",
    ),
    denied_before=r"\b(geen|niet|zonder|nooit|niemand|hoe)\b",
    around=r"\b(deze|dit|de|het|een|van|door|met|voor|in|is|video|bevat|samenwerking|betaalde?|dank|aan)\b",
)
POLISH = DisclosureLanguage(
    "pl",
    "UOKiK, Rekomendacje dotyczące oznaczania treści reklamowych przez influencerów (2022): "
    "[REKLAMA], „materiał reklamowy”, "
    "„współpraca reklamowa”, „płatna współpraca z marką”",
    bare=("reklama", "material reklamowy", "wspolpraca reklamowa", "material sponsorowany", "post sponsorowany"),
    whole=("platna wspolpraca", "sponsorowane"),
    tags=("platnawspolpraca", "sponsorowany", "autopromocja"),
    phrases=(
        r"\b(platna|komercyjna|reklamowa) wspolpraca\b|\bwspolpraca (reklamowa|platna|komercyjna)\b|\breklama marki\b",
        r"\bmaterial (reklamowy|sponsorowany)\b|\bsponsorowan[aey] przez\b|\bsponsorem (filmu|odcinka)\b",
        r"\bzawiera (platna promocje|lokowanie produktu|reklame)\b",
    ),
    denied_before=r"\b(nie|bez|brak|zadn[aey][a-z]*|nigdy|nikt|jak)\b",
    around=r"\b(ten|ta|to|film|material|odcinek|jest|z|od|dla|w|i|marka|marki|przez|zawiera|platna|"
    r"wspolpraca|dziekuje)\b",
)
SWEDISH = DisclosureLanguage(
    "sv",
    "Konsumentverket, Vägledning om marknadsföring i sociala medier: ”annons”, ”reklam”; Meta ”Betalt partnerskap”",
    bare=("annons", "reklam", "betalt samarbete", "reklamsamarbete", "annonssamarbete", "betalt partnerskap"),
    tags=("reklamsamarbete", "betaltsamarbete"),
    phrases=(
        r"\b(betalt|betalda|kommersiellt|reklam|annons) ?(samarbete|partnerskap)\b|\b(reklam|annons) for\b",
        r"\binnehaller (reklam|betald marknadsforing|produktplacering|betalda samarbeten)\b|\bsponsr(ad|at) av\b",
    ),
    denied_before=r"\b(inte|ej|ingen|inget|utan|aldrig|fri fran)\b",
    around=r"\b(denna|den|det|har|video|videon|ar|i|med|av|for|innehaller|betalt|samarbete|tack|till)\b",
)
NORWEGIAN = DisclosureLanguage(
    "no",
    "Forbrukertilsynet, Veileder om merking av reklame i sosiale medier: «reklame», «annonse»",
    bare=("reklame", "annonse", "betalt samarbeid", "reklamesamarbeid", "betalt partnerskap"),
    phrases=(
        r"\b(betalt|kommersielt|reklame|annonse) ?(samarbeid|partnerskap)\b|\b(reklame|annonse) for\b",
        r"\binneholder (reklame|betalt markedsforing|produktplassering)\b|\bsponset av\b",
    ),
    denied_before=r"\b(ikke|ingen|uten|aldri)\b",
    around=r"\b(denne|dette|den|det|videoen|er|i|med|av|for|inneholder|betalt|samarbeid|takk|til)\b",
)
DANISH = DisclosureLanguage(
    "da",
    "Forbrugerombudsmanden, Gode råd til influenter om skjult reklame: »reklame«, »annonce«",
    bare=("annonce", "betalt samarbejde", "reklamesamarbejde", "betalt partnerskab"),
    phrases=(
        r"\b(betalt|kommercielt|reklame|annonce) ?(samarbejde|partnerskab)\b|\bannonce for\b",
        r"\bindeholder (reklame|betalt promovering|produktplacering)\b|\bsponsoreret af\b",
    ),
    denied_before=r"\b(ikke|ingen|uden|aldrig)\b",
    around=r"\b(denne|dette|den|det|videoen|er|i|med|af|for|indeholder|betalt|samarbejde|tak|til)\b",
)
FINNISH = DisclosureLanguage(
    "fi",
    "Kilpailu- ja kuluttajavirasto, Vaikuttajamarkkinoinnin linjaus: ”mainos”, ”kaupallinen yhteistyö”",
    bare=("mainos", "kaupallinen yhteistyo", "maksettu kumppanuus", "mainosyhteistyo"),
    phrases=(
        r"\bkaupallinen yhteistyo\b|\bmaksettu (kumppanuus|yhteistyo|mainos)\b",
        r"\bsisaltaa (mainoksia|mainontaa|maksettua mainontaa|tuotesijoittelua)\b",
    ),
    denied_before=r"\b(ei|eika|ilman)\b",
    around=r"\b(tama|video|on|ja|kanssa|sisaltaa|kiitos)\b",
)
INDONESIAN = DisclosureLanguage(
    "id",
    "Dewan Periklanan Indonesia, Etika Pariwara Indonesia (2020); Meta “Kemitraan berbayar”, "
    "“Disponsori”, YouTube “Berisi "
    "promosi berbayar”",
    bare=("iklan", "bersponsor", "konten bersponsor", "kemitraan berbayar", "kerja sama berbayar", "promosi berbayar"),
    whole=("disponsori", "advertorial"),
    tags=("kerjasamaberbayar", "kontenberbayar"),
    phrases=(
        r"\b(kemitraan|kerja sama|promosi|konten|kolaborasi) berbayar\b|\bdisponsori oleh\b",
        r"\b(konten|video) bersponsor\b|\b(mengandung|berisi|memuat) (promosi berbayar|iklan)\b",
    ),
    denied_before=r"\b(bukan|tidak|tanpa|tak|belum|bebas|nggak|ga|gak|lewati|cara)\b",
    around=r"\b(ini|video|oleh|dengan|dari|untuk|di|yang|berisi|terima kasih|kepada)\b",
)
MALAY = DisclosureLanguage(
    "ms",
    "Meta “Perkongsian berbayar”, “Ditaja”; YouTube “Mengandungi promosi berbayar”",
    bare=("iklan", "ditaja", "tajaan", "kandungan tajaan", "perkongsian berbayar", "promosi berbayar"),
    phrases=(
        r"\bperkongsian berbayar\b|\bditaja oleh\b|\bkandungan tajaan\b|\bmengandungi (promosi berbayar|iklan)\b",
    ),
    denied_before=r"\b(bukan|tidak|tanpa|tak|belum|bebas|tiada)\b",
    around=r"\b(ini|video|oleh|dengan|dari|untuk|di|yang|mengandungi|terima kasih|kepada)\b",
)
VIETNAMESE = DisclosureLanguage(
    "vi",
    "Luật Quảng cáo (sửa đổi 2025, hiệu lực 2026): người chuyển tải phải thông báo việc quảng cáo; "
    "Meta “Được tài trợ”, “Mối "
    "quan hệ tài trợ”, YouTube “Có quảng bá trả phí”",
    bare=(
        "quang cao",
        "duoc tai tro",
        "noi dung duoc tai tro",
        "hop tac tra phi",
        "video quang cao",
        "noi dung quang cao",
    ),
    whole=("moi quan he tai tro", "co quang ba tra phi"),
    tags=("hoptactraphi", "noidungquangcao"),
    phrases=(
        r"\b(duoc )?tai tro boi\b|\bhop tac (co )?tra phi\b|\b(quang ba|quang cao|noi dung) tra phi\b",
        r"\b(video|noi dung|clip)( nay)? (la|co|bao gom) (noi dung )?(quang cao|quang ba|tai tro)\b|"
        r"\bduoc [^,]{1,24} tai tro\b",
    ),
    denied_before=r"\b(khong|chang|mien|bo qua|cach)\b",
    denied_after=r"^ ?khong\b",
    around=r"\b(video|noi dung|clip|nay|la|co|duoc|boi|cua|voi|va|tu|cho|bao gom|cam on|tai tro|quang cao)\b",
)
THAI = DisclosureLanguage(
    "th",
    "สำนักงานคณะกรรมการคุ้มครองผู้บริโภค (สคบ.) เรื่องการโฆษณาของผู้มีอิทธิพล; Meta “ได้รับการสนับสนุน”, YouTube “มีการโปรโมตแบบชำระเงิน”",
    bare=("โฆษณา", "ได้รับการสนับสนุน", "สปอนเซอร์", "โปรโมตแบบชำระเงิน", "เนื้อหาที่ได้รับการสนับสนุน"),
    phrases=(
        "(การ)?(โปรโมต|โปรโมท|โฆษณา|ความร่วมมือ|พาร์ทเนอร์ชิป)แบบ(ชำระเงิน|มีค่าใช้จ่าย|เสียเงิน)",
        "ได้รับการสนับสนุน(จาก|โดย)|สนับสนุน(วิดีโอนี้)?โดย|สปอนเซอร์โดย|(วิดีโอ|คลิป)นี้(เป็น|มี)(การ)?โฆษณา",
    ),
    denied_before="ไม่|ปราศจาก|ไร้|ข้าม|เลิก",
    around="วิดีโอ|คลิป|นี้|เป็น|มี|การ|จาก|โดย|ของ|กับ|และ|ขอบคุณ",
)
RUSSIAN = DisclosureLanguage(
    "ru",
    "Федеральный закон № 38-ФЗ «О рекламе», ст. 18.1: пометка «реклама», рекламодатель, erid; "
    "YouTube «Есть платная реклама»",
    bare=("реклама", "на правах рекламы", "рекламныи материал", "платное партнерство"),
    whole=("спонсировано",),
    tags=("направахрекламы", "рекламныипост"),
    phrases=(
        r"\bна правах рекламы\b|\bреклама[:.,]? ?(ооо|оао|ао|ип|пао)\b|\berid\b|\bрекламная интеграция\b",
        r"\b(содержит|есть|включает) (платную |платная )?реклам[ау]\b|\bплатн(ое|ая) (партнерство|"
        r"реклама|продвижение)\b",
        r"\b(спонсор|партнер) (этого |данного |сегодняшнего )?(видео|ролика|выпуска)\b|\bрекламны[ие] "
        r"(материал|ролик|выпуск)\b",
        r"\bспонсирован[оа]?\b|\bпри (спонсорскои )?поддержке\b",
    ),
    denied_before=r"\b(не|без|нет|никто|ни|никакои|как|антиреклама)\b",
    denied_after=r"^[^,]{0,20}\b(нет|отсутствует|не)\b",
    around=r"\b(это|этот|эта|видео|ролик|материал|от|с|со|и|в|на|для|бренда|компании|спасибо|содержит|рекламу?)\b",
)
UKRAINIAN = DisclosureLanguage(
    "uk",
    "Закон України «Про рекламу» (ред. 2023): позначка «реклама»; Meta «Оплачуване партнерство»",
    bare=("реклама", "на правах реклами", "оплачуване партнерство"),
    whole=("спонсоровано",),
    phrases=(
        r"\bна правах реклами\b|\bоплачуване партнерство\b|\bмістить (платну )?рекламу\b|\bплатна "
        r"(реклама|співпраця)\b",
    ),
    denied_before=r"\b(не|без|немає|ніхто|ні|жодно[іі])\b",
    around=r"\b(це|цеи|відео|від|з|та|і|в|на|для|бренду|дякую|містить|рекламу?)\b",
)
TURKISH = DisclosureLanguage(
    "tr",
    "Reklam Kurulu 2021/2, Sosyal Medya Etkileyicileri Kılavuzu: “#reklam”, “#tanıtım”, “#sponsor”, "
    "“#işbirliği”; YouTube "
    "“Ücretli tanıtım içerir”, Meta “ücretli ortaklık”",
    bare=(
        "reklam",
        "sponsorlu",
        "sponsorlu icerik",
        "is birligi",
        "ucretli ortaklik",
        "ucretli tanitim",
        "reklam icerir",
    ),
    tags=("tanitim", "sponsor", "isbirligi", "sponsorluicerik", "reklamicerir"),
    phrases=(
        r"\bucretli (ortaklik|tanitim|is birligi)\b|\bsponsorlu (icerik|video|gonderi)\b",
        r"\b(reklam|tanitim|urun yerlestirme|is birligi)(lar)?(i|ini)? (icerir|icermektedir|iceriyor|icermekte)\b",
        r"\b(sponsorlugunda|sponsorlugu ile|katkilariyla|is birligi ile|is birligiyle)\b",
    ),
    denied_before=r"\b(hicbir|asla|degil|yok|olmayan)\b",
    denied_after=r"^[^,]{0,12}(degil|yok|olmadan|olmayan)|^ ?icermez",
    around=r"\b(bu|video|icerik|bir|ile|ve|icin|tarafindan|marka|markasi|icerir|icermektedir|tesekkurler|"
    r"reklam(i|lari|larini)?)\b",
)
ARABIC = DisclosureLanguage(
    "ar",
    "الهيئة العامة لتنظيم الإعلام (السعودية) ومجلس الإمارات للإعلام: الإفصاح بكلمة «إعلان»؛ Meta "
    "«شراكة مدفوعة»، «مُموَّل»",
    bare=("اعلان", "اعلان مدفوع", "محتوى مدفوع", "شراكة مدفوعة", "ممول", "مادة اعلانية", "محتوى اعلاني"),
    tags=("اعلانمدفوع", "مدفوع", "شراكةمدفوعة"),
    phrases=(
        "شراكة مدفوعة|اعلان (مدفوع|ممول|تجاري)|(محتوى|منشور|فيديو|مقطع) (مدفوع|ممول|اعلاني|برعاية)",
        "برعاية|(يتضمن|يحتوي على|تتضمن) (ترويج|اعلان)",
    ),
    denied_before="ليس|غير|بدون|بلا|لا |لم |خالي من",
    around="هذا|هذه|الفيديو|المقطع|المحتوى|من|مع|في|على|شركة|شكرا|ل",
)
LANGUAGES_HERE = (
    *(DUTCH, POLISH, SWEDISH, NORWEGIAN, DANISH, FINNISH, INDONESIAN, MALAY, VIETNAMESE),
    *(THAI, RUSSIAN, UKRAINIAN, TURKISH, ARABIC),
)
