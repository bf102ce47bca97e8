// A list of any length: only the rows that are seen are in the page.

/** Shows `count` rows, each made by `row`, which says what stands in it. Rows are links, so that they are reached by the keyboard. */
class LongList {
  constructor(place, label) {
    this.rows = make("div", { class: "rows", role: "list", "aria-label": label });
    place.replaceChildren(this.rows);
    this.count = 0;
    this.made = new Map();
    const look = () => this.rows.isConnected && this.draw();
    addEventListener("scroll", look, { passive: true });
    addEventListener("resize", () => { this.height = 0; look(); }, { passive: true });
    // The next row is there before the focus goes to it.
    this.rows.addEventListener("focusin", look);
  }

  set(count, row) {
    this.count = count;
    this.row = row;
    this.made.forEach((element) => element.remove());
    this.made.clear();
    this.height = 0;
    this.draw();
  }

  draw() {
    if (this.count === 0) { this.rows.style.height = "0"; return; }
    if (!this.height) {
      const probe = this.element(0);
      this.height = probe.getBoundingClientRect().height;
      if (!this.height) return;
      this.made.forEach((element, n) => (element.style.top = `${n * this.height}px`));
      this.rows.style.height = `${this.count * this.height}px`;
    }
    const top = this.rows.getBoundingClientRect().top;
    const from = Math.max(0, Math.floor(-top / this.height) - 6);
    const to = Math.min(this.count, Math.ceil((innerHeight - top) / this.height) + 6);
    for (const [n, element] of this.made) {
      if ((n < from || n >= to) && !element.contains(document.activeElement)) {
        element.remove();
        this.made.delete(n);
      }
    }
    for (let n = from; n < to; n++) this.element(n);
  }

  element(n) {
    let element = this.made.get(n);
    if (element) return element;
    element = make("div", { role: "listitem", "aria-setsize": this.count, "aria-posinset": n + 1 }, this.row(n));
    if (this.height) element.style.top = `${n * this.height}px`;
    // The order in the page is the order of the rows, which the keyboard follows.
    let next = -1;
    for (const m of this.made.keys()) if (m > n && (next < 0 || m < next)) next = m;
    this.rows.insertBefore(element, next < 0 ? null : this.made.get(next));
    this.made.set(n, element);
    return element;
  }
}
