// The part of the call tree: the picture or the outline, what is looked for in it, and what is known of the frame that is chosen.

let tree = null;

function buildTree() {
  const place = find("#part-tree .tree");
  const path = make("div", { class: "path small", id: "tree-path" });
  const field = make("input", { type: "search", "aria-label": "Show frames with this in their name", placeholder: "Show frames…", spellcheck: "false", autocomplete: "off" });
  const out = make("button", { type: "button", click: () => tree.icicle.out() }, "Zoom out");
  const whole = make("button", { type: "button", click: () => tree.icicle.zoom(0) }, "Whole tree");
  const list = make("button", { type: "button", "aria-pressed": "false", click: () => turn(list.getAttribute("aria-pressed") !== "true") }, "As an outline");
  const picture = make("div", {}), words = make("div", { hidden: true });
  const chosen = make("div", { class: "chosen", "aria-live": "polite", "aria-atomic": "true" });
  place.replaceChildren(
    make("p", { class: "quiet small", id: "tree-keys" }, "Each box is a function, as wide as chains run through it, coloured by the worst that came of one. ",
      "Click to zoom. Keys: ", ...["↑", "↓", "←", "→"].map((key) => make("kbd", {}, key)), " choose, ", make("kbd", {}, "Enter"), " zoom, ", make("kbd", {}, "Esc"), " zoom out, ", make("kbd", {}, "Home"), " the whole tree."),
    make("div", { class: "tree-bar" }, out, whole, list, field, path), picture, words, chosen);
  const icicle = new Icicle(picture, (node, root) => {
    amend("tree", { node: root || "", at: node === root ? "" : node });
    out.disabled = whole.disabled = root === 0;
    path.textContent = nodePath(root).map((one) => shortName(nodeName(one))).join(" › ");
    describe(chosen, node);
  });
  const turn = (asList) => {
    list.setAttribute("aria-pressed", String(asList));
    picture.hidden = asList;
    words.hidden = !asList;
    if (asList) words.replaceChildren(outline(icicle.root, (node) => describe(chosen, node)));
    else icicle.later();
  };
  field.addEventListener("input", () => {
    const query = field.value.trim().toLowerCase();
    if (!query) return icicle.mark(null);
    const found = textsWith(query), taken = new Uint8Array(report.nodes.parent.length);
    let count = 0;
    for (let node = 1; node < taken.length; node++) {
      if (found[report.frames.function[report.nodes.frame[node]]]) { taken[node] = 1; count++; }
    }
    icicle.mark(taken);
    say(several(count, "frame", "frames"));
  });
  return { icicle };
}

/** What is known of a frame: its place, its chains by what they came to, and where to go from here. */
function describe(place, node) {
  const counts = nodeCounts(node).map(([word, count]) => make("span", {}, verdict(word), " ", number(count)));
  const name = node === 0 ? "All chains" : nodeName(node);
  const links = [make("a", { href: address("chains", { node: node || "" }) }, several(nodeChains[node], "chain", "chains"))];
  if (node > 0) {
    const frame = report.nodes.frame[node], link = sourceLink(frame);
    if (framePlace(frame)) links.push(link ? make("a", { href: link, class: "name" }, framePlace(frame)) : make("span", { class: "name quiet" }, cut(framePlace(frame))));
    if (report.nodes.folded[node] > 1) links.push(`${number(report.nodes.folded[node])} frames in std, folded`);
  }
  place.replaceChildren(make("div", { class: "name" }, cut(name, 500)),
    make("div", { class: "small" }, links.flatMap((link, n) => (n ? ["  ·  ", link] : [link]))), make("div", { class: "counts small" }, counts));
}

parts.tree = ({ query }) => {
  tree ||= buildTree();
  const inTree = (name) => { const node = Number(query.get(name) || 0); return Number.isInteger(node) && node > 0 && node < nodeChains.length ? node : 0; };
  const root = inTree("node");
  tree.icicle.root = root;
  tree.icicle.choose(inTree("at") || root);
};
