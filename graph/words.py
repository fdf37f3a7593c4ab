"""Every sentence the product says, as named templates with figures, in Chinese and English.

Tables, notebooks, report and case bundle draw on these alone, so that one fact reads the same everywhere. The words are
those of suspicion, never of guilt.
"""

# ruff: noqa: E501 - one sentence a line, both languages side by side, is how translators read
from __future__ import annotations

import json
from typing import Literal

Language = Literal["zh", "en"]

ACTS: dict[str, tuple[str, str]] = {
    "confirmed_before_code": ("已确认的卡券订单在发码之前就确认收货", "confirmed card orders were confirmed before the code left"),
    "code_after_confirmation": ("卡密在买家确认收货之后才发出", "codes were sent only after the buyer had confirmed"),
    "code_sent_twice": ("卡密曾发给过另一名买家", "codes had been sent to another buyer before"),
    "code_complaint": ("已确认的卡券订单被投诉卡密已用或未收到", "confirmed card orders were complained of: code used or never received"),
    "asked_to_confirm_first": ("聊天消息被标记为要求先确认收货", "messages were tagged as asking to confirm first"),
    "took_code_unpaid": ("卡券订单未付款却已取得卡密", "card orders were never paid though the code left"),
    "got_code_unpaid": ("收到的卡密对应的订单始终未付款", "codes received belong to orders never paid"),
    "seller_says_unpaid": ("卡券订单被卖家投诉未付款取码", "card orders drew the seller's complaint: code taken unpaid"),
    "closed_after_taking": ("账号在取码后不久注销", "accounts were closed soon after taking a code"),
    "link_reported": ("发出的链接或联系方式被接收人举报", "links or handles sent were reported by their receivers"),
    "asked_off_platform": ("聊天消息被标记为引导站外交易", "messages were tagged as leading off the platform"),
    "link_and_no_purchase": ("发出链接后没有成交", "links were followed by no completed purchase here"),
    "link_to_many_strangers": ("数周内向多名素不相识的人发出链接或联系方式", "links or handles went to one of many strangers within weeks"),
    "outside_order_complaint": ("订单被投诉站外交易，或由站外链接而来且未收到货", "orders were complained of as off the platform, or came by an outside link and were not received"),
    "return_disputed": ("实物订单的退货被卖家指为调包", "orders of goods came back as something else, says the seller"),
    "refund_on_claim": (
        "实物订单以破损、不符或未收到等为由退款",
        "orders of goods were refunded on a claim of damage, mismatch or loss",
    ),
    "close_case_as_buyer": ("作为买家以微弱票差胜诉或申诉翻案", "orders went to a jury and were won narrowly or on appeal, as buyer"),
    "close_case_as_seller": ("作为卖家以微弱票差胜诉或申诉翻案", "orders went to a jury and were won narrowly or on appeal, as seller"),
    "gone_with_the_money": ("已付款订单未发货未退款而店铺已消失", "paid orders were neither sent nor refunded, and the shop is gone"),
    "vanished_complaint": ("已付款订单被投诉卖家失联", "paid orders were complained of: the seller vanished"),
    "opened_after_vanishing": ("店铺承接了一家失联店铺留下的设备、收款或身份", "shops opened with what a vanished shop left behind"),
    "counterfeit_complaint": ("实物订单被投诉售假", "orders of goods were complained of as counterfeit"),
    "refunded_as_not_described": ("实物订单因不符或售假退款", "orders of goods were refunded as counterfeit or not as described"),
    "stream_complaint_promoter": ("推广的直播订单被投诉", "livestream orders it promoted were complained of"),
    "stream_complaint_seller": ("直播订单被投诉", "livestream orders were complained of"),
    "promised_buyback": ("聊天消息被标记为承诺高价回收", "messages were tagged as promising to buy back"),
    "handle_to_viewer": ("就直播订单向观众发出链接、联系方式或收款码", "messages about livestream orders handed the viewer a link, a handle or a payment code"),
    "third_sale_to_one_viewer": ("直播订单是同一买家在同一直播间的第三笔及以后", "livestream orders were the same viewer's third or later from one stream"),
    "third_sale_to_one_viewer_promoter": ("推广的直播订单是同一买家在同一直播间的第三笔及以后", "livestream orders it promoted were the same viewer's third or later"),
    "bought_back_from_viewer": ("购入的订单来自曾在其直播间购买的买家", "orders were bought back from somebody who had bought from its stream"),
    "sold_again_then_silent": ("直播订单来自反复购买的买家，而直播已停", "livestream orders went to buyers who bought again, and the stream is silent"),
    "fee_from_below": ("订单为下线上交的入门费", "orders were entry fees from below in the referral line"),
    "fee_up_the_line": ("订单为向上线交纳的入门费", "orders were entry fees paid up the referral line"),
    "recruited_payers": ("所邀请的账号交纳了入门费", "accounts it referred paid an entry fee"),
    "recruiting_message": ("聊天消息被标记为发展下线", "messages were tagged as recruiting"),
    "quoted_a_strangers_order": ("带订单的消息引用了与己无关的他人订单", "messages about an order quoted one in which the sender has no part"),
    "quote_reported": ("引用他人订单的消息被举报", "messages quoting a stranger's order were reported"),
    "knew_the_order": ("聊天消息被标记为掌握他人订单", "messages were tagged as knowing another's order"),
    "regulated_without_licence": ("受监管商品订单成交时店铺未亮照", "orders of regulated goods were at a shop that shows no licence"),
    "lives_by_goods_unlicensed": ("店铺以受监管商品为主业而未亮照", "shops live by regulated goods and show no licence"),
    "licence_lent": ("店铺的执照由不同主体的多家店铺共用", "shops use a licence shared by shops of other owners"),
    "signed_up_in_a_burst": ("账号与同设备或同收款账号的其他账号集中注册", "accounts were registered in a burst with others on the same device or payee"),
    "signed_up_in_a_crowd": ("账号与共用设备、号码或收付款账号的多个账号集中注册，多于一间宿舍", "accounts were registered in a burst on shared devices, numbers or payment accounts, more than a dormitory holds"),
    "signed_up_at_a_stretch": ("账号与共用设备、号码或收付款账号的多个账号在数分钟内相继注册", "accounts were registered within minutes of each other on shared devices, numbers or payment accounts"),
    "ordered_on_signing_up": ("账号注册后数分钟内即下首单", "accounts placed their first order within minutes of signing up"),
    "bought_where_the_burst_bought": ("订单与同批注册账号购自同一卖家", "orders went to sellers where others of the same burst bought"),
    "sold_where_the_burst_sold": ("售出订单与同批注册的多个账号在一日内售出同类商品", "sales were of goods that others of the same burst sold within a day"),
    "sold_to_a_tied_account": ("订单的买家与卖家存在关联", "orders were sold to an account tied to the seller"),
    "bought_from_a_tied_account": ("订单购自有关联的账号", "orders were bought from a tied account"),
    "bought_in_step": ("订单与多个有关联的账号在数日内购自同一卖家", "orders were placed in the same days as several tied accounts' at one seller"),
    "traded_in_a_circle": ("订单的买卖双方互为买家", "orders were between accounts that bought from each other"),
    "confirmed_too_quickly_seller": ("售出的实物订单未曾发货即确认，或在物流不可能送达的时间内确认", "goods sold were confirmed though none left, or faster than a parcel travels"),
    "confirmed_too_quickly_buyer": ("购入的实物订单未曾发货即确认，或在物流不可能送达的时间内确认", "goods bought were confirmed though none left, or faster than a parcel travels"),
}  # fmt: skip
"""What a kind of act counts, to stand behind "k of n"."""

