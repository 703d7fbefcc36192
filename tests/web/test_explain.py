"""What staff are told of an entry's region and year."""

from __future__ import annotations

import pytest

from qa_service.library.schemas import HitView
from qa_service.text.regions import Bearing
from qa_service.web.explain import where_from


@pytest.mark.parametrize(
    ("bearing", "regions", "told"),
    [
        (Bearing.SAME, ["泉州市"], []),
        (Bearing.ELSEWHERE, ["泉州市"], ["注意：这条说的是“泉州市”，不是所问的地方"]),
        (Bearing.UNASKED, ["北京市", "朝阳区"], ["注意：这条说的是“北京市、朝阳区”，提问没有说是哪里"]),
        (Bearing.UNSAID, ["昆明市"], ["注意：这条说的是“昆明市”，只是所问地方的一部分"]),
        (Bearing.UNSAID, [], ["注意：这条没有说是哪里，提问说了具体地方"]),
    ],
)
def test_where_from(bearing: Bearing, regions: list[str], told: list[str]) -> None:
    assert where_from(HitView.model_construct(bearing=bearing, regions=regions)) == told


def test_where_from_says_of_which_year_the_entry_is() -> None:
    hit = HitView.model_construct(
        bearing=Bearing.OTHER_YEAR, regions=[], question="2022年和2023年度高龄津贴标准？"
    )
    assert where_from(hit) == ["注意：这条说的是2022、2023年，不是所问的年份"]
