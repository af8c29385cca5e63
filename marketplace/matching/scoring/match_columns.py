"""The tables of the columns that scoring reads and writes, from which its SQL is built.

Whole columns go to and from PostgreSQL (see `core.column_copy`). No value may be NULL and every value of a column has
the same width, so each column states what replaces a missing value.
"""

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from marketplace.bids.pricing_models import BASIS_POINTS
from marketplace.intrusiveness import constants as intrusion
from marketplace.intrusiveness import notice
from marketplace.matching.audience import share_columns
from marketplace.matching.forecast.features import FINGERPRINT_BYTES
from marketplace.matching.pricing.price_learning import OF_SUGGESTION, VIEWS
from marketplace.matching.scoring import numbers

LANGUAGE_BYTES = 8  # of a primary language subtag (BCP 47)
PLATFORM_BYTES, LENGTH_BYTES = 16, 8
# Of a plan: the factors at no fit and at full fit.
FACTORS = 2 * len(intrusion.CODES)
_NOT_KNOWN = f"array_fill('NaN'::float8, ARRAY[{FACTORS}])"


class LoadedColumn(NamedTuple):
    """One column that is read: its name, its kind (see `core.column_copy.read`), its SQL, and what replaces NULL."""

    name: str
    kind: str
    sql: str
    missing: str | None = None


class WrittenColumn(NamedTuple):
    """One column of matches that is written: its kind, its type in the staging table, and the SQL of its value from the
    staged row `n`. A column without a kind has the same value in all rows and is not staged."""

    name: str
    kind: str | None
    sql_type: str
    value: str


def _measured(column: str) -> str:
    return f"CASE WHEN r.plan_version = '{intrusion.MODEL_VERSION}' THEN r.{column} END"


# What a channel's forecast is based on, by the parts of the number "forecast", which is stored in the same order.
_FORECAST_SQL: Mapping[str, str] = {
    "from_median": "coalesce(f.from_median, false)::int",
    "platform_views": "coalesce(f.platform_views, 'NaN')",
    "platform_weight": "coalesce(f.platform_weight, 0)",
    "sponsored_gap": "coalesce(f.sponsored_gap, 'NaN')",
    "sponsored_low": "coalesce(f.sponsored_low, 'NaN')",
    "sponsored_high": "coalesce(f.sponsored_high, 'NaN')",
    "sponsored_videos": "coalesce(f.sponsored_videos, 0)",
    "other_videos": "coalesce(f.other_videos, 0)",
}
assert tuple(_FORECAST_SQL) == numbers.BY_NAME["forecast"].parts
FORECAST = LoadedColumn(
    "forecast", f"float8:{len(_FORECAST_SQL)}", f"ARRAY[{', '.join(_FORECAST_SQL.values())}]::float8[]"
)
SPONSORED_GAP = list(_FORECAST_SQL).index("sponsored_gap")

# What counts of a channel's figures, of its lists, of its verticals and language, and of its videos' lengths and marks.
# Beside them the share of the audience that is under 18, which counts as it is told.
WEIGHTS = (
    *(
        LoadedColumn(name, "float8", f"f.{name}", "1")
        for name in ("source_weight", "lists_weight", "details_weight", "length_weight")
    ),
    LoadedColumn("minors", "float8", "f.minors", "'NaN'"),
)

# The part of a price that follows views or sales, and the tier of the first video of an offer.
_VARIABLE = "CASE r.pricing_model WHEN 'hybrid' THEN r.price -> 'variable' ELSE r.price END"
_LENGTH = "jsonb_path_query_first(r.deliverables, '$[*] ? (@.kind != \"image\")') ->> 'length_tier'"

