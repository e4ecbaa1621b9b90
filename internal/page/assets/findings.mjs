// The top of the page: what is wrong, what the capture is, and what in it could not be seen.

import { rowOf } from "./data.mjs";
import { began, bytes, clock, count, counted, duration, percent } from "./format.mjs";
import { copyButton, el, severityName, svg } from "./dom.mjs";

const BINS = 60, FULL = 3;

/** startRange is from when to when conversations began. */
export function startRange(o) {
  let from = Infinity, to = -Infinity;
  const list = o.rows.start;
  for (let i = 0; i < list.length; i++) {
    if (list[i] < from) from = list[i];
    if (list[i] > to) to = list[i];
  }
  return from <= to ? { from, to } : { from: 0, to: 0 };
}

/** startBins counts rows, or all if rows is null, by when they begin, in equal parts of a range. */
export function startBins(o, rows, range, bins = BINS) {
  const parts = new Array(bins).fill(0), span = Math.max(range.to - range.from, 1);
  const add = (i) => parts[Math.min(bins - 1, Math.floor(((o.rows.start[i] - range.from) / span) * bins))]++;
  if (rows) rows.forEach(add);
  else for (let i = 0; i < o.n; i++) add(i);
  return parts;
}

// spark draws when the affected conversations began, before all of them.
function spark(o, all, f) {
  const affected = startBins(o, f.list, all.range), most = Math.max(1, ...all.bins);
  const w = 240, h = 44, step = w / BINS, bar = (n, i, cls) => {
    const height = Math.max(3, Math.sqrt(n / most) * (h - 2));
    return n === 0 ? null : svg("rect", { x: (i * step + 0.5).toFixed(1), y: (h - height).toFixed(1), width: (step - 1).toFixed(1), height: height.toFixed(1), rx: 1, class: cls });
  };
  const label = counted(f.list.length, "affected conversation") + " by when they began, before all " + count(o.n);
  return svg("svg", { viewBox: `0 0 ${w} ${h}`, class: "spark", role: "img", "aria-label": label, preserveAspectRatio: "none" },
    svg("title", {}, label),
    all.bins.map((n, i) => bar(n, i, "all")),
    affected.map((n, i) => bar(n, i, "hit")),
    f.happened && f.when && f.when[0] <= all.range.to && mark(all.range, f.when, w, h),
    svg("line", { x1: 0, x2: w, y1: h - 0.5, y2: h - 0.5, class: "base" }));
}

// mark is when it happened to them, if they had begun at other times.
function mark(range, [from, to], w, h) {
  const at = (t) => ((t - range.from) / Math.max(range.to - range.from, 1)) * w, width = Math.max(2, at(to) - at(from));
  return svg("rect", { x: Math.min(at(from), w - width).toFixed(1), y: 0, width: width.toFixed(1), height: h, class: "when" });
}

// shareBar is which share of the conversations is affected.
function shareBar(f) {
  if (!f.conversations || !f.of) return null;
  const share = f.conversations / f.of;
  return el("div", { class: "share", title: `${count(f.conversations)} of ${count(f.of)}` },
    el("meter", { min: 0, max: 1, value: share.toFixed(4), "aria-label": percent(share) + " of the conversations" }),
    el("span", {}, percent(share) + " of conversations"));
}

// spanText is from when to when, in ns since the capture began.
function spanText(o, [from, to]) {
  const [first, last] = [from, to].map((t) => clock(o.start, t, to - from < 20e9 ? 3 : 0));
  return first === last ? first : first + " – " + last;
}

/** whenText is when what a finding says showed: a moment, or from the first conversation's to the last's; of what shows at no moment, when the
 * conversation began if there is one. */
export function whenText(o, f) {
  if (f.when) return spanText(o, f.when);
  if (f.list.length !== 1) return "";
  const start = o.rows.start[f.list[0]];
  return "began " + spanText(o, [start, start]);
}

/** examples are the first anomalies that tell of a finding, each of another kind, if they are in its conversations. */
export function examples(o, f) {
  const list = f.anomalies.map((k) => o.anomalies[k]).filter((a) => a.n > 0 && f.list.includes(rowOf(o, a.stream)));
  return list.sort((a, b) => b.severity - a.severity || a.when[0] - b.when[0]).slice(0, 2);
}

/** shown are the examples of a finding, or what shows it in the conversation that it cost most, with the word that stands before them. */
export function shown(o, f) {
  const list = examples(o, f);
  if (list.length === 0 && f.evidence) return ["Such as", [f.evidence]];
  return [f.list.length === 1 ? "What" : "First", list];
}

/** levelOf is how grave a finding is: as grave as what failed, or as the anomalies that tell of it. */
export function levelOf(o, f) {
  if (f.failed > 0 || examples(o, f).some((a) => a.severity === 3)) return "error";
  return f.conversations > 0 ? "warning" : "note";
}

