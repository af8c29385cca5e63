"""Payouts by a provider that misbehaves, in a process of its own: each is paid once, and both sides agree at last."""

import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from random import Random
from uuid import UUID

import pytest
import sqlalchemy as sa

from marketplace.core import db
from marketplace.core.actor import SYSTEM
from marketplace.core.ids import new_id
from marketplace.core.money import Money
from marketplace.payments import service
from marketplace.payments.models import Payout, PayoutStatus, ProviderNotice, ReceiptStatus
from marketplace.payments.provider import provider_notices, provider_payouts, reconciliation
from marketplace.payments.provider.http_provider import HttpProvider
from marketplace.payments.provider.payment_provider import (
    LineKind,
    ProviderEvent,
    ProviderLine,
    ProviderStatus,
    UnclearAnswer,
)
from marketplace.payments.provider.reconciliation import DifferenceKind, OwnLine, ReportDifference, reconcile
from tests.ledger.test_transfers import nothing_is_wrong
from tests.payments import make
from tests.payments.psp import SECRET

pytestmark = pytest.mark.usefixtures("own_market")
TIMEOUT_S, SLOW_S = 2.0, 6.0
ROOT = Path(__file__).resolve().parents[2]


@contextmanager
def running(seed: int) -> Iterator[HttpProvider]:
    command = [sys.executable, "-m", "tests.payments.psp", str(seed), str(SLOW_S)]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as process:
        assert process.stdout is not None
        try:
            port = int(process.stdout.readline())
            name = f"psp {new_id().hex}"
            yield HttpProvider(name, f"http://127.0.0.1:{port}", SECRET, timeout_s=TIMEOUT_S)
        finally:
            process.kill()


def payouts_waiting(count: int) -> list[UUID]:
    deal = make.funded(tuple(1_000 + number for number in range(count)))
    with db.transaction() as session:
        for payment_id in deal.payments:
            service.release(session, SYSTEM, payment_id)
    return [row.id for row in make.payouts_of(deal.creator)]


def statuses(ids: list[UUID]) -> list[str]:
    with db.transaction() as session:
        found = dict(session.execute(sa.select(Payout.id, Payout.status).where(Payout.id.in_(ids))).all())
    return [str(found[one]) for one in ids]


def test_each_payout_is_paid_once_whatever_the_provider_does() -> None:
    ids = payouts_waiting(40)
    with running(seed=3) as provider:
        with ThreadPoolExecutor(8) as several:
            list(several.map(lambda one: provider_payouts.send(provider, one), ids))
        assert {"paid", "failed", "unknown", "sending"} <= set(statuses(ids))
        nothing_is_wrong()
        provider_notices.take_events(provider)
        for one, status in zip(ids, statuses(ids), strict=True):
            if status in ("unknown", "sending"):
                provider_payouts.find_out(provider, one)
        provider_notices.take_events(provider)  # what was asked for just now is told as well
        assert provider_notices.take_events(provider) == []  # and every event once
        truth = {line.key: line for line in provider.report()}
        with db.transaction() as session:
            assert reconcile(reconciliation.own_lines(session, provider.name), provider.report()) == []
    assert len(truth) == len(ids)
    ends = {"paid": "paid", "failed": "failed", "returned": "bounced"}
    assert statuses(ids) == [ends[truth[str(one)].status] for one in ids]
    with db.transaction() as session:
        odd = session.scalars(sa.select(ProviderNotice.event_id).filter_by(provider=provider.name, effect="odd")).all()
    assert odd == []
    nothing_is_wrong()


def test_what_makes_no_sense_is_unclear_and_takes_nothing_for_granted() -> None:
    nobody = HttpProvider("nobody", "http://127.0.0.1:9", SECRET, timeout_s=TIMEOUT_S)
    with pytest.raises(UnclearAnswer):
        nobody.send("a", Money("CNY", 5))
    [payout_id] = payouts_waiting(1)
    provider_payouts.send(nobody, payout_id)
    assert statuses([payout_id]) == ["unknown"]
    provider_payouts.find_out(nobody, payout_id)
    assert statuses([payout_id]) == ["unknown"]
    with running(seed=1) as provider:
        stranger = HttpProvider("stranger", provider._url, "another secret", timeout_s=TIMEOUT_S)
        with pytest.raises(UnclearAnswer):
            stranger.send("a", Money("CNY", 5))
    with pytest.raises(ValueError, match="https"):
        HttpProvider("file", "file:///etc/passwd", SECRET)


