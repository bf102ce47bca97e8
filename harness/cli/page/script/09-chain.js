// The page of a finding, and of any chain: the chain, what was injected, what happened, and how to see it again.

const OWN = 0, STD = 2;
let shownChain = -1;

/** Frames innermost first. Those of std are folded into one line each time, and so are other crates' where there are many. */
function frameList(frames, word, excerpts) {
  const list = make("ol", { class: `frames v-${word}` });
  const { owner } = report.frames;
  const item = (frame, hit) => {
    const link = sourceLink(frame), place = framePlace(frame), own = owner[frame] === OWN;
    const at = place === "" ? null : link ? make("a", { class: "place", href: link }, cut(place)) : make("span", { class: "place" }, cut(place));
    const whose = own ? null : make("span", { class: "badge" }, owner[frame] === STD ? "std" : text(report.frames.crate[frame]) || "foreign");
    const entry = make("li", { class: [own ? "own" : "", hit ? "hit" : ""].join(" ").trim() },
      make("span", { class: "name" }, nameOf(frameFunction(frame))), at, " ", whose);
    if (own && hit && excerpts) excerpt(frame, entry);
    return entry;
  };
  let hit = true;
  for (let n = 0; n < frames.length; n++) {
    let end = n;
    while (end < frames.length && owner[frames[end]] === STD) end++;
    if (end > n) {
      const folded = frames.slice(n, end), names = shortName(frameFunction(folded[folded.length - 1]));
      const place = make("li", {});
      place.append(make("button", {
        type: "button", class: "fold", "aria-expanded": "false",
        click: () => {
          const items = folded.map((frame) => item(frame, false));
          place.replaceWith(...items);
          items[0].tabIndex = -1;
          items[0].focus({ preventScroll: true });
        },
      }, `${several(folded.length, "frame", "frames")} in std (${cut(names, 60)})`));
      list.append(place);
      n = end - 1;
      continue;
    }
    const own = owner[frames[n]] === OWN;
    list.append(item(frames[n], hit && own));
    if (own) hit = false;
  }
  return list;
}

/** A name; a very long one is cut, and shown whole when it is asked for. */
function nameOf(name) {
  if (name.length <= 400) return name;
  const whole = make("span", {}, cut(name, 300), " ");
  whole.append(make("button", { type: "button", class: "fold", click: () => whole.replaceChildren(name) }, `all ${number(name.length)} characters`));
  return whole;
}

/** The lines around a frame, as the file was when the report was made. */
async function excerpt(frame, entry) {
  const file = fileNumber(report.frames.file[frame]), line = report.frames.line[frame];
  if (file < 0 || !line || !report.files[file].lines) return;
  try {
    const lines = await sourceLines(file);
    const from = Math.max(1, line - 2), to = Math.min(lines.length, line + 2);
    if (line > lines.length) return;
    const shown = make("div", { class: "excerpt", tabindex: "0", role: "group", "aria-label": "Source" });
    for (let n = from; n <= to; n++) {
      shown.append(make("div", { class: n === line ? "hit" : "" }, make("span", {}, String(n)), make("span", {}, cut(lines[n - 1], 400))));
    }
    entry.append(shown);
    if (report.files[file].why) entry.append(make("p", { class: "quiet small" }, text(report.files[file].why)));
  } catch (error) { entry.append(make("p", { class: "quiet small" }, error.message)); }
}

function happened(chain, details, word) {
  const { panic } = details, told = [];
  if (panic) {
    const place = panic.file ? [panic.file, panic.line, panic.column].filter(Boolean).join(":") : "";
    told.push(make("li", {}, panic.in_test ? "The test itself panicked" : "It panicked", place ? [" at ", make("span", { class: "name" }, place)] : null,
      panic.message ? make("pre", {}, panic.message) : null));
  }
  const first = panic?.message?.split("\n", 1)[0];
  for (const fact of details.evidence || []) {
    // What the panic said stands above.
    if (first && fact.startsWith("panicked at ") && fact.includes(first)) continue;
    told.push(make("li", {}, fact.length > 90 || fact.includes("\n") ? make("pre", {}, fact) : fact));
  }
  const parts = [make("h2", {}, "What happened"),
    told.length ? make("ul", { class: "facts-list" }, told) : make("p", { class: "quiet" }, "Nothing else was seen.")];
  if (details.stood) parts.push(make("h2", {}, "Where it stood"), frameList(details.stood, word, false));
  for (const leak of details.leaks || []) {
    parts.push(make("h2", {}, `${several(leak.bytes, "byte", "bytes")} lost in ${several(leak.count, "block", "blocks")}, made here`),
      frameList(leak.chain, word, true));
  }
  return parts;
}