/** findingCard is one finding: what, when, why, what next, and a way to its conversations. */
function findingCard(o, f, all, actions) {
  const level = levelOf(o, f);
  const chips = [
    f.failed > 0 && ["failed", count(f.failed)], f.waited > 0 && ["waited", duration(f.waited)], f.again > 0 && ["sent again", bytes(f.again)],
  ].filter(Boolean).map(([what, n]) => el("span", { class: "chip" }, el("b", {}, n), " " + what));
  const title = [el("span", { class: "number", "aria-hidden": "true" }, String(f.number + 1)), capital(f.text.split("; ")[0])], when = whenText(o, f);
  const [word, examined] = shown(o, f);
  const body = [
    el("div", { class: "chips" }, when && el("span", { class: "chip when" }, el("b", {}, when)), chips, el("span", { class: "chip where" }, f.lies)),
    el("dl", { class: "reasons" }, examined.map((a, i) => [el("dt", {}, i > 0 ? "" : word), el("dd", {}, capital(a.detail) + " (" + place(o, a, f.list.length > 1) + ")")]), el("dt", {}, "Why"), el("dd", {}, f.why), el("dt", {}, "Next"), el("dd", {}, f.next)),
    el("div", { class: "row" },
      f.list.length > 0 && el("button", { type: "button", class: "button primary", onclick: () => actions.finding(f.number), "data-finding": f.number, "data-act": "find-" + f.id },
        "Show " + (f.list.length === 1 ? "the conversation" : counted(f.list.length, "conversation"))),
      f.stream !== undefined && o.detailed.has(f.stream) && f.list.length > 1 && el("button", { type: "button", class: "button", onclick: () => actions.open(f.stream) }, "Open the worst"),
      f.command && copyButton("Copy command", "command", () => f.command)),
  ];
  const digits = all.range.to - all.range.from < 20e9 ? 3 : 0;
  const chart = f.list.length > 0 && o.n > 1 && el("div", { class: "finding-chart" }, spark(o, all, f),
    el("div", { class: "axis" }, el("span", {}, clock(o.start, all.range.from, digits)), el("span", { class: "what" }, f.happened ? "when they began, and when it happened" : "when they began"), el("span", {}, clock(o.start, all.range.to, digits))), shareBar(f));
  if (f.number < FULL) return el("li", { class: "card finding " + level + (chart ? "" : " alone") }, el("div", { class: "finding-text" }, el("h3", {}, title), body), chart);
  return el("li", { class: "card finding brief " + level },
    el("details", { "data-id": f.id, "aria-label": "Finding " + (f.number + 1) }, el("summary", {}, title[0], el("div", {}, el("h3", {}, title[1]), when && el("span", { class: "muted thin" }, when)), chart && spark(o, all, f)), el("div", { class: "inner" + (chart ? "" : " alone") }, el("div", { class: "finding-text" }, body), chart)));
}

// place is where the first anomaly of a kind is.
const place = (o, a, withStream) => (withStream ? "stream " + a.stream + ", " : "") + "frame " + a.frame + ", " + clock(o.start, a.when[0], 3);

/** noticed are the kinds of anomalies that there are, the gravest first, then those of most conversations. */
export function noticed(o) {
  return o.anomalies.filter((a) => a.n > 0).sort((a, b) => b.severity - a.severity || b.n - a.n || (a.id < b.id ? -1 : 1));
}

const FEW = 4;

// renderNoticed lists all anomalies, by kind, open if there is no finding, or there are a few of which none tells.
function renderNoticed(o, actions) {
  const list = noticed(o), told = new Set(o.findings.flatMap((f) => f.anomalies.map((k) => o.anomalies[k].id))), untold = list.filter((a) => !told.has(a.id)).length;
  if (list.length === 0) return null;
  const summary = el("summary", {}, el("h3", {}, o.findings.length === 0 ? "Worth knowing" : "All that was noticed"), el("span", { class: "muted" }, counted(list.length, "kind") + " of anomaly: " + list.slice(0, 6).map((a) => a.id).join(", ") + (list.length > 6 ? " …" : "")));
  return el("details", { class: "card noticed", "data-id": "noticed", "aria-label": "Anomalies", open: o.findings.length === 0 || (untold > 0 && list.length <= FEW) }, summary, el("ul", {}, list.map((a) => el("li", { class: severityName(a.severity) },
    el("p", {}, el("button", { type: "button", class: "anomaly-link", title: "Show " + (a.n === 1 ? "the conversation" : "the conversations"), "data-act": "noticed-" + a.id, onclick: () => actions.anomaly(a) }, el("span", { class: "anomaly " + severityName(a.severity) }, a.id)),
      el("span", { class: "muted" }, " " + severityName(a.severity) + " · " + (o.n === 1 ? "" : counted(a.n, "conversation") + " · ") + spanText(o, a.when))),
    el("p", {}, a.n === 1 ? capital(a.detail) + (o.n === 1 ? "" : " (stream " + a.stream + ")") : capital(a.summary) + ". First: " + a.detail + " (" + place(o, a, true) + ")")))));
}

