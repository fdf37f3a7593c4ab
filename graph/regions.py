"""Provinces of GB/T 2260: the first two digits of a region's code."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

if TYPE_CHECKING:
    from graph.words import Language

PROVINCES: dict[str, tuple[str, str]] = {
    "11": ("北京", "Beijing"), "12": ("天津", "Tianjin"), "13": ("河北", "Hebei"), "14": ("山西", "Shanxi"),
    "15": ("内蒙古", "Inner Mongolia"), "21": ("辽宁", "Liaoning"), "22": ("吉林", "Jilin"),
    "23": ("黑龙江", "Heilongjiang"), "31": ("上海", "Shanghai"), "32": ("江苏", "Jiangsu"), "33": ("浙江", "Zhejiang"),
    "34": ("安徽", "Anhui"), "35": ("福建", "Fujian"), "36": ("江西", "Jiangxi"), "37": ("山东", "Shandong"),
    "41": ("河南", "Henan"), "42": ("湖北", "Hubei"), "43": ("湖南", "Hunan"), "44": ("广东", "Guangdong"),
    "45": ("广西", "Guangxi"), "46": ("海南", "Hainan"), "50": ("重庆", "Chongqing"), "51": ("四川", "Sichuan"),
    "52": ("贵州", "Guizhou"), "53": ("云南", "Yunnan"), "54": ("西藏", "Tibet"), "61": ("陕西", "Shaanxi"),
    "62": ("甘肃", "Gansu"), "63": ("青海", "Qinghai"), "64": ("宁夏", "Ningxia"), "65": ("新疆", "Xinjiang"),
    "71": ("台湾", "Taiwan"), "81": ("香港", "Hong Kong"), "82": ("澳门", "Macao"),
}  # fmt: skip


def province(code: str, language: Language) -> str:
    """What a province is called; a code that is none stays a code."""
    return PROVINCES.get(code[:2], (code[:2],) * 2)[language == "en"]


def by_province(rings: pl.DataFrame, language: Language) -> pl.DataFrame:
    """One row a province with victims: `province` (two digits), `name`, `rings`, `open_cny` of those rings, most first.

    A ring counts in every province where it has victims, so the sums are not to be added up.
    """
    found = (
        rings.select("ring_id", "open_cny", "regions")
        .explode("regions")
        .drop_nulls("regions")
        .with_columns(pl.col("regions").str.head(2).alias("province"))
        .unique(["ring_id", "province"])
        .group_by("province")
        .agg(pl.len().cast(pl.Int64).alias("rings"), pl.col("open_cny").sum())
        .sort("rings", "open_cny", "province", descending=[True, True, False])
    )
    names = [province(code, language) for code in found["province"]]
    return found.select("province", pl.Series("name", names, dtype=pl.String), "rings", "open_cny")
