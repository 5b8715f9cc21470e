// Before the page is drawn, so that a kept theme does not flash.
try {
  const kept = localStorage.getItem("isoperf-theme");
  if (kept === "dark" || kept === "light") document.documentElement.dataset.theme = kept;
} catch { /* storage refused: the system's own theme */ }
