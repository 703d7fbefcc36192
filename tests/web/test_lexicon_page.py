"""词表 over HTTP: tried, saved, found; withdrawn with the record kept; refusals that keep what was typed."""

from __future__ import annotations

from typing import Any

import pytest
from support.people import People

HTML = {"accept": "text/html"}
FRAGMENT = {**HTML, "hx-request": "true"}
WORD = {"kind": "synonym", "said": "毛毛票", "official": "政府信息公开申请"}
A = "/api/v1"


def show(people: People, query: str = "", who: str = "desk") -> str:
    response = people(who).get(f"/library/lexicon{query}", headers=HTML)
    assert response.status_code == 200
    return str(response.text)


def save(people: People, who: str = "desk", **changes: str) -> Any:
    return people(who).post("/library/lexicon", data={**WORD, **changes}, headers=HTML)


def first_hit(people: People, question: str) -> str:
    hits = people("desk").post(f"{A}/library/hit-test", json={"question": question}).json()["hits"]
    return str(hits[0]["key"]) if hits else ""


class TestStory:
    def test_tried_saved_found_and_withdrawn(self, people: People) -> None:
        for question in ("毛毛票在哪儿领", "年假有几天"):
            people().post(f"{A}/ask", json={"question": question})
        people("desk").client.app.state.query_log.flush()  # type: ignore[attr-defined]
        assert first_hit(people, "毛毛票") != "disclosure-apply"

        tried = people("desk").post("/library/lexicon/preview", data=WORD, headers=FRAGMENT)
        assert tried.status_code == 200 and "<html" not in tried.text
        for said in (
            "有1条结果会变",
            "毛毛票在哪儿领",
            "怎样申请政府信息公开？",
            "其中1条含有这两个词之一",
            "把握程度",
        ):
            assert said in tried.text
        assert people("desk").get(f"{A}/lexicon/words?show=added").json()["total"] == 0

        saved = save(people)
        assert saved.status_code == 303 and "qa_saved" in saved.headers["set-cookie"]
        page = people("desk").get(saved.headers["location"], headers=HTML).text
        assert "已添加“毛毛票”→“政府信息公开申请”" in page and "窗口甲于" in page
        people.wait_for(lambda: first_hit(people, "毛毛票") == "disclosure-apply", seconds=2)
        assert people().get("/health").json()["status"] == "ok"

        (word,) = people("supervisor").get(f"{A}/lexicon/words?show=added").json()["items"]
        gone = people("unit-rsj").post(f"/library/lexicon/{word['id']}/withdraw", headers=HTML)
        assert gone.status_code == 303
        assert "已撤下" in people("desk").get(gone.headers["location"], headers=HTML).text
        people.wait_for(lambda: first_hit(people, "毛毛票") != "disclosure-apply", seconds=2)
        assert "人社承办人甲于" in show(people, "?show=withdrawn")
        again = people("desk").post(f"/library/lexicon/{word['id']}/withdraw", headers=HTML)
        assert again.status_code == 409 and "已由人社承办人甲撤下" in again.text

    def test_without_script_the_whole_page_comes_back_with_what_was_typed(self, people: People) -> None:
        page = people("desk").post("/library/lexicon/preview", data=WORD, headers=HTML)
        assert page.status_code == 200 and "<h1>词表</h1>" in page.text
        assert 'value="毛毛票"' in page.text and "还没有提问可以试查" in page.text


class TestRefusals:
    @pytest.mark.parametrize(
        ("changes", "said"),
        [
            ({"said": ""}, "不能为空"), ({"said": "毛 毛票"}, "不能有空格"), ({"official": "毛毛票"}, "相同"),
            ({"said": "社保", "official": "社会保险"}, "随软件附带"), ({"said": "长" * 300}, "最多"),
            ({"kind": "stop_word", "said": "社会保险", "official": ""}, "不能当作虚词"),
        ],
    )  # fmt: skip
    def test_say_why_and_keep_what_was_typed(
        self, people: People, changes: dict[str, str], said: str
    ) -> None:
        for path in ("/library/lexicon", "/library/lexicon/preview"):
            page = people("desk").post(path, data={**WORD, **changes}, headers=HTML)
            assert page.status_code in (409, 422) and said in page.text
            for value in {**WORD, **changes, "kind": ""}.values():
                assert not value or f'value="{value}"' in page.text or changes.get("kind")
        fragment = people("desk").post("/library/lexicon/preview", data={**WORD, **changes}, headers=FRAGMENT)
        assert said in fragment.text and "data-preview" not in fragment.text

    def test_the_same_word_twice(self, people: People) -> None:
        assert save(people).status_code == 303
        page = save(people, who="unit-rsj")
        assert page.status_code == 409 and "窗口甲添加" in page.text

    @pytest.mark.parametrize("said", ["<script>alert(1)</script>", "'; DROP TABLE--", "%_%", "\ud83d\ude00"])
    def test_strange_words_get_a_page(self, people: People, said: str) -> None:
        said = said.encode("utf-16", "surrogatepass").decode("utf-16")
        for path in ("/library/lexicon/preview", "/library/lexicon"):
            page = people("desk").post(path, data={**WORD, "said": said}, headers=HTML)
            assert page.status_code in (200, 303, 409, 422) and "<script>alert" not in page.text
        assert people("desk").get("/library/lexicon", params={"q": said}, headers=HTML).status_code == 200


class TestList:
    def test_bundled_words_are_shown_and_cannot_be_withdrawn(self, people: People) -> None:
        page = show(people)
        assert "随软件附带" in page and "/withdraw" not in page and "第1—50个" in page
        assert "最低生活保障" in show(people, "?q=低保")
        assert "没有找到这样的词" in show(people, "?q=无此词")
        for kind, title in (("term", "结巴词条"), ("stop_word", "提问虚词")):
            page = show(people, f"?kind={kind}&show=added")
            assert f"还没有本地添加的{title}" in page
            assert f"没有撤下过{title}" in show(people, f"?kind={kind}&show=withdrawn")

    def test_a_supervisor_reads_only(self, people: People) -> None:
        save(people)
        page = show(people, who="supervisor")
        assert "毛毛票" in page and "预览影响" not in page and "/withdraw" not in page
        assert save(people, who="supervisor").status_code == 403

    def test_the_interface_gives_pages(self, people: People) -> None:
        body = people("supervisor").get(f"{A}/lexicon/words?kind=stop_word&size=10&page=2").json()
        assert len(body["items"]) == 10 and body["total"] > 100
        assert all(item["bundled"] and item["id"] is None for item in body["items"])

    def test_the_interface_adds_tries_and_refuses(self, people: People) -> None:
        url = f"{A}/lexicon"
        tried = people("desk").post(f"{url}/preview", json=WORD)
        assert tried.status_code == 200 and tried.json()["differences"] == []
        made = people("desk").post(f"{url}/words", json=WORD)
        assert made.status_code == 201 and made.json()["added_by"] == "窗口甲"
        again = people("desk").post(f"{url}/words", json=WORD)
        assert again.status_code == 409 and "said" in again.json()["errors"]
        assert people("desk").post(f"{url}/words", json={**WORD, "kind": "other"}).status_code == 422
        gone = people("desk").post(f"{url}/words/{made.json()['id']}/withdraw")
        assert gone.status_code == 200 and gone.json()["withdrawn_by"] == "窗口甲"
        assert people("desk").post(f"{url}/words/999999/withdraw").status_code == 404
