// Filters over chains: which of them an address asks for, and the fields by which it is changed.

const FIELDS = [["test", "Test"], ["function", "Function on the chain"], ["file", "File, or file:line"]];

/** The chains that the query asks for; those of all verdicts are flagged, too, for the counts. */
function chosenChains(query) {
  const { chains, nodes, frames } = report;
  const count = chainCount();
  const taken = new Uint8Array(count).fill(1);
  const keep = (which) => { for (let n = 0; n < count; n++) if (taken[n] && !which(n)) taken[n] = 0; };
  const word = (name) => (query.get(name) || "").trim().toLowerCase();
  if (word("test")) {
    const found = textsWith(word("test"));
    keep((n) => found[report.tests[chains.test[n]].name]);
  }
  if (word("function")) {
    const found = textsWith(word("function"));
    const inside = below((node) => found[frames.function[nodes.frame[node]]]);
    keep((n) => inside[chains.node[n]] || (chains.asked[n] >= 0 && found[chains.asked[n]]));
  }
  if (word("file")) {
    const [, file, line] = word("file").match(/^(.*?)(?::(\d+))?$/s);
    const found = textsWith(file);
    const inside = below((node) => {
      const frame = nodes.frame[node], path = frames.file[frame];
      return path >= 0 && found[path] && (!line || frames.line[frame] === Number(line));
    });
    keep((n) => inside[chains.node[n]]);
  }
  if (query.get("node")) {
    const inside = below((node) => node === Number(query.get("node")));
    keep((n) => inside[chains.node[n]]);
  }
  if (query.get("standing")) {
    const wanted = ["passed", "expected", "finding"].indexOf(query.get("standing"));
    keep((n) => chains.standing[n] === wanted);
  }
  const counts = new Uint32Array(report.verdicts.length);
  for (let n = 0; n < count; n++) if (taken[n]) counts[chains.verdict[n]]++;
  const words = new Set((query.get("verdict") || "").split(",").filter(Boolean));
  if (words.size) keep((n) => words.has(report.verdicts[chains.verdict[n]].word));
  return { taken, counts };
}

/** The fields, in the place of a part; `part` is shown again when one of them changes. */
class Filters {
  constructor(part, extra) {
    this.part = part;
    this.place = find(`[data-filters="${part}"]`);
    this.chips = make("fieldset", {}, make("legend", {}, "Verdict"));
    this.boxes = report.verdicts.map((one, number) => {
      const count = make("span", { class: "count" });
      const box = make("input", { type: "checkbox", value: one.word, change: () => this.changed() });
      const chip = make("label", { class: `chip v-${one.word}` }, box, make("span", { class: `verdict v-${one.word}` }, one.word, count));
      this.chips.append(chip);
      return { box, chip, count, number };
    });
    const list = make("datalist", { id: `tests-of-${part}` }, report.tests.slice(0, 400).map((test) => make("option", { value: text(test.name) })));
    this.fields = Object.fromEntries(FIELDS.map(([name]) => [name, make("input", {
      type: "search", name, list: name === "test" ? list.id : null, autocomplete: "off", spellcheck: "false", input: () => this.changed(),
    })]));
    for (const [name, , choices] of extra) {
      this.fields[name] = make("select", { name, change: () => this.changed() }, choices.map(([value, label]) => make("option", { value }, label)));
    }
    const labels = [...FIELDS, ...extra].map(([name, label]) => make("label", {}, label, this.fields[name]));
    this.node = make("button", { type: "button", hidden: true, click: () => { this.query.delete("node"); this.changed(); } });
    const clear = make("button", { type: "button", click: () => { location.hash = address(part, {}); } }, "Clear");
    this.place.replaceChildren(make("form", { class: "filters", submit: (event) => event.preventDefault(), "aria-label": "Filters" },
      this.chips, labels, this.node, clear, list));
  }

  /** Shows what the address asks for. */
  set(query) {
    this.query = new URLSearchParams(query);
    const words = (query.get("verdict") || "").split(",");
    for (const { box } of this.boxes) box.checked = words.includes(box.value);
    for (const [name, field] of Object.entries(this.fields)) {
      if (document.activeElement !== field) field.value = query.get(name) || "";
    }
    const node = Number(query.get("node"));
    this.node.hidden = !query.get("node");
    if (query.get("node")) this.node.textContent = `✕ through ${cut(shortName(nodeName(node)), 40)}`;
  }

  counts(counts) {
    const all = report.chains.verdict;
    this.there ||= new Set(all);
    for (const { chip, count, number: verdict, box } of this.boxes) {
      chip.hidden = !this.there.has(verdict) && !box.checked;
      count.textContent = number(counts[verdict]);
    }
  }

  changed() {
    const query = { verdict: this.boxes.filter(({ box }) => box.checked).map(({ box }) => box.value).join(",") };
    for (const [name, field] of Object.entries(this.fields)) query[name] = field.value.trim();
    if (this.query.get("node")) query.node = this.query.get("node");
    amend(this.part, query);
    parts[this.part](current, current);
  }
}