# The joins that the columns below need beside those of a bid `b`, its revision `r` and its channel's features `f`.
LOADED_JOINS = "JOIN channels c ON c.id = b.channel_id LEFT JOIN audience_snapshots s ON s.id = f.snapshot_id"
LOADED = (
    LoadedColumn("bid_id", "uuid", "b.id"),
    LoadedColumn("revision_id", "uuid", "r.id"),
    LoadedColumn("commitment", "text:64", "r.commitment"),
    LoadedColumn("terms", "float8:5", "r.terms"),
    # Of all its options: one that is far too cheap makes the whole bid a matter for a person.
    LoadedColumn("cheapest", "float8", "(SELECT min(cost) FROM unnest(r.option_costs) cost)", "'NaN'"),
    # What a plan measures, where its wording was stored by this version of each formula (see `bids.earlier_plans`).
    LoadedColumn("raw_low", f"float8:{FACTORS}", _measured("raw_low"), _NOT_KNOWN),
    LoadedColumn("raw_high", f"float8:{FACTORS}", _measured("raw_high"), _NOT_KNOWN),
    LoadedColumn("prominence_low", "float8", _measured("prominence_low"), "'NaN'"),
    LoadedColumn("prominence_high", "float8", _measured("prominence_high"), "'NaN'"),
    LoadedColumn(
        "noticed",
        "float8:3",
        f"CASE WHEN r.noticed_version = '{notice.MODEL_VERSION}' THEN r.noticed END",
        "ARRAY['NaN', 'NaN', 'NaN']::float8[]",
    ),
    LoadedColumn("snapshot_id", "uuid", "f.snapshot_id", "'00000000-0000-0000-0000-000000000000'"),
    LoadedColumn("known", "bool", "f.snapshot_id IS NOT NULL"),
    LoadedColumn("features", f"text:{FINGERPRINT_BYTES}", "f.fingerprint", f"repeat(' ', {FINGERPRINT_BYTES})"),
    LoadedColumn("log_centre", "float8", "f.log_centre", "'NaN'"),
    LoadedColumn("scale", "float8", "f.scale", "'NaN'"),
    LoadedColumn("df", "float8", "f.df", "'NaN'"),
    LoadedColumn("smear", "float8", "f.smear", "'NaN'"),
    LoadedColumn("n_used", "int8", "f.n_used", "0"),
    LoadedColumn("from_history", "bool", "f.from_history", "false"),
    LoadedColumn("tier", "int8", "f.tier", "0"),
    LoadedColumn("ad_load", "float8", "f.ad_load", "'NaN'"),
    LoadedColumn("seconds", "float8", "f.seconds", "'NaN'"),
    LoadedColumn("language", f"text:{LANGUAGE_BYTES}", f"rpad(coalesce(f.language, ''), {LANGUAGE_BYTES})"),
    LoadedColumn("flags", "int8", "f.flags", "0"),
    LoadedColumn("shares", f"bytes:{share_columns.BYTES}", share_columns.stored_sql("f.shares"), "%(shares)s"),
    LoadedColumn("peers_upper", "float8", "f.peers_upper", "'NaN'"),
    *WEIGHTS,
    # The length that the plan states, and what the channel's videos say of it (see `bids.stated_lengths`).
    LoadedColumn("stated_s", "float8", "(r.plan ->> 'duration_s')::float8", "'NaN'"),
    *(LoadedColumn(name, "float8", f"f.{name}", "'NaN'") for name in ("length_low", "length_high", "length_most")),
    LoadedColumn("length_videos", "float8", "f.length_videos::float8", "0"),
    LoadedColumn("idle_days", "float8", "f.idle_days", "'NaN'"),
    LoadedColumn("newest_times", "float8", "f.newest_times", "'NaN'"),
    # Whether a person has looked at the bid and approved it, and with it the figures that it rests on.
    LoadedColumn(
        "cleared",
        "bool",
        "EXISTS (SELECT 1 FROM reviews w WHERE w.subject_id = b.id AND w.subject_kind = 'bid'"
        " AND w.status = 'approved')",
    ),
    # What a price by actions or by sales asks for each: minor units, and the share of an order (0: another model).
    LoadedColumn(
        "per_sale",
        "float8",
        f"CASE WHEN r.pricing_model IN ('cpa', 'hybrid') AND {_VARIABLE} ->> 'model' = 'cpa'"
        f" THEN ({_VARIABLE} -> 'rate' ->> 'amount_minor')::float8 END",
        "0",
    ),
    LoadedColumn(
        "share_of_sales",
        "float8",
        f"CASE WHEN r.pricing_model IN ('commission', 'hybrid') AND {_VARIABLE} ->> 'model' = 'commission'"
        f" THEN ({_VARIABLE} ->> 'basis_points')::float8 / {BASIS_POINTS} END",
        "0",
    ),
    # What the price model predicts from.
    LoadedColumn("platform", f"text:{PLATFORM_BYTES}", f"rpad(c.platform, {PLATFORM_BYTES})"),
    LoadedColumn("length_tier", f"text:{LENGTH_BYTES}", f"rpad(coalesce({_LENGTH}, ''), {LENGTH_BYTES})"),
    LoadedColumn("followers", "float8", "nullif(s.followers, 0)::float8", "'NaN'"),
    LoadedColumn("price_views", "float8", f"nullif({VIEWS}, 0)", "'NaN'"),
    LoadedColumn(
        "suggested_cpm",
        "float8",
        f"CASE WHEN {OF_SUGGESTION} = r.currency THEN (s.facts ->> 'suggested_cpm_minor')::float8 END",
        "'NaN'",
    ),
    FORECAST,
)

