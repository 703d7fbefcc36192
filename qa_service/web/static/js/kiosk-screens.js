// 一体机：所有画面在同一页内切换，不留浏览历史；连不上服务器时仍有画面和说明。
const HOME = "/kiosk";
const main = document.getElementById("main");
const backButton = document.getElementById("back");
const offline = document.getElementById("offline");
const homeNodes = [...main.childNodes].map((node) => node.cloneNode(true));
let stack = [];
let working = 0;

const current = () => main.querySelector(".screen")?.dataset.screenName ?? "";

function put(nodes, keep) {
  if (keep && current()) {
    stack.push([...main.childNodes]);
    if (stack.length > 20) stack.shift();
  }
  main.replaceChildren(...nodes);
  shown();
}

function shown() {
  const name = current();
  if (["home", "slip", "waiting"].includes(name)) stack = [];
  backButton.hidden = !stack.length;
  scrollTo(0, 0);
  main.querySelector("[data-autofocus], h1")?.focus({ preventScroll: true });
  document.dispatchEvent(new CustomEvent("qa:screen", { detail: name }));
}

function parse(html) {
  const holder = document.createElement("template");
  holder.innerHTML = html;
  return [...holder.content.childNodes];
}

function tell(html) {
  main.querySelector(".message.bad")?.remove();
  main.querySelector(".screen")?.prepend(...parse(html));
  main.querySelector(".message.bad")?.scrollIntoView({ block: "center" });
}

function notReached() {
  offline.hidden = false;
  tell('<p class="message bad" role="alert" tabindex="-1" data-autofocus><strong>暂时连不上服务器，这一步没有完成。</strong><span>请稍等再试，或到窗口找工作人员。</span></p>');
}

export async function show(url, options = {}) {
  const turn = (working += 1);
  let answer;
  try {
    answer = await fetch(url, {
      ...options,
      headers: { "HX-Request": "true", Accept: "text/html" },
      signal: AbortSignal.timeout(15000),
    });
  } catch {
    if (turn === working) notReached();
    return;
  }
  if (turn !== working) return;
  offline.hidden = true;
  const next = answer.headers.get("HX-Redirect");
  if (next) {
    await show(next);
    return;
  }
  const html = await answer.text();
  if (turn !== working) return;
  if (answer.headers.get("HX-Retarget")) tell(html);
  else put(parse(html), !options.replace && answer.status < 400);
}

export function home() {
  working += 1;
  stack = [];
  put(homeNodes.map((node) => node.cloneNode(true)), false);
}

document.addEventListener("click", (event) => {
  const link = event.target.closest("a[href]");
  if (!link || link.target) return;
  const url = new URL(link.href);
  if (url.origin !== location.origin || !(url.pathname === HOME || url.pathname.startsWith(`${HOME}/`))) return;
  event.preventDefault();
  if (url.hash && url.pathname === location.pathname) document.getElementById(url.hash.slice(1))?.scrollIntoView();
  else if (link.hash && document.getElementById(link.hash.slice(1))) document.getElementById(link.hash.slice(1)).scrollIntoView();
  else show(url.pathname + url.search);
});
document.addEventListener("submit", (event) => {
  if (event.defaultPrevented || event.target.method === "dialog") return;
  event.preventDefault();
  show(event.target.getAttribute("action"), { method: "POST", body: new URLSearchParams(new FormData(event.target)) });
});
backButton.addEventListener("click", () => {
  working += 1;
  const before = stack.pop();
  if (before) {
    main.replaceChildren(...before);
    shown();
  }
});
document.addEventListener("click", (event) => {
  if (event.target.closest("[data-print]")) window.print();
});

// 别的模块用事件请求换画面。
document.addEventListener("qa:show", (event) => show(event.detail, { replace: true }));
document.addEventListener("qa:put", (event) => put(parse(event.detail), false));
document.addEventListener("qa:tell", (event) => tell(event.detail));
document.addEventListener("qa:home", () => {
  home();
  show(HOME, { replace: true });
});

for (const button of document.querySelectorAll("[data-theme-button]")) {
  button.setAttribute("aria-pressed", "false");
  button.addEventListener("click", () => {
    const root = document.documentElement;
    root.dataset.theme = root.dataset.theme === button.dataset.themeButton ? "default" : button.dataset.themeButton;
    document.dispatchEvent(new CustomEvent("qa:theme"));
  });
}
document.addEventListener("qa:theme", () => {
  for (const button of document.querySelectorAll("[data-theme-button]"))
    button.setAttribute("aria-pressed", String(document.documentElement.dataset.theme === button.dataset.themeButton));
});
document.documentElement.dataset.theme = "default";

const clock = document.getElementById("clock");
const CHINA_MINUTES = 8 * 60;
// 一律显示北京时间，不随本机的时区设置。
const tick = () => {
  const now = new Date();
  now.setMinutes(now.getMinutes() + now.getTimezoneOffset() + CHINA_MINUTES);
  const two = (n) => String(n).padStart(2, "0");
  clock.textContent = `${now.getFullYear()}年${now.getMonth() + 1}月${now.getDate()}日（周${"日一二三四五六"[now.getDay()]}）\n${two(now.getHours())}:${two(now.getMinutes())}`;
};
tick();
setInterval(tick, 10000);

// 每分钟报到一次，也借此知道服务器是否恢复。
async function alive() {
  try {
    await fetch("/kiosk/alive", { method: "POST", signal: AbortSignal.timeout(8000) });
    offline.hidden = true;
  } catch {
    offline.hidden = false;
  }
}
alive();
setInterval(alive, 60000);
document.dispatchEvent(new CustomEvent("qa:screen", { detail: current() }));
