"""YouTube Studio's table of videos ("Table data.csv"), in the languages of Studio.

It names neither the channel nor its subscribers nor a day: they are said with the file. The first row sums up the
others. The headers of English, Japanese, Korean, French, Portuguese, Russian, Swedish and Traditional Chinese are those
that public programs which read such tables look for; those of the other languages were not seen in a file.
"""

from collections.abc import Iterable, Iterator
from datetime import date

from marketplace.channels.facts.account_handles import normal_handle
from marketplace.channels.files.shapes.cell_values import RowCells
from marketplace.channels.files.shapes.channel_rows import joined
from marketplace.channels.files.shapes.record_builder import RecordOrErrors, ShapeReading, build_record, read_videos
from marketplace.channels.files.tables.column_survey import CellKind
from marketplace.channels.files.tables.table_rows import Row

NAME = "youtube_studio"
NEEDS = frozenset({"content", "video_publish_time", "views"})
KINDS = {
    "video_publish_time": CellKind.MOMENT,
    **dict.fromkeys(("views", "likes", "comments_added", "shares", "duration"), CellKind.COUNT),
}
OTHERS = ("content", "video_title")
VIDEO = {
    "external_id": "content",
    "published_at": "video_publish_time",
    "views": "views",
    "likes": "likes",
    "comments": "comments_added",
    "shares": "shares",
    "duration_s": "duration",
    "sponsored": "paid_product_placement",
    "title": "video_title",
}
COLUMN_NAMES = {"followers": "subscribers", "taken_on": "taken_on", "handle": "channel", "videos": "videos"}
# Our name of a column -> Studio's words for it.
_WORDS: dict[str, tuple[str, ...]] = {
    "content": (
        "Content",
        "Video",
        "Conteúdo",
        "Contenido",
        "Contenu",
        "Inhalt",
        "Inhalte",
        "Contenuti",
        "Contenuto",
        "コンテンツ",
        "콘텐츠",
        "동영상",
        "内容",
        "內容",
        "影片",
        "Контент",
        "Видео",
        "Innehåll",
        "İçerik",
        "Inhoud",
        "Treść",
        "Materiał",
    ),
    "video_title": (
        "Video title",
        "Título do vídeo",
        "Título del video",
        "Título del vídeo",
        "Titre de la vidéo",
        "Videotitel",
        "Titolo del video",
        "動画のタイトル",
        "동영상 제목",
        "视频标题",
        "影片標題",
        "Название видео",
        "Video başlığı",
        "Tytuł filmu",
    ),
    "video_publish_time": (
        "Video publish time",
        "Horário de publicação do vídeo",
        "Hora de publicación del video",
        "Hora de publicación del vídeo",
        "Tiempo de publicación del video",
        "Heure de publication de la vidéo",
        "Veröffentlichungszeit des Videos",
        "Veröffentlichungszeitpunkt des Videos",
        "Zeitpunkt der Videoveröffentlichung",
        "Data e ora di pubblicazione del video",
        "Ora di pubblicazione del video",
        "Orario di pubblicazione del video",
        "動画公開時刻",
        "동영상 게시 시간",
        "视频发布时间",
        "影片發布時間",
        "Время публикации видео",
        "Publiceringstid för video",
        "Video yayınlanma zamanı",
        "Publicatietijd van video",
        "Czas publikacji filmu",
    ),
    "duration": (
        "Duration",
        "Duração",
        "Duración",
        "Durée",
        "Dauer",
        "Videodauer",
        "Durata",
        "長さ",
        "길이",
        "时长",
        "時間長度",
        "片長",
        "Продолжительность",
        "Längd",
        "Süre",
        "Duur",
    ),
    "views": (
        "Views",
        "Visualizações",
        "Vistas",
        "Visualizaciones",
        "Vues",
        "Aufrufe",
        "Visualizzazioni",
        "視聴回数",
        "조회수",
        "观看次数",
        "觀看次數",
        "Просмотры",
        "Visningar",
        "Görüntüleme",
        "Weergaven",
        "Wyświetlenia",
    ),
    "likes": (
        "Likes",
        'Marcações "Gostei"',
        "Me gusta",
        "J'aime",
        '"Mag ich"-Bewertungen',
        "Mi piace",
        "高評価",
        "高評価数",
        "좋아요",
        "赞",
        "顶",
        "喜歡",
        "喜歡次數",
        'Отметки "Нравится"',
        "Gilla-markeringar",
    ),
    "comments_added": (
        "Comments added",
        "Comentários adicionados",
        "Comentarios agregados",
        "Comentarios añadidos",
        "Commentaires ajoutés",
        "Hinzugefügte Kommentare",
        "Commenti aggiunti",
        "コメントの追加",
        "追加されたコメント",
        "추가된 댓글",
        "댓글 추가됨",
        "新增评论数",
        "已新增留言",
        "Добавленные комментарии",
    ),
    "shares": (
        "Shares",
        "Compartilhamentos",
        "Veces compartido",
        "Compartidos",
        "Partages",
        "Geteilt",
        "Condivisioni",
        "共有",
        "共有数",
        "공유",
        "分享次数",
        "分享次數",
        "Поделились",
    ),
}
ALIASES = {word: name for name, words in _WORDS.items() for word in words}


def group(rows: Iterable[Row]) -> Iterator[Row]:
    """Join all rows: the table is of one channel."""
    return joined(rows, None, "content")


def read(cells: RowCells, today: date) -> RecordOrErrors:
    given = cells.given
    channel = normal_handle(given.channel) if given.channel else None
    videos = read_videos(cells, "videos", cells.values["videos"], VIDEO)
    said = {"channel": channel, "subscribers": given.subscribers, "taken_on": given.taken_on}
    missing = [name for name, value in said.items() if value is None]
    if missing:
        asked = " ".join(
            f"{name}={example}"
            for name, example in (("channel", "@handle"), ("subscribers", "12000"), ("taken_on", "2026-11-23"))
            if name in missing
        )
        cells.add_error(
            missing[0],
            "",
            f"YouTube 工作室的表格不含频道、订阅人数和数据日期，请补充：{asked}。",
            f"A table of YouTube Studio does not say the channel, its subscribers and the day; add: {asked}.",
        )
    return build_record(
        cells,
        ShapeReading(
            source=NAME,
            platform="youtube",
            account_key=channel,
            handle=channel,
            name=None,
            taken_on=given.taken_on,
            followers=given.subscribers,
            facts={},
            ages={},
            genders={},
            regions={},
            whole_regions=False,
            labels={},
            rate_card=[],
            videos=videos,
            columns=COLUMN_NAMES,
            video_columns=VIDEO,
        ),
        today,
    )
