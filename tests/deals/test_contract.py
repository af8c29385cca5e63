"""The contract of a deal: numbered clauses, hash and signatures, in Chinese and English, escaped."""

import re
from html import unescape

import pytest
from flask.testing import FlaskClient

from marketplace.core import db, ids
from marketplace.deals.terms.contract_clauses import clauses
from marketplace.identity.models import Party
from tests.deals import look
from tests.deals.look import confirm, counter, shown, terms
from tests.make import bids as make
from tests.make.offered_deals import Offered, offered
from tests.make.people import Somebody


def page(client: FlaskClient, who: Somebody, deal: Offered, query: str = "") -> str:
    answer = client.get(f"{look.path(deal.deal_id, 'contract')}{query}", headers=who.headers)
    assert (answer.status_code, answer.content_type) == (200, "text/html; charset=utf-8")
    return answer.text


def test_both_sides_read_one_contract_with_its_hash_and_who_signed(client: FlaskClient) -> None:
    deal = offered()
    assert "尚未确认" in page(client, deal.creator, deal)
    agreed = confirm(client, deal.creator, deal.deal_id).json
    text = page(client, deal.brand, deal)
    assert text == page(client, deal.creator, deal)
    assert agreed["content_hash"] in text
    signed_at = agreed["signatures"][1]["signed_at"][:19]
    assert f"林小满，代表 {agreed['names']['creator_name']}；{signed_at}Z；API 密钥 key_" in text
    assert "尚未确认" not in text
    assert ids.show("key", deal.creator.key_id) in text
    assert "最多 CNY 93,000.00" in text
    assert "at most CNY 93,000.00" in text


def test_every_clause_is_numbered_and_says_what_the_terms_say(client: FlaskClient) -> None:
    deal = offered()
    content = terms(client, deal.brand, deal.deal_id)[0]["content"]
    found = clauses(content)
    text = unescape(page(client, deal.brand, deal, "?language=en"))
    for number, clause in enumerate(found, start=1):
        for place, sentence in enumerate(clause.sentences, start=1):
            assert f"<p>{number}.{place} {sentence.en}</p>" in text
    chinese = page(client, deal.brand, deal, "?language=zh")
    assert not re.search(r"Parties|Rights", chinese)
    told = " ".join(sentence.en for clause in found for sentence in clause.sentences)
    for wanted in (
        "Item 4: Series of episodes, 21-60 s, published on douyin",
        "product from 20.5–22 s for 1.5–3 s (女主角拿起瓶子)",
        "Must: 瓶身正面朝向镜头.",
        "The brand may use the work for 180 days: the brand's own accounts, paid ads (CNY 3,000.00 of the price).",
        "until 60 days after the last item is due",
        "An item that is cancelled after a draft is sent: 50 % of its price.",
        "The platform's fee is 5 % of it; each item is settled within 15 days of its publication.",
        "1 rounds of changes of the script and 1 of the draft; one more costs CNY 1,550.00",
        "What is published stays up for 90 days at least.",
    ):
        assert wanted in told, wanted


def test_what_parties_write_is_text_and_no_markup(client: FlaskClient) -> None:
    there = make.market(product={"name": "<script>alert(1)</script>", "category": "food"})
    with db.transaction() as session:
        session.get_one(Party, there.creator.party_id).name = '"><img src=x onerror=y>'
    deal = offered(there=there)
    extra = {"name": "<b onclick=z>花絮</b>", "price": make.cny(5)}
    assert counter(client, deal.creator, deal.deal_id, extras=[extra]).status_code == 200
    body = {"content_hash": shown(client, deal.brand, deal.deal_id)["content_hash"], "signed_name": "<i>林</i>&amp;"}
    answer = client.post(look.path(deal.deal_id, "confirm"), json=body, headers=deal.brand.once())
    assert answer.status_code == 200
    text = page(client, deal.brand, deal)
    tags = {name.lower() for name in re.findall(r"</?([a-zA-Z0-9]+)", text)}
    assert tags == {"html", "head", "meta", "title", "link", "body", "main", "h1", "h2", "p", "ol", "li", "br"}
    assert "onerror=y" in text  # there, as text
    assert not re.search(r"<[^>]*\son\w+=", text)
    assert "&lt;i&gt;林&lt;/i&gt;&amp;amp;" in text


@pytest.mark.parametrize("query", ["?number=2", "?number=9"])
def test_an_earlier_version_is_marked_and_one_that_is_not_there_is_refused(client: FlaskClient, query: str) -> None:
    deal = offered()
    assert client.get(f"{look.path(deal.deal_id, 'contract')}{query}", headers=deal.brand.headers).status_code == 404
    assert counter(client, deal.creator, deal.deal_id, keep_live_days=30).status_code == 200
    assert "已被后来的条款取代" in page(client, deal.brand, deal, "?number=1")
    assert "已被后来的条款取代" not in page(client, deal.brand, deal, "?number=2")