INNOCENT: dict[str, tuple[str, str]] = {
    "confirm_first": ("买家习惯性提前确认，或卡密在聊天之外交付", "buyers confirm out of habit, or codes are handed over outside the chat"),
    "unpaid_harvest": ("卖家误以为“拍下”即付款而误发", "sellers sent codes by mistake, taking an order for a payment"),
    "off_platform_lure": ("卖家习惯用其他聊天工具答复，或发送的是物流查询链接", "the seller answers elsewhere out of habit, or sent a tracking page"),
    "two_way": ("同一人既开小店也购物，两边各有不顺", "one person with a small shop who also buys, unlucky on both sides"),
    "swap_return": ("快递损坏或一批次品", "a careless courier or one bad batch"),
    "jury_gaming": ("争议本就难断的诚信一方", "an honest party in borderline cases"),
    "reborn_shop": ("经营失败的店铺，或依法歇业后以同一执照重开", "a shop that failed, or closed in good order and reopened"),
    "counterfeit_network": ("转售者被其上游供货商欺骗", "a reseller cheated by its own supplier"),
    "buyback_live": ("忠实顾客较多且当季已结束的直播间", "a stream with loyal customers whose season ended"),
    "pyramid": ("正规会员店的推荐奖励", "an honest membership shop that rewards referral"),
    "leak_source": ("亲友代为沟通退货，或店铺的客服小号", "a friend who helps with a return, or a shop's service account"),
    "unlicensed_operator": ("执照正在换发，或代运营公司误用自身执照", "a licence under renewal, or an agency that used its own by mistake"),
    "account_farm": ("家庭或宿舍同一晚注册", "a family or dormitory that signed up on one evening"),
    "brushing": ("亲友照顾生意，或同城当面交付", "relatives who buy from a relative, goods handed over in person"),
}  # fmt: skip

