// 没有提交的内容保存在本机：出错、刷新、登录过期后都能恢复；提交成功或退出登录即清除。
const PREFIX = `qa-draft:${document.body.dataset.person || ""}:`;
const KEEP_MS = 24 * 3600 * 1000;
const SKIP = new Set(["hidden", "password", "file", "submit", "button"]);

const nameOf = (form) => PREFIX + form.dataset.draft;
const fieldsOf = (form) => [...form.elements].filter((field) => field.name && !SKIP.has(field.type));

function read(form) {
  const values = {};
  for (const field of fieldsOf(form)) {
    const value = field.type === "checkbox" || field.type === "radio" ? (field.checked ? field.value : null) : field.value;
    (values[field.name] ??= []).push(value);
  }
  return values;
}

function write(form, values) {
  const at = {};
  for (const rows of form.querySelectorAll("fieldset.basis-rows")) {
    const missing = (values.law?.length ?? 0) - rows.querySelectorAll(".basis-row").length;
    for (let n = 0; n < missing; n += 1) rows.querySelector("[data-add-row]").click();
  }
  for (const field of fieldsOf(form)) {
    const value = values[field.name]?.[(at[field.name] = (at[field.name] ?? -1) + 1)];
    if (value === undefined) continue;
    if (field.type === "checkbox" || field.type === "radio") field.checked = value !== null;
    else field.value = value ?? "";
    field.dispatchEvent(new Event("change", { bubbles: true }));
  }
  form.dispatchEvent(new CustomEvent("qa:restored", { bubbles: true }));
}

function load(key) {
  try {
    const kept = JSON.parse(localStorage.getItem(key) ?? "null");
    if (kept && Date.now() - kept.at < KEEP_MS) return kept;
  } catch { /* 读不懂的旧内容当作没有 */ }
  localStorage.removeItem(key);
  return null;
}

function forgetSubmitted() {
  const found = document.cookie.split("; ").find((part) => part.startsWith("qa_saved="));
  if (!found) return;
  localStorage.removeItem(PREFIX + decodeURIComponent(decodeURIComponent(found.slice("qa_saved=".length)).replaceAll('"', "")));
  document.cookie = "qa_saved=; path=/; max-age=0; samesite=strict";
}

function say(form, text, label, act) {
  const line = document.createElement("p");
  line.className = "message info draft-note";
  line.setAttribute("role", "status");
  const said = document.createElement("span");
  said.textContent = text;
  const button = document.createElement("button");
  button.type = "button";
  button.className = "link-button";
  button.textContent = label;
  button.addEventListener("click", () => {
    line.remove();
    act();
  });
  line.append(said, button);
  form.before(line);
}

function attach(form) {
  const key = nameOf(form);
  const initial = JSON.stringify(read(form));
  const version = form.elements.version?.value ?? "";
  let timer = 0;
  const save = () => {
    clearTimeout(timer);
    const values = read(form);
    if (JSON.stringify(values) === initial) localStorage.removeItem(key);
    else localStorage.setItem(key, JSON.stringify({ at: Date.now(), version, values }));
  };
  const kept = load(key);
  if (kept && JSON.stringify(kept.values) !== initial && !document.querySelector(".message.bad")) {
    const restore = () => {
      write(form, kept.values);
      const folded = form.closest("details");
      if (folded) folded.open = true;
    };
    const drop = () => {
      localStorage.removeItem(key);
      form.reset();
      form.dispatchEvent(new CustomEvent("qa:restored", { bubbles: true }));
    };
    if (kept.version === version) {
      restore();
      say(form, "已恢复上次没有提交的内容。", "清除这些内容", drop);
    } else {
      say(form, "您上次没有提交的内容还在，但这件事项此后有了变化。", "恢复我填写的内容", restore);
    }
  }
  form.addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(save, 250);
  });
  form.addEventListener("change", save);
  form.addEventListener("submit", () => save());
  addEventListener("pagehide", () => {
    if (timer) save();
  });
}

forgetSubmitted();
for (const form of document.querySelectorAll("form[data-draft]")) attach(form);
document.addEventListener("submit", (event) => {
  if (!event.target.hasAttribute("data-forget-drafts")) return;
  for (const key of Object.keys(localStorage)) if (key.startsWith(PREFIX)) localStorage.removeItem(key);
});
