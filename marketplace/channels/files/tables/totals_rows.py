"""Rows that sum up the others, as platforms and spreadsheets add them: left out and told, for they are no channel."""

import unicodedata
from collections.abc import Collection, Iterator
from typing import Any

from marketplace.channels.files.tables.reading_report import ReadingReport
from marketplace.channels.files.tables.table_rows import FAULT, Row

_WORDS = (
    "total totals subtotal sum average avg overall 合计 总计 小计 共计 汇总 总和 平均 平均值 合計 總計 小計 総計",
    "합계 총계 평균 gesamt gesamtsumme summe insgesamt somme moyenne suma totale somma soma итого всего",
    "totaal razem toplam totalt",
)
TOTALS = frozenset(" ".join(_WORDS).split()) | {"grand total", "total général", "total general", "sum total"}


def leave_out_totals(rows: Iterator[Row], needs: Collection[str], report: ReadingReport) -> Iterator[Row]:
    """Yield the rows but those that begin with a word for a total and lack a column that each row needs."""
    for number, values in rows:
        word = _total(values, needs)
        if word is None:
            yield number, values
        else:
            report.leave_out_row(number, word, "合计行，不是账号", "a row of totals, and no channel")


def _total(values: dict[str, Any], needs: Collection[str]) -> str | None:
    if FAULT in values or all(values.get(column) not in (None, "") for column in needs):
        return None
    first = next((value for value in values.values() if value not in (None, "")), None)
    if not isinstance(first, str) or len(first) > 30:
        return None
    word = unicodedata.normalize("NFKC", first).strip(" :：.").casefold()
    return first if word in TOTALS else None
