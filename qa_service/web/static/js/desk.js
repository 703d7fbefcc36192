// 窗口：边输入边检索（输入法组字时不检索），输入提示，停下来才记录这次检索，推荐承办单位。
const TYPED_MS = 200;
const SETTLED_MS = 1500;

const form = document.getElementById("desk");
if (form) {
  const box = form.elements.question;
  const list = document.getElementById("suggestions");
  const unit = document.getElementById("refer-unit");
  let searchTimer = 0;
  let settleTimer = 0;
  let searched = box.value.trim();
  let traced = "";
  let chosen = -1;
  let asked = 0;

  const grow = () => {
    if (CSS.supports("field-sizing", "content")) return;
    box.style.height = "auto";
    box.style.height = `${box.scrollHeight + 4}px`;
  };

  const headers = () => ({ "X-CSRF-Token": form.elements.csrf.value, Accept: "application/json" });

  async function trace() {
    const question = box.value.trim();
    if (!question || question === traced) return;
    traced = question;
    const body = new URLSearchParams({ question, channel: form.elements.channel.value });
    try {
      const answer = await fetch("/desk/trace", { method: "POST", headers: headers(), body });
      if (answer.ok && box.value.trim() === question) form.elements.trace_id.value = (await answer.json()).trace_id;
      else if (!answer.ok) traced = "";
    } catch {
      traced = "";
    }
  }

  function search() {
    clearTimeout(searchTimer);
    const question = box.value.trim();
    if (question === searched) return;
    searched = question;
    box.dispatchEvent(new CustomEvent("qa:search", { bubbles: true }));
    suggest(question);
  }

  async function suggest(typed) {
    const turn = (asked += 1);
    if (!typed || typed.length > 30) {
      showSuggestions([]);
      return;
    }
    try {
      const answer = await fetch(`/api/v1/suggest?limit=6&q=${encodeURIComponent(typed)}`);
      const found = answer.ok ? await answer.json() : [];
      if (turn === asked) showSuggestions(found.filter((item) => item.text !== typed));
    } catch {
      showSuggestions([]);
    }
  }

  function showSuggestions(found) {
    chosen = -1;
    list.replaceChildren(
      ...found.map((item, number) => {
        const line = document.createElement("li");
        line.id = `suggestion-${number}`;
        line.role = "option";
        line.setAttribute("aria-selected", "false");
        line.textContent = item.text;
        return line;
      }),
    );
    list.hidden = !found.length;
    box.setAttribute("aria-expanded", String(!list.hidden));
    box.removeAttribute("aria-activedescendant");
  }

  function mark(number) {
    chosen = number;
    [...list.children].forEach((line, at) => line.setAttribute("aria-selected", String(at === number)));
    if (number >= 0) box.setAttribute("aria-activedescendant", `suggestion-${number}`);
    else box.removeAttribute("aria-activedescendant");
  }

  function take(text) {
    box.value = text;
    grow();
    showSuggestions([]);
    box.dispatchEvent(new Event("change", { bubbles: true }));
    changed();
    search();
    showSuggestions([]);
    asked += 1;
    trace();
  }

  function changed() {
    if (box.value.trim() !== traced) {
      form.elements.trace_id.value = "";
      traced = "";
    }
  }

  const waitAndSearch = () => {
    changed();
    grow();
    clearTimeout(searchTimer);
    clearTimeout(settleTimer);
    searchTimer = setTimeout(search, TYPED_MS);
    settleTimer = setTimeout(trace, SETTLED_MS);
  };

  box.addEventListener("input", (event) => {
    if (!event.isComposing) waitAndSearch();
  });
  box.addEventListener("compositionend", waitAndSearch);
  form.addEventListener("qa:restored", () => {
    grow();
    search();
  });
  list.addEventListener("mousedown", (event) => {
    const line = event.target.closest("li");
    if (line) {
      event.preventDefault();
      take(line.textContent);
    }
  });
  box.addEventListener("keydown", (event) => {
    if (event.isComposing || event.ctrlKey || event.metaKey) return;
    const count = list.hidden ? 0 : list.children.length;
    const first = document.querySelector("#results .answer");
    if (event.key === "ArrowDown") {
      if (count && chosen < count - 1) mark(chosen + 1);
      else if (first) first.focus();
      else return;
      event.preventDefault();
    } else if (event.key === "ArrowUp" && count && chosen >= 0) {
      event.preventDefault();
      mark(chosen - 1);
    } else if (event.key === "Enter" && !event.shiftKey) {
      event.preventDefault();
      if (chosen >= 0) take(list.children[chosen].textContent);
      else {
        search();
        trace();
      }
    } else if (event.key === "Escape") {
      showSuggestions([]);
    }
  });

  unit.addEventListener("change", () => {
    unit.dataset.chosen = "1";
  });
  document.addEventListener("htmx:afterSwap", (event) => {
    if (event.detail.target.id !== "results" || unit.dataset.chosen) return;
    unit.value = document.querySelector("#results .results")?.dataset.proposed ?? "";
  });
  grow();
}
