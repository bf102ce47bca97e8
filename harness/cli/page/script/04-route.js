// Which part of the report is shown: the address behind the `#` says it, so that every place has a link.

const parts = {};
let current = { part: "summary", words: [], query: new URLSearchParams() };

function readAddress() {
  const [path, query] = location.hash.replace(/^#\/?/, "").split("?", 2);
  const [part, ...words] = path.split("/").map((word) => {
    try { return decodeURIComponent(word); } catch (_) { return word; }
  });
  return { part: part || "summary", words, query: new URLSearchParams(query || "") };
}

/** The link to a part, with what is asked of it. */
function address(part, query) {
  const words = new URLSearchParams();
  for (const [name, value] of Object.entries(query || {})) if (value !== "" && value !== null && value !== undefined) words.set(name, value);
  return `#/${part}${words.size ? `?${words}` : ""}`;
}

/** Changes what stands in the address without a new entry in the history. */
function amend(part, query) {
  history.replaceState(null, "", address(part, query));
  current = readAddress();
}

function show() {
  const before = current;
  current = readAddress();
  const shown = current.part === "finding" ? "chain" : current.part;
  const part = parts[shown] ? shown : "summary";
  for (const section of document.querySelectorAll("main > section")) section.hidden = section.id !== `part-${part}`;
  find("main").classList.toggle("wide", part === "tree" || part === "source");
  const group = { finding: "findings", chain: "chains", source: "sources" }[current.part] || current.part;
  for (const link of document.querySelectorAll("nav a[data-part]")) {
    if (link.dataset.part === group) {
      link.setAttribute("aria-current", "page");
      // On a narrow window the row of parts is scrolled.
      link.closest("ul").scrollLeft = link.offsetLeft - link.closest("ul").offsetLeft - 60;
    } else link.removeAttribute("aria-current");
  }
  parts[part](current, before);
  const title = find(`#part-${part} h1`);
  document.title = `${title.textContent.trim().slice(0, 90)} · ${report.title} · firsthit`;
  if (before.part !== current.part || before.words.join() !== current.words.join()) {
    window.scrollTo(0, 0);
    if (started && part !== "search") title.focus({ preventScroll: true });
  }
}
let started = false;
