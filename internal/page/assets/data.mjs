// What the page holds, decoded. Columns are kept as columns.

import { setClocks } from "./format.mjs";

const digits = new Uint8Array(128);
[..."ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"].forEach((c, i) => (digits[c.charCodeAt(0)] = i));

/** numbers are n numbers of a text as the encoder of the page writes it: of digits of five bits, the lowest first, that are 32 higher if more follow, the
 * sign in the lowest bit, or an asterisk and how often the number before stands there once more. */
export function numbers(text, n) {
  const out = new Float64Array(n);
  let at = 0, value = 0, scale = 1, repeats = false;
  for (let i = 0; i < text.length; i++) {
    const c = text.charCodeAt(i);
    if (c === 42) {
      repeats = true;
      continue;
    }
    const digit = digits[c];
    value += (digit & 31) * scale;
    if (digit >= 32) {
      scale *= 32;
      continue;
    }
    const number = value % 2 === 0 ? value / 2 : -(value + 1) / 2;
    if (repeats) out.fill(out[at - 1], at, (at += number));
    else out[at++] = number;
    value = 0;
    scale = 1;
    repeats = false;
  }
  return out;
}

/** decode makes the data of the whole capture ready for use. */
export function decode(raw) {
  const rows = {};
  for (const [name, column] of Object.entries(raw.rows)) rows[name] = typeof column === "string" ? numbers(column, raw.rows.n) : column;
  const o = { ...raw, n: rows.n };
  o.rows = rows;
  rows.stream = sum(rows.stream, Float64Array);
  rows.start = sum(rows.start, Float64Array);
  o.findings = raw.findings.map((f, number) => {
    let at = 0;
    return { ...f, number, list: f.rows.map((d) => (at += d)) };
  });
  o.detailed = new Set(raw.details);
  setClocks(raw.start, raw.span, raw.time, raw.zones);
  return o;
}

/** isSure reports whether a step is proved, or the kernel's word. */
export function isSure(step) {
  return step.evidence === "sent" || step.evidence === "acknowledged" || step.evidence === "kernel";
}

/** rowOf is the row of a stream, -1 if it has none. */
export function rowOf(o, stream) {
  let lo = 0, hi = o.n;
  while (lo < hi) {
    const mid = (lo + hi) >> 1;
    if (o.rows.stream[mid] < stream) lo = mid + 1;
    else hi = mid;
  }
  return o.rows.stream[lo] === stream ? lo : -1;
}

/** text is a text of the table of strings. */
export function text(o, column, i) {
  return o.strings[o.rows[column][i]];
}

/** socket is the address and port of a side: "client" or "server". */
export function socket(o, side, i) {
  const ip = text(o, side, i), port = o.rows[side + "Port"][i];
  return ip.includes(":") ? "[" + ip + "]:" + port : ip + ":" + port;
}

/** anomaliesOf are the kinds of anomalies of a row. */
export function anomaliesOf(o, i) {
  return o.sets[o.rows.set[i]].map((k) => o.anomalies[k]);
}

/** worstOf is the first of the gravest, undefined if there is none. */
export function worstOf(o, i) {
  let worst;
  for (const a of anomaliesOf(o, i)) {
    if (!worst || a.severity > worst.severity) worst = a;
  }
  return worst;
}

/** lossOf is the share of segments that were lost, NaN if it is not known. */
export function lossOf(o, i) {
  return o.rows.sent[i] > 0 ? o.rows.lost[i] / o.rows.sent[i] : NaN;
}

/** decodeDetail makes a conversation that is shown segment by segment ready for use. words are what all of them have in common. */
export function decodeDetail(raw, words) {
  const d = { ...raw, words, ...decodeSegments(raw.segments, words) };
  d.byFrame = new Map();
  for (const a of raw.anomalies) {
    if (!d.byFrame.has(a.frame)) d.byFrame.set(a.frame, []);
    d.byFrame.get(a.frame).push(a);
  }
  return d;
}

/** decodeSegments makes segments ready for use. */
export function decodeSegments(s, words) {
  const n = s.t.length, d = { n };
  d.t = sum(s.t, Float64Array);
  d.frame = sum(s.frame, Float64Array);
  d.code = s.code;
  d.side = Uint8Array.from(s.code, (c) => words.codes[c][0]);
  d.seq = sumBySide(s.seq, d.side);
  d.ack = sumBySide(s.ack, d.side);
  d.len = Float64Array.from(s.len);
  d.window = Float64Array.from(s.window);
  d.flight = [s.flightClient, s.flightServer].map((list) => sum(list, Float64Array).map((v) => (v < 0 ? NaN : v)));
  d.rtt = new Float64Array(n);
  spread(s.rtt, (i, v) => (d.rtt[i] = v));
  d.notes = new Map();
  spread(s.notes, (i, v) => d.notes.set(i, words.notes[v]));
  d.sack = new Map();
  spread(s.sack, (i, v) => d.sack.set(i, v));
  d.stands = s.for ? Float64Array.from(s.for) : null;
  d.payload = s.bytes ? Float64Array.from(s.bytes) : d.len;
  return d;
}

