// 留言：连不上服务器时加密保存在本机，恢复后自动重发，服务器收下即清除。
// 密钥不可导出，只在本机浏览器里；浏览器不提供加密时只留在内存，不落盘。
const ADDRESS = "/kiosk/questions";
const canEncrypt = Boolean(window.crypto?.subtle && window.indexedDB);
const KEPT = canEncrypt ? "问题已加密保存在本机，" : "问题暂存在本机，请不要关闭本机；";
const WAITING =
  '<section class="screen waiting-screen" data-screen-name="waiting"><h1 tabindex="-1">暂时连不上服务器，您的问题没有丢</h1>' +
  `<p class="lead">${KEPT}网络恢复后自动提交，收下后立即清除。</p>` +
  "<p>恢复后这里会显示查询码，可以在旁边等一等。留了手机号的，承办单位会主动联系您；没有留的，离开前请到窗口登记。</p></section>";
const memory = new Map();
let screen = "";
let sending = false;

function store(mode, act) {
  return new Promise((resolve, reject) => {
    const opening = indexedDB.open("qa-kiosk", 1);
    opening.onupgradeneeded = () => opening.result.createObjectStore("pending", { keyPath: "id" });
    opening.onerror = () => reject(opening.error);
    opening.onsuccess = () => {
      const transaction = opening.result.transaction("pending", mode);
      const request = act(transaction.objectStore("pending"));
      transaction.oncomplete = () => {
        opening.result.close();
        resolve(request.result);
      };
      transaction.onerror = () => reject(transaction.error);
    };
  });
}

async function secret() {
  const held = await store("readonly", (pending) => pending.get("key"));
  if (held) return held.key;
  const key = await crypto.subtle.generateKey({ name: "AES-GCM", length: 256 }, false, ["encrypt", "decrypt"]);
  await store("readwrite", (pending) => pending.put({ id: "key", key }));
  return key;
}

async function keep(id, fields) {
  memory.set(id, fields);
  if (!canEncrypt) return;
  const iv = crypto.getRandomValues(new Uint8Array(12));
  const plain = new TextEncoder().encode(JSON.stringify(fields));
  const data = await crypto.subtle.encrypt({ name: "AES-GCM", iv }, await secret(), plain);
  await store("readwrite", (pending) => pending.put({ id, iv, data }));
}

async function drop(id) {
  memory.delete(id);
  if (canEncrypt) await store("readwrite", (pending) => pending.delete(id));
}

async function recall() {
  if (!canEncrypt) return;
  for (const row of await store("readonly", (pending) => pending.getAll())) {
    if (row.id === "key" || memory.has(row.id)) continue;
    try {
      const plain = await crypto.subtle.decrypt({ name: "AES-GCM", iv: row.iv }, await secret(), row.data);
      memory.set(row.id, JSON.parse(new TextDecoder().decode(plain)));
    } catch {
      await drop(row.id);
    }
  }
}

// "accepted" | "refused"（内容有问题，附说明）| "unreached"
async function send(fields) {
  let answer;
  try {
    answer = await fetch(ADDRESS, {
      method: "POST",
      headers: { Accept: "application/json" },
      body: new URLSearchParams(fields),
      signal: AbortSignal.timeout(15000),
    });
  } catch {
    return { state: "unreached" };
  }
  if (answer.ok) return { state: "accepted" };
  if (answer.status >= 500 || answer.status === 429) return { state: "unreached" };
  const problem = await answer.json().catch(() => ({}));
  return { state: "refused", said: [problem.detail, problem.remedy].filter(Boolean) };
}

function tell(said) {
  const line = document.createElement("p");
  line.className = "message bad";
  line.role = "alert";
  line.tabIndex = -1;
  line.dataset.autofocus = "";
  for (const [number, text] of said.entries()) {
    const part = document.createElement(number ? "span" : "strong");
    part.textContent = text;
    line.append(part);
  }
  document.dispatchEvent(new CustomEvent("qa:tell", { detail: line.outerHTML }));
}

async function submit(form) {
  const fields = Object.fromEntries(new FormData(form));
  const button = form.querySelector("button.primary");
  button.disabled = true;
  const result = await send(fields);
  button.disabled = false;
  if (result.state === "accepted") document.dispatchEvent(new CustomEvent("qa:show", { detail: "/kiosk/slip" }));
  else if (result.state === "refused") tell(result.said.length ? result.said : ["没有提交成功，请核对后再试。"]);
  else {
    await keep(fields.request_key, fields);
    document.getElementById("offline").hidden = false;
    document.dispatchEvent(new CustomEvent("qa:put", { detail: WAITING }));
  }
}

async function resend() {
  if (sending || !memory.size) return;
  sending = true;
  try {
    for (const [id, fields] of [...memory]) {
      const result = await send(fields);
      if (result.state === "unreached") return;
      await drop(id);
      document.getElementById("offline").hidden = true;
      if (screen === "waiting") {
        if (result.state === "accepted") document.dispatchEvent(new CustomEvent("qa:show", { detail: "/kiosk/slip" }));
        else document.dispatchEvent(new CustomEvent("qa:home"));
      } else if (result.state === "accepted") {
        // 人已离开：不把查询码留在本机。
        await fetch("/kiosk", { headers: { "HX-Request": "true" } });
      }
    }
  } finally {
    sending = false;
  }
}

document.addEventListener("submit", (event) => {
  if (!event.target.hasAttribute("data-leave")) return;
  event.preventDefault();
  event.stopImmediatePropagation();
  submit(event.target);
}, true);
document.addEventListener("qa:screen", (event) => {
  screen = event.detail;
});
addEventListener("online", resend);
setInterval(resend, Number(document.body.dataset.resend) * 1000);
recall().then(resend);