function chainPage(chain, details, cause) {
  const { chains } = report, word = chainWord(chain), id = chains.id[chain];
  const asked = text(chains.asked[chain]);
  const injected = make("p", { class: "injected" }, make("code", {}, text(chains.request[chain])), " fails",
    asked ? [", through ", make("code", {}, cut(asked))] : null, details.fallible === false ? ", which cannot report a failure" : null);
  const body = [make("h2", {}, "What was injected"), injected, frameList(details.chain, word, true)];
  if (details.spawned) body.push(make("h3", {}, "On a thread that was spawned here"), frameList(details.spawned, word, false));
  if (details.behind) {
    body.push(make("h3", {}, "Behind this failure"), make("p", { class: "injected" }, make("code", {}, details.behind.request), " failed before"),
      frameList(details.behind.chain, word, true));
  }
  body.push(...happened(chain, details, word));
  const next = report.verdicts[chains.verdict[chain]].next;
  const facts = [["Test", make("a", { href: address("chains", { test: chainTest(chain) }), class: "name" }, cut(chainTest(chain), 300))],
    ["Chain", make("span", { class: "name" }, id)], ["Build", make("span", { class: "name" }, cut(details.build, 60))],
    ["Standing", ["passed", "expected", "finding"][chains.standing[chain]] + (chains.note[chain] < 0 ? "" : `: ${text(chains.note[chain])}`)]];
  if (details.second_opinion) facts.push(["Second opinion", details.second_opinion]);
  if (report.trend && cause >= 0) facts.push(["Since the run before", isNew(cause) ? "new" : "it was there before"]);
  const side = make("aside", { "aria-label": "About this chain" }, make("h3", {}, "See it again"), command(`cargo firsthit replay ${shortId(id)}`),
    make("p", { class: "small" }, next), make("p", { class: "small" }, make("a", { href: address("tree", { node: chains.node[chain] }) }, "In the call tree")),
    make("dl", {}, facts.map(([name, value]) => [make("dt", {}, name), make("dd", {}, value)])));
  const rest = [];
  if (cause >= 0) {
    const others = causeChains()[cause].filter((other) => other !== chain);
    if (others.length) {
      const place = make("div", {});
      rest.push(make("h2", {}, `${several(others.length, "more chain", "more chains")} with the same cause`), place);
      queueMicrotask(() => new LongList(place, "Chains with the same cause").set(others.length, (n) => chainRow(others[n])));
    }
  }
  return [make("div", { class: "finding" }, make("div", {}, body), side), ...rest];
}

async function showChain(chain, cause, missing) {
  const title = find("#chain-title"), body = find("#part-chain .body");
  shownChain = chain;
  if (chain < 0) {
    title.textContent = "Not in this report";
    body.replaceChildren(make("p", {}, missing));
    return;
  }
  title.replaceChildren(verdict(chainWord(chain)), " ", make("span", { class: "title-name" }, cut(chainTitle(chain), 300)));
  body.replaceChildren(make("p", { class: "quiet" }, "…"));
  try {
    const details = await chainDetails(chain);
    // Somebody may have gone on in the meantime.
    if (shownChain === chain) body.replaceChildren(...chainPage(chain, details, cause));
  } catch (error) { body.replaceChildren(make("p", { class: "notice" }, error.message)); }
}

parts.chain = ({ part, words, query }) => {
  if (part === "finding") {
    const cause = report.causes.fingerprint.indexOf(words[0]);
    showChain(cause < 0 ? -1 : report.causes.first[cause], cause, "There is no finding of this name. It may be gone since the report that the link is from.");
  } else {
    const chain = chainById(words[0], query.has("test") ? Number(query.get("test")) : undefined);
    showChain(chain, chain < 0 ? -1 : report.chains.cause[chain], "There is no chain of this name.");
  }
};