WRITTEN = (
    WrittenColumn("revision_id", "uuid", "uuid", "{staged}"),
    WrittenColumn("brief_version_id", None, "uuid", ":brief_version_id"),
    WrittenColumn("snapshot_id", "uuid", "uuid", "CASE WHEN n.known THEN {staged} END"),
    WrittenColumn("features_fingerprint", f"text:{FINGERPRINT_BYTES}", "text", "CASE WHEN n.known THEN {staged} END"),
    WrittenColumn("model_version", None, "text", ":model_version"),
    WrittenColumn("fingerprint", "text:64", "text", "{staged}"),
    WrittenColumn("rank", "int8", "bigint", "{staged}"),
    WrittenColumn("overall", "float8", "float8", "nullif({staged}, 'NaN')"),
    WrittenColumn("overall_low", "float8", "float8", "nullif({staged}, 'NaN')"),
    WrittenColumn("overall_high", "float8", "float8", "nullif({staged}, 'NaN')"),
    WrittenColumn("numbers", f"float8:{numbers.WIDTH}", "float8[]", "{staged}"),
    WrittenColumn("peers", None, "text", ":peers"),
    WrittenColumn("flags", "int8", "bigint", "{staged}"),
    WrittenColumn("scored_at", None, "timestamptz", ":at"),
)
# The columns of the staging table that are not columns of a match.
_KEYS = (WrittenColumn("bid_id", "uuid", "uuid", ""), WrittenColumn("known", "bool", "boolean", ""))
STAGED: Mapping[str, str] = {column.name: column.kind for column in (*_KEYS, *WRITTEN) if column.kind is not None}


def select_list(columns: Iterable[LoadedColumn]) -> str:
    """Return the columns as a SELECT list."""
    return ", ".join(
        f"{column.sql if column.missing is None else f'coalesce({column.sql}, {column.missing})'} AS {column.name}"
        for column in columns
    )


def kinds(columns: Iterable[LoadedColumn]) -> dict[str, str]:
    """Return the kind of each column by its name, for `core.column_copy.read`."""
    return {column.name: column.kind for column in columns}


def staging_table(name: str) -> str:
    """Return the statement that creates a session's staging table. Its rows are deleted on commit."""
    columns = ", ".join(f"{column.name} {column.sql_type}" for column in (*_KEYS, *WRITTEN) if column.kind is not None)
    return f"CREATE TEMPORARY TABLE IF NOT EXISTS {name} ({columns}) ON COMMIT DELETE ROWS"


def insert_from(staging: str) -> str:
    """Return the statement that inserts a match for each staged row."""
    names = ", ".join(column.name for column in WRITTEN)
    values = ", ".join(column.value.format(staged=f"n.{column.name}") for column in WRITTEN)
    return (
        f"INSERT INTO matches (id, created_at, brief_id, {names}) SELECT n.bid_id, :at, :brief_id, {values}"
        f" FROM {staging} n"
    )
