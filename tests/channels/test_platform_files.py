"""Files in the structure in which the named platforms give them."""

import json
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from marketplace.channels.files.record_stream import ReadingOptions, open_import
from marketplace.channels.files.shapes.cell_values import GivenFacts
from marketplace.channels.records import ChannelRecord, RowError
from tests.channels import make

FILES = Path(__file__).parent / "platform_files"
DAY = date(2026, 11, 20)
STUDIO = GivenFacts(DAY, "https://www.youtube.com/@limei/videos", 12_000)


def read(path: Path, given: GivenFacts | None = None) -> tuple[list[ChannelRecord | RowError], dict[str, Any]]:
    with path.open("rb") as file:
        reading = open_import(file, today=make.TODAY, options=ReadingOptions(given=given or GivenFacts()))
        return list(reading.records()), reading.report.as_json()


def one(path: Path, given: GivenFacts | None = None) -> ChannelRecord:
    (found,), _ = read(path, given)
    assert isinstance(found, ChannelRecord), found
    return found


def written(folder: Path, data: Any) -> Path:
    path = folder / "file"
    path.write_text(data if isinstance(data, str) else json.dumps(data, ensure_ascii=False), "utf-8")
    return path


def card(record: ChannelRecord) -> dict[str, int]:
    return {line["length_tier"]: line["amount_minor"] for line in record.snapshot["rate_card"]}


def author(**figures: Any) -> dict[str, Any]:
    """A saved answer of the search with one creator."""
    told = {"id": "7", "follower": "500000", "last_update_time": "1794900000", **figures}
    return {"authors": [{"star_id": "7", "attribute_datas": told}], "base_resp": {"status_code": 0}}


def test_a_saved_answer_of_xingtus_search() -> None:
    found = one(FILES / "xingtu_search.json", GivenFacts(DAY))
    assert (found.platform, found.snapshot["followers"], found.snapshot["taken_on"]) == ("douyin", 618_932, DAY)
    facts = found.snapshot["facts"]
    assert facts["median_views_30d"] in (95_560, 95_561)
    assert (facts["suggested_cpm_minor"], facts["growth_30d"]) == (2_400, 2_293.11)
    assert card(found) == {"1-20": 800_000, "21-60": 2_000_000, "60+": 3_000_000}
    assert found.verticals == {"food": 1.0}
    first = found.videos[0]
    assert (len(found.videos), first["title"], first["views"]) == (10, "测试视频0", 91_003)
    assert first["published_at"].timestamp() == 1_794_400_600, "the time of publication comes before that of making"


def test_the_day_of_the_figures_is_asked_for_and_never_guessed() -> None:
    (error,), _ = read(FILES / "xingtu_search.json")
    assert isinstance(error, RowError)
    assert error.column == "last_update_time"
    assert "taken_on=" in error.en
    assert "newest video is of 2026-11-20" in error.en


def test_an_audience_in_numbers_of_people_becomes_shares() -> None:
    found, report = read(FILES / "xingtu_audience.json")
    (record,) = found
    assert isinstance(record, ChannelRecord)
    ages = {name: round(share, 4) for name, share in record.snapshot["margins"]["age"].items()}
    assert ages == {"18-23": 0.1725, "24-30": 0.2397, "31-40": 0.3339, "41-50": 0.1487, "51+": 0.1053}
    assert record.snapshot["margins"]["gender"]["female"] == pytest.approx(0.1795, abs=1e-4)
    assert any("numbers of people" in note["en"] for note in report["notes"])


@pytest.mark.parametrize(
    ("price", "cpm", "fen", "said"),
    [
        ("20000", "51.0207", 2_000_000, "Prices are in yuan"),
        ("2000000", "51.0207", 2_000_000, "Prices are in fen"),
        ("20000", None, 2_000_000, "Prices were read in yuan"),
        ("199.5", "0.50893", 19_950, "Prices are in yuan"),
    ],
)
def test_the_unit_of_prices_is_checked_by_the_rows_own_cost(
    tmp_path: Path, price: str, cpm: str | None, fen: int, said: str
) -> None:
    data = author(price_20_60=price, expected_play_num="391998", prospective_20_60_cpm=cpm)
    (found,), report = read(written(tmp_path, data))
    assert isinstance(found, ChannelRecord), found
    assert card(found) == {"21-60": fen}
    assert [note for note in report["notes"] if said in note["en"]], report["notes"]


def test_prices_that_fit_neither_unit_are_refused_with_both(tmp_path: Path) -> None:
    data = author(price_20_60="20000", expected_play_num="391998", prospective_20_60_cpm="7")
    (error,), _ = read(written(tmp_path, data))
    assert isinstance(error, RowError)
    assert error.column == "price_20_60"
    assert "In yuan a thousand plays would cost 51.02, in fen 0.51" in error.en


def test_labels_without_a_category_are_told(tmp_path: Path) -> None:
    _, report = read(written(tmp_path, author(tags_relation='{"美食":["教程"],"星座玄学":[]}')))
    assert [note["en"] for note in report["notes"]] == ["These labels are of no category and were not used: 星座玄学."]


