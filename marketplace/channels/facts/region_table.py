"""The names of regions: for each code its Chinese name, its English name, and whatever else people write.

Codes are ISO 3166-1 for countries and ISO 3166-2 for the provinces of China (with the numbers of GB/T 2260, which were
ISO's codes until 2017). Names are those of Unicode's CLDR 47 and of Debian's iso-codes 4.15, and at the end are the
variants that people and exports of platforms use. ISO has not assigned XK, but everybody uses it for Kosovo.
"""

NAMES = """
AD|安道尔|Andorra|AND|安道爾|Principality of Andorra
AE|阿拉伯联合酋长国|United Arab Emirates|ARE|阿拉伯聯合大公國|阿联酋|阿聯酋|UAE|Emirates
AF|阿富汗|Afghanistan|AFG|Islamic Republic of Afghanistan
AG|安提瓜和巴布达|Antigua and Barbuda|ATG|安地卡及巴布達|Antigua & Barbuda
AI|安圭拉|Anguilla|AIA|安奎拉
AL|阿尔巴尼亚|Albania|ALB|阿爾巴尼亞|Republic of Albania
AM|亚美尼亚|Armenia|ARM|亞美尼亞|Republic of Armenia
AO|安哥拉|Angola|AGO|Republic of Angola
AQ|南极洲|Antarctica|ATA|南極洲
AR|阿根廷|Argentina|ARG|Argentine Republic
AS|美属萨摩亚|American Samoa|ASM|美屬薩摩亞
AT|奥地利|Austria|AUT|奧地利|Republic of Austria
AU|澳大利亚|Australia|AUS|澳洲
AW|阿鲁巴|Aruba|ABW|荷屬阿魯巴
AX|奥兰群岛|Åland Islands|ALA|奧蘭群島
AZ|阿塞拜疆|Azerbaijan|AZE|亞塞拜然|Republic of Azerbaijan
BA|波斯尼亚和黑塞哥维那|Bosnia and Herzegovina|BIH|波士尼亞與赫塞哥維納|Bosnia & Herzegovina
BA|Republic of Bosnia and Herzegovina|波黑|Bosnia
BB|巴巴多斯|Barbados|BRB|巴貝多
BD|孟加拉国|Bangladesh|BGD|孟加拉|People's Republic of Bangladesh
BE|比利时|Belgium|BEL|比利時|Kingdom of Belgium
BF|布基纳法索|Burkina Faso|BFA|布吉納法索
BG|保加利亚|Bulgaria|BGR|保加利亞|Republic of Bulgaria
BH|巴林|Bahrain|BHR|Kingdom of Bahrain
BI|布隆迪|Burundi|BDI|蒲隆地|Republic of Burundi
BJ|贝宁|Benin|BEN|貝南|Republic of Benin
BL|圣巴泰勒米|St. Barthélemy|BLM|聖巴瑟米|Saint Barthélemy
BM|百慕大|Bermuda|BMU|百慕達
BN|文莱|Brunei|BRN|汶萊|Brunei Darussalam
BO|玻利维亚|Bolivia|BOL|玻利維亞|Bolivia, Plurinational State of|Plurinational State of Bolivia
BQ|荷属加勒比区|Caribbean Netherlands|BES|荷蘭加勒比區|Bonaire, Sint Eustatius and Saba
BR|巴西|Brazil|BRA|Federative Republic of Brazil|Brasil
BS|巴哈马|Bahamas|BHS|巴哈馬|Commonwealth of the Bahamas
BT|不丹|Bhutan|BTN|Kingdom of Bhutan
BV|布韦岛|Bouvet Island|BVT|布威島
BW|博茨瓦纳|Botswana|BWA|波札那|Republic of Botswana
BY|白俄罗斯|Belarus|BLR|白俄羅斯|Republic of Belarus
BZ|伯利兹|Belize|BLZ|貝里斯
CA|加拿大|Canada|CAN
CC|科科斯（基林）群岛|Cocos (Keeling) Islands|CCK|科克斯（基靈）群島
CD|刚果（金）|Congo - Kinshasa|COD|剛果（金夏沙）|Congo, The Democratic Republic of the|DR Congo|DRC
CF|中非共和国|Central African Republic|CAF|中非共和國
CG|刚果（布）|Congo - Brazzaville|COG|剛果（布拉薩）|Congo|Republic of the Congo
CH|瑞士|Switzerland|CHE|Swiss Confederation
CI|科特迪瓦|Côte d'Ivoire|CIV|象牙海岸|Republic of Côte d'Ivoire|Ivory Coast
CK|库克群岛|Cook Islands|COK|庫克群島
CL|智利|Chile|CHL|Republic of Chile
CM|喀麦隆|Cameroon|CMR|喀麥隆|Republic of Cameroon
CN|中国|China|CHN|中國|People's Republic of China|中华人民共和国|中国大陆|中国内地|大陆|内地|中國大陸|China mainland
CN|Mainland China|PRC|P.R. China
CO|哥伦比亚|Colombia|COL|哥倫比亞|Republic of Colombia
CR|哥斯达黎加|Costa Rica|CRI|哥斯大黎加|Republic of Costa Rica
CU|古巴|Cuba|CUB|Republic of Cuba
CV|佛得角|Cape Verde|CPV|維德角|Cabo Verde|Republic of Cabo Verde
CW|库拉索|Curaçao|CUW|庫拉索
CX|圣诞岛|Christmas Island|CXR|聖誕島
CY|塞浦路斯|Cyprus|CYP|賽普勒斯|Republic of Cyprus
CZ|捷克|Czechia|CZE|Czech Republic|捷克共和国
DE|德国|Germany|DEU|德國|Federal Republic of Germany|Deutschland
DJ|吉布提|Djibouti|DJI|吉布地|Republic of Djibouti
DK|丹麦|Denmark|DNK|丹麥|Kingdom of Denmark
DM|多米尼克|Dominica|DMA|Commonwealth of Dominica
DO|多米尼加共和国|Dominican Republic|DOM|多明尼加共和國
DZ|阿尔及利亚|Algeria|DZA|阿爾及利亞|People's Democratic Republic of Algeria
EC|厄瓜多尔|Ecuador|ECU|厄瓜多|Republic of Ecuador
EE|爱沙尼亚|Estonia|EST|愛沙尼亞|Republic of Estonia
EG|埃及|Egypt|EGY|Arab Republic of Egypt
EH|西撒哈拉|Western Sahara|ESH
ER|厄立特里亚|Eritrea|ERI|厄利垂亞|the State of Eritrea
ES|西班牙|Spain|ESP|Kingdom of Spain|España
ET|埃塞俄比亚|Ethiopia|ETH|衣索比亞|Federal Democratic Republic of Ethiopia
FI|芬兰|Finland|FIN|芬蘭|Republic of Finland
FJ|斐济|Fiji|FJI|斐濟|Republic of Fiji
FK|福克兰群岛|Falkland Islands|FLK|福克蘭群島|Falkland Islands (Malvinas)
FM|密克罗尼西亚|Micronesia|FSM|密克羅尼西亞|Micronesia, Federated States of|Federated States of Micronesia
FO|法罗群岛|Faroe Islands|FRO|法羅群島
FR|法国|France|FRA|法國|French Republic
GA|加蓬|Gabon|GAB|加彭|Gabonese Republic
GB|英国|United Kingdom|GBR|英國|United Kingdom of Great Britain and Northern Ireland|UK|Great Britain|Britain|England
GB|大不列颠|聯合王國
GD|格林纳达|Grenada|GRD|格瑞那達
GE|格鲁吉亚|Georgia|GEO|喬治亞
GF|法属圭亚那|French Guiana|GUF|法屬圭亞那
GG|根西岛|Guernsey|GGY|根息
GH|加纳|Ghana|GHA|迦納|Republic of Ghana
GI|直布罗陀|Gibraltar|GIB|直布羅陀
GL|格陵兰|Greenland|GRL|格陵蘭
GM|冈比亚|Gambia|GMB|甘比亞|Republic of the Gambia
GN|几内亚|Guinea|GIN|幾內亞|Republic of Guinea
GP|瓜德罗普|Guadeloupe|GLP|瓜地洛普
GQ|赤道几内亚|Equatorial Guinea|GNQ|赤道幾內亞|Republic of Equatorial Guinea
GR|希腊|Greece|GRC|希臘|Hellenic Republic
GS|南乔治亚和南桑威奇群岛|South Georgia and South Sandwich Islands|SGS|南喬治亞與南三明治群島
GS|South Georgia & South Sandwich Islands|South Georgia and the South Sandwich Islands
GT|危地马拉|Guatemala|GTM|瓜地馬拉|Republic of Guatemala
GU|关岛|Guam|GUM|關島
GW|几内亚比绍|Guinea-Bissau|GNB|幾內亞比索|Republic of Guinea-Bissau
GY|圭亚那|Guyana|GUY|蓋亞那|Republic of Guyana
HK|中国香港|Hong Kong|HKG|中國香港特別行政區|中国香港特别行政区|Hong Kong SAR China
HK|Hong Kong Special Administrative Region of China|香港|Hong Kong China|香港特别行政区|香港特別行政區|CN-HK|CN-91
HM|赫德岛和麦克唐纳群岛|Heard and McDonald Islands|HMD|赫德島及麥唐納群島|Heard & McDonald Islands
HM|Heard Island and McDonald Islands
HN|洪都拉斯|Honduras|HND|宏都拉斯|Republic of Honduras
HR|克罗地亚|Croatia|HRV|克羅埃西亞|Republic of Croatia
HT|海地|Haiti|HTI|Republic of Haiti
HU|匈牙利|Hungary|HUN
ID|印度尼西亚|Indonesia|IDN|印尼|Republic of Indonesia
IE|爱尔兰|Ireland|IRL|愛爾蘭
IL|以色列|Israel|ISR|State of Israel
IM|马恩岛|Isle of Man|IMN|曼島
IN|印度|India|IND|Republic of India
IO|英属印度洋领地|British Indian Ocean Territory|IOT|英屬印度洋領地
IQ|伊拉克|Iraq|IRQ|Republic of Iraq
IR|伊朗|Iran|IRN|Iran, Islamic Republic of|Islamic Republic of Iran
IS|冰岛|Iceland|ISL|冰島|Republic of Iceland
IT|意大利|Italy|ITA|義大利|Italian Republic|Italia
JE|泽西岛|Jersey|JEY|澤西島
JM|牙买加|Jamaica|JAM|牙買加
JO|约旦|Jordan|JOR|約旦|Hashemite Kingdom of Jordan
JP|日本|Japan|JPN|Nippon
KE|肯尼亚|Kenya|KEN|肯亞|Republic of Kenya
KG|吉尔吉斯斯坦|Kyrgyzstan|KGZ|吉爾吉斯|Kyrgyz Republic
KH|柬埔寨|Cambodia|KHM|Kingdom of Cambodia
KI|基里巴斯|Kiribati|KIR|吉里巴斯|Republic of Kiribati
KM|科摩罗|Comoros|COM|葛摩|Union of the Comoros
KN|圣基茨和尼维斯|St. Kitts and Nevis|KNA|聖克里斯多福及尼維斯|St. Kitts & Nevis|Saint Kitts and Nevis
KP|朝鲜|North Korea|PRK|北韓|Korea, Democratic People's Republic of|Democratic People's Republic of Korea|北韩|DPRK
KR|韩国|South Korea|KOR|南韓|Korea, Republic of|大韩民国|南韩|Korea|Republic of Korea|Korea South
KW|科威特|Kuwait|KWT|State of Kuwait
KY|开曼群岛|Cayman Islands|CYM|開曼群島
KZ|哈萨克斯坦|Kazakhstan|KAZ|哈薩克|Republic of Kazakhstan
LA|老挝|Laos|LAO|寮國|Lao People's Democratic Republic|Lao PDR
LB|黎巴嫩|Lebanon|LBN|Lebanese Republic
LC|圣卢西亚|St. Lucia|LCA|聖露西亞|Saint Lucia
LI|列支敦士登|Liechtenstein|LIE|列支敦斯登|Principality of Liechtenstein
LK|斯里兰卡|Sri Lanka|LKA|斯里蘭卡|Democratic Socialist Republic of Sri Lanka
LR|利比里亚|Liberia|LBR|賴比瑞亞|Republic of Liberia
LS|莱索托|Lesotho|LSO|賴索托|Kingdom of Lesotho
LT|立陶宛|Lithuania|LTU|Republic of Lithuania
LU|卢森堡|Luxembourg|LUX|盧森堡|Grand Duchy of Luxembourg
LV|拉脱维亚|Latvia|LVA|拉脫維亞|Republic of Latvia
LY|利比亚|Libya|LBY|利比亞
MA|摩洛哥|Morocco|MAR|Kingdom of Morocco
MC|摩纳哥|Monaco|MCO|摩納哥|Principality of Monaco
MD|摩尔多瓦|Moldova|MDA|摩爾多瓦|Moldova, Republic of|Republic of Moldova
ME|黑山|Montenegro|MNE|蒙特內哥羅
MF|法属圣马丁|St. Martin|MAF|法屬聖馬丁|Saint Martin (French part)
MG|马达加斯加|Madagascar|MDG|馬達加斯加|Republic of Madagascar
MH|马绍尔群岛|Marshall Islands|MHL|馬紹爾群島|Republic of the Marshall Islands
MK|北马其顿|North Macedonia|MKD|北馬其頓|Republic of North Macedonia|Macedonia
ML|马里|Mali|MLI|馬利|Republic of Mali
MM|缅甸|Myanmar (Burma)|MMR|緬甸|Myanmar|Republic of Myanmar|Burma
MN|蒙古|Mongolia|MNG
MO|中国澳门|Macao|MAC|中國澳門特別行政區|中国澳门特别行政区|Macao SAR China
MO|Macao Special Administrative Region of China|澳门|澳門|Macau|澳门特别行政区|澳門特別行政區|CN-MO|CN-92
MP|北马里亚纳群岛|Northern Mariana Islands|MNP|北馬利安納群島|Commonwealth of the Northern Mariana Islands
MQ|马提尼克|Martinique|MTQ|馬丁尼克
MR|毛里塔尼亚|Mauritania|MRT|茅利塔尼亞|Islamic Republic of Mauritania
MS|蒙特塞拉特|Montserrat|MSR|蒙哲臘
MT|马耳他|Malta|MLT|馬爾他|Republic of Malta
MU|毛里求斯|Mauritius|MUS|模里西斯|Republic of Mauritius
MV|马尔代夫|Maldives|MDV|馬爾地夫|Republic of Maldives
MW|马拉维|Malawi|MWI|馬拉威|Republic of Malawi
MX|墨西哥|Mexico|MEX|United Mexican States
MY|马来西亚|Malaysia|MYS|馬來西亞
MZ|莫桑比克|Mozambique|MOZ|莫三比克|Republic of Mozambique
NA|纳米比亚|Namibia|NAM|納米比亞|Republic of Namibia
NC|新喀里多尼亚|New Caledonia|NCL|新喀里多尼亞
NE|尼日尔|Niger|NER|尼日|Republic of the Niger
NF|诺福克岛|Norfolk Island|NFK|諾福克島
NG|尼日利亚|Nigeria|NGA|奈及利亞|Federal Republic of Nigeria
NI|尼加拉瓜|Nicaragua|NIC|Republic of Nicaragua
NL|荷兰|Netherlands|NLD|荷蘭|Kingdom of the Netherlands|Holland|The Netherlands
NO|挪威|Norway|NOR|Kingdom of Norway
NP|尼泊尔|Nepal|NPL|尼泊爾|Federal Democratic Republic of Nepal
NR|瑙鲁|Nauru|NRU|諾魯|Republic of Nauru
NU|纽埃|Niue|NIU|紐埃島
NZ|新西兰|New Zealand|NZL|紐西蘭|纽西兰
OM|阿曼|Oman|OMN|Sultanate of Oman
PA|巴拿马|Panama|PAN|巴拿馬|Republic of Panama
PE|秘鲁|Peru|PER|秘魯|Republic of Peru
PF|法属波利尼西亚|French Polynesia|PYF|法屬玻里尼西亞
PG|巴布亚新几内亚|Papua New Guinea|PNG|巴布亞紐幾內亞|Independent State of Papua New Guinea
PH|菲律宾|Philippines|PHL|菲律賓|Republic of the Philippines
PK|巴基斯坦|Pakistan|PAK|Islamic Republic of Pakistan
PL|波兰|Poland|POL|波蘭|Republic of Poland
PM|圣皮埃尔和密克隆群岛|St. Pierre and Miquelon|SPM|聖皮埃與密克隆群島|St. Pierre & Miquelon|Saint Pierre and Miquelon
PN|皮特凯恩群岛|Pitcairn Islands|PCN|皮特肯群島|Pitcairn
PR|波多黎各|Puerto Rico|PRI
PS|巴勒斯坦领土|Palestinian Territories|PSE|巴勒斯坦自治區|Palestine, State of|the State of Palestine|Palestine
PS|巴勒斯坦
PT|葡萄牙|Portugal|PRT|Portuguese Republic
PW|帕劳|Palau|PLW|帛琉|Republic of Palau
PY|巴拉圭|Paraguay|PRY|Republic of Paraguay
QA|卡塔尔|Qatar|QAT|卡達|State of Qatar
RE|留尼汪|Réunion|REU|留尼旺
RO|罗马尼亚|Romania|ROU|羅馬尼亞
RS|塞尔维亚|Serbia|SRB|塞爾維亞|Republic of Serbia
RU|俄罗斯|Russia|RUS|俄羅斯|Russian Federation|俄国|俄罗斯联邦
RW|卢旺达|Rwanda|RWA|盧安達|Rwandese Republic
SA|沙特阿拉伯|Saudi Arabia|SAU|沙烏地阿拉伯|Kingdom of Saudi Arabia|沙特|KSA
SB|所罗门群岛|Solomon Islands|SLB|索羅門群島
SC|塞舌尔|Seychelles|SYC|塞席爾|Republic of Seychelles
SD|苏丹|Sudan|SDN|蘇丹|Republic of the Sudan
SE|瑞典|Sweden|SWE|Kingdom of Sweden
SG|新加坡|Singapore|SGP|Republic of Singapore
SH|圣赫勒拿|St. Helena|SHN|聖赫勒拿島|Saint Helena, Ascension and Tristan da Cunha
SI|斯洛文尼亚|Slovenia|SVN|斯洛維尼亞|Republic of Slovenia
SJ|斯瓦尔巴和扬马延|Svalbard and Jan Mayen|SJM|挪威屬斯瓦巴及尖棉|Svalbard & Jan Mayen
SK|斯洛伐克|Slovakia|SVK|Slovak Republic
SL|塞拉利昂|Sierra Leone|SLE|獅子山|Republic of Sierra Leone
SM|圣马力诺|San Marino|SMR|聖馬利諾|Republic of San Marino
SN|塞内加尔|Senegal|SEN|塞內加爾|Republic of Senegal
SO|索马里|Somalia|SOM|索馬利亞|Federal Republic of Somalia
SR|苏里南|Suriname|SUR|蘇利南|Republic of Suriname
SS|南苏丹|South Sudan|SSD|南蘇丹|Republic of South Sudan
ST|圣多美和普林西比|São Tomé and Príncipe|STP|聖多美普林西比|São Tomé & Príncipe
ST|Democratic Republic of Sao Tome and Principe
SV|萨尔瓦多|El Salvador|SLV|薩爾瓦多|Republic of El Salvador
SX|荷属圣马丁|Sint Maarten|SXM|荷屬聖馬丁|Sint Maarten (Dutch part)
SY|叙利亚|Syria|SYR|敘利亞|Syrian Arab Republic
SZ|斯威士兰|Eswatini|SWZ|史瓦帝尼|Kingdom of Eswatini|Swaziland
TC|特克斯和凯科斯群岛|Turks and Caicos Islands|TCA|土克斯及開科斯群島|Turks & Caicos Islands
TD|乍得|Chad|TCD|查德|Republic of Chad
TF|法属南部领地|French Southern Territories|ATF|法屬南部屬地
TG|多哥|Togo|TGO|Togolese Republic
TH|泰国|Thailand|THA|泰國|Kingdom of Thailand
TJ|塔吉克斯坦|Tajikistan|TJK|塔吉克|Republic of Tajikistan
TK|托克劳|Tokelau|TKL|托克勞群島
TL|东帝汶|Timor-Leste|TLS|東帝汶|Democratic Republic of Timor-Leste
TM|土库曼斯坦|Turkmenistan|TKM|土庫曼
TN|突尼斯|Tunisia|TUN|突尼西亞|Republic of Tunisia
TO|汤加|Tonga|TON|東加|Kingdom of Tonga
TR|土耳其|Turkey|TUR|Türkiye|Republic of Türkiye
TT|特立尼达和多巴哥|Trinidad and Tobago|TTO|千里達及托巴哥|Trinidad & Tobago|Republic of Trinidad and Tobago
TV|图瓦卢|Tuvalu|TUV|吐瓦魯
TW|中国台湾|Taiwan|TWN|台灣|台湾|臺灣|台湾省|台湾地区|CN-TW|CN-71
TZ|坦桑尼亚|Tanzania|TZA|坦尚尼亞|Tanzania, United Republic of|United Republic of Tanzania
UA|乌克兰|Ukraine|UKR|烏克蘭
UG|乌干达|Uganda|UGA|烏干達|Republic of Uganda
UM|美国本土外小岛屿|U.S. Outlying Islands|UMI|美國本土外小島嶼|United States Minor Outlying Islands
US|美国|United States|USA|美國|United States of America|美利坚合众国|U.S.|America
UY|乌拉圭|Uruguay|URY|烏拉圭|Eastern Republic of Uruguay
UZ|乌兹别克斯坦|Uzbekistan|UZB|烏茲別克|Republic of Uzbekistan
VA|梵蒂冈|Vatican City|VAT|梵蒂岡|Holy See (Vatican City State)|Vatican
VC|圣文森特和格林纳丁斯|St. Vincent and Grenadines|VCT|聖文森及格瑞那丁|St. Vincent & Grenadines
VC|Saint Vincent and the Grenadines
VE|委内瑞拉|Venezuela|VEN|委內瑞拉|Venezuela, Bolivarian Republic of|Bolivarian Republic of Venezuela
VG|英属维尔京群岛|British Virgin Islands|VGB|英屬維京群島|Virgin Islands, British
VI|美属维尔京群岛|U.S. Virgin Islands|VIR|美屬維京群島|Virgin Islands, U.S.|Virgin Islands of the United States
VN|越南|Vietnam|VNM|Socialist Republic of Viet Nam
VU|瓦努阿图|Vanuatu|VUT|萬那杜|Republic of Vanuatu
WF|瓦利斯和富图纳|Wallis and Futuna|WLF|瓦利斯群島和富圖那群島|Wallis & Futuna
WS|萨摩亚|Samoa|WSM|薩摩亞|Independent State of Samoa
YE|也门|Yemen|YEM|葉門|Republic of Yemen
YT|马约特|Mayotte|MYT|馬約特島
ZA|南非|South Africa|ZAF|Republic of South Africa
ZM|赞比亚|Zambia|ZMB|尚比亞|Republic of Zambia
ZW|津巴布韦|Zimbabwe|ZWE|辛巴威|Republic of Zimbabwe
HK|China Hong Kong|Hong Kong SAR|Hongkong SAR|香港地区
MO|Macao SAR|Macau SAR|Macao China|Macau China|China Macao|China Macau|澳门地区
TW|Taiwan China|China Taiwan|Taiwan Region|Taiwan Province|台灣地區
CZ|Czech
XK|科索沃|Kosovo|XKX
CN-AH|安徽|Anhui|CN-34|340000
CN-BJ|北京|Beijing|Peking|CN-11|110000
CN-CQ|重庆|Chongqing|重慶|CN-50|500000
CN-FJ|福建|Fujian|CN-35|350000
CN-GD|广东|Guangdong|廣東|Canton|CN-44|440000
CN-GS|甘肃|Gansu|甘肅|CN-62|620000
CN-GX|广西|Guangxi|廣西|广西壮族|Guangxi Zhuang|CN-45|450000
CN-GZ|贵州|Guizhou|貴州|CN-52|520000
CN-HA|河南|Henan|CN-41|410000
CN-HB|湖北|Hubei|CN-42|420000
CN-HE|河北|Hebei|CN-13|130000
CN-HI|海南|Hainan|CN-46|460000
CN-HL|黑龙江|Heilongjiang|黑龍江|CN-23|230000
CN-HN|湖南|Hunan|CN-43|430000
CN-JL|吉林|Jilin|CN-22|220000
CN-JS|江苏|Jiangsu|江蘇|CN-32|320000
CN-JX|江西|Jiangxi|CN-36|360000
CN-LN|辽宁|Liaoning|遼寧|CN-21|210000
CN-NM|内蒙古|Inner Mongolia|內蒙古|Nei Mongol|Neimenggu|CN-15|150000
CN-NX|宁夏|Ningxia|寧夏|宁夏回族|Ningxia Hui|CN-64|640000
CN-QH|青海|Qinghai|CN-63|630000
CN-SC|四川|Sichuan|Szechuan|CN-51|510000
CN-SD|山东|Shandong|山東|CN-37|370000
CN-SH|上海|Shanghai|CN-31|310000
CN-SN|陕西|Shaanxi|陝西|CN-61|610000
CN-SX|山西|Shanxi|CN-14|140000
CN-TJ|天津|Tianjin|CN-12|120000
CN-XJ|新疆|Xinjiang|新疆维吾尔|Xinjiang Uygur|Xinjiang Uyghur|CN-65|650000
CN-XZ|西藏|Xizang|Tibet|CN-54|540000
CN-YN|云南|Yunnan|雲南|CN-53|530000
CN-ZJ|浙江|Zhejiang|CN-33|330000
"""
