"""The ring for other programs: GraphML (Gephi, yEd) and CASE/UCO 1.5 as JSON-LD."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any
from xml.etree import ElementTree
from zoneinfo import ZoneInfo

from jobs.case.clean import one_line, xml_safe
from jobs.case.tables import Sheet

SPACE = uuid.UUID("5b4fb3ae-5b0f-5d0c-9f0d-7c1f0a1d3f52")
"""Of the names that our UUIDs are made from (RFC 9562, version 5); any other would do, changing it changes all ids."""
CONTEXT = {
    "kb": "http://example.org/kb/",
    "case-investigation": "https://ontology.caseontology.org/case/investigation/",
    "uco-core": "https://ontology.unifiedcyberontology.org/uco/core/",
    "uco-identity": "https://ontology.unifiedcyberontology.org/uco/identity/",
    "uco-observable": "https://ontology.unifiedcyberontology.org/uco/observable/",
    "uco-action": "https://ontology.unifiedcyberontology.org/uco/action/",
    "uco-types": "https://ontology.unifiedcyberontology.org/uco/types/",
    "xsd": "http://www.w3.org/2001/XMLSchema#",
}

# Written here, in as many lines as with networkx: its writer loads numpy, a tenth of what a small bundle takes.
NODE = ("label", "type", "id_value", "role", "score")
EDGE = ("tie", "weight", "first_seen_at", "last_seen_at")
NUMBERS = ("score", "weight")


def graphml(sheets: dict[str, Sheet]) -> bytes:
    """Accounts and what they share as nodes, ties as edges; names are the labels of the tables."""
    nodes = {
        row["account"]: (row["account"], "成员账号", row["account_id"], row["role"], str(float(row["score"])))
        for row in rows(sheets["accounts"])
    }
    ties = [*rows(sheets["ties"])]
    for row in ties:
        nodes.setdefault(row["to"], (row["to"], row["to_type"], row["to_id"], "", "0.0"))
    root = ElementTree.Element("graphml", xmlns="http://graphml.graphdrawing.org/xmlns")
    for scope, names in (("node", NODE), ("edge", EDGE)):
        for name in names:
            kind = "double" if name in NUMBERS else "string"
            ElementTree.SubElement(root, "key", {"id": name, "for": scope, "attr.name": name, "attr.type": kind})
    graph = ElementTree.SubElement(root, "graph", edgedefault="undirected")
    for label, node in nodes.items():
        _data(ElementTree.SubElement(graph, "node", id=label), NODE, node)
    for number, row in enumerate(ties, 1):
        edge = ElementTree.SubElement(graph, "edge", source=row["from"], target=row["to"], id=f"e{number:05d}")
        _data(edge, EDGE, (row["tie"], str(float(row["weight"])), row["first_seen_at"], row["last_seen_at"]))
    ElementTree.indent(root)
    content: bytes = ElementTree.tostring(root, encoding="utf-8", xml_declaration=True)
    return content


def _data(element: ElementTree.Element, names: Sequence[str], values: Sequence[str]) -> None:
    for name, value in zip(names, values, strict=True):
        ElementTree.SubElement(element, "data", key=name).text = xml_safe(value)


def rows(sheet: Sheet) -> Iterator[dict[str, str]]:
    """A sheet's rows, column -> cell."""
    names = [name for name, _ in sheet.columns]
    return (dict(zip(names, row, strict=True)) for row in sheet.rows)


def case_jsonld(
    case: str, title: str, basis: str, zone: str, sheets: dict[str, Sheet], files: Sequence[tuple[str, str]]
) -> bytes:
    """CASE/UCO 1.5: an investigation, its accounts and shared things as observables, ties as relationships, acts as
    events, and the export files (name, SHA-256) that all was read from. `zone`: the platform's, an IANA name."""
    graph = [*_Case(case, ZoneInfo(zone)).nodes(title, basis, sheets, files)]
    # A node a line: an indented file of thousands of nodes takes a second to write, and nobody reads it.
    nodes = ",\n".join(json.dumps(node, ensure_ascii=False) for node in graph)
    context = json.dumps(CONTEXT, ensure_ascii=False)
    return f'{{"@context": {context},\n"@graph": [\n{nodes}\n]}}\n'.encode()


