// The beginning: the parts that stand in the page already, the theme, and the first address.

for (const part of ["summary", "aborting", "tests"]) parts[part] = () => {};

const THEMES = ["auto", "light", "dark"];

function startTheme() {
  const root = document.documentElement, button = find("#theme");
  const name = () => root.dataset.theme || "auto";
  const tell = () => {
    button.textContent = { auto: "Theme: auto", light: "Theme: light", dark: "Theme: dark" }[name()];
  };
  button.addEventListener("click", () => {
    const next = THEMES[(THEMES.indexOf(name()) + 1) % THEMES.length];
    if (next === "auto") delete root.dataset.theme;
    else root.dataset.theme = next;
    try { localStorage.setItem("firsthit-theme", next); } catch (_) { /* Then it holds until the page is closed. */ }
    dispatchEvent(new Event("firsthit-theme"));
    tell();
  });
  tell();
}

function begin(data) {
  loadReport(data);
  find("main").classList.add("scripted");
  find(".tools").hidden = false;
  startTheme();
  startSearch();
  show();
  started = true;
  addEventListener("hashchange", show);
  // The address of the skip link is no part of the report.
  find(".skip").addEventListener("click", (event) => { event.preventDefault(); find("#main").focus(); });
  document.documentElement.dataset.ready = "true";
  performance.mark("firsthit-ready");
}
