// The sources: files with what is known of them, and the lines of one, each with its state and the chains through it.

const STATES = {
  tested: "tested", bad: "bad", ran: "ran without an injection", "never-failed": "never failed", "never-reached": "never reached", excused: "excused",
};
const STATE_ORDER = ["bad", "never-reached", "never-failed", "ran", "excused", "tested"];

let linesOfFiles = null;
/** Of each file: its lines, each with the nodes of the tree there, the chains that asked for memory there, and its points. */
function knownLines(file) {
  if (!linesOfFiles) {
    const numbers = new Map();
    linesOfFiles = report.files.map((one, number) => (numbers.set(one.path, number), new Map()));
    const line = (file, number) => {
      const lines = linesOfFiles[file];
      if (!lines.has(number)) lines.set(number, { nodes: [], asked: [], points: [] });
      return lines.get(number);
    };
    const place = (frame) => {
      const number = numbers.get(report.frames.file[frame]);
      return number === undefined || !report.frames.line[frame] ? null : line(number, report.frames.line[frame]);
    };
    report.nodes.frame.forEach((frame, node) => { if (node > 0) place(frame)?.nodes.push(node); });
    report.chains.by.forEach((frame, chain) => { if (frame >= 0) place(frame)?.asked.push(chain); });
    for (const point of report.points) line(point.file, point.line).points.push(point);
    for (const lines of linesOfFiles) for (const known of lines.values()) known.state = lineState(known);
  }
  return linesOfFiles[file];
}

/** The worst that is known of a line; nothing of one that chains only pass through. */
function lineState({ asked, points }) {
  const states = points.map((point) => point.state);
  for (const chain of asked) {
    const word = chainWord(chain);
    states.push(GOOD.has(word) ? "tested" : word === "unreached" || word === "unstable" ? "never-failed" : "bad");
  }
  return STATE_ORDER.find((state) => states.includes(state)) || null;
}

parts.sources = () => {
  const body = find("#part-sources .body");
  if (body.firstChild) return;
  const rows = report.files.map((file, number) => {
    const counts = {};
    for (const { state } of knownLines(number).values()) if (state) counts[state] = (counts[state] || 0) + 1;
    const parts = STATE_ORDER.filter((state) => counts[state]).map((state) => ({ class: `s-${state}`, count: counts[state], state }));
    return { bad: counts.bad || 0, lines: parts.reduce((sum, part) => sum + part.count, 0), path: text(file.path), row: make("tr", {},
      make("td", { class: "name" }, make("a", { href: `#/source/${number}` }, cut(text(file.path), 200)), file.lines ? null : [" ", make("span", { class: "badge" }, "not there")]),
      make("td", {}, bar(parts, { class: "bar mini" })),
      make("td", { class: "small" }, parts.map((part) => make("span", { class: `verdict ${part.class}` }, `${number_(part.count)} ${STATES[part.state]}  `)))) };
  }).sort((a, b) => b.bad - a.bad || b.lines - a.lines || (a.path < b.path ? -1 : 1));
  body.replaceChildren(rows.length === 0 ? make("p", {}, "No chain runs through a file of the workspace that is known.") : make("div", { class: "scroll" }, make("table", { class: "sources" },
    make("caption", {}, "Lines that ask for memory, and the sites and recovery arms of annotated code."),
    make("thead", {}, make("tr", {}, make("th", { scope: "col" }, "File"), make("th", { scope: "col" }, "Lines"), make("th", { scope: "col" }, "of which"))),
    make("tbody", {}, rows.map(({ row }) => row)))));
};
const number_ = number;

/** What a line is known for, in words. */
function lineWords({ asked, points, nodes, state }) {
  const words = points.map((point) => `${point.kind}${point.text ? ` ${cut(point.text, 60)}` : ""}: ${point.words}`);
  if (asked.length) words.push(`${several(asked.length, "chain asks", "chains ask")} for memory here`);
  if (!asked.length && nodes.length) words.push("chains run through here");
  return words;
}

function through(known) {
  const counts = new Map(), chosen = new Set(known.nodes), inside = below((node) => chosen.has(node)), chains = [];
  report.chains.node.forEach((node, chain) => { if (inside[node]) chains.push(chain); });
  for (const chain of known.asked) if (!inside[report.chains.node[chain]]) chains.push(chain);
  for (const chain of chains) counts.set(chainWord(chain), (counts.get(chainWord(chain)) || 0) + 1);
  chains.sort((a, b) => rank[report.chains.verdict[b]] - rank[report.chains.verdict[a]] || a - b);
  return { chains, counts };
}

function throughRow(known, file, line) {
  const { chains, counts } = through(known);
  const list = chains.slice(0, 12).map((chain) => make("li", {}, verdict(chainWord(chain)), " ",
    make("a", { href: chainLink(chain), class: "name" }, cut(chainTitle(chain), 160)), " ", make("span", { class: "quiet small" }, cut(chainTest(chain), 120))));
  const more = chains.length > 12 ? make("p", {}, make("a", { href: address("chains", { file: `${text(report.files[file].path)}:${line}` }) }, `All ${number(chains.length)} chains through this line`)) : null;
  return make("tr", {}, make("td", { colspan: 3 }, make("div", { class: "through" },
    make("p", { class: "small" }, lineWords(known).map((words) => [words, make("br")]), [...counts].map(([word, count]) => [verdict(word), ` ${number(count)}   `])),
    make("ul", {}, list), more)));
}

