"""The bundled zone data: time limits stand on what they name, zones form one tree."""

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from qa_service.workdays.due import LimitUnit, TimeLimit

ZONE = Path(__file__).resolve().parents[2] / "corpus" / "zone"
RULES = ZONE / "rules" / "青禾县政务公开专区工作规范(2026-01-01).md"
LIMITS: list[dict[str, Any]] = yaml.safe_load((ZONE / "limits.yaml").read_text("utf-8"))["limits"]
ZONES: list[dict[str, Any]] = yaml.safe_load((ZONE / "zones.yaml").read_text("utf-8"))["zones"]
UNITS: list[dict[str, Any]] = yaml.safe_load((ZONE / "units.yaml").read_text("utf-8"))["units"]


@pytest.mark.parametrize("row", LIMITS, ids=lambda row: row["code"])
def test_a_limit_is_complete(row: dict[str, Any]) -> None:
    assert list(row) == ["code", "name", "days", "unit", "starts", "pauses", "basis"]
    basis = row["basis"]
    limit = TimeLimit(
        row["code"],
        row["name"],
        row["days"],
        LimitUnit(row["unit"]),
        row["starts"],
        f"《{basis['law']}》{basis['article']}",
    )
    assert limit.name and limit.starts
    assert isinstance(row["pauses"], list)
    assert re.fullmatch(r"第[一二三四五六七八九十百]+条", basis["article"])
    assert 0 < len(basis["phrase"]) <= 15


def test_limit_codes_are_unique() -> None:
    codes = [row["code"] for row in LIMITS]
    assert len(set(codes)) == len(codes)


def test_limits_of_the_county_rules_are_in_the_article_named() -> None:
    own = [row for row in LIMITS if row["basis"]["law"] == "青禾县政务公开专区工作规范"]
    lines = RULES.read_text("utf-8").splitlines()
    for row in own:
        article = next(line for line in lines if line.startswith(row["basis"]["article"] + " "))
        assert row["basis"]["phrase"] in article
    assert {row["code"]: (row["days"], row["unit"]) for row in own} == {
        "consultation_reply": (5, "workday"),
        "consultation_sign": (1, "workday"),
        "consultation_return": (2, "workday"),
        "consultation_redo": (5, "workday"),
        "application_transfer": (0, "same_day"),
        "bad_review_contact": (1, "workday"),
        "bad_review_rectify": (5, "workday"),
    }


def test_zones_form_one_tree_of_three_levels() -> None:
    by_code = {zone["code"]: zone for zone in ZONES}
    above = {"town": "county", "village": "town"}
    assert [zone["level"] for zone in ZONES] == ["county", "town", "town", "village"]
    assert len(by_code) == 4
    for zone in ZONES:
        if zone["level"] == "county":
            assert zone["parent"] is None
        else:
            assert by_code[zone["parent"]]["level"] == above[zone["level"]]


def test_a_town_zone_takes_applications_to_its_own_town_only() -> None:
    for zone in ZONES:
        town = zone["name"].removesuffix("政务公开专区")
        expected = {"town": [f"{town}人民政府"], "village": []}.get(zone["level"], zone["accepts"])
        assert zone["accepts"] == expected
        assert bool(zone["accepts"]) == ("申请接收区" in zone["areas"])


def test_telephone_numbers_are_fictional_and_not_shared() -> None:
    phones = [place["phone"] for place in [*ZONES, *UNITS]]
    assert len(set(phones)) == len(phones)
    assert all(re.fullmatch(r"0999-5550\d{3}", phone) for phone in phones)
