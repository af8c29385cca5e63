"""Checks that the money of a market adds up."""

import click

from marketplace.cli.client import ApiClient
from marketplace.cli.output import told
from marketplace.cli.verifying.verify import end_with
from marketplace.core.message import Bilingual
from marketplace.core.money import Money


@click.command("ledger")
@click.pass_obj
def ledger(api: ApiClient) -> None:
    """Check that the money of the market adds up (administrators).

    Every balance is worked out again from the postings, and every transfer is held against the hash that was recorded
    with it. Exit code 1 where something does not hold.
    """
    found = api.call("GET", "/ledger/verification")
    counts = {name: found[name] for name in ("accounts", "transfers", "totals")}
    held = ", ".join(Money(total["currency"], total["held_minor"]).show() for total in found["totals"])
    end_with(
        api,
        counts,
        [told(fault) for fault in found["faults"]],
        Bilingual(
            f"已核验 {found['accounts']} 个账户与 {found['transfers']} 笔转账，共持有 {held or '0'}，"
            f"{len(found['faults'])} 处不符",
            f"{found['accounts']} accounts and {found['transfers']} transfers checked, {held or 'nothing'} held,"
            f" {len(found['faults'])} faults",
        ),
    )
