// Sets dark or light, and the tab, before the first paint; runs in the head, so it must stay small.
(() => {
  const root = document.documentElement;
  let theme = null;
  let view = null;
  try {
    theme = localStorage.getItem("easel.theme");
    view = localStorage.getItem("easel.view");
  } catch {
    // Storage is switched off: the page works, and forgets.
  }
  root.dataset.theme = theme === "light" ? "light" : "dark";
  root.dataset.view = view === "all" ? "all" : "simple";
  const [, tab] = location.hash.match(/^#(image-to-image|controlnet|train|models|gallery)$/) ?? [];
  root.dataset.tab = tab ?? "text-to-image";
})();
