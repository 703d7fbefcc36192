// 留手机号用的大数字键盘；有实体键盘或系统键盘时也可以直接输入。
document.addEventListener("click", (event) => {
  const key = event.target.closest("[data-keypad] [data-key]");
  if (!key) return;
  const field = document.getElementById(key.closest("[data-keypad]").dataset.keypad);
  const pressed = key.dataset.key;
  if (pressed === "clear") field.value = "";
  else if (pressed === "back") field.value = field.value.slice(0, -1);
  else if (field.value.length < 20) field.value += pressed;
  field.dispatchEvent(new Event("input", { bubbles: true }));
});
document.addEventListener("qa:screen", () => {
  for (const pad of document.querySelectorAll("[data-keypad]")) pad.hidden = false;
});
