// Search over all that the report has: findings, functions, files, tests, chains and messages.

const EACH = 12;

function searched(query) {
  const found = textsWith(query), { chains, frames, nodes } = report;
  const groups = [];
  const group = (name, hits, all) => { if (hits.length) groups.push({ name, count: hits.length, rows: hits.slice(0, EACH), all }); };
  const inChain = new Uint8Array(chainCount());
  const ids = /^[0-9a-f]{4,32}$/.test(query);
  for (let n = 0; n < inChain.length; n++) {
    inChain[n] = (chains.said[n] >= 0 && found[chains.said[n]]) || (chains.asked[n] >= 0 && found[chains.asked[n]]) || (ids && chains.id[n].startsWith(query)) || (chains.by[n] >= 0 && (found[frames.function[chains.by[n]]] || (frames.file[chains.by[n]] >= 0 && found[frames.file[chains.by[n]]]))) ? 1 : 0;
  }
  const causes = new Set();
  chains.cause.forEach((cause, chain) => { if (cause >= 0 && report.causes.level[cause] === 2 && (inChain[chain] || found[report.tests[chains.test[chain]].name])) causes.add(cause); });
  group("Findings", [...causes].sort((a, b) => a - b).map((cause) => [causeLink(cause), chainTitle(report.causes.first[cause]), chainPlace(report.causes.first[cause]), chainWord(report.causes.first[cause])]));
  const functions = new Set();
  nodes.frame.forEach((frame, node) => { if (node > 0 && found[frames.function[frame]]) functions.add(frames.function[frame]); });
  group("Functions", [...functions].map((name) => [address("chains", { function: text(name) }), text(name), ""]), address("chains", { function: query }));
  const files = [];
  report.files.forEach((file, n) => { if (found[file.path]) files.push([`#/source/${n}`, text(file.path), ""]); });
  group("Files", files);
  const tests = report.tests.filter((test) => found[test.name]);
  group("Tests", tests.map((test) => [address("chains", { test: text(test.name) }), text(test.name), test.ended]), address("chains", { test: query }));
  const hits = [];
  for (let n = 0; n < inChain.length; n++) if (inChain[n]) hits.push(n);
  group("Chains", hits.map((n) => n));
  return groups;
}

parts.search = ({ query }) => {
  const words = (query.get("q") || "").trim(), body = find("#part-search .body"), wanted = words.toLowerCase();
  const field = find("#search");
  if (document.activeElement !== field) field.value = words;
  find("#search-title").textContent = words ? `Search: ${cut(words, 80)}` : "Search";
  if (!wanted) {
    body.replaceChildren(make("p", { class: "quiet" }, "Functions, files, tests, messages, or the first digits of a chain."));
    return;
  }
  const groups = searched(wanted);
  const line = (hit) => {
    const [link, name, where, word] = typeof hit === "number" ? [chainLink(hit), chainTitle(hit), `${chainPlace(hit)}  ·  ${shortId(report.chains.id[hit])}  ·  ${cut(text(report.chains.said[hit]), 120)}`, chainWord(hit)] : hit;
    return make("li", {}, word ? [verdict(word), " "] : null, make("a", { href: link, class: "name" }, marked(name, wanted)), where ? [" ", make("span", { class: "quiet small" }, marked(where, wanted))] : null);
  };
  body.replaceChildren(make("p", { class: "shown", role: "status" }, groups.length ? groups.map(({ name, count }) => `${number(count)} ${name.toLowerCase()}`).join(", ") : "Nothing has this in it."),
    make("div", { class: "results" }, groups.map(({ name, count, rows, all }) => [make("h2", {}, name, " ", make("span", { class: "count" }, number(count))),
      make("ul", { class: "plain" }, rows.map(line), count > rows.length ? make("li", { class: "quiet small" }, `… and ${number(count - rows.length)} more`, all ? [": ", make("a", { href: all }, "their chains")] : null) : null)])));
};

function startSearch() {
  const field = find("#search");
  const look = () => {
    const query = { q: field.value };
    if (current.part === "search") { amend("search", query); parts.search(current); return; }
    if (field.value.trim()) location.hash = address("search", query);
  };
  field.addEventListener("input", look);
  field.form.addEventListener("submit", (event) => { event.preventDefault(); look(); });
  addEventListener("keydown", (event) => {
    if (event.key !== "/" || event.altKey || event.ctrlKey || event.metaKey || event.target.closest("input, textarea, select")) return;
    event.preventDefault();
    field.focus();
    field.select();
  });
}
