// Which conversations are shown, in which order, and their sums.

import { anomaliesOf, lossOf, socket, text, worstOf } from "./data.mjs";

/** noFilter shows all. */
export function noFilter() {
  return { query: "", outcome: "", state: "", anomaly: "", severity: 0, host: "", finding: -1, from: -Infinity, to: Infinity };
}

/** isFiltering reports whether a filter leaves out anything. */
export function isFiltering(f) {
  return f.query !== "" || f.outcome !== "" || f.state !== "" || f.anomaly !== "" || f.severity > 0 || f.host !== "" || f.finding >= 0 || f.from > -Infinity || f.to < Infinity;
}

/** searchText is what a search looks through. */
export function searchText(o, i) {
  const r = o.rows;
  return [
    "#" + r.stream[i], socket(o, "client", i), socket(o, "server", i), text(o, "name", i), o.outcomes[r.outcome[i]],
    text(o, "ended", i), text(o, "cause", i), text(o, "failure", i), o.states[r.clientState[i]], o.states[r.serverState[i]],
    ...anomaliesOf(o, i).map((a) => a.id),
  ].join(" ").toLowerCase();
}

/** filterRows are the rows that pass, in order of streams. */
export function filterRows(o, f) {
  if (!isFiltering(f)) return Array.from({ length: o.n }, (_, i) => i);
  const words = f.query.toLowerCase().split(/\s+/).filter(Boolean);
  const outcome = f.outcome === "" ? -1 : o.outcomes.indexOf(f.outcome);
  const state = f.state === "" ? -1 : o.states.indexOf(f.state);
  const host = f.host === "" ? -1 : o.strings.indexOf(f.host);
  const sets = f.anomaly === "" ? null : o.sets.map((set) => set.some((k) => o.anomalies[k].id === f.anomaly));
  const list = f.finding >= 0 ? o.findings[f.finding].list : null;
  const r = o.rows, out = [];
  const passes = (i) => {
    if (outcome >= 0 && r.outcome[i] !== outcome) return false;
    if (state >= 0 && r.clientState[i] !== state && r.serverState[i] !== state) return false;
    if (f.severity > 0 && r.severity[i] < f.severity) return false;
    if (sets && !sets[r.set[i]]) return false;
    if (f.host !== "" && r.client[i] !== host && r.server[i] !== host) return false;
    if (r.start[i] > f.to || r.start[i] + r.duration[i] < f.from) return false;
    if (words.length === 0) return true;
    o.searchable ??= [];
    const t = (o.searchable[i] ??= searchText(o, i));
    return words.every((w) => t.includes(w));
  };
  if (list) {
    for (const i of list) if (passes(i)) out.push(i);
  } else {
    for (let i = 0; i < o.n; i++) if (passes(i)) out.push(i);
  }
  return out;
}

/** sortKeys are what a row is sorted by, by column. A value that is not known is NaN, and comes last either way. */
export const sortKeys = {
  stream: (o) => (i) => o.rows.stream[i],
  start: (o) => (i) => o.rows.start[i],
  client: (o) => (i) => socket(o, "client", i),
  server: (o) => (i) => socket(o, "server", i),
  name: (o) => (i) => text(o, "name", i),
  packets: (o) => (i) => o.rows.clientPackets[i] + o.rows.serverPackets[i],
  sent: (o) => (i) => o.rows.clientBytes[i],
  received: (o) => (i) => o.rows.serverBytes[i],
  duration: (o) => (i) => o.rows.duration[i],
  loss: (o) => (i) => lossOf(o, i),
  rtt: (o) => (i) => o.rows.rtt[i] || NaN,
  clientState: (o) => (i) => o.states[o.rows.clientState[i]],
  serverState: (o) => (i) => o.states[o.rows.serverState[i]],
  outcome: (o) => (i) => o.outcomes[o.rows.outcome[i]],
  ended: (o) => (i) => text(o, "ended", i),
  anomaly: (o) => (i) => o.rows.severity[i] * 1000 + Math.min(o.sets[o.rows.set[i]].length, 999),
};

/** sortRows sorts rows by a column; equal ones stay in order of streams. */
export function sortRows(o, rows, key, descending) {
  if (key === "stream") return descending ? rows.toReversed() : rows; // they come so
  const of = sortKeys[key](o), sign = descending ? -1 : 1;
  const keyed = rows.map((i) => [i, of(i)]);
  const missing = (k) => k === "" || Number.isNaN(k);
  keyed.sort(([a, x], [b, y]) => {
    if (missing(x) || missing(y)) return missing(x) - missing(y) || a - b;
    if (x < y) return -sign;
    if (x > y) return sign;
    return a - b;
  });
  return keyed.map(([i]) => i);
}

/** sums adds rows up by host of a side: "client" or "server". The host with the most conversations comes first. */
export function sums(o, rows, side) {
  const groups = new Map(), r = o.rows;
  for (const i of rows) {
    const key = r[side][i];
    let g = groups.get(key);
    if (!g) groups.set(key, (g = { host: o.strings[key], name: "", n: 0, failed: 0, packets: 0, sent: 0, received: 0, lost: 0, of: 0, troubled: 0, worst: undefined }));
    g.n++;
    if (side === "server" && !g.name) g.name = text(o, "name", i);
    if (r.failure[i] !== 0) g.failed++;
    g.packets += r.clientPackets[i] + r.serverPackets[i];
    g.sent += r.clientBytes[i];
    g.received += r.serverBytes[i];
    g.lost += r.lost[i];
    g.of += r.sent[i];
    if (r.severity[i] >= 2) g.troubled++;
    const worst = worstOf(o, i);
    if (worst && (!g.worst || worst.severity > g.worst.severity)) g.worst = worst;
  }
  return [...groups.values()].sort((a, b) => b.n - a.n || (a.host < b.host ? -1 : 1));
}

/** tallyRows counts rows by what their columns name, most first: by one column, or by two, of which a row with the same in both counts once. */
export function tallyRows(column, names, other) {
  const counts = new Float64Array(names.length);
  for (let i = 0; i < column.length; i++) {
    counts[column[i]]++;
    if (other && other[i] !== column[i]) counts[other[i]]++;
  }
  return ranked(counts, (k) => names[k]);
}

/** tallySets counts rows by their anomalies, most first. */
export function tallySets(o) {
  const rows = new Float64Array(o.sets.length), counts = new Float64Array(o.anomalies.length);
  for (const set of o.rows.set) rows[set]++;
  o.sets.forEach((set, k) => set.forEach((kind) => (counts[kind] += rows[k])));
  return ranked(counts, (k) => o.anomalies[k].id);
}

const MOST = 200;

// ranked are the greatest counts with their names, at most MOST of them; of as many equal ones as there is no room for, the first.
function ranked(counts, name) {
  const sorted = counts.slice().sort(), least = Math.max(sorted.at(-MOST) ?? 0, 1), list = [];
  let room = MOST; // for equal ones
  for (let i = sorted.length - 1; i >= 0 && sorted[i] > least; i--) room--;
  for (let k = 0; k < counts.length; k++) {
    if (counts[k] > least || (counts[k] === least && room-- > 0)) list.push([name(k), counts[k]]);
  }
  return list.sort((a, b) => b[1] - a[1] || (a[0] < b[0] ? -1 : 1));
}
