// The graphs below the lanes: sequence numbers each way, bytes in flight against the window, round trips, throughput. What one has to say beside its lines is in note of the stack.

import { kindOf, seqLenOf } from "./data.mjs";
import { bytes, count, duration, rate } from "./format.mjs";
import { label, line } from "./canvas.mjs";
import { linear, niceStep, ticks } from "./scale.mjs";
import { blocks, sequenceRange, throughput } from "./series.mjs";
import { colors } from "./theme.mjs";

const sideColor = (side) => (side === 0 ? colors.client : colors.server);

const HEAD = 16; // above a graph: room for marks

// frame draws the axis of amounts and returns the scale.
function frame(c, height, st, lo, hi, text, n = 4) {
  const y = linear(lo, hi, height - 6, HEAD);
  for (const v of ticks(lo, hi, n).list) {
    line(c, st.left, Math.round(y(v)) + 0.5, st.edge, Math.round(y(v)) + 0.5, colors.grid);
    label(c, text(v), st.left - 8, y(v), colors.muted, "right");
  }
  return y;
}

function clipped(c, height, st, draw) {
  c.save();
  c.beginPath();
  c.rect(st.left, 0, st.edge - st.left, height);
  c.clip();
  draw();
  c.restore();
}

// dense reports whether there are more segments in sight than columns of pixels: then each column is drawn once.
const dense = (st) => st.last - st.first > 1.5 * (st.edge - st.left);

// stairs draws a value that holds from one segment to the next.
function stairs(c, st, y, of, color, width = 1.3, dash = []) {
  const merge = dense(st);
  c.strokeStyle = color;
  c.lineWidth = width;
  c.setLineDash(dash);
  c.beginPath();
  let on = false, before = 0, column = NaN, low = 0, high = 0;
  const spread = () => {
    if (on && high > low) for (const at of [low, high, before]) c.lineTo(column, at);
  };
  for (let i = Math.max(st.first - 1, 0); i <= st.last; i++) {
    const v = of(i), x = merge ? Math.round(st.x(st.d.t[i])) : st.x(st.d.t[i]);
    if (Number.isNaN(v)) {
      spread();
      on = false;
      continue;
    }
    const at = y(v);
    if (merge && on && x === column) {
      low = Math.min(low, at);
      high = Math.max(high, at);
      before = at;
      continue;
    }
    spread();
    if (on) c.lineTo(x, before);
    else c.moveTo(x, at);
    c.lineTo(x, at);
    before = low = high = at;
    column = x;
    on = true;
  }
  spread();
  if (on) c.lineTo(Math.min(st.x(Math.max(st.end, st.d.t[st.d.n - 1] ?? 0)), st.edge + 5), before);
  c.stroke();
  c.setLineDash([]);
}

// Bars draws upright bars, by colour; those in one column that touch become one.
class Bars {
  constructor() {
    this.open = new Map();
  }

  add(color, x, from, to) {
    const at = Math.round(x), low = Math.min(from, to), high = Math.max(from, to);
    let bar = this.open.get(color);
    if (!bar) this.open.set(color, (bar = { path: new Path2D(), at: NaN, low: 0, high: 0 }));
    if (bar.at === at && low <= bar.high + 1 && high >= bar.low - 1) {
      bar.low = Math.min(bar.low, low);
      bar.high = Math.max(bar.high, high);
      return;
    }
    this.close(bar);
    Object.assign(bar, { at, low, high });
  }

  close(bar) {
    if (Number.isNaN(bar.at)) return;
    bar.path.moveTo(bar.at, bar.low);
    bar.path.lineTo(bar.at, bar.high);
  }

  draw(c) {
    c.lineWidth = 1.6;
    for (const [color, bar] of this.open) {
      this.close(bar);
      c.strokeStyle = color;
      c.stroke(bar.path);
    }
  }
}