TYPOLOGY: dict[str, tuple[str, str]] = {
    "confirm_first": ("先确认后发码", "confirm first"),
    "unpaid_harvest": ("拍下不付取码", "unpaid harvest"),
    "off_platform_lure": ("站外引流", "off-platform lure"),
    "two_way": ("两头吃", "two-way"),
    "swap_return": ("恶意退换", "swapped return"),
    "jury_gaming": ("小法庭钻空子", "jury gaming"),
    "reborn_shop": ("换壳重生", "reborn shop"),
    "counterfeit_network": ("售假网络", "counterfeit network"),
    "buyback_live": ("直播高价回收", "buyback livestream"),
    "pyramid": ("传销", "pyramid"),
    "leak_source": ("订单信息泄露", "order leak"),
    "unlicensed_operator": ("无照经营", "unlicensed operator"),
    "account_farm": ("批量养号", "account farm"),
    "brushing": ("刷单炒信", "brushing"),
}

KIND: dict[str, tuple[str, str]] = {
    "device": ("设备", "device"),
    "payee": ("收款账号", "payee"),
    "payer": ("付款账号", "payer"),
    "contact": ("联系方式或链接", "contact or link"),
    "card_code": ("卡密", "card code"),
    "phone": ("手机号", "phone"),
    "owner": ("实名主体", "owner"),
    "licence": ("营业执照", "licence"),
    "address": ("地址", "address"),
    "inviter": ("邀请关系", "referral"),
    "succession": ("店铺承接", "succession"),
    "source": ("订单来源", "order source"),
}

VERDICT: dict[str, tuple[str, str]] = {
    "confirmed": ("确认", "confirmed"),
    "cleared": ("排除", "cleared"),
    "watch": ("观察", "watch"),
    "disputed": ("有异议", "disputed"),
}

