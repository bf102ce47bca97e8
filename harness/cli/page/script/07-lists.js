// The list of findings, each cause once, and the list of all chains.

const TREND = ["", "new", "changed"];
const STANDING = ["", "expected", "finding"];
const TRENDS = ["trend", "Since the run before", [["", "all"], ["new", "new"], ["changed", "changed"]]];
const STANDINGS = ["standing", "Standing", [["", "all"], ["finding", "findings"], ["expected", "expected"], ["passed", "passed"]]];

const badge = (word) => (word ? make("span", { class: "badge" }, word) : null);

/** A row of a list; long names are cut where the row ends. */
function row(link, chain, where, side) {
  return make("a", { class: "row", href: link }, verdict(chainWord(chain)), make("span", { class: "what", title: cut(chainTitle(chain), 400) }, titleParts(chain)),
    make("span", { class: "where" }, cut(where)), make("span", { class: "side" }, side));
}

function chainRow(chain) {
  const { said, standing, trend } = report.chains;
  const where = [chainPlace(chain), chainTest(chain), text(said[chain])].filter(Boolean).map((one) => cut(one, 140)).join("  ·  ");
  const side = [badge(TREND[trend[chain]]), " ", badge(STANDING[standing[chain]]), " ", shortId(report.chains.id[chain])];
  return row(chainLink(chain), chain, where, side);
}

function causeRow(cause, chains, isNew) {
  const first = report.causes.first[cause];
  const tests = new Set(chains.map((chain) => report.chains.test[chain])).size;
  const where = [chainPlace(first), text(report.chains.said[first]), tests === 1 ? chainTest(first) : several(tests, "test", "tests")];
  const side = [isNew ? [badge("new"), " "] : null, several(chains.length, "chain", "chains")];
  return row(causeLink(cause), first, where.filter(Boolean).map((one) => cut(one, 160)).join("  ·  "), side);
}

let chainsOfCauses = null;
/** The chains of each cause. */
function causeChains() {
  if (!chainsOfCauses) {
    chainsOfCauses = report.causes.fingerprint.map(() => []);
    report.chains.cause.forEach((cause, chain) => { if (cause >= 0) chainsOfCauses[cause].push(chain); });
  }
  return chainsOfCauses;
}

function listPart(part, extra, label, fill) {
  let filters, list, shown;
  parts[part] = ({ query }) => {
    if (!filters) {
      filters = new Filters(part, extra);
      const place = find(`[data-list="${part}"]`), rows = make("div", {});
      shown = make("p", { class: "shown", role: "status" });
      place.replaceChildren(shown, rows);
      list = new LongList(rows, label);
    }
    filters.set(query);
    const { taken, counts } = chosenChains(query);
    shown.textContent = fill(list, filters, taken, counts);
  };
}

listPart("chains", [STANDINGS, TRENDS], "Chains", (list, filters, taken, counts) => {
  const chosen = [];
  for (let chain = 0; chain < taken.length; chain++) if (taken[chain]) chosen.push(chain);
  filters.counts(counts);
  list.set(chosen.length, (n) => chainRow(chosen[n]));
  return `${number(chosen.length)} of ${several(taken.length, "chain", "chains")}`;
});

listPart("findings", [TRENDS], "Findings", (list, filters, taken, counts) => {
  const findings = new Uint32Array(counts.length);
  report.chains.cause.forEach((cause, chain) => { if (cause >= 0) findings[report.chains.verdict[chain]]++; });
  filters.there = new Set([...findings.keys()].filter((number) => findings[number] > 0));
  filters.counts(findings);
  const all = causeChains(), chosen = [];
  all.forEach((chains, cause) => { if (chains.some((chain) => taken[chain])) chosen.push(cause); });
  list.set(chosen.length, (n) => {
    const chains = all[chosen[n]];
    return causeRow(chosen[n], chains, chains.every((chain) => report.chains.trend[chain] === 1));
  });
  if (all.length === 0) return "Nothing was found.";
  return `${number(chosen.length)} of ${several(all.length, "cause", "causes")}, the worst first`;
});