/** MOST is how many segments are in a view at most. */
export const MOST = 24000;

/** finest is the finest level of a conversation that has no more than most segments in a view, and its chunks there: from the first to the last. null:
 * the coarsest, which is the conversation's own. */
export function finest(d, view, most = MOST) {
  const levels = d.levels ?? [];
  for (let level = levels.length - 1; level >= 0; level--) {
    let n = 0, first = -1, last = -1;
    levels[level].forEach(([from, to, size], i) => {
      if (to < view.from || from > view.to) return;
      n += size;
      if (first < 0) first = i;
      last = i;
    });
    if (first >= 0 && n <= most) return { level, first, last };
  }
  return null;
}

/** joined is a conversation with other segments in the place of its own from the first of them to the last. */
export function joined(d, parts) {
  const from = parts[0].frame[0], to = parts.at(-1).frame.at(-1);
  let before = 0, after = d.n;
  while (before < d.n && d.frame[before] < from) before++;
  while (after > before && d.frame[after - 1] > to) after--;
  const list = [[d, 0, before], ...parts.map((p) => [p, 0, p.n]), [d, after, d.n]];
  const n = list.reduce((sum, [, a, b]) => sum + b - a, 0);
  const column = (of, Type) => {
    const out = new Type(n);
    let at = 0;
    for (const [p, a, b] of list) {
      const values = of(p);
      for (let i = a; i < b; i++) out[at++] = values[i];
    }
    return out;
  };
  const map = (of) => {
    const out = new Map();
    let at = 0;
    for (const [p, a, b] of list) {
      for (const [i, v] of of(p)) if (i >= a && i < b) out.set(at + i - a, v);
      at += b - a;
    }
    return out;
  };
  const made = { ...d, n, side: column((p) => p.side, Uint8Array), code: column((p) => p.code, Uint32Array), flight: [0, 1].map((k) => column((p) => p.flight[k], Float64Array)) };
  for (const key of ["t", "frame", "seq", "ack", "len", "window", "rtt", "payload"]) made[key] = column((p) => p[key], Float64Array);
  made.stands = column((p) => p.stands ?? new Float64Array(p.n).fill(1), Float64Array);
  for (const key of ["notes", "sack"]) made[key] = map((p) => p[key]);
  return made;
}

function sum(list, Type) {
  const out = new Type(list.length);
  let at = 0;
  for (let i = 0; i < list.length; i++) out[i] = at += list[i];
  return out;
}

function sumBySide(list, side) {
  const out = new Float64Array(list.length), at = [0, 0];
  for (let i = 0; i < list.length; i++) out[i] = at[side[i]] += list[i];
  return out;
}

// spread goes through a sparse column: pairs of how many further and the value.
function spread(list, set) {
  let at = 0;
  for (let i = 0; i < list.length; i += 2) set((at += list[i]), list[i + 1]);
}

/** flagsOf, kindOf, causeOf: parts of what a segment is. */
export const flagsOf = (d, i) => d.words.codes[d.code[i]][1];
export const kindOf = (d, i) => d.words.codes[d.code[i]][2];
export const causeOf = (d, i) => d.words.codes[d.code[i]][3];
export const spuriousOf = (d, i) => d.words.codes[d.code[i]][4];
export const unscaledOf = (d, i) => d.words.codes[d.code[i]][5];

/** seqLenOf is what a segment takes of the sequence space. */
export function seqLenOf(d, i) {
  const flags = flagsOf(d, i);
  return d.len[i] + (flags.includes("S") ? 1 : 0) + (flags.includes("F") ? 1 : 0);
}

/** segmentAt is the last segment that passed at t or before, -1 if none did. */
export function segmentAt(d, t) {
  let lo = 0, hi = d.n;
  while (lo < hi) {
    const mid = (lo + hi) >> 1;
    if (d.t[mid] <= t) lo = mid + 1;
    else hi = mid;
  }
  return lo - 1;
}

/** segmentOfFrame is the segment with that frame, or the last before it; -1 if there is none. */
export function segmentOfFrame(d, frame) {
  let lo = 0, hi = d.n;
  while (lo < hi) {
    const mid = (lo + hi) >> 1;
    if (d.frame[mid] <= frame) lo = mid + 1;
    else hi = mid;
  }
  return lo - 1;
}

/** nearest is the segment closest to t, -1 if there is none. */
export function nearest(d, t) {
  const i = segmentAt(d, t);
  if (i + 1 < d.n && (i < 0 || d.t[i + 1] - t < t - d.t[i])) return i + 1;
  return i;
}
