// The call tree as an icicle: the outermost frames above, what they call below, as wide as chains run through.

const ROW = 22;

/** The picture. Only what is wide enough to be seen is drawn, and only the rows that are in view. */
class Icicle {
  constructor(place, chosen) {
    this.chosen = chosen;
    this.canvas = make("canvas", { "aria-hidden": "true" });
    this.space = make("div", {});
    this.place = make("div", {
      class: "icicle", tabindex: "0", role: "application", "aria-roledescription": "call tree", "aria-label": "Call tree of all chains",
      "aria-describedby": "tree-keys",
    }, this.canvas, this.space);
    place.append(this.place);
    this.root = 0;
    this.node = 0;
    this.found = null;
    this.place.addEventListener("scroll", () => this.later(), { passive: true });
    this.place.addEventListener("keydown", (event) => this.key(event));
    this.canvas.addEventListener("click", (event) => this.click(event));
    this.canvas.addEventListener("mousemove", (event) => this.over(event));
    new ResizeObserver(() => this.later()).observe(this.place);
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => { this.colours = null; this.later(); });
    addEventListener("firsthit-theme", () => { this.colours = null; this.later(); });
  }

  /** Colours as they are in the theme of now: of each verdict the full colour, a fill that text can be read on, and one for what is narrow. */
  palette() {
    if (this.colours) return this.colours;
    // All are asked at once, so that the browser works out its styles once.
    const place = make("span", { hidden: true }), probes = [];
    const read = (colour) => {
      const probe = make("span", {});
      probe.style.color = colour;
      place.append(probe);
      return probes.push(probe) - 1;
    };
    const of = (word) => {
      const mixed = (share) => read(`color-mix(in srgb, var(--${word}) ${share}%, var(--ground))`);
      return { full: read(`var(--${word})`), fill: mixed(GOOD.has(word) ? 16 : 34), strong: mixed(GOOD.has(word) ? 34 : 62) };
    };
    const verdicts = report.verdicts.map(({ word }) => [word, of(word)]);
    const others = ["ink", "ground", "focus", "sunken"].map((name) => [name, read(`var(--${name})`)]);
    this.place.append(place);
    const colours = probes.map((probe) => getComputedStyle(probe).color);
    place.remove();
    const named = ([word, { full, fill, strong }]) => [word, { full: colours[full], fill: colours[fill], strong: colours[strong] }];
    this.colours = Object.fromEntries([...verdicts.map(named), ...others.map(([name, number]) => [name, colours[number]])]);
    return this.colours;
  }

  later() {
    if (this.asked) return;
    this.asked = true;
    requestAnimationFrame(() => { this.asked = false; this.draw(); });
  }

  /** Makes the canvas as large as its place. */
  layout() {
    const { canvas, place } = this;
    const width = place.clientWidth, height = place.clientHeight, ratio = devicePixelRatio || 1;
    if (canvas.width !== Math.round(width * ratio) || canvas.height !== Math.round(height * ratio)) {
      canvas.width = Math.round(width * ratio);
      canvas.height = Math.round(height * ratio);
      canvas.style.width = `${width}px`;
      canvas.style.height = `${height}px`;
    }
    return { width, height, ratio };
  }

  /** How many rows there are below the frame that is zoomed to. */
  rows() {
    if (this.rowsOf === this.root) return this.rowCount;
    const { from, depth } = placedNodes(), begin = from[this.root], end = begin + nodeChains[this.root];
    let deepest = 0;
    for (let node = this.root; node < from.length; node++) {
      if (from[node] >= begin && from[node] < end && depth[node] > deepest) deepest = depth[node];
    }
    deepest = Math.max(0, deepest - depth[this.root]);
    this.rowsOf = this.root;
    this.above = [0, ...nodePath(this.root)];
    if (this.root === 0) this.above = [0];
    this.rowCount = this.above.length + deepest;
    this.space.style.height = `${Math.max(0, this.rowCount * ROW - 1)}px`;
    this.place.style.height = `${this.rowCount * ROW + 1}px`;
    return this.rowCount;
  }

  /** The frames above the one that is zoomed to, each over the whole width, and the tree below it. */
  draw() {
    if (!report || this.place.clientWidth === 0) return;
    this.rows();
    const { width, height, ratio } = this.layout();
    // The canvas lies before the space and scrolls with nothing, so that the space is shortened by it.
    this.space.style.marginTop = `${-height}px`;
    const colours = this.palette(), pen = this.canvas.getContext("2d");
    pen.setTransform(ratio, 0, 0, ratio, 0, 0);
    pen.fillStyle = colours.ground;
    pen.fillRect(0, 0, width, height);
    pen.font = `12px ${getComputedStyle(document.body).getPropertyValue("--sans")}`;
    pen.textBaseline = "middle";
    const top = this.place.scrollTop;
    this.boxes = [];
    this.above.forEach((node, depth) => this.box(pen, node, 0, width, depth * ROW - top, colours, height));
    // What is too narrow for a box of its own lies in its row's pixels, in the colour of the worst that lies there.
    const narrow = new Map();
    const { from, depth } = placedNodes(), begin = from[this.root], end = begin + nodeChains[this.root];
    const scale = width / nodeChains[this.root], shift = this.above.length - depth[this.root] - 1;
    // A child stands behind its parent, and all below a frame lie between its borders.
    for (let node = this.root + 1; node < from.length; node++) {
      if (from[node] < begin || from[node] >= end || depth[node] <= depth[this.root]) continue;
      const row = depth[node] + shift, y = row * ROW - top;
      if (y < -ROW || y > height) continue;
      const x = (from[node] - begin) * scale, size = nodeChains[node] * scale;
      if (size >= 2) this.box(pen, node, x, size, y, colours, height);
      else this.pixel(narrow, row, x, nodeWorst[node], width);
    }
    for (const [row, pixels] of narrow) {
      for (let left = 0; left < pixels.length; ) {
        let right = left + 1;
        while (right < pixels.length && pixels[right] === pixels[left]) right++;
        if (pixels[left] > 0) {
          pen.fillStyle = colours[report.verdicts[pixels[left] - 1].word].strong;
          pen.fillRect(left, row * ROW - top, right - left, ROW - 1);
        }
        left = right;
      }
    }
    // Also what is too narrow for a box can be chosen.
    const thin = { x: (from[this.node] - begin) * scale - 1, y: (depth[this.node] + shift) * ROW - top, size: 5 };
    const chosen = this.boxes.find((box) => box.node === this.node) || (depth[this.node] > depth[this.root] && thin);
    if (chosen) {
      pen.strokeStyle = colours.focus;
      pen.lineWidth = 2;
      pen.strokeRect(chosen.x + 1, chosen.y + 1, Math.max(2, chosen.size - 2.5), ROW - 3);
    }
  }

  /** Keeps the worst verdict of a pixel of a row, one more than its number. */
  pixel(narrow, row, x, word, width) {
    if (!narrow.has(row)) narrow.set(row, new Uint8Array(width));
    const pixels = narrow.get(row), place = Math.min(width - 1, Math.floor(x)), before = pixels[place];
    if (before === 0 || rank[word] > rank[before - 1]) pixels[place] = word + 1;
  }

  box(pen, node, x, size, y, colours, height) {
    if (y < -ROW || y > height) return;
    const word = nodeWord(node), colour = colours[word];
    this.boxes.push({ node, x, y, size });
    const out = this.found && !this.found[node];
    pen.globalAlpha = out ? 0.3 : 1;
    pen.fillStyle = node === 0 ? colours.sunken : colour.fill;
    pen.fillRect(x, y, Math.max(0.5, size - 1), ROW - 1);
    if (size > 12 && node !== 0) {
      pen.fillStyle = colour.full;
      pen.fillRect(x, y, 3, ROW - 1);
    }
    if (size > 34) {
      const room = size - 12;
      pen.fillStyle = colours.ink;
      pen.fillText(this.label(pen, node, word, room), x + 8, y + ROW / 2);
    }
    pen.globalAlpha = 1;
  }

  /** The name as far as there is room, behind the verdict's symbol: the colour is never all that says it. */
  label(pen, node, word, room) {
    this.names ||= [];
    const name = (this.names[node] ||= node === 0 ? `all ${several(chainCount(), "chain", "chains")}` : `${SYMBOLS[word]} ${shortName(nodeName(node))}`);
    const letters = Math.max(1, Math.floor(room / 6.9));
    if (name.length <= letters) return name;
    if (letters < 4) return name.slice(0, 1);
    // The last part says more than the beginning of the one before it.
    const last = name.lastIndexOf("::");
    const end = last < 0 ? name : `${name.slice(0, 2)}${name.slice(last + 2)}`;
    return end.length <= letters ? end : `${end.slice(0, letters - 1)}…`;
  }

  at(event) {
    const { left, top } = this.canvas.getBoundingClientRect();
    const x = event.clientX - left, y = event.clientY - top;
    const box = (this.boxes || []).find((one) => x >= one.x && x < one.x + one.size && y >= one.y && y < one.y + ROW);
    return box ? box.node : -1;
  }

  click(event) {
    const node = this.at(event);
    if (node >= 0) this.zoom(node === this.root && node !== 0 ? report.nodes.parent[node] : node);
  }

  over(event) {
    const node = this.at(event);
    this.canvas.style.cursor = node >= 0 ? "pointer" : "default";
    this.canvas.title = node > 0 ? `${cut(nodeName(node), 300)}\n${several(nodeChains[node], "chain", "chains")}, the worst ${nodeWord(node)}` : "";
  }

  choose(node) {
    this.node = node;
    const depth = nodePath(node).length;
    const y = depth * ROW, { scrollTop, clientHeight } = this.place;
    this.rows();
    if (y < scrollTop) this.place.scrollTop = y - ROW;
    else if (y + ROW > scrollTop + clientHeight) this.place.scrollTop = y + 2 * ROW - clientHeight;
    this.chosen(node, this.root);
    this.later();
  }

  zoom(node) {
    this.root = node;
    this.choose(node);
  }

  mark(found) {
    this.found = found;
    this.later();
  }

  key(event) {
    const { parent } = report.nodes, beside = (step) => {
      const others = this.node === 0 ? [0] : nodeChildren[parent[this.node]];
      return others[Math.min(others.length - 1, Math.max(0, others.indexOf(this.node) + step))];
    };
    if (event.altKey || event.ctrlKey || event.metaKey) return;
    switch (event.key) {
      case "ArrowDown": this.choose((nodeChildren[this.node] || [this.node])[0]); break;
      case "ArrowUp": this.up(); break;
      case "ArrowLeft": this.choose(beside(-1)); break;
      case "ArrowRight": this.choose(beside(1)); break;
      case "Enter": case " ": this.zoom(this.node); break;
      case "Escape": case "Backspace": this.out(); break;
      case "Home": this.zoom(0); break;
      default: return;
    }
    event.preventDefault();
  }

  /** To the frame above, and out of the zoom where that is above it. */
  up() {
    const above = Math.max(0, report.nodes.parent[this.node]);
    if (this.node === this.root) this.root = above;
    this.choose(above);
  }

  out() {
    this.zoom(this.root === 0 ? 0 : report.nodes.parent[this.root]);
  }
}
