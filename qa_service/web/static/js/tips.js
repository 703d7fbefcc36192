// 提问页的输入提示：汉字、拼音、首字母都可以；点一下就提问。
let timer = 0;
let turn = 0;

document.addEventListener("input", (event) => {
  const box = event.target;
  if (box.id !== "q" || event.isComposing) return;
  clearTimeout(timer);
  timer = setTimeout(() => show(box), 200);
});
document.addEventListener("compositionend", (event) => {
  if (event.target.id === "q") show(event.target);
});

async function show(box) {
  const list = document.getElementById("tips");
  const typed = box.value.trim();
  const mine = (turn += 1);
  let found = [];
  if (typed && typed.length <= 30) {
    try {
      const answer = await fetch(`/api/v1/suggest?limit=5&q=${encodeURIComponent(typed)}`);
      if (answer.ok) found = await answer.json();
    } catch { /* 连不上时没有提示，提问时会说明 */ }
  }
  if (mine !== turn || !list?.isConnected) return;
  list.replaceChildren(
    ...found.map((item) => {
      const line = document.createElement("li");
      const button = document.createElement("button");
      button.type = "button";
      button.textContent = item.text;
      button.addEventListener("click", () => {
        box.value = item.text;
        box.form.requestSubmit();
      });
      line.append(button);
      return line;
    }),
  );
  list.hidden = !found.length;
}