/** renderFindings is the section of findings. actions: finding(number), anomaly(kind) and open(stream). */
export function renderFindings(o, actions) {
  const range = startRange(o), all = { range, bins: startBins(o, null, range) };
  const list = o.findings.length === 0
    ? calm(o)
    : el("ol", { class: "findings" }, o.findings.map((f) => findingCard(o, f, all, actions)));
  return el("section", { id: "findings", "aria-labelledby": "findings-title" },
    el("h2", { id: "findings-title" }, o.findings.length === 0 ? "Findings" : "What went wrong"), list, renderNoticed(o, actions),
    o.live && o.hidden > 0 && el("p", { class: "muted" }, "This is about the latest " + counted(o.n, "conversation") + ", which the table has; the timeline has all."),
    o.more > 0 && el("p", { class: "muted" }, counted(o.more, "more finding") + " of less."));
}

// calm is what is there where nothing went wrong, or there is nothing to look at.
function calm(o) {
  if (noticed(o).some((a) => a.severity > 1)) {
    return el("div", { class: "card calm odd" }, el("span", { class: "tick", "aria-hidden": "true" }, "!"), el("p", {}, "Nothing failed, waited long or was lost, as far as the capture shows. Something unusual happened all the same:"));
  }
  if (o.selected > 0) return el("div", { class: "card calm" }, el("span", { class: "tick", "aria-hidden": "true" }, "✓"), el("p", {}, capital(o.healthy) + "."));
  const why = o.facts.filter(([what]) => what === "").map(([, text]) => text).join(" ");
  return el("div", { class: "card calm nothing" }, el("span", { class: "tick", "aria-hidden": "true" }, "∅"), el("p", {}, why || "There is no TCP conversation to look at."));
}

function capital(s) {
  return s.charAt(0).toUpperCase() + s.slice(1);
}

/** renderFacts is what the capture is, and what could not be seen. */
export function renderFacts(o) {
  const tiles = [
    ["Packets", count(o.packets)], ["Conversations", count(o.conversations)], ["Failed", count(failures(o))], ["Time", o.packets ? duration(o.span) : "–"],
  ];
  const known = new Set(["packets", "time", "TCP", "outcomes"]);
  return el("section", { id: "facts", "aria-labelledby": "facts-title" },
    el("h2", { id: "facts-title" }, "The capture"),
    el("div", { class: "tiles" }, tiles.map(([what, n]) => el("div", { class: "tile" }, el("b", {}, n), el("span", {}, what)))),
    outcomeBar(o),
    el("div", { class: "card" },
      el("dl", { class: "facts" },
        o.files.length > 0 && [el("dt", {}, o.files.length === 1 ? "File" : "Files"), el("dd", {}, o.files.slice(0, 12).join(", ") + (o.files.length > 12 ? ` and ${o.files.length - 12} more` : ""))],
        o.packets > 0 && [el("dt", {}, "Packets"), el("dd", {}, (o.facts.find(([what]) => what === "packets") ?? [])[1] + (o.tcp === o.packets ? ", all of TCP" : ", " + count(o.tcp) + " of TCP"))],
        o.packets > 0 && [el("dt", {}, "Began"), el("dd", {}, began(o.start))],
        o.facts.filter(([what], i) => !known.has(what) && (what !== "" || i > 0)).map(([what, much]) => [el("dt", {}, what), el("dd", {}, much)]))),
    el("div", { class: "card unseen" + (o.unseen.length ? " warning" : "") },
      el("h3", {}, "What could not be seen"),
      o.unseen.length > 0 ? el("ul", {}, o.unseen.map((note) => el("li", {}, note))) : el("p", { class: "muted" }, "Nothing that could be TCP was left out, and the capture does not say that it lost any packet.")));
}

/** failures is how many conversations failed, also of those that have no row: the timeline has all. */
export function failures(o) {
  return Math.round(o.timeline.failed.reduce((n, more) => n + more, 0));
}

function outcomeBar(o) {
  const counts = o.outcomes.map(() => 0);
  for (const k of o.rows.outcome) counts[k]++;
  if (o.n === 0) return null;
  const parts = counts.map((n, k) => [o.outcomes[k], n]).filter(([, n]) => n > 0);
  let x = 0;
  const bars = parts.map(([name, n]) => {
    const width = (n / o.n) * 100, bar = svg("rect", { x, y: 0, width: Math.max(width - 0.25, 0.3), height: 10, class: "outcome-" + name }, svg("title", {}, counted(n, "conversation") + " " + name));
    x += width;
    return bar;
  });
  return el("div", { class: "outcomes" },
    svg("svg", { viewBox: "0 0 100 10", preserveAspectRatio: "none", role: "img", "aria-label": "How conversations ended: " + parts.map(([name, n]) => count(n) + " " + name).join(", ") }, bars),
    el("ul", { class: "legend" }, parts.map(([name, n]) => el("li", {}, el("i", { class: "dot outcome-" + name }), name + " ", el("b", {}, count(n))))));
}
