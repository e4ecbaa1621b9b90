// What is drawn of a conversation, worked out of its segments.

import { flagsOf, kindOf, seqLenOf, spuriousOf, unscaledOf } from "./data.mjs";

/** marksOf are the marks of a segment, in the manner of Ostermann's tcptrace and xplot. triple: it is the third duplicate ACK or a later one. */
export function marksOf(d, i, triple) {
  const flags = flagsOf(d, i), kind = kindOf(d, i), notes = d.notes.get(i) ?? "";
  const list = [];
  if (flags.includes("S")) list.push("SYN");
  if (flags.includes("F")) list.push("FIN");
  if (flags.includes("R")) list.push("RST");
  if (kind === "retransmission") list.push("R");
  if (kind === "out-of-order") list.push("O");
  if (kind === "zero-window-probe") list.push("P");
  if (d.sack.has(i)) list.push("S");
  if (triple) list.push("3");
  if (notes.includes("zero-window ") || (d.window[i] === 0 && flags.includes("A") && !flags.includes("R"))) list.push("Z");
  if (flags.includes("U")) list.push("U");
  return list;
}

/** derive works out, once a conversation, what its panes draw. By side: 0 is the client. */
export function derive(d) {
  const s = {
    marks: new Array(d.n), lost: new Uint8Array(d.n),
    una: [new Float64Array(d.n), new Float64Array(d.n)], // what is acknowledged of what a side has sent
    offered: [new Float64Array(d.n), new Float64Array(d.n)], // the window that its peer offers it
  };
  const una = [NaN, NaN], offered = [NaN, NaN], copies = [0, 0];
  for (let i = 0; i < d.n; i++) {
    const a = d.side[i], b = 1 - a, flags = flagsOf(d, i), kind = kindOf(d, i);
    if (kind !== "unacceptable" && kind !== "rst") {
      if (flags.includes("A")) {
        if (!(una[b] >= d.ack[i])) una[b] = d.ack[i];
        if (d.ack[i] >= una[b]) offered[b] = unscaledOf(d, i) ? NaN : d.window[i];
      }
    }
    copies[a] = kind === "duplicate-ack" ? copies[a] + 1 : d.len[i] > 0 || kind === "ack" ? 0 : copies[a];
    s.marks[i] = marksOf(d, i, kind === "duplicate-ack" && copies[a] === 3);
    for (const side of [0, 1]) {
      s.una[side][i] = una[side];
      s.offered[side][i] = offered[side];
    }
  }
  findLost(d, s.lost);
  return s;
}

// findLost marks the segments that passed the tap and had to be sent again, since they did not arrive: the latest copy before each retransmission that
// was needed. A SYN that was refused, what was selectively acknowledged, and what a server did not take that goes on sending its SYN-ACK, did arrive.
function findLost(d, lost) {
  const sides = [0, 1].map(() => ({ latest: new Map(), sacked: new Map(), marked: [], una: 0, untaken: false }));
  for (let i = 0; i < d.n; i++) {
    const flags = flagsOf(d, i), own = sides[d.side[i]], peer = sides[1 - d.side[i]], again = kindOf(d, i) === "retransmission";
    if (/R.*A/.test(flags)) peer.latest.delete(d.ack[i] - 1);
    if (again && /S.*A/.test(flags) && peer.latest.size > 1) notTaken(d, peer, lost);
    if (flags.includes("A") && d.ack[i] > peer.una) Object.assign(peer, { una: d.ack[i], untaken: false });
    for (const [from, to] of blocks(d, i)) peer.sacked.set(from, { to, at: i });
    if (seqLenOf(d, i) === 0) continue;
    const copy = own.latest.get(d.seq[i]);
    if (again && !spuriousOf(d, i) && copy !== undefined && !own.untaken && !arrived(own.sacked, d.seq[i], copy)) {
      lost[copy] = 1;
      own.marked.push(copy);
    }
    own.latest.set(d.seq[i], i);
  }
}