/** drawSequence draws the time-sequence graph of a side. */
export function drawSequence(c, width, height, st, side) {
  const { d, s } = st, range = sequenceRange(d, s, side, Math.max(st.first - 1, 0), st.last);
  const y = frame(c, height, st, range.lo, range.hi, (v) => (v < 0 || v % 1 ? "" : short(v)));
  clipped(c, height, st, () => {
    if (range.near) stairs(c, st, y, (i) => s.una[side][i] + s.offered[side][i], colors.window, 1.3);
    stairs(c, st, y, (i) => s.una[side][i], colors.ack, 1.3);
    const wide = (st.edge - st.left) / Math.max(st.last - st.first, 1) > 6;
    const bars = dense(st) ? new Bars() : null;
    for (let i = st.first; i <= st.last; i++) {
      const x = st.x(d.t[i]);
      if (d.side[i] === side && seqLenOf(d, i) > 0 && kindOf(d, i) !== "unacceptable") segmentBar(c, st, i, x, y, side, wide, bars);
      if (d.side[i] !== side && d.sack.has(i)) sackBars(c, d, i, x, y);
    }
    bars?.draw(c);
    for (let i = st.first; i <= st.last; i++) if (st.s.marks[i].length > 0) drawMarks(c, st, i, st.x(d.t[i]), y, side);
  });
  if (!range.near && range.window > range.hi) st.note = "window " + bytes(range.window - range.hi) + " above";
}

function segmentBar(c, st, i, x, y, side, wide, bars) {
  const again = kindOf(st.d, i) === "retransmission", color = again || st.s.lost[i] ? colors.error : sideColor(side);
  const a = y(st.d.seq[i]), b = y(st.d.seq[i] + seqLenOf(st.d, i));
  if (bars) return bars.add(color, x, a, Math.min(b, a - 1.5));
  line(c, x, a, x, Math.min(b, a - 1.5), color, again ? 2 : 1.6);
  if (wide) {
    line(c, x - 3, a, x + 3, a, color, 1);
    line(c, x - 3, b, x + 3, b, color, 1);
  }
}

function sackBars(c, d, i, x, y) {
  for (const [from, to] of blocks(d, i)) line(c, x, y(from), x, y(to), colors.violet, 2);
}

const markColor = { R: "error", O: "warning", RST: "error", Z: "error", P: "warning", 3: "violet", S: "violet", U: "warning", SYN: "ink", FIN: "ink" };

function drawMarks(c, st, i, x, y, side) {
  const d = st.d, own = d.side[i] === side;
  let list = st.s.marks[i];
  if (list.length === 0) return;
  list = list.filter((m) => (own ? !["3", "Z", "S"].includes(m) : ["3", "Z", "S"].includes(m)));
  if (list.length === 0 || x < st.left - 1 || x > st.edge + 1) return; // the neighbours of what is in view have none
  const at = own ? y(d.seq[i] + seqLenOf(d, i)) - 9 : y(d.ack[i]) - 9;
  c.font = "600 10px system-ui, sans-serif";
  const row = side + ":" + Math.round(at / 11), text = list.join(" "), end = (st.marked ??= {})[row]; // beside the bar, on which the cursor may be
  if (end !== undefined && x < end) return;
  st.marked[row] = x + c.measureText(text).width + 4;
  label(c, text, Math.min(x + 3, st.edge - c.measureText(text).width - 1), Math.max(at, 8), colors[markColor[list[0]]] ?? colors.ink, "left", true);
}

function short(v) {
  if (Math.abs(v) < 1e4) return count(v);
  if (Math.abs(v) < 1e6) return trimmed(v / 1e3) + " k";
  if (Math.abs(v) < 1e9) return trimmed(v / 1e6) + " M";
  return trimmed(v / 1e9) + " G";
}

function trimmed(v) {
  return v.toFixed(2).replace(/\.?0+$/, "");
}

/** drawFlight draws what each side has in flight, filled, and the window that it is offered. */
export function drawFlight(c, width, height, st) {
  const { d, s } = st;
  let most = 0, windows = 0, known = false;
  for (let i = Math.max(st.first - 1, 0); i <= st.last; i++) {
    for (const side of [0, 1]) {
      most = Math.max(most, d.flight[side][i] || 0);
      known ||= d.flight[side][i] >= 0;
      windows = Math.max(windows, s.offered[side][i] || 0);
    }
  }
  if (!known) return empty(c, height, st, "not known: one direction was not captured");
  most = Math.max(most, 100);
  const near = windows <= most * 5, hi = near ? Math.max(most, windows) : most;
  const y = frame(c, height, st, 0, hi, (v) => bytes(v), 3);
  clipped(c, height, st, () => {
    for (const side of [0, 1]) {
      const color = sideColor(side);
      c.globalAlpha = 0.22;
      c.fillStyle = color;
      fillStairs(c, st, y, (i) => d.flight[side][i]);
      c.globalAlpha = 1;
      stairs(c, st, y, (i) => d.flight[side][i], color, 1.4);
      stairs(c, st, y, (i) => s.offered[side][i], color, 1.2, [5, 4]);
    }
  });
  if (!near) st.note = "windows of up to " + bytes(windows) + " are far above";
}

