"""A deal's contract as a page: numbered clauses of one version of its terms, its hash, and who has confirmed it.

Every text of a party is escaped; the page has no script, and its one style sheet is the market's own.
"""

from collections.abc import Iterator, Mapping, Sequence
from html import escape
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from marketplace.core import db, ids
from marketplace.core.actor import Actor
from marketplace.core.errors import NotFound
from marketplace.core.message import Bilingual
from marketplace.core.words.state_names import state_name
from marketplace.deals import policy
from marketplace.deals.models import Deal, DealParty, DealTerms, SignatureKey
from marketplace.deals.shown_deals import ShownSignature, signatures_of
from marketplace.deals.terms.contract_clauses import clauses

MEDIA_TYPE = "text/html"
LANGUAGES = ("both", "zh", "en")
_SIDES = {DealParty.BRAND: Bilingual("品牌方", "Brand"), DealParty.MAKER: Bilingual("创作方", "Maker")}
_SIGNED_BY = {
    SignatureKey.SESSION: Bilingual("登录会话", "signed in"),
    SignatureKey.API_KEY: Bilingual("API 密钥", "API key"),
    SignatureKey.RECORD: Bilingual("平台的接受记录", "the market's record of the acceptance"),
}


def of_deal(session: Session, actor: Actor, deal_id: UUID, *, language: str, number: int | None) -> str:
    """Return the contract of a version of a deal's terms, the present one by default. Raises NotFound."""
    deal = db.get(session, Deal, deal_id, policy.visible(actor))
    wanted = deal.terms_number if number is None else number
    found = sa.select(DealTerms).where(DealTerms.deal_id == deal.id, DealTerms.number == wanted)
    terms = session.scalars(found).one_or_none()
    if terms is None:
        raise NotFound(
            Bilingual(
                f"这个合作没有第 {wanted} 版条款；现行的是第 {deal.terms_number} 版。",
                f"This deal has no version {wanted} of its terms; the present one is {deal.terms_number}.",
            )
        )
    signed = [one for one in signatures_of(session, deal.id) if one.terms_number == wanted]
    return render(deal, terms, signed, language)


def render(deal: Deal, terms: DealTerms, signatures: Sequence[ShownSignature], language: str) -> str:
    """Return the page, in one language or both."""
    title = Bilingual("植入合作合同", "Placement contract")
    shown = ids.show("dea", deal.id)
    parts = "".join(_clauses(terms.content, language))
    return (
        f'<!doctype html><html lang="{"en" if language == "en" else "zh-CN"}"><head><meta charset="utf-8">'
        f"<title>{escape(title.en)} {shown}</title>"
        '<meta name="viewport" content="width=device-width"><link rel="stylesheet" href="/static/docs.css"></head>'
        f"<body><main><h1>{_said(title, language, ' · ')}</h1>"
        f"{_lines(_head(deal, terms, shown), language)}<ol>{parts}</ol>"
        f"<h2>{_said(Bilingual('签名', 'Signatures'), language, ' · ')}</h2>"
        f"{''.join(_signature(one, language) for one in signatures)}"
        f"{_lines(_missing(signatures), language)}</main></body></html>\n"
    )


def _head(deal: Deal, terms: DealTerms, shown: str) -> Iterator[Bilingual]:
    status = state_name(deal.status)
    is_present = terms.number == deal.terms_number
    yield Bilingual(f"合作 {shown}，条款第 {terms.number} 版。", f"Deal {shown}, version {terms.number} of its terms.")
    if is_present:
        yield Bilingual(f"合作现在的状态：{status.zh}。", f"The deal is {status.en} now.")
    else:
        yield Bilingual("这一版已被后来的条款取代。", "Later terms have taken the place of this version.")
    yield Bilingual(
        f"条款的 SHA-256（RFC 8785 规范 JSON）：{terms.content_hash}",
        f"SHA-256 of the terms in canonical JSON (RFC 8785): {terms.content_hash}",
    )


def _clauses(content: Mapping[str, Any], language: str) -> Iterator[str]:
    for number, clause in enumerate(clauses(content), start=1):
        sentences = "".join(
            f"<p>{number}.{place} {_said(text, language, '<br>')}</p>"
            for place, text in enumerate(clause.sentences, start=1)
        )
        yield f"<li><h2>{_said(clause.title, language, ' · ')}</h2>{sentences}</li>"


def _signature(one: ShownSignature, language: str) -> str:
    side, key = _SIDES[one.side], _SIGNED_BY[one.key_kind]
    at = one.signed_at.isoformat(timespec="seconds").replace("+00:00", "Z")
    by = f" {ids.show('key', one.key_id)}" if one.key_id else ""
    if one.typed_name is None:
        name = Bilingual(f"{one.party_name}（以接受或提出确认）", f"{one.party_name} (by accepting or proposing)")
    else:
        name = Bilingual(f"{one.typed_name}，代表 {one.party_name}", f"{one.typed_name}, for {one.party_name}")
    text = Bilingual(
        f"{side.zh}：{name.zh}；{at}；{key.zh}{by}；{one.content_hash}",
        f"{side.en}: {name.en}; {at}; {key.en}{by}; {one.content_hash}",
    )
    return f"<p>{_said(text, language, '<br>')}</p>"


def _missing(signatures: Sequence[ShownSignature]) -> Iterator[Bilingual]:
    for side in set(_SIDES) - {one.side for one in signatures}:
        name = _SIDES[side]
        yield Bilingual(f"{name.zh}：尚未确认。", f"{name.en}: not confirmed yet.")


def _lines(texts: Iterator[Bilingual], language: str) -> str:
    return "".join(f"<p>{_said(text, language, '<br>')}</p>" for text in texts)


def _said(text: Bilingual, language: str, between: str) -> str:
    """Return a text in the wanted languages, escaped; ``between`` is markup of ours."""
    chosen = {"zh": [text.zh], "en": [text.en]}.get(language, [text.zh, text.en])
    return between.join(escape(one) for one in chosen)
