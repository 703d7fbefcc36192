// 各页通用的小动作：打印、复制、展开、按选择显示字段、确认后果、防止重复提交。
const on = (type, selector, act) =>
  document.addEventListener(type, (event) => {
    const found = event.target.closest?.(selector);
    if (found) act(found, event);
  });

export function toast(text) {
  const box = document.getElementById("toasts");
  if (!box) return;
  const line = document.createElement("p");
  line.className = "toast";
  line.textContent = text;
  box.append(line);
  setTimeout(() => line.remove(), 3000);
}

// 手机上导航只占一行，当前页要看得见。
document.querySelector(".pages [aria-current]")?.scrollIntoView({ block: "nearest", inline: "center" });

on("click", "[data-print]", () => window.print());
on("click", "[data-open]", (button) => document.getElementById(button.dataset.open)?.showModal());

on("click", "[data-copy-button]", async (button) => {
  const card = button.closest(".answer");
  const parts = [card.querySelector("[data-copy]").textContent.trim()];
  const basis = [...card.querySelectorAll(".basis")].map((line) => line.textContent.trim());
  if (basis.length) parts.push(`依据：${basis.join("；")}`);
  try {
    await navigator.clipboard.writeText(parts.join("\n"));
    toast("答复和依据已复制");
  } catch {
    getSelection().selectAllChildren(card.querySelector("[data-copy]"));
    toast("浏览器不允许自动复制，文字已选中，请按 Ctrl+C");
  }
});

// 折叠的答复：放不下时才给“展开全文”。
function offerUnfolding(root) {
  for (const card of root.querySelectorAll(".answer")) {
    const text = card.querySelector(".answer-text .prose");
    const button = card.querySelector("[data-unfold]");
    if (button && text) button.hidden = !card.classList.contains("open") && text.scrollHeight <= text.clientHeight + 2;
  }
}
export function unfold(card) {
  const button = card.querySelector("[data-unfold]");
  const open = card.classList.toggle("open");
  if (button) {
    button.textContent = open ? "收起" : "展开全文";
    button.setAttribute("aria-expanded", String(open));
    button.hidden = false;
  }
}
on("click", "[data-unfold]", (button) => unfold(button.closest(".answer")));
document.addEventListener("qa:unfold", (event) => unfold(event.target));
document.addEventListener("htmx:afterSwap", () => offerUnfolding(document));
offerUnfolding(document);

// 单选项决定显示哪些字段。
function showChosen(form) {
  const parts = form.querySelectorAll("[data-when]");
  if (!parts.length) return;
  const chosen = form.querySelector("[data-shows]:checked")?.dataset.shows;
  for (const part of parts) part.hidden = part.dataset.when !== chosen;
}
on("change", "[data-shows]", (input) => showChosen(input.form));
for (const form of document.forms) showChosen(form);
on("click", "[data-fill]", (button) => {
  const field = button.closest("form").elements[button.dataset.fill];
  field.value = button.dataset.value;
  field.dispatchEvent(new Event("input", { bubbles: true }));
});

on("click", "[data-add-row]", (button) => {
  const rows = button.closest("fieldset").querySelectorAll(".basis-row");
  const row = rows[rows.length - 1].cloneNode(true);
  for (const input of row.querySelectorAll("input")) input.value = "";
  rows[rows.length - 1].after(row);
  row.querySelector("input").focus();
});

// 不能轻易撤销的操作，先说清后果。
let confirmed = null;
document.addEventListener("submit", (event) => {
  const form = event.target;
  if (!form.dataset.confirm || confirmed === form) return;
  event.preventDefault();
  event.stopImmediatePropagation();
  const dialog = document.createElement("dialog");
  const said = document.createElement("p");
  said.textContent = form.dataset.confirm;
  const actions = document.createElement("p");
  actions.className = "actions";
  const label = event.submitter?.textContent.trim() || "确定";
  for (const [text, style] of [[label, "button danger"], ["不做改动", "button"]]) {
    const button = document.createElement("button");
    button.type = "button";
    button.className = style;
    button.textContent = text;
    button.addEventListener("click", () => {
      dialog.close();
      if (text === label) {
        confirmed = form;
        form.requestSubmit(event.submitter || undefined);
      }
    });
    actions.append(button);
  }
  actions.firstChild.before(actions.lastChild);
  dialog.append(said, actions);
  dialog.addEventListener("close", () => dialog.remove());
  document.body.append(dialog);
  dialog.showModal();
}, true);

// 提交中的表单不能再提交一次；浏览器退回本页时恢复。下载文件的表单提交后仍在本页，可以再用。
document.addEventListener("submit", (event) => {
  const form = event.target;
  if (event.defaultPrevented || form.method === "get" || form.hasAttribute("hx-post") || form.hasAttribute("data-download")) return;
  setTimeout(() => {
    for (const button of form.querySelectorAll("button")) button.disabled = true;
  });
});
addEventListener("pageshow", (event) => {
  if (event.persisted) for (const button of document.querySelectorAll("form button")) button.disabled = false;
});

// 文件框不用浏览器自带的文字（可能不是中文）。
on("change", "input[type=file]", (input) => {
  const said = input.parentElement.querySelector("[data-chosen-files]");
  if (said) said.textContent = [...input.files].map((file) => file.name).join("、") || "还没有选择文件";
});

// 导入：先试运行，没有问题才能正式导入。
const importNow = document.getElementById("import-now");
if (importNow) {
  const offer = () => {
    importNow.disabled = !document.querySelector('[data-report="ready"]');
  };
  importNow.form.querySelector("[type=file]").addEventListener("change", () => {
    document.getElementById("report").replaceChildren();
    offer();
  });
  document.addEventListener("htmx:afterSettle", offer);
  offer();
}

// 后台请求连不上服务器：说明情况，恢复后撤下。
document.addEventListener("htmx:sendError", () => {
  const notice = document.getElementById("notice");
  if (!notice || notice.querySelector("[data-unreached]")) return;
  const line = document.createElement("p");
  line.className = "message warn";
  line.dataset.unreached = "";
  line.textContent = "暂时连不上服务器，检索结果可能不是最新的。已填写的内容保存在本机，恢复后可以继续。";
  notice.replaceChildren(line);
});
document.addEventListener("htmx:afterOnLoad", () => document.querySelector("#notice [data-unreached]")?.remove());

// 出错的页面从说明处开始读。
document.querySelector("[data-autofocus]")?.focus({ preventScroll: false });
