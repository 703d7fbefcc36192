#!/usr/bin/env python3
"""Make corpus/lexicon/regions.tsv, the names of administrative regions, from a list of codes.

    scripts/make_regions.py ADCODES.csv [OUT]

ADCODES.csv has columns `adcode` (GB/T 2260 and its yearly changes by the Ministry of Civil Affairs, twelve digits) and
`name`; the bundled file was made from the one in cpca 0.5.5 (PyPI, MIT). Provinces and prefectures are also known without
their rank (苏州), but for those that are words of every day; counties where jieba's dictionary has that as the name of a
place, so that 和平区 does not make 和平 one.
"""

from __future__ import annotations

import csv
import re
import sys
from pathlib import Path

import jieba

TARGET = Path(__file__).resolve().parent.parent / "corpus" / "lexicon" / "regions.tsv"
HEAD = "# 行政区划：代码（GB/T 2260）<制表符>名称<制表符>简称（没有则空）；由 scripts/make_regions.py 生成\n"
_NO_NAME = re.compile(r"^(市辖区|县|.*直辖县级.*|城区|郊区|矿区|新区|市区)$")
_RANK = re.compile(r"(特别行政区|自治[区州县旗]|省|市|地区|盟|县|区|旗)$")
_WORDS = frozenset(["日照", "来宾", "白银", "阿里", "安康", "海东", "海西", "海北", "黄南"])
# What stands between a place and “自治州” is a people's name.
_PEOPLES = (
    "维吾尔 壮族 回族 藏族 苗族 彝族 布依族 朝鲜族 满族 侗族 瑶族 白族 土家族 哈尼族 哈萨克族 哈萨克 傣族 黎族 傈僳族 佤族 畲族 "
    "拉祜族 水族 东乡族 纳西族 景颇族 柯尔克孜 土族 达斡尔族 仫佬族 羌族 布朗族 撒拉族 毛南族 仡佬族 锡伯族 普米族 塔吉克 怒族 鄂温克族 "
    "裕固族 保安族 独龙族 鄂伦春 蒙古族 蒙古 各族"
)
_PEOPLE = re.compile(f"({'|'.join(_PEOPLES.split())})+$")


def places_of_jieba() -> set[str]:
    with jieba.get_dict_file() as lines:
        rows = (line.decode("utf-8").split() for line in lines)
        return {word for word, _, tag in rows if tag == "ns"}


def without_rank(name: str) -> str:
    stem = _RANK.sub("", name)
    plain = _PEOPLE.sub("", stem) if "自治" in name else stem
    return plain if len(plain) >= 2 else stem


def main() -> int:
    if len(sys.argv) not in (2, 3):
        print(__doc__)
        return 2
    with Path(sys.argv[1]).open(encoding="utf-8") as source:
        names = {row["adcode"][:6]: row["name"] for row in csv.DictReader(source)}
    known = places_of_jieba()
    lines = []
    for code, name in sorted(names.items()):
        if len(name) < 2 or _NO_NAME.match(name):
            continue
        short = without_rank(name)
        usual = short not in _WORDS if code.endswith("00") else short in known
        usable = len(short) >= 2 and short != name and usual
        lines.append(f"{code}\t{name}\t{short if usable else ''}\n")
    target = Path(sys.argv[2]) if len(sys.argv) == 3 else TARGET
    target.write_text(HEAD + "".join(lines), "utf-8")
    print(f"{len(lines)} regions: {target}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
