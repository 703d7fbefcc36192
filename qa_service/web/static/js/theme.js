// 切换显示方式时不重新载入页面，正在填写的内容不受影响；没有脚本时链接照常可用。
document.addEventListener("click", (event) => {
  const link = event.target.closest("[data-theme-to]");
  if (!link) return;
  event.preventDefault();
  const theme = link.dataset.themeTo;
  document.documentElement.dataset.theme = theme;
  document.cookie = `qa_theme=${theme}; path=/; max-age=31536000; samesite=lax`;
  for (const other of document.querySelectorAll("[data-theme-to]")) {
    if (other === link) other.setAttribute("aria-current", "true");
    else other.removeAttribute("aria-current");
  }
});
