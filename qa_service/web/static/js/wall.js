// 大屏：按时取新的内容换上；连不上就说明内容停在什么时候，每十秒重连，连上后自行恢复。
const RETRY_MS = 10_000;
const usual = Number(document.body.dataset.seconds) * 1000;
const fresh = document.getElementById("fresh");
let timer = 0;

function say(text, stale) {
  fresh.textContent = text;
  fresh.classList.toggle("stale", stale);
}
const at = () => document.getElementById("screen").dataset.at;

async function load() {
  const answer = await fetch(location.href, {
    headers: { Accept: "text/html", "HX-Request": "true" },
    cache: "no-store",
    redirect: "manual",
    signal: AbortSignal.timeout(20_000),
  });
  if (answer.type === "opaqueredirect" || answer.status === 401) throw new Error("登录已过期，请重新登录");
  if (!answer.ok) throw new Error("服务暂时不能用，正在重试");
  const parsed = new DOMParser().parseFromString(await answer.text(), "text/html").getElementById("screen");
  if (!parsed) throw new Error("登录已过期，请重新登录");
  document.getElementById("screen").replaceWith(parsed);
}

async function refresh() {
  clearTimeout(timer);
  let wait = usual;
  try {
    await load();
    say(`更新于${at()}`, false);
  } catch (error) {
    wait = RETRY_MS;
    const lost = error instanceof TypeError || error.name === "TimeoutError";
    say(`${lost ? "连不上服务器，正在重连" : error.message}，内容停在${at()}`, true);
  }
  clearTimeout(timer);
  timer = setTimeout(refresh, wait);
}

say(`更新于${at()}`, false);
timer = setTimeout(refresh, usual);
addEventListener("online", refresh);