function sourceRow(file, content, line, target) {
  const one = knownLines(file).get(line);
  const code = make("td", { class: "text" }, content.length > 2000 ? `${content.slice(0, 2000)} …` : content);
  const at = make("td", { class: "at" }, String(line));
  if (!one) return make("tr", { id: `line-${line}`, class: line === target ? "target" : null }, at, make("td", { class: "state" }), code);
  const label = one.state ? STATES[one.state] : "·";
  const button = make("button", { type: "button", "aria-expanded": "false", title: lineWords(one).join("\n"), "aria-label": `Line ${line}: ${one.state ? `${label}, ` : ""}chains through it` },
    make("span", { class: one.state ? `verdict s-${one.state}` : "quiet" }, label));
  const tr = make("tr", { id: `line-${line}`, class: [one.state ? `known s-${one.state}` : "", line === target ? "target" : ""].join(" ").trim() || null },
    at, make("td", { class: "state" }, button), code);
  button.addEventListener("click", () => {
    const open = button.getAttribute("aria-expanded") === "true";
    button.setAttribute("aria-expanded", String(!open));
    if (open) tr.nextSibling.remove();
    else tr.after(throughRow(one, file, line));
  });
  return tr;
}

const LINES = 150;

/** The lines of a file. Those that are asked for are there at once; the others follow while nothing else is done, so that a long file
 * keeps nobody waiting and the browser's own search finds all of it. */
function sourceTable(file, lines, target) {
  const blocks = [];
  for (let from = 0; from < lines.length; from += LINES) {
    const count = Math.min(LINES, lines.length - from), space = make("td", { class: "space", colspan: 3 });
    space.style.height = `calc(${count} * var(--line-height))`;
    blocks.push({ from, count, body: make("tbody", {}, make("tr", {}, space)), full: false });
  }
  const table = make("table", { "aria-label": "Lines of the file" }, blocks.map((block) => block.body));
  const fill = (block) => {
    if (!block || block.full) return;
    block.full = true;
    block.body.replaceChildren(...lines.slice(block.from, block.from + block.count).map((content, n) => sourceRow(file, content, block.from + n + 1, target)));
  };
  const of = (line) => blocks[Math.floor((line - 1) / LINES)];
  fill(of(target || 1));
  const later = window.requestIdleCallback || ((act) => setTimeout(act, 1));
  const rest = () => {
    const next = blocks.find((block) => !block.full);
    if (!next || !table.isConnected) return;
    fill(next);
    later(rest);
  };
  later(rest);
  const element = make("div", { class: "source", role: "region", "aria-label": "Source", tabindex: "0" }, table);
  return { element, fill: (line) => fill(of(line)) };
}

/** A file that is not there: the lines that are known of it, without what stands in them. */
function withoutLines(file) {
  const known = [...knownLines(file)].sort((a, b) => a[0] - b[0]);
  return make("table", {}, make("tbody", {}, known.map(([line, one]) => make("tr", {}, make("td", { class: "number" }, String(line)),
    make("td", {}, make("span", { class: one.state ? `verdict s-${one.state}` : "quiet" }, one.state ? STATES[one.state] : "passed")),
    make("td", { class: "small" }, make("a", { href: address("chains", { file: `${text(report.files[file].path)}:${line}` }) }, lineWords(one).join("; ")))))));
}

let shownFile = null;
parts.source = async ({ words, query }) => {
  const number = Number(words[0]), file = report.files[number], body = find("#part-source .body"), title = find("#source-title");
  if (!file) {
    title.textContent = "Not in this report";
    body.replaceChildren(make("p", {}, "There is no file of this number."));
    return;
  }
  title.replaceChildren(make("span", { class: "title-name" }, cut(text(file.path), 300)));
  const target = Number(query.get("line")) || 0, asked = `${number}:${target}`;
  if (shownFile === asked) return;
  shownFile = asked;
  const notice = file.why < 0 ? null : make("p", { class: "notice" }, text(file.why));
  const known = knownLines(number), jump = [...known].filter(([, one]) => one.state && one.state !== "tested").map(([line]) => line).sort((a, b) => a - b);
  const next = make("button", { type: "button", disabled: jump.length === 0, click: () => go() }, "Next line that is not tested");
  let last = 0;
  let table = null;
  const go = () => {
    last = jump.find((line) => line > last) || jump[0];
    if (table) table.fill(last);
    const row = find(`#line-${last}`);
    if (!row) return;
    row.scrollIntoView({ block: "center" });
    find("button", row)?.focus({ preventScroll: true });
  };
  const legend = make("div", { class: "legend-line" }, STATE_ORDER.filter((state) => [...known.values()].some((one) => one.state === state)).map((state) => make("span", { class: `verdict s-${state}` }, STATES[state])));
  const head = [notice, make("div", { class: "source-bar" }, make("a", { href: "#/sources" }, "All files"), next, legend)].filter(Boolean);
  if (!file.lines) {
    body.replaceChildren(...head, withoutLines(number));
    return;
  }
  try {
    const lines = await sourceLines(number);
    if (shownFile !== asked) return;
    table = sourceTable(number, lines, target);
    body.replaceChildren(...head, table.element);
    if (target) find(`#line-${target}`)?.scrollIntoView({ block: "center" });
  } catch (error) { body.replaceChildren(make("p", { class: "notice" }, error.message)); }
};