// notTaken takes back that anything of a side was lost but its SYN: its peer has it, and sends its SYN-ACK once more. What comes until it acknowledges more it does not take either.
function notTaken(d, side, lost) {
  side.untaken = true;
  for (const i of side.marked) if (!flagsOf(d, i).includes("S")) lost[i] = 0;
}

// arrived reports whether a SACK behind the copy of seq, segment number copy, has it. What has been acknowledged since is forgotten.
function arrived(sacked, seq, copy) {
  for (const [from, { to, at }] of sacked) {
    if (from <= seq && seq < to && at > copy) return true;
    if (to <= seq && at < copy) sacked.delete(from);
  }
  return false;
}

/** blocks are the SACK blocks of a segment: where each begins, and what is behind it. */
export function blocks(d, i) {
  const list = d.sack.get(i) ?? [], out = [];
  for (let k = 0; k < list.length; k += 2) out.push([list[k], list[k] + list[k + 1]]);
  return out;
}

/** throughput is how many bytes a side sent in each of n equal parts of a view. */
export function throughput(d, side, view, n) {
  const parts = new Float64Array(n), width = (view.to - view.from) / n;
  for (let i = 0; i < d.n; i++) {
    if (d.side[i] !== side || d.payload[i] === 0 || d.t[i] < view.from || d.t[i] >= view.to) continue;
    parts[Math.min(n - 1, Math.floor((d.t[i] - view.from) / width))] += d.payload[i];
  }
  return { parts, width };
}

/** enteredAt is about when an endpoint took a step: as long before the tap saw what it sent, or behind what it received, as the way to it takes. */
export function enteredAt(step, distance) {
  let t = step.t;
  if (step.cause.startsWith("sent")) t -= distance;
  if (step.cause.startsWith("received")) t += distance;
  if (step.from !== undefined) t = Math.max(t, Math.min(step.from, step.t));
  if (step.to !== undefined) t = Math.min(t, Math.max(step.to, step.t));
  return t;
}

/** spans are the states of a side over time, distance ns from the tap: from when to when, and how the step to each is known. */
export function spans(steps, distance, end) {
  const at = steps.map((step) => (step.cause === "passive OPEN" ? -Infinity : enteredAt(step, distance))); // it listened before
  for (let i = at.length - 2; i >= 0; i--) at[i] = Math.min(at[i], at[i + 1]);
  return steps.map((step, i) => ({ ...step, start: at[i], end: i + 1 < steps.length ? at[i + 1] : Math.max(end, at[i]) }));
}

/** stepAt is the number of the step that holds at t, -1 before the first. */
export function stepAt(steps, t) {
  let at = -1;
  while (at + 1 < steps.length && steps[at + 1].t <= t) at++;
  return at;
}

/** pathOf is the states that a side went through up to step n, each but once in a row. */
export function pathOf(steps, n) {
  const path = [];
  for (let i = 0; i <= n && i < steps.length; i++) {
    if (path.at(-1) !== steps[i].state) path.push(steps[i].state);
  }
  return path;
}

/** sequenceRange is what a sequence graph of a side shows of the numbers: all segments and ACKs in view, and the window if it is near. */
export function sequenceRange(d, s, side, first, last) {
  let lo = Infinity, hi = -Infinity, window = -Infinity;
  for (let i = first; i <= last; i++) {
    if (d.side[i] === side && kindOf(d, i) !== "unacceptable") {
      if (seqLenOf(d, i) > 0) {
        lo = Math.min(lo, d.seq[i]);
        hi = Math.max(hi, d.seq[i] + seqLenOf(d, i));
      }
    }
    if (s.una[side][i] >= 0) {
      lo = Math.min(lo, s.una[side][i]);
      hi = Math.max(hi, s.una[side][i]);
      if (s.offered[side][i] >= 0) window = Math.max(window, s.una[side][i] + s.offered[side][i]);
    }
  }
  if (hi < lo) return { lo: 0, hi: 1, near: false, window };
  const near = window > hi && window - hi <= Math.max(hi - lo, 1);
  if (near) hi = window;
  const margin = Math.max((hi - lo) * 0.06, 1);
  return { lo: lo - margin, hi: hi + margin, near, window };
}
