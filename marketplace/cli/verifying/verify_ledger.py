"""Checks that the money of a market adds up."""

import click

from marketplace.cli.client import ApiClient
from marketplace.cli.output import Column, table, told
from marketplace.cli.verifying.verify import end_with
from marketplace.core.message import Bilingual
from marketplace.core.money import Money

COLUMNS = (
    Column("name", "name"),
    Column("faults", "faults"),
    Column("what must hold", lambda row: told(row["said"])),
)


@click.command("ledger")
@click.pass_obj
def ledger(api: ApiClient) -> None:
    """Check that the money of the market adds up (administrators).

    Every balance is worked out again from the postings, every transfer and hold is held against the hash that was
    recorded with it, and each invariant is told by its name. Exit code 1 where something does not hold.
    """
    found = api.call("GET", "/ledger/verification")
    counts = {name: found[name] for name in ("accounts", "transfers", "holds", "totals", "invariants")}
    if not api.as_json:
        table(found["invariants"], COLUMNS)
    held = ", ".join(Money(total["currency"], total["held_minor"]).show() for total in found["totals"])
    end_with(
        api,
        counts,
        [f"{fault['invariant']}: {told(fault['detail'])}" for fault in found["faults"]],
        Bilingual(
            f"已核验 {found['accounts']} 个账户、{found['transfers']} 笔转账与 {found['holds']} 笔冻结，"
            f"共持有 {held or '0'}，"
            f"{len(found['faults'])} 处不符",
            f"{found['accounts']} accounts, {found['transfers']} transfers and {found['holds']} holds checked,"
            f" {held or 'nothing'} held,"
            f" {len(found['faults'])} faults",
        ),
    )
