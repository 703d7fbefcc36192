// 没人操作一段时间后倒数，可以叫停；到时清除一切并回首页。触摸、按键、输入、滚动都算操作。
const { idle, countdown } = document.body.dataset;
const dialog = document.getElementById("idle");
const seconds = document.getElementById("idle-seconds");
let last = Date.now();
let until = 0;
let screen = "home";

const untouched = () =>
  screen === "home" && !document.getElementById("q")?.value && document.documentElement.dataset.theme === "default";

function active() {
  last = Date.now();
}
for (const type of ["pointerdown", "keydown", "input", "wheel", "touchmove", "compositionupdate"])
  addEventListener(type, active, { capture: true, passive: true });
addEventListener("scroll", active, { capture: true, passive: true });

export function wipe() {
  until = 0;
  if (dialog.open) dialog.close();
  for (const form of document.forms) form.reset();
  sessionStorage.clear();
  window.speechSynthesis?.cancel();
  getSelection()?.removeAllRanges();
  document.documentElement.dataset.theme = "default";
  document.dispatchEvent(new CustomEvent("qa:theme"));
  document.dispatchEvent(new CustomEvent("qa:home"));
  active();
}

setInterval(() => {
  const now = Date.now();
  if (until) {
    const left = Math.ceil((until - now) / 1000);
    seconds.textContent = String(Math.max(0, left));
    if (left <= 0) wipe();
  } else if (now - last >= Number(idle) * 1000) {
    if (untouched()) {
      active();
      return;
    }
    until = now + Number(countdown) * 1000;
    seconds.textContent = countdown;
    dialog.showModal();
  }
}, 500);

function stay() {
  until = 0;
  active();
  if (dialog.open) dialog.close();
}
document.getElementById("stay").addEventListener("click", stay);
dialog.addEventListener("cancel", stay);
document.getElementById("finish").addEventListener("click", wipe);
document.addEventListener("qa:screen", (event) => {
  screen = event.detail;
});
