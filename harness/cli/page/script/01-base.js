// What every part uses: elements made without any HTML in strings, numbers, and words for verdicts.

const GOOD = new Set(["recovered", "absorbed"]);
const SYMBOLS = {
  recovered: "✓", absorbed: "≈", swallowed: "≠", aborted: "■", panicked: "▲", crashed: "✕", hung: "∞", leaked: "▼",
  corrupted: "◆", allocated: "+", unusable: "◐", unstable: "~", unreached: "○",
};

const find = (selector, within = document) => within.querySelector(selector);

/** An element with attributes and children. Texts become text, whatever is in them; functions become listeners. */
function make(tag, attributes, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes || {})) {
    if (value === null || value === undefined || value === false) continue;
    if (typeof value === "function") element.addEventListener(name, value);
    else element.setAttribute(name, value === true ? "" : value);
  }
  element.append(...children.flat(Infinity).filter((child) => child !== null && child !== undefined && child !== false));
  return element;
}

/** The bar's shapes are SVG, whose sizes are attributes: no style stands in the page. */
function makeSvg(tag, attributes, ...children) {
  const element = document.createElementNS("http://www.w3.org/2000/svg", tag);
  for (const [name, value] of Object.entries(attributes || {})) element.setAttribute(name, value);
  element.append(...children);
  return element;
}

const number = (count) => count.toLocaleString("en-US");
const several = (count, one, more) => `${number(count)} ${count === 1 ? one : more}`;

/** The verdict's word, with its symbol and colour. */
const verdict = (word) => make("span", { class: `verdict v-${word}` }, word);

/** A long name cut in its middle, for where it is one of many; the whole one stands on the page of its chain. */
function cut(text, length = 240) {
  if (text.length <= length) return text;
  const half = length >> 1;
  return `${text.slice(0, half)} … ${text.slice(text.length - half)}`;
}

/** A function's name without its generic arguments and all but its last two parts, for labels. */
function shortName(name) {
  let depth = 0, out = "";
  const text = name.length > 600 ? name.slice(name.length - 600) : name;
  for (let n = 0; n < text.length; n++) {
    const c = text[n];
    if (c === "<") depth++;
    else if (c === ">" && text[n - 1] !== "-") depth = Math.max(0, depth - 1);
    else if (depth === 0) out += c;
  }
  const parts = out.split("::").filter((part) => part !== "");
  return parts.length ? parts.slice(-2).join("::") : cut(name, 60);
}

/** The text with the places marked at which what was looked for stands. */
function marked(text, query) {
  const shown = cut(text, 300);
  const place = query ? shown.toLowerCase().indexOf(query) : -1;
  if (place < 0) return [shown];
  return [shown.slice(0, place), make("mark", {}, shown.slice(place, place + query.length)), shown.slice(place + query.length)];
}

/** Tells those who hear the page. */
function say(text) {
  find("#said").textContent = text;
}

/** A bar of parts, each a class and a count. */
function bar(parts, attributes) {
  const total = parts.reduce((sum, part) => sum + part.count, 0) || 1;
  let from = 0;
  const shapes = parts.map((part) => {
    const width = (part.count * 1000) / total;
    const shape = makeSvg("rect", { class: part.class, x: from, y: 0, width, height: 10 });
    from += width;
    return shape;
  });
  return makeSvg("svg", { class: "bar", viewBox: "0 0 1000 10", preserveAspectRatio: "none", "aria-hidden": "true", ...attributes }, ...shapes);
}