SENTENCES: dict[str, tuple[str, str]] = {
    "acts": ("疑似{typology}：{n} 次中有 {k} 次{what}；平台同类比率为 {rate}。", "Suspected {typology}: {k} of {n} {what}; the platform's rate is {rate}."),
    "ties": ("{n} 个账号由 {things}相连。", "{n} accounts are held together by {things}."),
    "thing": ("{n} 个{kind}", "{n} × {kind}"),
    "victims": ("涉及 {n} 名不同的对方，金额 {cny} 元。", "{n} different counterparties are involved, CNY {cny}."),
    "passive": ("{n} 个成员中有 {k} 个自身没有可疑行为。", "{k} of {n} members show no suspicious act of their own."),
    "plain": ("成员的 {n} 笔订单中有 {k} 笔没有任何可疑之处。", "{k} of the members' {n} orders show nothing unusual."),
    "weakest": ("若去掉{kind} {entity}，该团伙即不再相连。", "Without {kind} {entity} the ring falls apart."),
    "one_kind": ("账号之间只有一类关联：{kind}。", "Only one kind of tie holds the accounts together: {kind}."),
    "innocent": ("可能的无辜解释：{what}。", "A possible innocent explanation: {what}."),
    "paid_untold": ("导出数据没有任何付款时间：未取消的订单一律按下单时已付款计。", "The exports tell of no payment: every order that was not cancelled counts as paid when placed."),
    "warned": ("{cny} 元发生在平台已提示风险之后。", "CNY {cny} was at stake after the platform had warned the buyer."),
    "holder": ("该账号自身没有可疑行为，仅通过关联进入名单。", "The account has no suspicious act of its own; it is here by its ties alone."),
    "recruit": ("该账号交纳了入门费而没有发展下线，可能是受骗者。", "It paid an entry fee and recruited nobody: it may have been deceived."),
    "source": ("受害人的订单都出自该账号；它是共同来源，并非嫌疑人。", "The victims' orders share this account; it is a common source, not a suspect."),
    "tied_to": ("与本团伙 {n} 个成员有关联（{things}）。", "Tied to {n} members of the ring ({things})."),
    "alone": ("未发现与其他账号的可靠关联。", "No reliable tie to other accounts was found."),
    "fact": ("{what}（{at}）。", "{what} ({at})."),
    "fact_tie": ("使用{kind} {entity}，{since} 至 {until}。", "Used {kind} {entity}, {since} to {until}."),
    "hub_kiosk": ("自助终端，{n} 个账号共用。", "A kiosk, shared by {n} accounts."),
    "hub_crowd": ("{n} 个账号共用，多于上限，不视为同一控制人。", "Shared by {n} accounts, more than the limit: not one hand."),
    "hub_alike": ("{n} 个账号共用，其中 {share} 的行为相同：仅在这些账号之间视为关联。", "Shared by {n} accounts, of which {share} act alike: a tie between these alone."),
    "hub_incoherent": ("{n} 个账号共用，其中仅 {share} 另有其他共用之物。", "Shared by {n} accounts, of which only {share} share anything else."),
    "new": ("首次出现，{n} 个账号。", "First seen, {n} accounts."),
    "grown": ("由 {before} 个账号增至 {n} 个。", "Grew from {before} to {n} accounts."),
    "shrunk": ("由 {before} 个账号减至 {n} 个。", "Shrank from {before} to {n} accounts."),
    "merged": ("由 {others} 合并而来。", "Merged from {others}."),
    "split": ("由 {others} 拆分而来。", "Split from {others}."),
    "revived": ("沉寂后再次出现，上次为 {date}。", "Back after an absence, last seen {date}."),
    "joined": ("加入，关联依据：{things}。", "Joined, by {things}."),
    "more": ("另有 {n} 项", "{n} more"),
    "left": ("离开，已不满足成员条件；此前关联依据：{things}。", "Left: it no longer holds as a member; it had been tied by {things}."),
    "moved": ("转入 {ring}；此前关联依据：{things}。", "Now on {ring}; it had been tied by {things}."),
    "score": ("得分由 {before} 变为 {now}：{why}。", "Score moved from {before} to {now}: {why}."),
    "why_acts": ("{n} 项新行为", "{n} new acts"),
    "why_joined": ("{n} 个账号加入", "{n} joined"),
    "why_left": ("{n} 个账号离开", "{n} left"),
    "why_verdicts": ("分析员的判定", "analysts' verdicts"),
    "why_rates": ("平台比率或旧记录有变动", "the platform's rates or older rows changed"),
    "continued": ("今晚归入 {rings}，上次 {n} 个账号。", "Its accounts are now on {rings}; last had {n} accounts."),
    "gone": ("今晚未再出现，上次 {n} 个账号。", "Not seen tonight; last had {n} accounts."),
    "cleared": ("分析员判定排除，此后没有新的独立证据。", "Cleared by an analyst; no new, independent evidence since."),
    "cleared_account": ("分析员于 {date} 判定排除该账号，此后没有新的独立证据。", "An analyst cleared the account on {date}; no new, independent evidence since."),
    "cleared_account_acts": ("分析员于 {date} 判定排除该账号；此后又有 {n} 项新行为。", "An analyst cleared the account on {date}; {n} new acts since."),
    "since_acts": ("分析员于 {date} 判定排除；此后有成员的 {n} 项新行为。", "An analyst cleared it on {date}; since then its members did {n} new acts."),
    "since_members": ("分析员于 {date} 判定排除；现有 {n} 个未经判定的成员自身有可疑行为。", "An analyst cleared it on {date}; {n} members whom nobody cleared act suspiciously."),
    "since_kinds": ("分析员于 {date} 判定排除；此后出现新的关联类型：{kinds}。", "An analyst cleared it on {date}; a new kind of tie since: {kinds}."),
    "raised_members": ("分析员已确认其中 {n} 个成员（最近 {date}），得分因此上调。", "Analysts confirmed {n} of its members (last on {date}); the score is raised for it."),
    "raised_thing": ("与分析员已确认者共用：{kinds}，得分因此上调。", "Shares with what analysts confirmed: {kinds}; the score is raised for it."),
    "on_a_ring": ("列于团伙 {ring}，第 {rank} 位，得分 {score}。", "Listed on ring {ring}, rank {rank}, score {score}."),
    "on_the_ring_list": ("列于团伙名单，得分 {score}。", "Listed on a ring, score {score}."),
    "on_lone": ("未列入任何团伙；因自身行为列入单独名单，得分 {score}。", "On no ring; listed alone for its own acts, score {score}."),
    "not_known": ("截至当晚，各项数据中没有该账号。", "No export knew the account by that night."),
    "not_listed": ("未列入名单。", "Not listed."),
    "not_acting": ("自身行为与平台同类账号相比没有突出之处。", "Its acts do not stand out from those of its kind on the platform."),
    "not_enough_acts": ("自身行为的证据为 {nats}，低于单独列入的 {least}。", "Its own acts say {nats}, less than the {least} that lists an account alone."),
    "not_holding": ("与 {n} 个账号有关联，但不足以认定为同一控制人。", "Tied to {n} accounts, but not so as to be one hand with them."),
    "not_a_ring": ("与其相连的账号合计证据不足，未列入名单。", "What it is tied to shows too little to be listed."),
    "not_for_verdict": ("分析员已判定排除，因此未列入名单。", "Left off the list, for an analyst cleared it."),
    "its_trade": ("注册于 {date}；买入 {bought} 笔，卖出 {sold} 笔；登录设备 {devices} 台。", "Registered on {date}; bought {bought} times, sold {sold} times; used {devices} devices."),
    "its_ties": ("与其他账号共用的{kind}：{n}。", "Shared with other accounts, {kind}: {n}."),
    "its_verdict": ("{date} 的人工判定：{verdict}。", "Decided by a person on {date}: {verdict}."),
    "may_dispute": ("名单只是线索，不是认定；如有异议，可要求人工复核。", "A list is a lead and no finding; you may ask for a review by a person."),
    "learned_scores": ("已判定的 {n} 个团伙中有 {k} 个被确认，而得分所预期为 {promised} 个；得分因此由 {before} 调整为 {now}。", "Of {n} decided rings {k} were confirmed where the scores had promised {promised}; for that the score goes from {before} to {now}."),
    "learned_typology": ("已判定的同类型 {n} 个团伙中有 {k} 个被确认，而得分所预期为 {promised} 个；得分因此由 {before} 调整为 {now}。", "Of {n} decided rings of this typology {k} were confirmed where the scores had promised {promised}; for that the score goes from {before} to {now}."),
    "own_flag": ("{date} 的确认仅因本系统提示而作出，不计作独立判定。", "Confirmed on {date} by a sanction that followed our own flag alone; it counts for nothing here."),
    "disputed": ("{date} 提出异议，尚未决定。", "Disputed on {date}, and not decided yet."),
    "contradicted_cleared": ("判定相互矛盾：{before} 确认，{date} 排除；以最近者为准。", "The verdicts contradict each other: confirmed on {before}, cleared on {date}; the newest counts."),
    "contradicted_confirmed": ("判定相互矛盾：{before} 排除，{date} 确认；以最近者为准。", "The verdicts contradict each other: cleared on {before}, confirmed on {date}; the newest counts."),
}  # fmt: skip