function fillStairs(c, st, y, of) {
  const zero = y(0), merge = dense(st);
  let before = NaN, x = 0;
  for (let i = Math.max(st.first - 1, 0); i <= st.last; i++) {
    const now = merge ? Math.round(st.x(st.d.t[i])) : st.x(st.d.t[i]);
    if (merge && now === x) {
      before = Math.max(before || 0, of(i) || 0);
      continue;
    }
    if (before > 0) c.fillRect(x, y(before), now - x, zero - y(before));
    before = of(i);
    x = now;
  }
  before = of(st.last);
  if (before > 0) c.fillRect(x, y(before), Math.max(0, st.edge - x), zero - y(before));
}

/** drawRoundTrips draws the round trips at the tap, each at its ACK; its colour is that of who sent what was acknowledged. */
export function drawRoundTrips(c, width, height, st) {
  const { d } = st;
  let most = 0, n = 0;
  for (let i = st.first; i <= st.last; i++) {
    if (d.rtt[i] > 0) n++;
    most = Math.max(most, d.rtt[i]);
  }
  if (n === 0) return empty(c, height, st, "no round trip in sight");
  const y = frame(c, height, st, 0, most, (v) => (v === 0 ? "0" : duration(v).replace(/\.0+ /, " ")), 3);
  clipped(c, height, st, () => {
    const drawn = dense(st) ? new Set() : null;
    for (let i = st.first; i <= st.last; i++) {
      if (d.rtt[i] <= 0) continue;
      const x = st.x(d.t[i]), color = sideColor(1 - d.side[i]);
      if (drawn) {
        const place = (Math.round(x) * 4096 + Math.round(y(d.rtt[i]))) * 2 + d.side[i];
        if (drawn.has(place)) continue;
        drawn.add(place);
        c.fillStyle = color;
        c.fillRect(x - 1.5, y(d.rtt[i]) - 1.5, 3, 3);
        continue;
      }
      line(c, x, y(0), x, y(d.rtt[i]), color, 0.5);
      c.fillStyle = color;
      c.beginPath();
      c.arc(x, y(d.rtt[i]), 2.6, 0, 7);
      c.fill();
    }
  });
}

/** drawThroughput draws how much payload each side sent, in steps of a round width. */
export function drawThroughput(c, width, height, st) {
  const step = niceStep(st.view.to - st.view.from, Math.max(20, (st.edge - st.left) / 9));
  const from = Math.floor(st.view.from / step) * step, n = Math.ceil((st.view.to - from) / step);
  const both = [0, 1].map((side) => throughput(st.d, side, { from, to: from + n * step }, n).parts);
  const most = Math.max(...both[0], ...both[1]);
  if (most === 0) return empty(c, height, st, "no payload in sight");
  const per = step / 1e9, y = frame(c, height, st, 0, most / per, (v) => (v === 0 ? "0" : rate(v)), 3);
  clipped(c, height, st, () => {
    for (const side of [1, 0]) {
      c.fillStyle = sideColor(side);
      c.globalAlpha = 0.75;
      both[side].forEach((amount, k) => {
        if (amount === 0) return;
        const a = st.x(from + k * step), b = st.x(from + (k + 1) * step), half = (b - a) / 2;
        c.fillRect(a + (side === 0 ? 0.5 : half), y(amount / per), Math.max(half - 0.8, 1), y(0) - y(amount / per));
      });
      c.globalAlpha = 1;
    }
  });
  st.note = "in steps of " + duration(step).replace(/\.0+ /, " ");
}

function empty(c, height, st, text) {
  c.font = "12px system-ui, sans-serif";
  const lines = wrap(text, (line) => c.measureText(line).width <= st.edge - st.left - 8);
  lines.forEach((line, i) => label(c, line, (st.left + st.edge) / 2, height / 2 + (i - (lines.length - 1) / 2) * 15, colors.muted, "center"));
}

/** wrap divides a text into lines that fit; a word that does not fit is a line. */
export function wrap(text, fits) {
  const lines = [];
  for (const word of text.split(" ")) {
    const longer = lines.length ? lines.at(-1) + " " + word : word;
    if (lines.length && fits(longer)) lines[lines.length - 1] = longer;
    else lines.push(word);
  }
  return lines;
}