@pytest.mark.parametrize(("name", "videos"), [("studio_en.csv", 4), ("studio_pt.csv", 4)])
def test_a_table_of_youtube_studio(name: str, videos: int) -> None:
    (found,), report = read(FILES / name, STUDIO)
    assert isinstance(found, ChannelRecord), found
    assert (found.platform, found.handle, found.snapshot["followers"]) == ("youtube", "limei", 12_000)
    assert len(found.videos) == videos, "the row of totals is no video"
    assert (found.videos[0]["views"], found.videos[0]["published_at"].date()) == (9_000, date(2026, 11, 10))
    assert report["rows_left_out"] == 1


@pytest.mark.parametrize(
    ("head", "row"),
    [
        (
            "Contenu,Titre de la vidéo,Heure de publication de la vidéo,Durée,Vues",
            'v1,Un film,28 sept. 2026,30,"1 204"',
        ),
        ("コンテンツ,動画のタイトル,動画公開時刻,長さ,視聴回数", "v1,動画,2026/09/28,30,1204"),
        ("콘텐츠,동영상 제목,동영상 게시 시간,길이,조회수", 'v1,영상,"Sep 28, 2026",30,1204'),
        ("Контент,Название видео,Время публикации видео,Продолжительность,Просмотры", "v1,Видео,28 сент. 2026,30,1204"),
        ("內容,影片標題,影片發布時間,時間長度,觀看次數", "v1,影片,2026年9月28日,30,1204"),
        ("VIDEO,Video Title,video publish time,duration,VIEWS", 'v1,A film,"Sep 28, 2026",30,"1,204"'),
    ],
)
def test_a_table_of_youtube_studio_in_other_languages(tmp_path: Path, head: str, row: str) -> None:
    found = one(written(tmp_path, f"{head}\nTotal,,,,1204\n{row}\n"), STUDIO)
    (video,) = found.videos
    assert (video["views"], video["published_at"].date(), video["duration_s"]) == (1_204, date(2026, 9, 28), 30.0)


def test_what_a_table_of_youtube_studio_does_not_say_is_asked_for() -> None:
    (error,), _ = read(FILES / "studio_en.csv")
    assert isinstance(error, RowError)
    assert "channel=@handle subscribers=12000 taken_on=2026-11-23" in error.en
    (error,), _ = read(FILES / "studio_en.csv", GivenFacts(channel="@limei", subscribers=5))
    assert isinstance(error, RowError)
    assert "add: taken_on=2026-11-23." in error.en


def test_channels_that_take_turns_are_one_snapshot_each(tmp_path: Path) -> None:
    head = "channel_id,subscribers,report_date,video_id,video_published_at,views"
    rows = [f"UC{number % 3},500,2026-11-20,v{number},2026-11-01,{1000 - number}" for number in range(12)]
    found, _ = read(written(tmp_path, "\n".join([head, *rows]) + "\n"))
    assert all(isinstance(record, ChannelRecord) for record in found)
    assert [(record.account_key, len(record.videos)) for record in found if isinstance(record, ChannelRecord)] == [
        ("UC0", 4),
        ("UC1", 4),
        ("UC2", 4),
    ]


def test_of_many_videos_the_newest_are_kept_and_that_is_told(tmp_path: Path) -> None:
    head = "channel_id,subscribers,report_date,video_id,video_published_at,views"
    rows = [f"UC1,500,2026-11-20,v{day},{date.fromordinal(DAY.toordinal() - day * 7 % 443)},9" for day in range(443)]
    (found,), report = read(written(tmp_path, "\n".join([head, *rows]) + "\n"))
    assert isinstance(found, ChannelRecord)
    assert len(found.videos) == 200
    assert min(video["published_at"].date() for video in found.videos) == date.fromordinal(DAY.toordinal() - 199)
    assert [note["en"] for note in report["notes"]] == ["Of a channel's videos the newest 200 were kept."]


@pytest.mark.parametrize(
    ("figures", "growth", "rate"),
    [
        ({"followers_count": "120000", "followers_growth_rate": "0.012"}, 1_440, None),
        ({"followers_count": "80,000", "followers_growth_rate": "2.5%"}, 2_000, None),
        ({"followers_count": 80_000, "creator_rate": {"rate": "1,500.50", "currency": "USD"}}, None, 150_050),
    ],
)
def test_tiktoks_numbers_in_quotes_are_numbers(
    tmp_path: Path, figures: dict[str, Any], growth: float | None, rate: int | None
) -> None:
    row = {
        "handle_name": "mei",
        "updated_at": "2026-11-20",
        "audience_genders": [{"gender": "FEMALE", "percentage": "61%"}, {"gender": "MALE", "percentage": "39%"}],
        **figures,
    }
    found = one(written(tmp_path, {"code": 0, "data": {"creators": [row]}}))
    assert found.snapshot["facts"].get("growth_30d") == growth
    assert found.snapshot["margins"]["gender"] == {"female": 0.61, "male": 0.39}
    assert [line["amount_minor"] for line in found.snapshot["rate_card"]] == ([] if rate is None else [rate])


@pytest.mark.parametrize(
    "handle", ["k1_abc", "@k1_abc", "K1_ABC", "https://www.tiktok.com/@k1_abc", "k1_abc/", "＠k1_abc"]
)
def test_one_account_is_one_however_it_is_written(handle: str) -> None:
    from_file = make.one(make.as_json(make.row(handle=handle)))
    assert from_file.handle.casefold() == "k1_abc"
