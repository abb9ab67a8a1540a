/* Runs in the head, before anything is painted: the theme asked for in the address, chosen earlier, or the system's. */
(() => {
  const asked = new URLSearchParams(location.search);
  let kept = null;
  try { kept = localStorage.getItem("atlas-theme"); } catch { /* storage may be closed to us */ }
  const system = matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light";
  document.documentElement.dataset.theme = ["dark", "light"].find((name) => name === (asked.get("__theme") || kept)) || system;
  if (asked.has("page")) document.documentElement.dataset.turning = "";           // nav.js takes it away with the right page open
})();
