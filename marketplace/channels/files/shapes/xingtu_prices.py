"""The unit of Xingtu's prices: its pages show yuan, and a row's own costs per thousand plays say whether it does."""

from collections.abc import Mapping
from typing import Any

from marketplace.channels.files.shapes.cell_values import RowCells

TIERS = {"price_1_20": "1-20", "price_20_60": "21-60", "price_60": "60+"}
# The platform's forecast of what a thousand plays would cost at each price, in yuan.
CPMS = {
    "price_1_20": "prospective_1_20_cpm",
    "price_20_60": "prospective_20_60_cpm",
    "price_60": "prospective_60_cpm",
}
PLAYS, SUGGESTED = "expected_play_num", "assign_cpm_suggest_price"
# The two figures are rounded, and made from plays of the same day; a hundredfold difference is a unit.
NEAR = 0.1


def read_prices(cells: RowCells) -> tuple[list[dict[str, Any]], float | None]:
    """Return the rate card in fen, and the suggested cost per thousand plays in fen.

    Yuan unless the row's own figures say fen: price / expected plays x 1000 is the row's own `prospective_..._cpm`,
    which is in yuan. A row that fits neither is refused with both readings.
    """
    told = {column: price for column in TIERS if (price := cells.money(column))}
    for column in (column for column, price in told.items() if price < 0):
        cells.add_error(column, cells.values.get(column), "价格不能为负。", "A price is not negative.")
    # No price is what the platform writes as 0.
    prices = {column: price for column, price in told.items() if price > 0}
    suggested = cells.money(SUGGESTED)
    fen = _fen_in_a_unit(cells, prices)
    card = [
        {"length_tier": TIERS[column], "amount_minor": round(price * fen), "currency": "CNY"}
        for column, price in prices.items()
    ]
    return card, None if suggested is None else round(suggested * fen)


def _fen_in_a_unit(cells: RowCells, prices: Mapping[str, float]) -> int:
    """Return how many fen one unit of the row's prices is: 100 (yuan) or 1 (fen)."""
    plays = cells.number(PLAYS)
    found = set()
    for column, price in prices.items():
        told = cells.money(CPMS[column])
        if not plays or not told:
            continue
        as_yuan = price / plays * 1000
        fits = [unit for unit in (100, 1) if abs(as_yuan * unit / 100 / told - 1) <= NEAR]
        if not fits:
            cells.add_error(
                column,
                cells.values.get(column),
                f"按元计每千次播放为 {as_yuan:.2f} 元，按分计为 {as_yuan / 100:.2f} 元，与此行 {CPMS[column]} 的"
                f" {told:g} 元都不符；请核对价格与 {PLAYS}。",
                f"In yuan a thousand plays would cost {as_yuan:.2f}, in fen {as_yuan / 100:.2f}, and this row's"
                f" {CPMS[column]} says {told:g}: check the price and {PLAYS}.",
            )
            continue
        found.add(fits[0])
    if found == {1}:
        cells.note(
            "价格单位为分（与该行自己的千次播放成本相符）。",
            "Prices are in fen, as the rows' own costs per thousand plays say.",
        )
        return 1
    if found:
        cells.note(
            "价格单位为元（与该行自己的千次播放成本相符）。",
            "Prices are in yuan, as the rows' own costs per thousand plays say.",
        )
    elif prices:
        cells.note(
            "价格按元读取（星图页面的单位）；这些行没有可核对的千次播放成本。",
            "Prices were read in yuan, the unit of Xingtu's pages; these rows have no cost per thousand plays.",
        )
    return 100