def say(name: str, language: Language, **figures: object) -> str:
    """The sentence `name` with its figures. Raises KeyError for an unknown name or a missing figure: never a half
    sentence."""
    return _pick(SENTENCES[name], language).format(**figures)


def note(name: str, figures: str, language: Language) -> str:
    """The sentence `name` with figures as JSON; a `verdict` and a list of `kinds` are named in the language."""
    known = json.loads(figures)
    if "verdict" in known:
        known["verdict"] = verdict(known["verdict"], language)
    if "kinds" in known:
        known["kinds"] = comma(language).join(kind(k, language) for k in known["kinds"])
    return say(name, language, **known)


def verdict(name: str, language: Language) -> str:
    """What an analyst decided."""
    return _pick(VERDICT[name], language)


def act(name: str, language: Language) -> str:
    """What the act `name` counts."""
    return _pick(ACTS[name], language)


def innocent(typology: str, language: Language) -> str:
    """The strongest innocent explanation of a typology."""
    return _pick(INNOCENT[typology], language)


def typology(name: str, language: Language) -> str:
    """What a typology is called."""
    return _pick(TYPOLOGY[name], language)


def kind(name: str, language: Language) -> str:
    """What a kind of tie is called."""
    return _pick(KIND[name], language)


def comma(language: Language) -> str:
    """What stands between the items of a list."""
    return _pick(("、", ", "), language)


def share(value: float) -> str:
    """A rate for reading: two significant figures below ten percent; what is too rare to measure says so."""
    if value < 1e-4:
        return "< 0.01 %"
    return f"{100 * value:.2g} %" if value < 0.1 else f"{100 * value:.0f} %"


def cny(fen: int) -> str:
    """Fen as CNY with thousands separated."""
    return f"{fen // 100:,}.{fen % 100:02d}"


def _pick(pair: tuple[str, str], language: Language) -> str:
    return pair[0] if language == "zh" else pair[1]
