"""The clauses of a deal's contract, made of its terms alone, in Chinese and English. Pure; nothing is escaped here."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from marketplace.bids.pricing_models import PricingModel
from marketplace.briefs import vocabulary
from marketplace.core.message import Bilingual
from marketplace.core.money import Money
from marketplace.deals.terms.terms_document import MILESTONE_NAMES, total_minor
from marketplace.intrusiveness.messages import KINDS as EXPOSURES

_PRICING = {
    PricingModel.FLAT: Bilingual("一口价", "a flat price"),
    PricingModel.CPM: Bilingual("按千次播放计价，有上限", "by the thousand views, with a cap"),
    PricingModel.CPV: Bilingual("按次播放计价，有上限", "by the view, with a cap"),
    PricingModel.CPA: Bilingual("按效果计价，有上限", "by the action, with a cap"),
    PricingModel.COMMISSION: Bilingual("按销售额分成，有上限", "by a share of sales, with a cap"),
    PricingModel.BARTER: Bilingual("以货抵款", "by barter"),
    PricingModel.HYBRID: Bilingual("固定加浮动，有上限", "a fixed part and a variable one, with a cap"),
}
_SPLIT_DAYS = {
    "publication": Bilingual("每个交付项的发布日", "the day on which each item is published"),
    "agreement": Bilingual("双方签订之日", "the day on which both sides confirmed"),
}
_STAGES = {
    "before_script": Bilingual("提交脚本之前", "before a script is sent"),
    "after_script": Bilingual("提交脚本之后", "after a script is sent"),
    "after_draft": Bilingual("提交成片之后", "after a draft is sent"),
    "after_approval": Bilingual("成片确认之后", "after a draft is approved"),
}


@dataclass(frozen=True)
class ContractClause:
    """A numbered clause: its title, and its sentences."""

    title: Bilingual
    sentences: Sequence[Bilingual]


def clauses(terms: Mapping[str, Any]) -> list[ContractClause]:
    """Return the clauses of a version of terms, in order."""
    return [
        ContractClause(Bilingual(*title), list(said(terms)))
        for title, said in (
            (("双方", "Parties"), _parties),
            (("标的", "Subject"), _subject),
            (("交付项", "What is owed"), _deliverables),
            (("植入方案与限度", "Placement plan and its limits"), _plans),
            (("内容要求与标识", "What has to be kept to"), _placement),
            (("价格与付款", "Price and payment"), _price),
            (("脚本、成片与修改", "Script, draft and changes"), _rounds),
            (("发布与保留", "Publication"), _publication),
            (("权利", "Rights"), _rights),
            (("样品", "Samples"), _samples),
            (("取消", "Cancelling"), _cancellation),
            (("机构分成", "The agency's share"), _split),
        )
    ]


def _parties(terms: Mapping[str, Any]) -> Iterator[Bilingual]:
    brand, creator, agency = terms["brand"], terms["creator"], terms["agency"]
    yield Bilingual(
        f"品牌方：{brand['name']}（{brand['party_id']}）。", f"Brand: {brand['name']} ({brand['party_id']})."
    )
    yield Bilingual(
        f"创作者：{creator['name']}（{creator['party_id']}）。", f"Creator: {creator['name']} ({creator['party_id']})."
    )
    if agency is not None:
        yield Bilingual(
            f"机构：{agency['name']}（{agency['party_id']}），在授权有效期内代表创作者。",
            f"Agency: {agency['name']} ({agency['party_id']}), which acts for the creator while its mandate runs.",
        )


def _subject(terms: Mapping[str, Any]) -> Iterator[Bilingual]:
    brief, product, channel, bid = terms["brief"], terms["product"], terms["channel"], terms["bid"]
    category = vocabulary.CATEGORIES[product["category"]]
    brands_zh, brands_en = "、".join(product["brand_names"]), ", ".join(product["brand_names"])
    yield Bilingual(
        f"需求“{brief['title']}”第 {brief['version_number']} 版（{brief['version_id']}），报价 {bid['bid_id']}"
        f" 第 {bid['revision_number']} 版，选项 {bid['option']}。",
        f'The brief "{brief["title"]}" in version {brief["version_number"]} ({brief["version_id"]}), and the bid'
        f" {bid['bid_id']} in wording {bid['revision_number']}, option {bid['option']}.",
    )
    yield Bilingual(
        f"产品：{product['name']}（{category.zh}）；品牌：{brands_zh}。",
        f"Product: {product['name']} ({category.en}); brand: {brands_en}.",
    )
    yield Bilingual(
        f"账号：{channel['name']}（{channel['platform']}，{channel['handle']}）。",
        f"Channel: {channel['name']} ({channel['platform']}, {channel['handle']}).",
    )


def _deliverables(terms: Mapping[str, Any]) -> Iterator[Bilingual]:
    for line in terms["deliverables"]:
        kind, title = vocabulary.DELIVERABLE_KINDS[line["kind"]], line["title"]
        length = line["length_tier"]
        price = _money(terms, line["price_minor"])
        yield Bilingual(
            f"第 {line['position']} 项：{kind.zh}"
            + (f"《{title}》" if title else "")
            + (f"，{length} 秒" if length else "")
            + f"，在 {line['publish_starts_on']} 至 {line['due_on']} 之间于 {line['platform']} 发布，价格 {price}。",
            f"Item {line['position']}: {kind.en}"
            + (f' "{title}"' if title else "")
            + (f", {length} s" if length else "")
            + f", published on {line['platform']} from {line['publish_starts_on']} to {line['due_on']}, for {price}.",
        )
        others = [f"{one['name']} ({one['platform']}, {one['handle']})" for one in line.get("also_on", ())]
        if others:
            yield Bilingual(
                f"第 {line['position']} 项的同一视频另在下列账号发布，全部上线才算交付：{'、'.join(others)}。",
                f"The same video of item {line['position']} is also published on {', '.join(others)}; it is live when"
                " it is live on all of them.",
            )
        place = line.get("episode")
        if place is not None:
            yield Bilingual(
                f"第 {line['position']} 项的位置：系列第 {place['number']} 集的“{place['slot']}”。",
                f'Item {line["position"]} has the slot "{place["slot"]}" of episode {place["number"]} of the series.',
            )
    yield from _series(terms)
    yield Bilingual(f"日期按时区 {terms['timezone']}。", f"Days are days of the time zone {terms['timezone']}.")


def _series(terms: Mapping[str, Any]) -> Iterator[Bilingual]:
    series = terms.get("series")
    if series is None:
        return
    days = series["movable_days"]
    yield Bilingual(
        f"系列：《{series['title']}》（{series['series_id']}）。创作方可将一集在约定日期前后 {days} 天内改期，"
        "交付日随之改变。",
        f'The series is "{series["title"]}" ({series["series_id"]}). The maker may move an episode by {days} days from'
        " its agreed day, and the item is due then.",
    )
    if series["category_shared"]:
        yield Bilingual(
            "系列中可以有同类目的其他品牌。", "Another brand of the same category may have a place in the series."
        )
    else:
        yield Bilingual(
            "系列中没有同类目的其他品牌。", "No other brand of the same category has a place in the series."
        )


def _plans(terms: Mapping[str, Any]) -> Iterator[Bilingual]:
    for index, entry in enumerate(terms["plans"]):
        items = [str(line["position"]) for line in terms["deliverables"] if line["plan"] == index]
        limits, plan = entry["limits"], entry["plan"]
        yield Bilingual(
            f"第 {'、'.join(items)} 项：时长 {_number(plan['duration_s'])} 秒，"
            + ("；".join(_exposure(one).zh for one in plan["exposures"]) or "没有露出")
            + "。",
            f"Items {', '.join(items)}: {_number(plan['duration_s'])} s long; "
            + ("; ".join(_exposure(one).en for one in plan["exposures"]) or "no exposure")
            + ".",
        )
        yield Bilingual(
            f"侵扰度不高于 {limits['intrusiveness_max']:g}。",
            f"Intrusiveness of {limits['intrusiveness_max']:g} at most.",
        )
        if limits["prominence_min"] is not None:
            yield Bilingual(
                f"显著度不低于 {limits['prominence_min']:g}。", f"Prominence of {limits['prominence_min']:g} at least."
            )
        if limits["brand_seconds_min"] is not None:
            yield Bilingual(
                f"品牌露出或提及合计不少于 {limits['brand_seconds_min']:g} 秒。",
                f"The brand seen or named for {limits['brand_seconds_min']:g} s at least.",
            )


def _exposure(one: Mapping[str, Any]) -> Bilingual:
    kind, said = EXPOSURES[one["kind"]], one.get("description")
    start, seconds = _number(one["start_s"]), _number(one["seconds"])
    return Bilingual(
        f"{kind.zh}，自 {start} 秒起 {seconds} 秒" + (f"（{said}）" if said else ""),
        f"{kind.en} from {start} s for {seconds} s" + (f" ({said})" if said else ""),
    )


def _number(value: Any) -> str:
    """Return a number of a plan, or both ends of one that is known to lie between them."""
    if isinstance(value, Mapping):
        return f"{value['low']:g}–{value['high']:g}"
    return f"{value:g}" if isinstance(value, int | float) else str(value)


def _placement(terms: Mapping[str, Any]) -> Iterator[Bilingual]:
    placement, disclosure = terms["placement"], terms["disclosure"]
    yield from (Bilingual(f"必须：{text}。", f"Must: {text}.") for text in placement["must"])
    yield from (Bilingual(f"不得：{text}。", f"Must not: {text}.") for text in placement["must_not"])
    if disclosure["required"]:
        text = disclosure["text"]
        yield Bilingual(f"视频须标明“{text}”。", f'The video is labelled "{text}".')
    else:
        yield Bilingual(
            "需求没有要求标识；法律要求的标识仍须标明。", "No label is asked for; what the law asks for stays."
        )


def _price(terms: Mapping[str, Any]) -> Iterator[Bilingual]:
    price, total = _money(terms, terms["price_minor"]), _money(terms, total_minor(terms))
    model = _PRICING[PricingModel(terms["pricing"]["model"])]
    yield Bilingual(
        f"报价内容的价格：最多 {price}（{model.zh}）。", f"For what the bid offered: at most {price} ({model.en})."
    )
    for line in terms["deliverables"]:
        for one in line.get("milestones", ()):
            name, share = MILESTONE_NAMES[one["at"]], _share(one["share_basis_points"])
            yield Bilingual(
                f"第 {line['position']} 项价格的 {share} 在{name.zh}付给创作方，不再退回；其余在结算时付。",
                f"{share} of the price of item {line['position']} is paid to the maker {name.en}, and is not returned;"
                " what is left is paid when it is settled.",
            )
    for extra in terms["extras"]:
        amount = _money(terms, extra["price_minor"])
        yield Bilingual(
            f"新增内容“{extra['name']}”：{amount}，随第 {extra['deliverable']} 项交付。",
            f'In addition "{extra["name"]}": {amount}, due with item {extra["deliverable"]}.',
        )
    yield Bilingual(f"合计最多 {total}。", f"All together at most {total}.")
    yield from _results(terms)
    yield Bilingual(
        f"其中平台费 {_share(terms['fee_basis_points'])}，各交付项发布后 {terms['payment_days']} 天内结算。",
        f"The platform's fee is {_share(terms['fee_basis_points'])} of it; each item is settled within"
        f" {terms['payment_days']} days of its publication.",
    )


def _results(terms: Mapping[str, Any]) -> Iterator[Bilingual]:
    """What a variable price follows: by the days that the terms name."""
    days = terms.get("results")
    if days is None:
        return
    yield Bilingual(
        f"浮动部分按每个交付项发布后第 {days['final_days']} 天的数字计算；"
        f"每个数字报出后 {days['contest_days']} 天内可提异议，由平台裁定。只有一方说的数字不动用保底以外的款项。",
        f"What varies follows each item's figures of day {days['final_days']} after its publication. Each figure may be"
        f" contested for {days['contest_days']} days after it was told, and the platform decides. What one side alone"
        " says moves no money beyond what is sure.",
    )


def _rounds(terms: Mapping[str, Any]) -> Iterator[Bilingual]:
    rounds = terms["rounds"]
    if terms["script_needed"]:
        yield Bilingual("须先提交脚本并经品牌方确认。", "A script comes first, and the brand approves it.")
    else:
        yield Bilingual("脚本可交可不交。", "A script may be sent first, and need not be.")
    yield Bilingual(
        f"价格含脚本修改 {rounds['script']} 轮、成片修改 {rounds['draft']} 轮；"
        f"每加一轮 {_money(terms, rounds['one_more_minor'])}。",
        f"The price includes {rounds['script']} rounds of changes of the script and {rounds['draft']} of the draft; one"
        f" more costs {_money(terms, rounds['one_more_minor'])}.",
    )


def _publication(terms: Mapping[str, Any]) -> Iterator[Bilingual]:
    days = terms["keep_live_days"]
    yield Bilingual(f"发布后至少保留 {days} 天。", f"What is published stays up for {days} days at least.")
    if terms["may_be_shown"]:
        yield Bilingual("创作者可将作品用作案例展示。", "The creator may show the work as a reference.")
    else:
        yield Bilingual("创作者不得将作品用作案例展示。", "The creator may not show the work as a reference.")


def _rights(terms: Mapping[str, Any]) -> Iterator[Bilingual]:
    rights, none = terms["rights"], True
    for name, told in (
        ("usage", _usage), ("whitelisting", _whitelisting), ("raw_files", _raw_files), ("exclusivity", _exclusivity),
        ("likeness_for_ai", _likeness),
    ):  # fmt: skip
        right = rights[name]
        if right is not None:
            none, price, text = False, _money(terms, right["price_minor"]), told(right)
            yield Bilingual(f"{text.zh}（价格中占 {price}）。", f"{text.en} ({price} of the price).")
    if none:
        yield Bilingual("除发布外没有授予其他权利。", "No right beyond the publication is given.")


def _usage(right: Mapping[str, Any]) -> Bilingual:
    channels = [vocabulary.USAGE_CHANNELS[code] for code in right["channels"]]
    zh, en = "、".join(one.zh for one in channels), ", ".join(one.en.lower() for one in channels)
    return Bilingual(
        f"品牌方可在{zh}使用作品 {right['days']} 天", f"The brand may use the work for {right['days']} days: {en}"
    )


def _whitelisting(right: Mapping[str, Any]) -> Bilingual:
    return Bilingual(
        f"品牌方可以该账号投流 {right['days']} 天",
        f"The brand may advertise through the channel for {right['days']} days",
    )


def _raw_files(_: Mapping[str, Any]) -> Bilingual:
    return Bilingual("交付原始素材", "The raw files are handed over")


def _exclusivity(right: Mapping[str, Any]) -> Bilingual:
    category = vocabulary.CATEGORIES[right["category"]]
    return Bilingual(
        f"自最早发布日起至最后一项到期后 {right['days']} 天，账号不为其他品牌发布{category.zh}类植入",
        f"From the first day of publication until {right['days']} days after the last item is due the channel places"
        f" nothing of the category {category.en} for another brand",
    )


def _likeness(_: Mapping[str, Any]) -> Bilingual:
    return Bilingual(
        "品牌方可将创作者的形象用于人工智能生成", "The brand may use the creator's likeness for generated media"
    )


def _samples(terms: Mapping[str, Any]) -> Iterator[Bilingual]:
    if not terms["samples"]["provided"]:
        yield Bilingual("品牌方不提供样品。", "The brand provides no samples.")
    elif terms["samples"]["to_return"]:
        yield Bilingual("品牌方提供样品，用后归还。", "The brand provides samples, and they are returned.")
    else:
        yield Bilingual("品牌方提供样品，无须归还。", "The brand provides samples, which need not be returned.")


def _cancellation(terms: Mapping[str, Any]) -> Iterator[Bilingual]:
    for name, stage in _STAGES.items():
        share = _share(terms["cancellation"][name])
        yield Bilingual(
            f"{stage.zh}取消一项：付其价格的 {share}。", f"An item that is cancelled {stage.en}: {share} of its price."
        )


def _split(terms: Mapping[str, Any]) -> Iterator[Bilingual]:
    day = _SPLIT_DAYS[terms["split"]["day"]]
    yield Bilingual(
        f"机构的份额按{day.zh}有效的授权，从创作者所得中支付；与品牌方无关。",
        f"An agency's share is taken from what the creator earns, by the mandate that covers {day.en}; it changes"
        " nothing for the brand.",
    )


def _money(terms: Mapping[str, Any], minor: int) -> str:
    return Money(terms["currency"], minor).show()


def _share(basis_points: int) -> str:
    return f"{basis_points / 100:g} %"
