"""Under which names things go out: labels such as A01 and P02 in both modes, true values in `request` alone.

The same ring and night give the same labels, so that a later request can name what an earlier lead showed.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from jobs.case.gather import Gathered

SPACES: dict[str, tuple[str, str]] = {
    "member": ("A", "成员账号"),
    "other": ("B", "其他账号"),
    "victim": ("V", "受害人账号"),
    "device": ("D", "设备"),
    "pay": ("P", "收付款账号"),
    "contact": ("K", "联系方式或链接"),
    "card_code": ("C", "卡密"),
    "phone": ("T", "手机号"),
    "owner": ("N", "实名主体"),
    "licence": ("L", "营业执照"),
    "address": ("X", "地址"),
    "orders": ("O", "订单"),
    "chat_links": ("M", "聊天消息"),
}
"""Kind of thing -> letter of its labels, what the report calls it."""
_PLAIN = re.compile(r"[0-9A-Za-z_-]+")
ACCOUNTS = ("member", "victim", "other")


def space_of(kind: str) -> str:
    """Of an entity's kind: one payment account is one thing, whether it was paid or paid."""
    return "pay" if kind in ("payee", "payer") else kind


class Mask:
    """Labels of everything in a bundle. `true` says whether true values may go out as well."""

    def __init__(self, gathered: Gathered, true: bool) -> None:
        self.true = true
        self._labels = {
            (space, entity): f"{SPACES[space][0]}{number:0{max(2, len(str(len(entities))))}d}"
            for space, entities in _groups(gathered).items()
            for number, entity in enumerate(entities, 1)
        }
        self._by_text: dict[str, str] = {}
        for (_, entity), label in self._labels.items():
            self._by_text.setdefault(entity, label)
        self._odd = sorted((i for i in self._by_text if not _PLAIN.fullmatch(i)), key=lambda i: (-len(i), i))

    def account(self, account: str | None) -> str:
        """Label of an account, whichever part it plays; "" for none."""
        for space in ACCOUNTS:
            if account is not None and (label := self._labels.get((space, account))):
                return label
        return ""

    def thing(self, kind: str, entity: str) -> str:
        """Label of a shared thing; of an account for the ties between accounts."""
        return self._labels.get((space_of(kind), entity)) or self.account(entity)

    def record(self, table: str, key: str) -> str:
        """Label of a record by its key: an order's or message's own, else that of the account and device in it."""
        if own := self._labels.get((table, key)):
            return own
        if table == "accounts":
            return self.account(key)
        for cut in (i for i, c in enumerate(key) if c == "|"):
            parts = self.account(key[:cut]), self._labels.get(("device", key[cut + 1 :]), "")
            if all(parts):
                return "·".join(parts)
        return ""

    def value(self, text: str | None) -> str:
        """A true value, where it may go out."""
        return (text or "") if self.true else ""

    def text(self, sentence: str) -> str:
        """A sentence: in a lead with labels in the place of ids, in a request with the label behind each id.

        Whole words alone: an id that is part of a longer one, or of a figure, is not that id. A search for thousands
        of ids at every place would take seconds, so ids of plain letters are looked up word by word.
        """
        odd = "|".join(re.escape(i) for i in self._odd if i in sentence)
        words = re.compile(rf"(?<![0-9A-Za-z_-])(?:{odd})(?![0-9A-Za-z_-])|{_PLAIN.pattern}" if odd else _PLAIN)
        return words.sub(lambda m: self._said(m[0]) if m[0] in self._by_text else m[0], sentence)

    def shown_in(self, text: str, least: int) -> bool:
        """Whether a text holds one of the ids of `least` characters or more."""
        return any(len(word) >= least and word in self._by_text for word in set(_PLAIN.findall(text))) or any(
            len(odd) >= least and odd in text for odd in self._odd
        )

    def _said(self, entity: str) -> str:
        return f"{entity}（{self._by_text[entity]}）" if self.true else self._by_text[entity]

    def items(self) -> Iterator[tuple[str, str, str]]:
        """(space, true value, label), in the order of labels."""
        for (space, entity), label in self._labels.items():
            yield space, entity, label


def _groups(gathered: Gathered) -> dict[str, list[str]]:
    """Space -> the ids in it: members as they rank, everything else sorted, so that a label says nothing more."""
    members = gathered.members["account_id"].to_list()
    links, orders, chats = gathered.links, gathered.orders, gathered.chats
    victims = {*gathered.facts["victim_id"].drop_nulls(), *gathered.open_orders["buyer_id"]} - set(members)
    between = links.filter(links["entity_kind"].is_in(["inviter", "succession", "source"]))["entity_id"]
    seen = (orders["buyer_id"], orders["seller_id"], chats["sender_id"], chats["receiver_id"], between)
    others = {i for ids in seen for i in ids.drop_nulls()} - victims - set(members)
    out: dict[str, set[str]] = {space: set() for space in SPACES}
    for kind, entity in links.select("entity_kind", "entity_id").iter_rows():
        if (space := space_of(kind)) in out:
            out[space].add(entity)
    out |= {
        "victim": victims,
        "other": others,
        "orders": set(orders["order_id"]),
        "chat_links": set(chats["message_id"]),
    }
    return {"member": members} | {space: sorted(ids) for space, ids in out.items() if space != "member"}
