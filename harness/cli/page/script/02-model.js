// The report's data, and what follows from it. Chains, nodes, frames and texts are numbers; a node stands behind its parent.

let report = null;
/** Of each node: how many chains run through it, and the rank of the worst verdict among them. */
let nodeChains, nodeWorst, nodeChildren;
/** Of each chain, by the verdict's number, how urgent it is. */
let rank;

function loadReport(data) {
  report = data;
  const { nodes, chains, verdicts } = report;
  rank = verdicts.map((verdict) => verdict.rank);
  const count = nodes.parent.length;
  nodeChains = new Uint32Array(count);
  nodeWorst = new Int16Array(count).fill(-1);
  for (let chain = 0; chain < chains.node.length; chain++) {
    const node = chains.node[chain], word = chains.verdict[chain];
    nodeChains[node]++;
    if (nodeWorst[node] < 0 || rank[word] > rank[nodeWorst[node]]) nodeWorst[node] = word;
  }
  nodeChildren = Array.from({ length: count }, () => null);
  for (let node = count - 1; node > 0; node--) {
    const parent = nodes.parent[node], word = nodeWorst[node];
    nodeChains[parent] += nodeChains[node];
    if (word >= 0 && (nodeWorst[parent] < 0 || rank[word] > rank[nodeWorst[parent]])) nodeWorst[parent] = word;
    (nodeChildren[parent] ||= []).push(node);
  }
  for (const children of nodeChildren) {
    if (children) children.sort((a, b) => nodeChains[b] - nodeChains[a] || a - b);
  }
}

let placed = null;
/** Where each node lies in the picture of the tree: how many chains are before it, and how deep it is; made once. */
function placedNodes() {
  if (!placed) {
    const count = nodeChains.length, from = new Uint32Array(count), depth = new Uint16Array(count);
    for (let node = 0; node < count; node++) {
      let next = from[node];
      for (const child of nodeChildren[node] || []) {
        from[child] = next;
        depth[child] = depth[node] + 1;
        next += nodeChains[child];
      }
    }
    placed = { from, depth };
  }
  return placed;
}

const text = (number) => (number < 0 ? "" : report.strings[number]);
const chainCount = () => report.chains.id.length;
const chainWord = (chain) => report.verdicts[report.chains.verdict[chain]].word;
const chainTest = (chain) => text(report.tests[report.chains.test[chain]].name);
const shortId = (id) => id.slice(0, 12);
const frameFunction = (frame) => text(report.frames.function[frame]);
const frameFile = (frame) => text(report.frames.file[frame]);
const nodeWord = (node) => (nodeWorst[node] < 0 ? "unreached" : report.verdicts[nodeWorst[node]].word);

/** `file:line`, as far as it is known. */
function framePlace(frame) {
  const file = frameFile(frame), line = report.frames.line[frame];
  return file === "" ? "" : line ? `${file}:${line}` : file;
}

/** What a chain asked for, and where: `Vec::push in demo::insert`. */
function chainTitle(chain) {
  const { asked, request, by } = report.chains;
  const what = asked[chain] < 0 ? text(request[chain]) : text(asked[chain]);
  return by[chain] < 0 ? what : `${what} in ${frameFunction(by[chain])}`;
}

/** The same as the content of an element, with the function where memory was asked for behind a quiet word. */
function titleParts(chain) {
  const { asked, request, by } = report.chains;
  const what = cut(asked[chain] < 0 ? text(request[chain]) : text(asked[chain]), 120);
  return by[chain] < 0 ? [what] : [what, make("i", {}, " in "), cut(frameFunction(by[chain]))];
}

const chainPlace = (chain) => (report.chains.by[chain] < 0 ? "" : framePlace(report.chains.by[chain]));

function nodeName(node) {
  if (node === 0) return "all chains";
  return frameFunction(report.nodes.frame[node]);
}

/** From the outermost frame to the node's own. */
function nodePath(node) {
  const path = [];
  for (let n = node; n > 0; n = report.nodes.parent[n]) path.push(n);
  return path.reverse();
}

/** Whether each node lies below one that is taken, or is one. */
function below(taken) {
  const { parent } = report.nodes;
  const found = new Uint8Array(parent.length);
  for (let node = 1; node < parent.length; node++) found[node] = taken(node) || found[parent[node]] ? 1 : 0;
  return found;
}

/** How many chains of which verdict are below a node, the most urgent first. */
function nodeCounts(node) {
  const inside = node === 0 ? null : below((other) => other === node);
  const counts = new Map();
  report.chains.node.forEach((at, chain) => {
    if (!inside || inside[at]) counts.set(report.chains.verdict[chain], (counts.get(report.chains.verdict[chain]) || 0) + 1);
  });
  return [...counts].sort((a, b) => rank[b[0]] - rank[a[0]]).map(([number, count]) => [report.verdicts[number].word, count]);
}

let lower = null;
/** All texts in small letters, made once. */
function lowerTexts() {
  return (lower ||= report.strings.map((one) => one.toLowerCase()));
}

/** Which texts have the words in them, as a set of flags by their numbers. */
function textsWith(query) {
  const texts = lowerTexts(), found = new Uint8Array(texts.length);
  for (let n = 0; n < texts.length; n++) if (texts[n].includes(query)) found[n] = 1;
  return found;
}

let chainNumbers = null;
/** The chain whose identity begins with these digits, or -1. The same chain can be met in several tests. */
function chainById(id, test) {
  if (!chainNumbers) {
    chainNumbers = new Map();
    report.chains.id.forEach((one, chain) => {
      if (!chainNumbers.has(one)) chainNumbers.set(one, chain);
    });
  }
  const chain = chainNumbers.get(id);
  if (chain === undefined) return -1;
  if (test === undefined || report.chains.test[chain] === test) return chain;
  const other = report.chains.id.findIndex((one, n) => one === id && report.chains.test[n] === test);
  return other < 0 ? chain : other;
}

const chainLink = (chain) => `#/chain/${report.chains.id[chain]}?test=${report.chains.test[chain]}`;
const causeLink = (cause) => `#/finding/${report.causes.fingerprint[cause]}`;

/** The link to a line of a file that is in the report; null for others. */
function sourceLink(frame) {
  const file = fileNumber(report.frames.file[frame]);
  if (file < 0) return null;
  const line = report.frames.line[frame];
  return `#/source/${file}${line ? `?line=${line}` : ""}`;
}

let fileNumbers = null;
function fileNumber(path) {
  fileNumbers ||= new Map(report.files.map((file, number) => [file.path, number]));
  return path >= 0 && fileNumbers.has(path) ? fileNumbers.get(path) : -1;
}