class _Case:
    def __init__(self, case: str, zone: ZoneInfo) -> None:
        self.case = case
        self.zone = zone

    def moment(self, text: str) -> dict[str, str]:
        """A time with its offset, as UCO wants it."""
        return {"@type": "xsd:dateTime", "@value": datetime.fromisoformat(text).replace(tzinfo=self.zone).isoformat()}

    def id(self, kind: str, name: str) -> str:
        """The same for the same thing of the same case, and told apart from all others."""
        return f"kb:{kind}-{uuid.uuid5(SPACE, f'{self.case}/{kind}/{name}')}"

    def nodes(
        self, title: str, basis: str, sheets: dict[str, Sheet], files: Sequence[tuple[str, str]]
    ) -> Iterator[dict[str, Any]]:
        things = [*self._accounts(sheets["accounts"]), *self._things(sheets)]
        events, ties = [*self._acts(sheets["acts"])], [*self._ties(sheets["ties"])]
        sources = [self._file(*file) for file in files]
        objects = [{"@id": node["@id"]} for node in (*things, *ties, *events, *sources)]
        record = {
            "@id": self.id("provenance-record", "all"),
            "@type": "case-investigation:ProvenanceRecord",
            "uco-core:description": "从来源文件导出、汇总的全部对象",
            "uco-core:object": objects,
        }
        yield {
            "@id": self.id("investigation", "case"),
            "@type": "case-investigation:Investigation",
            "uco-core:name": title,
            "case-investigation:focus": basis,
            "uco-core:object": [{"@id": record["@id"]}, *objects],
        }
        yield record
        yield from (*things, *ties, *events, *sources)

    def _accounts(self, sheet: Sheet) -> Iterator[dict[str, Any]]:
        for row in rows(sheet):
            yield self._account(
                row["account"], row["account_id"], f"{row['role']}；{row['typology']}；得分 {row['score']}"
            )

    def _account(self, label: str, true: str, said: str) -> dict[str, Any]:
        return self._observable(
            label, "DigitalAccount", said,
            {"@type": "uco-observable:AccountFacet", "uco-observable:accountIdentifier": one_line(true) or label},
        )  # fmt: skip

    def _things(self, sheets: dict[str, Sheet]) -> Iterator[dict[str, Any]]:
        """Every end of a tie that is no member, once."""
        done = {row["account"] for row in rows(sheets["accounts"])}
        for row in rows(sheets["ties"]):
            label, true = row["to"], one_line(row["to_id"])
            if label in done:
                continue
            done.add(label)
            if row["to_type"] == "设备":
                facet = {"@type": "uco-observable:DeviceFacet", "uco-observable:serialNumber": true or label}
                yield self._observable(label, "Device", row["to_type"], facet)
            elif row["to_type"].endswith("账号"):
                yield self._account(label, row["to_id"], row["to_type"])
            else:
                yield self._observable(f"{label}", "ObservableObject", f"{row['to_type']} {true}".strip(), None)

    def _observable(self, label: str, kind: str, said: str, facet: dict[str, str] | None) -> dict[str, Any]:
        node: dict[str, Any] = {
            "@id": self.id("observable", label), "@type": f"uco-observable:{kind}", "uco-core:name": label,
            "uco-core:description": said,
        }  # fmt: skip
        if facet:
            node["uco-core:hasFacet"] = {"@id": self.id("facet", label), **facet}
        return node

    def _ties(self, sheet: Sheet) -> Iterator[dict[str, Any]]:
        for number, row in enumerate(rows(sheet)):
            yield {
                "@id": self.id("relationship", str(number)),
                "@type": "uco-observable:ObservableRelationship",
                "uco-core:source": {"@id": self.id("observable", row["from"])},
                "uco-core:target": {"@id": self.id("observable", row["to"])},
                "uco-core:kindOfRelationship": "Related_To",
                "uco-core:isDirectional": True,
                "uco-core:description": f"{row['tie']}，强度 {row['weight']}",
                "uco-core:startTime": self.moment(row["first_seen_at"]),
                "uco-core:endTime": self.moment(row["last_seen_at"]),
            }

    def _acts(self, sheet: Sheet) -> Iterator[dict[str, Any]]:
        for row in rows(sheet):
            yield {
                "@id": self.id("event", row["no"]),
                "@type": "uco-core:Event",
                "uco-core:eventType": row["typology"],
                "uco-core:name": f"{row['no']} {row['account']}",
                "uco-core:description": f"{row['act']}；{row['record_label']}；涉及 {row['amount_cny']} 元",
                "uco-core:startTime": self.moment(row["happened_at"]),
                "uco-core:eventContext": [{"@id": self.id("observable", row["account"])}],
            }

    def _file(self, name: str, digest: str) -> dict[str, Any]:
        facet = {
            "@id": self.id("facet", digest),
            "@type": "uco-observable:ContentDataFacet",
            "uco-observable:hash": {
                "@id": self.id("hash", digest),
                "@type": "uco-types:Hash",
                "uco-types:hashMethod": "SHA256",
                "uco-types:hashValue": {"@type": "xsd:hexBinary", "@value": digest},
            },
        }
        return {
            "@id": self.id("observable", digest), "@type": "uco-observable:File", "uco-core:name": name,
            "uco-core:description": "来源文件", "uco-core:hasFacet": facet,
        }  # fmt: skip
