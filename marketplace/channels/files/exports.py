"""Export channels in any of the four shapes; each file can be imported again.

Creators export their own data with it. Text that a spreadsheet would run as a formula is guarded. Rows are written as
they come, so memory use does not depend on their number. What a shape has no column for is left out.
"""

import csv
import json
import shutil
import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from marketplace.channels.facts.region_names import region_name
from marketplace.channels.files.shapes import own_columns, tiktok_one, xingtu, youtube
from marketplace.channels.files.tables.number_grammar import may_be_grouped
from marketplace.channels.files.tables.table_rows import guard_formula
from marketplace.channels.records import VERTICALS, ChannelRecord
from marketplace.core.lazy_import import lazy_module
from marketplace.core.money import MINOR_DIGITS

if TYPE_CHECKING:
    import xlsxwriter
else:
    xlsxwriter = lazy_module("xlsxwriter")

SUFFIXES = {"inlay": "csv", "xingtu": "xlsx", "tiktok_one": "json", "youtube": "csv"}
CELL_MAX = 32_767  # Excel's limit; the writer of the sheet silently drops a longer text


def write(path: Path, shape: str, records: Iterable[ChannelRecord]) -> None:
    """Write the records to a file of the shape's own kind (CSV, XLSX or JSON)."""
    rows = (row for record in records for row in export_rows(shape, record))
    {"csv": _csv, "xlsx": _xlsx, "json": _json}[SUFFIXES[shape]](path, rows)


def export_rows(shape: str, record: ChannelRecord) -> Iterator[dict[str, Any]]:
    """Yield the rows of one channel in the shape's columns."""
    return {"inlay": _inlay, "xingtu": _xingtu, "tiktok_one": _tiktok_one, "youtube": _youtube}[shape](record)


def _json_text(value: Any) -> str | None:
    return json.dumps(value, ensure_ascii=False) if value else None


def _videos(record: ChannelRecord, names: dict[str, str], unix_seconds: bool = False) -> list[dict[str, Any]]:
    exported = []
    for video in record.videos:
        published_at = video["published_at"]
        row = {name: video[key] for key, name in names.items() if video.get(key) is not None}
        row[names["published_at"]] = int(published_at.timestamp()) if unix_seconds else published_at.isoformat()
        exported.append(row)
    return exported


def _inlay(record: ChannelRecord) -> Iterator[dict[str, Any]]:
    snapshot, facts = record.snapshot, record.snapshot["facts"]
    margins = snapshot["margins"]
    row = {
        "platform": record.platform,
        "handle": record.handle,
        "external_id": record.account_key,
        "name": record.name,
        "creator_name": record.creator_name,
        "claim_status": record.claim_status,
        "url": record.url,
        "language": record.language,
        "region": record.region,
        "verticals": _json_text(record.verticals),
        "taken_on": snapshot["taken_on"].isoformat(),
        "followers": snapshot["followers"],
        **facts,
        "ages": _json_text(margins.get("age")),
        "genders": _json_text(margins.get("gender")),
        "regions": _json_text(margins.get("region")),
        "education": _json_text(margins.get("education")),
        "interests": _json_text(margins.get("interests")),
        "rate_card": _json_text(snapshot["rate_card"]),
        "videos": _json_text(_videos(record, own_columns.VIDEO)),
    }
    yield {name: row.get(name) for name in own_columns.COLUMNS}


def _xingtu(record: ChannelRecord) -> Iterator[dict[str, Any]]:
    snapshot, facts = record.snapshot, record.snapshot["facts"]
    # The shape's prices are in yuan, so lines in other currencies have no place in it.
    card = {
        line["length_tier"]: _yuan(line.get("amount_minor"))
        for line in snapshot["rate_card"]
        if "length_tier" in line and line.get("currency") == "CNY"
    }
    provinces = {region_name(code)[0]: share for code, share in snapshot["margins"].get("region", {}).items()}
    yield {
        "star_id": record.account_key,
        "unique_id": record.handle,
        "nick_name": record.name,
        "creator_name": record.creator_name,
        "last_update_time": snapshot["taken_on"].isoformat(),
        "follower": snapshot["followers"],
        "fans_increment_within_30d": facts.get("growth_30d"),
        "interact_rate_within_30d": facts.get("engagement_rate"),
        "play_over_rate_within_30d": facts.get("completion_rate"),
        "vv_median_30d": facts.get("median_views_30d"),
        "expected_play_num": facts.get("expected_views"),
        "assign_cpm_suggest_price": _yuan(facts.get("suggested_cpm_minor")),
        **{column: card.get(tier) for column, tier in xingtu.PRICES.items()},
        "content_theme_labels_180d": _json_text(
            {VERTICALS[code][0]: share for code, share in record.verticals.items()}
        ),
        "gender_distribution": _json_text(snapshot["margins"].get("gender")),
        "age_distribution": _json_text(snapshot["margins"].get("age")),
        "province_distribution": _json_text(provinces),
        "last_10_items": _newest_that_fit(_videos(record, xingtu.VIDEO, unix_seconds=True)),
    }


def _yuan(fen: float | None) -> float | None:
    return None if fen is None else fen / 100


