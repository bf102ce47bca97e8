// The call tree as an outline of text, for those who read or hear it: the tree pattern of ARIA, made as far as it is opened.

const CHILDREN = 200;

function outlineItem(node, level) {
  const children = nodeChildren[node] || [];
  const fold = make("span", { "aria-hidden": "true" }, children.length ? "▸" : "");
  const item = make("li", {
    role: "treeitem", tabindex: "-1", "aria-level": level, "aria-expanded": children.length ? "false" : null,
    "aria-label": `${cut(nodeName(node), 300)}, ${several(nodeChains[node], "chain", "chains")}, the worst ${nodeWord(node)}`,
  }, make("div", {}, fold, verdict(nodeWord(node)), make("span", { class: "number" }, number(nodeChains[node])), make("span", { class: "name" }, cut(nodeName(node), 300))));
  item.node = node;
  item.open = (open) => {
    if (!children.length || open === (item.getAttribute("aria-expanded") === "true")) return;
    item.setAttribute("aria-expanded", String(open));
    fold.textContent = open ? "▾" : "▸";
    if (open) {
      const more = children.length - CHILDREN;
      item.append(make("ul", { role: "group" }, children.slice(0, CHILDREN).map((child) => outlineItem(child, level + 1)),
        more > 0 ? make("li", { role: "none" }, make("a", { href: address("chains", { node }) }, `and ${number(more)} more: its chains`)) : null));
    } else find("ul", item).remove();
  };
  return item;
}

/** The outline; `chosen` is told which frame has the focus. */
function outline(root, chosen) {
  const tree = make("ul", { class: "outline", role: "tree", "aria-label": "Call tree of all chains" }, outlineItem(root, 1));
  const top = tree.firstChild;
  top.tabIndex = 0;
  top.open(true);
  // A chain of frames of which each calls one other is opened as a whole.
  for (let item = top; item; ) {
    const items = item.querySelectorAll(":scope > ul > [role=treeitem]");
    item = items.length === 1 ? items[0] : null;
    if (item) item.open(true);
  }
  const focus = (item) => {
    if (!item) return;
    for (const other of tree.querySelectorAll("[tabindex='0']")) other.tabIndex = -1;
    item.tabIndex = 0;
    item.focus();
    chosen(item.node);
  };
  const above = (item) => item.parentElement.closest("[role=treeitem]");
  tree.addEventListener("click", (event) => {
    const item = event.target.closest("[role=treeitem]");
    if (!item || event.target.closest("a")) return;
    item.open(item.getAttribute("aria-expanded") !== "true");
    focus(item);
  });
  tree.addEventListener("keydown", (event) => {
    const item = event.target.closest("[role=treeitem]");
    if (!item || event.altKey || event.ctrlKey || event.metaKey) return;
    const all = [...tree.querySelectorAll("[role=treeitem]")], place = all.indexOf(item);
    const open = item.getAttribute("aria-expanded") === "true";
    switch (event.key) {
      case "ArrowDown": focus(all[place + 1]); break;
      case "ArrowUp": focus(all[place - 1]); break;
      case "ArrowRight": if (open) focus(all[place + 1]); else item.open(true); break;
      case "ArrowLeft": if (open) item.open(false); else focus(above(item)); break;
      case "Home": focus(all[0]); break;
      case "End": focus(all[all.length - 1]); break;
      case "Enter": case " ": item.open(!open); chosen(item.node); break;
      default: return;
    }
    event.preventDefault();
  });
  return tree;
}
