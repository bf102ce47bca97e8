// The list of findings, each cause once, and the list of all chains.

const STANDING = ["", "expected", "finding"];
const TRENDS = ["trend", "Since the run before", [["", "all"], ["new", "new"], ["same", "there before"]]];
const LEVELS = ["level", "Which", [["", "findings"], ["expected", "expected"], ["passed", "not looked for"], ["all", "all that ended badly"]]];
const STANDINGS = ["standing", "Standing", [["", "all"], ["finding", "findings"], ["expected", "expected"], ["passed", "passed"]]];

const badge = (word) => (word ? make("span", { class: "badge" }, word) : null);

/** A row of a list; long names are cut where the row ends. */
function row(link, chain, where, side) {
  return make("a", { class: "row", href: link }, verdict(chainWord(chain)), make("span", { class: "what", title: cut(chainTitle(chain), 400) }, titleParts(chain)),
    make("span", { class: "where" }, cut(where)), make("span", { class: "side" }, side));
}

const isNew = (cause) => cause >= 0 && report.causes.new[cause] === 1;

function chainRow(chain) {
  const { said, standing, cause } = report.chains;
  const where = [chainPlace(chain), chainTest(chain), text(said[chain])].filter(Boolean).map((one) => cut(one, 140)).join("  ·  ");
  const side = [isNew(cause[chain]) ? badge("new") : null, " ", badge(STANDING[standing[chain]]), " ", shortId(report.chains.id[chain])];
  return row(chainLink(chain), chain, where, side);
}

function causeRow(cause, chains) {
  const first = report.causes.first[cause];
  const tests = new Set(chains.map((chain) => report.chains.test[chain])).size;
  const where = [chainPlace(first), text(report.chains.said[first]), tests === 1 ? chainTest(first) : several(tests, "test", "tests")];
  const side = [isNew(cause) ? [badge("new"), " "] : null, badge(["not looked for", "expected", ""][report.causes.level[cause]]), " ", several(chains.length, "chain", "chains")];
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
      filters = new Filters(part, extra());
      const place = find(`[data-list="${part}"]`), rows = make("div", {});
      shown = make("p", { class: "shown", role: "status" });
      place.replaceChildren(shown, rows);
      list = new LongList(rows, label);
    }
    filters.set(query);
    const { taken, counts } = chosenChains(query);
    shown.textContent = fill(list, filters, taken, counts, query);
  };
}

listPart("chains", () => [STANDINGS], "Chains", (list, filters, taken, counts) => {
  const chosen = [];
  for (let chain = 0; chain < taken.length; chain++) if (taken[chain]) chosen.push(chain);
  filters.counts(counts);
  list.set(chosen.length, (n) => chainRow(chosen[n]));
  return `${number(chosen.length)} of ${several(taken.length, "chain", "chains")}`;
});

listPart("findings", () => (report.trend ? [LEVELS, TRENDS] : [LEVELS]), "Findings", (list, filters, taken, counts, query) => {
  const wanted = ["passed", "expected", ""].indexOf(query.get("level") || ""), { level } = report.causes;
  const trend = report.trend ? query.get("trend") : "";
  const of = (cause) => (wanted < 0 || level[cause] === wanted) && (!trend || isNew(cause) === (trend === "new"));
  const all = causeChains().map((chains, cause) => ({ chains, cause })).filter(({ cause }) => of(cause));
  const words = new Uint32Array(counts.length);
  for (const { chains } of all) words[report.chains.verdict[chains[0]]]++;
  filters.there = new Set([...words.keys()].filter((number) => words[number] > 0));
  filters.counts(words);
  const chosen = all.filter(({ chains }) => chains.some((chain) => taken[chain]));
  list.set(chosen.length, (n) => causeRow(chosen[n].cause, chosen[n].chains));
  if (all.length > 0) return `${number(chosen.length)} of ${several(all.length, "cause", "causes")}, the worst first`;
  const others = level.length;
  return others ? `Nothing was found. ${several(others, "cause", "causes")} ended badly and are expected or not looked for: see “Which”.` : "Nothing was found.";
});
