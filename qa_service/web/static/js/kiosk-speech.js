// 朗读：只用本机自带的中文语音，没有就不显示按钮，内容不出本机。
const voice = () => window.speechSynthesis?.getVoices().find((item) => item.localService && /^zh/i.test(item.lang));

function offer() {
  for (const button of document.querySelectorAll("[data-read]")) button.hidden = !voice();
}
document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-read]");
  if (!button) return;
  if (speechSynthesis.speaking) {
    speechSynthesis.cancel();
    return;
  }
  const words = new SpeechSynthesisUtterance(document.querySelector(".read-aloud").textContent);
  words.voice = voice();
  words.lang = "zh-CN";
  words.rate = 0.9;
  words.addEventListener("start", () => (button.textContent = "停止朗读"));
  for (const type of ["end", "error"]) words.addEventListener(type, () => (button.textContent = "读给我听"));
  speechSynthesis.speak(words);
});
document.addEventListener("qa:screen", () => {
  window.speechSynthesis?.cancel();
  offer();
});
window.speechSynthesis?.addEventListener?.("voiceschanged", offer);