def _newest_that_fit(videos: list[dict[str, Any]]) -> str | None:
    """Return the list as JSON text for a cell; the oldest videos are left out if it would be too long."""
    text = _json_text(videos)
    if text is None or len(text) <= CELL_MAX:
        return text
    newest = sorted(videos, key=lambda video: -video["create_time"])
    return _newest_that_fit(newest[: len(newest) * 9 // 10])


def _tiktok_one(record: ChannelRecord) -> Iterator[dict[str, Any]]:
    snapshot, facts, margins = record.snapshot, record.snapshot["facts"], record.snapshot["margins"]
    yield {
        "tcm_creator_id": record.account_key,
        "handle_name": record.handle,
        "display_name": record.name,
        "creator_name": record.creator_name,
        "updated_at": snapshot["taken_on"].isoformat(),
        "followers_count": snapshot["followers"],
        "median_views": facts.get("median_views_30d"),
        "engagement_rate": facts.get("engagement_rate"),
        "completion_rate": facts.get("completion_rate"),
        "followers_growth_rate": _growth_rate(snapshot["facts"].get("growth_30d"), snapshot["followers"]),
        "creator_rate": _rate(snapshot["rate_card"]),
        "audience_ages": [{"age": name, "percentage": share} for name, share in margins.get("age", {}).items()],
        "audience_genders": [
            {"gender": name, "percentage": share} for name, share in margins.get("gender", {}).items()
        ],
        "audience_countries": [
            {"country": name, "percentage": share} for name, share in margins.get("region", {}).items()
        ],
        "content_labels": dict(record.verticals),
        "language": record.language,
        "country_code": record.region,
        "recent_videos": _videos(record, tiktok_one.VIDEO, unix_seconds=True),
    }


def _growth_rate(growth: float | None, followers: int) -> float | None:
    # A rate above 1 would be read back as a percentage.
    return growth / followers if growth is not None and abs(growth) <= followers > 0 else None


def _rate(card: list[dict[str, Any]]) -> dict[str, Any] | None:
    for line in card:
        digits = MINOR_DIGITS.get(str(line.get("currency")))
        if line.get("length_tier") == "21-60" and digits is not None and line.get("amount_minor") is not None:
            return {"rate": line["amount_minor"] / 10**digits, "currency": line["currency"]}
    return None


def _youtube(record: ChannelRecord) -> Iterator[dict[str, Any]]:
    snapshot, margins = record.snapshot, record.snapshot["margins"]
    joint = {
        f"{youtube.AUDIENCE}age{age.replace('+', '-')}.{gender}": round(100 * share * part, 8)
        for age, share in margins.get("age", {}).items()
        for gender, part in margins.get("gender", {}).items()
    }
    main_vertical = max(record.verticals, key=lambda code: record.verticals[code]) if record.verticals else None
    channel = {
        "channel_id": record.account_key,
        "channel_handle": record.handle,
        "channel_title": record.name,
        "creator_name": record.creator_name,
        "report_date": snapshot["taken_on"].isoformat(),
        "subscribers": snapshot["followers"],
        "subscribers_gained_30d": snapshot["facts"].get("growth_30d"),
        "category": main_vertical,
        "language": record.language,
        "country": record.region,
        **joint,
        **{f"{youtube.COUNTRY}{code}": round(100 * share, 8) for code, share in margins.get("region", {}).items()},
    }
    for video in _videos(record, youtube.VIDEO) or [{}]:
        yield {**channel, **dict.fromkeys(youtube.VIDEO.values()), **video}


def _csv(path: Path, rows: Iterator[dict[str, Any]]) -> None:
    """Write CSV. A row may bring new columns, so the header is known last and the body waits in a temporary file."""
    column_indices: dict[str, int] = {}
    with tempfile.TemporaryFile("w+", encoding="utf-8", newline="") as body:
        writer = csv.writer(body)
        for row in rows:
            for name in row:
                column_indices.setdefault(name, len(column_indices))
            cells: list[Any] = [None] * len(column_indices)
            for name, value in row.items():
                cells[column_indices[name]] = _csv_cell(value)
            writer.writerow(cells)
        body.seek(0)
        with path.open("w", encoding="utf-8-sig", newline="") as file:
            csv.writer(file).writerow(column_indices)
            shutil.copyfileobj(body, file)


def _csv_cell(value: Any) -> Any:
    if isinstance(value, str):
        return guard_formula(value)
    # "12.345" may be read as 12345 where the comma is the decimal mark; "12.3450" may not.
    return f"{value}0" if isinstance(value, float) and may_be_grouped(str(value).lstrip("-")) else value


def _xlsx(path: Path, rows: Iterator[dict[str, Any]]) -> None:
    with xlsxwriter.Workbook(
        path, {"constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    ) as book:
        sheet = book.add_worksheet()
        columns: list[str] = []
        for number, row in enumerate(rows, 1):
            if not columns:
                columns = list(row)
                sheet.write_row(0, 0, columns)
            for index, name in enumerate(columns):
                value = row[name]
                if isinstance(value, str):
                    # Written as text: a platform's id of 19 digits must not become a number, which keeps only 15.
                    sheet.write_string(number, index, guard_formula(value))
                elif value is not None:
                    sheet.write_number(number, index, value)


def _json(path: Path, rows: Iterator[dict[str, Any]]) -> None:
    with path.open("w", encoding="utf-8") as file:
        file.write('{"creators": [')
        for number, row in enumerate(rows):
            file.write(f"{',' if number else ''}\n{json.dumps(row, ensure_ascii=False)}")
        file.write("\n]}\n")