class Telling:
    """A provider of which only the events matter."""

    def __init__(self, name: str, *events: ProviderEvent) -> None:
        self.name, self.told = name, events

    def events(self) -> Iterator[ProviderEvent]:
        return iter(self.told)


def test_an_event_that_does_not_fit_changes_nothing() -> None:
    paid, waiting = payouts_waiting(2)
    money = Money("CNY", next(one.amount_minor for one in rows([paid])))
    with running(seed=0) as provider, db.transaction() as session:
        provider_payouts.send_by(session, paid, provider.name)
        name = provider.name

    def told(kind: str, key: str, amount: Money = money) -> list[str]:
        event = ProviderEvent(new_id().hex, kind, key, amount, {})
        return [str(one) for one in provider_notices.take_events(Telling(name, event, event))]  # type: ignore[arg-type]

    for kind, key, amount in (
        ("payout.paid", str(paid), Money("CNY", money.amount + 1)),  # another amount
        ("payout.paid", str(paid), Money("USD", money.amount)),
        ("payout.paid", str(waiting), money),  # not this provider's
        ("payout.paid", str(new_id()), money),
        ("payout.paid", "no key of ours", money),
        ("charge.disputed", str(paid), money),
    ):
        assert told(kind, key, amount) == ["odd"]
    assert statuses([paid, waiting]) == ["sending", "waiting"]
    assert told("payout.returned", str(paid)) == ["applied"]  # before `payout.paid`, which comes late
    assert told("payout.paid", str(paid)) == ["ignored"]
    assert told("payout.failed", str(paid)) == ["odd"]
    assert statuses([paid]) == ["bounced"]
    nothing_is_wrong()


def rows(ids: list[UUID]) -> list[Payout]:
    with db.transaction() as session:
        return list(session.scalars(sa.select(Payout).where(Payout.id.in_(ids))))


# --- reconciliation: 500 injected differences of six kinds -----------------------------------------------------------


def agreeing(count: int) -> tuple[list[OwnLine], list[ProviderLine]]:
    own, theirs = [], []
    ends = [
        (PayoutStatus.PAID, ProviderStatus.PAID),
        (PayoutStatus.FAILED, ProviderStatus.FAILED),
        (PayoutStatus.BOUNCED, ProviderStatus.RETURNED),
        (PayoutStatus.UNKNOWN, ProviderStatus.PENDING),
        (PayoutStatus.SENDING, ProviderStatus.PENDING),
    ]
    for number in range(count):
        kind, money = list(LineKind)[number % 2], Money("CNY", 1_000 + number)
        key = f"{kind} {number}"
        here, there = (ReceiptStatus.CONFIRMED, ProviderStatus.PAID) if number % 2 else ends[number // 2 % 5]
        own.append(OwnLine(kind, key, money, here))
        theirs.append(ProviderLine(kind, key, money, there, f"ref {number}"))
    return own, theirs


@pytest.mark.parametrize("seed", range(5))
def test_every_injected_difference_is_found_and_none_is_invented(seed: int) -> None:
    own, theirs = agreeing(2_000)
    Random(seed).shuffle(theirs)
    assert reconcile(own, theirs) == []
    draw, reported, expected = Random(f"differ {seed}"), {line.key: [line] for line in theirs}, []
    kept = {line.key: line for line in own}
    certain = [one for one in own if one.status not in (PayoutStatus.UNKNOWN, PayoutStatus.SENDING)]
    for number, line in enumerate(draw.sample(certain, 500)):
        kind, [there] = list(DifferenceKind)[number % 6], reported[line.key]
        expected.append(ReportDifference(kind, line.kind, line.key))
        changed = {
            DifferenceKind.MISSING_HERE: [there],
            DifferenceKind.MISSING_THERE: [],
            DifferenceKind.AMOUNT: [
                replace(there, amount=Money("CNY", there.amount.amount + draw.choice((1, -1, 100))))
            ],
            DifferenceKind.CURRENCY: [replace(there, amount=Money("USD", there.amount.amount))],
            DifferenceKind.STATUS: [replace(there, status=ProviderStatus.PENDING)],
            DifferenceKind.TWICE: [there, there],
        }
        reported[line.key] = changed[kind]
        if kind == DifferenceKind.MISSING_HERE:
            del kept[line.key]
    lines = [line for found in reported.values() for line in found]
    draw.shuffle(lines)
    assert reconcile(kept.values(), lines) == sorted(expected)
    assert len(expected) == 500
