// 键盘：/ 搜索，? 快捷键表，Ctrl+回车 提交，上下键在答复之间移动。
const typing = (node) => node.matches?.("input:not([type=radio], [type=checkbox]), textarea, select, [contenteditable]");
const cards = () => [...document.querySelectorAll("#results .answer")];
const searchBox = () => document.querySelector("[data-slash], #question");

document.addEventListener("keydown", (event) => {
  if (event.defaultPrevented || event.isComposing || document.querySelector("dialog[open]")) return;
  const node = document.activeElement;
  if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) {
    const card = node.closest?.(".answer");
    const form = card ? null : node.closest?.("form") ?? document.querySelector("details.act[open] form");
    const button = card ? card.querySelector("[data-use]") : form?.querySelector("[data-main]");
    if (button) {
      event.preventDefault();
      button.click();
    } else if (form) {
      event.preventDefault();
      form.requestSubmit();
    }
    return;
  }
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.key === "Escape" && node.closest?.(".answer")) {
    searchBox()?.focus();
    return;
  }
  if (typing(node)) return;
  if (event.key === "/") {
    const box = searchBox();
    if (box) {
      event.preventDefault();
      box.focus();
      box.select?.();
    }
  } else if (event.key === "?" || event.key === "？") {
    event.preventDefault();
    document.getElementById("keys")?.showModal();
  } else if (node.matches?.(".answer")) {
    const all = cards();
    const at = all.indexOf(node);
    if (event.key === "ArrowDown" && all[at + 1]) {
      event.preventDefault();
      all[at + 1].focus();
    } else if (event.key === "ArrowUp") {
      event.preventDefault();
      (all[at - 1] ?? searchBox()).focus();
    } else if (event.key === "Enter") {
      event.preventDefault();
      node.dispatchEvent(new CustomEvent("qa:unfold", { bubbles: true }));
    }
  }
});
