// The states of both endpoints in time, and the segments between them as sloped arrows.

import { flagsOf, isSure, kindOf, seqLenOf } from "./data.mjs";
import { count, duration } from "./format.mjs";
import { hatch, label, line, rounded } from "./canvas.mjs";
import { spans } from "./series.mjs";
import { colors, stateColors } from "./theme.mjs";

export const LANE = 26, FLAGS = 22, GAP = 15; // GAP is between a lane and the line of its endpoint, where brackets are

/** lanesHeight is how high the pane is. */
export const lanesHeight = 314;

const top = (side, height) => (side === 0 ? FLAGS + 2 : height - LANE - 4);

/** drawLanes draws both lanes and the ladder. st is the stack: detail, series, x, view, end, first and last segment in sight. */
export function drawLanes(c, width, height, st) {
  const clip = new Path2D();
  clip.rect(st.left, 0, width - st.left - st.right, height);
  c.save();
  c.clip(clip);
  drawArrows(c, height, st);
  for (const side of [0, 1]) drawLane(c, side, height, st);
  drawFlags(c, st);
  drawSilence(c, height, st);
  c.restore();
  c.font = "600 11px system-ui, sans-serif";
  label(c, "client", st.left - 10, top(0, height) + LANE / 2, colors.client, "right");
  label(c, "server", st.left - 10, top(1, height) + LANE / 2, colors.server, "right");
}

function drawLane(c, side, height, st) {
  const y = top(side, height), names = st.o.states;
  c.fillStyle = colors.bg;
  c.fillRect(st.left, y, c.canvas.width, LANE);
  for (const span of spans(st.d.steps[side], st.d.distances[side], st.end)) {
    const a = Math.max(st.x(span.start), st.left - 20), b = Math.min(st.x(span.end), st.edge + 20);
    if (b < st.left - 10 || a > st.edge + 10) continue;
    const w = Math.max(b - a - 1, 1.5), certain = isSure(span);
    c.fillStyle = stateColors[span.state];
    c.globalAlpha = certain ? 1 : 0.55;
    rounded(c, a, y, w, LANE, 4);
    c.fill();
    c.globalAlpha = 1;
    if (!certain) {
      c.save();
      c.clip();
      c.fillStyle = hatch(c, colors.surface, span.evidence === "timer" ? 10 : 6);
      c.globalAlpha = 0.55;
      c.fillRect(a, y, w, LANE);
      c.restore();
    }
    c.font = "600 11px system-ui, sans-serif";
    const name = names[span.state], room = Math.min(b, st.edge) - Math.max(a, st.left);
    if (c.measureText(name).width + 10 < room) {
      if (!certain) label(c, name, Math.max(a, st.left) + 6, y + LANE / 2, colors.ink, "left", true);
      else label(c, name, Math.max(a, st.left) + 6, y + LANE / 2, "#fff");
    }
  }
  let n = 0;
  for (const step of st.d.steps[side]) n += whisker(c, step, y, side, n, st);
}

// whisker shows between which times an endpoint entered a state, in its colour; n is how many came before, beside which it is. It returns 1, or 0 if
// there is nothing to show.
function whisker(c, step, y, side, n, st) {
  if (step.from === undefined || step.to === undefined) return 0;
  const a = st.x(step.from), b = st.x(step.to), by = n % 2 === 0 ? 4 : 10, at = (side === 0 ? y + LANE + by : y - by) + 0.5;
  if (b - a < 3 || b < st.left || a > st.edge) return 0;
  const color = stateColors[step.state];
  line(c, a, at, b, at, color, 1.6);
  line(c, a, at - 3, a, at + 3, color, 1.6);
  line(c, b, at - 3, b, at + 3, color, 1.6);
  return 1;
}

/** arrowOf is where a segment's arrow begins and ends: times at the client's and at the server's line, by the distances to the tap. */
export function arrowOf(d, i) {
  const [client, server] = d.distances;
  return d.side[i] === 0 ? { from: d.t[i] - client, to: d.t[i] + server } : { from: d.t[i] - server, to: d.t[i] + client };
}

function drawArrows(c, height, st) {
  const { d, s } = st, y0 = top(0, height) + LANE + GAP, y1 = top(1, height) - GAP;
  line(c, st.left, y0, st.edge, y0, colors.line);
  line(c, st.left, y1, st.edge, y1, colors.line);
  const n = st.last - st.first + 1;
  if (n > (st.edge - st.left) * 1.2) return drawDensity(c, st, y0, y1);
  const dense = n > (st.edge - st.left) / 3;
  c.globalAlpha = dense ? Math.max(0.12, Math.min(1, (st.edge - st.left) / 2 / n)) : 1;
  for (let i = st.first; i <= st.last; i++) {
    const side = d.side[i], arrow = arrowOf(d, i), kind = kindOf(d, i), flags = flagsOf(d, i);
    const from = [st.x(arrow.from), side === 0 ? y0 : y1], to = [st.x(arrow.to), side === 0 ? y1 : y0];
    const lost = s.lost[i] === 1, bad = lost || kind === "retransmission" || kind === "rst" || flags.includes("R");
    const color = bad ? colors.error : side === 0 ? colors.client : colors.server;
    if (bad && dense) c.globalAlpha = 0.9;
    const end = lost ? [from[0] + (to[0] - from[0]) * 0.6, from[1] + (to[1] - from[1]) * 0.6] : to;
    line(c, from[0], from[1], end[0], end[1], color, seqLenOf(d, i) > 0 ? 1.6 : 1, seqLenOf(d, i) > 0 || dense ? [] : [4, 3]);
    if (lost) cross(c, end[0], end[1], color);
    else if (!dense) head(c, from, end, color);
    if (bad && dense) c.globalAlpha = Math.max(0.12, Math.min(1, (st.edge - st.left) / 2 / n));
  }
  c.globalAlpha = 1;
  if (!dense) drawLabels(c, st, y0, y1);
}

// drawLabels writes what segments are beside their arrows, above all of them.
function drawLabels(c, st, y0, y1) {
  const { d } = st, share = 0.22;
  c.font = "10.5px system-ui, sans-serif";
  for (const side of [0, 1]) {
    const from = side === 0 ? y0 : y1, to = side === 0 ? y1 : y0, y = from + (to - from) * share, list = [];
    for (let i = st.first; i <= st.last; i++) {
      if (d.side[i] !== side) continue;
      const arrow = arrowOf(d, i), x = st.x(arrow.from) + (st.x(arrow.to) - st.x(arrow.from)) * share + 5;
      if (x >= st.left - 60 && x <= st.edge) list.push({ x, text: shortLabel(d, i), weight: weightOf(d, st.s, i) });
    }
    for (const l of placeLabels(list, (text) => c.measureText(text).width + 10, st.edge + 4)) label(c, l.text, l.x, y, colors.ink, "left", true);
  }
}

/** placeLabels are the labels for which there is room up to edge, in order, where those of more weight come first; of those that say the same and stand
 * as good as at one place, one says how many. */
export function placeLabels(list, width, edge) {
  const all = [], out = [];
  for (let i = 0; i < list.length; ) {
    const { x, text, weight = 0 } = list[i];
    let n = 1;
    while (i + n < list.length && list[i + n].text === text && list[i + n].x - x < 12) n++;
    const said = n > 1 ? n + " × " + text : text;
    all.push({ x, text: said, end: x + width(said), weight });
    i += n;
  }
  for (const l of all.toSorted((a, b) => b.weight - a.weight || a.x - b.x)) {
    const at = out.findIndex((o) => o.end > l.x), before = at < 0 ? out.length : at;
    if (l.end <= edge && (before === out.length || out[before].x >= l.end)) out.splice(before, 0, l);
  }
  return out.map(({ x, text }) => ({ x, text }));
}

/** weightOf is how much a segment deserves to be named: what opens, closes, breaks, or is not as it should be, before data, and these before ACKs. */
export function weightOf(d, s, i) {
  const flags = flagsOf(d, i);
  if (d.byFrame.has(d.frame[i]) || /[SFR]/.test(flags) || s.lost[i] === 1 || kindOf(d, i) === "retransmission" || isClosed(d, i)) return 2;
  return d.len[i] > 0 ? 1 : 0;
}

// isClosed reports whether a segment says that no more can be sent.
const isClosed = (d, i) => d.window[i] === 0 && !/[SR]/.test(flagsOf(d, i));

// drawDensity draws how many segments each side sent, where there are too many for arrows: from its line on.
function drawDensity(c, st, y0, y1) {
  const { d, s } = st, step = 4, n = Math.ceil((st.edge - st.left) / step), bars = [0, 1].map(() => ({ all: new Float64Array(n), bad: new Float64Array(n) }));
  for (let i = st.first; i <= st.last; i++) {
    const k = Math.floor((st.x(d.t[i]) - st.left) / step), side = d.side[i];
    if (k < 0 || k >= n) continue;
    bars[side].all[k] += d.stands ? d.stands[i] : 1;
    if (s.lost[i] || kindOf(d, i) === "retransmission" || flagsOf(d, i).includes("R")) bars[side].bad[k]++;
  }
  const most = Math.max(1, ...bars[0].all, ...bars[1].all), room = (y1 - y0) / 2 - 8;
  for (const side of [0, 1]) {
    const way = side === 0 ? 1 : -1, base = side === 0 ? y0 : y1;
    for (let k = 0; k < n; k++) {
      if (bars[side].all[k] === 0 && bars[side].bad[k] === 0) continue;
      const h = Math.max(1.5, (bars[side].all[k] / most) * room), bad = bars[side].bad[k] > 0 ? Math.max(3, (bars[side].bad[k] / most) * room) : 0;
      c.globalAlpha = 0.75;
      c.fillStyle = side === 0 ? colors.client : colors.server;
      c.fillRect(st.left + k * step, Math.min(base, base + way * h), step - 1, h);
      c.globalAlpha = 1;
      c.fillStyle = colors.error;
      if (bad) c.fillRect(st.left + k * step, Math.min(base, base + way * bad), step - 1, bad);
    }
  }
  c.font = "11px system-ui, sans-serif";
  const texts = ["segments sent, red: sent again or lost. Zoom in for the arrows", "segments; red: again, or lost", "segments"];
  label(c, texts.find((t) => c.measureText(t).width < st.edge - st.left - 8) ?? "", (st.left + st.edge) / 2, (y0 + y1) / 2, colors.muted, "center", true);
}

function head(c, from, to, color) {
  const angle = Math.atan2(to[1] - from[1], to[0] - from[0]), size = 6;
  c.fillStyle = color;
  c.beginPath();
  c.moveTo(to[0], to[1]);
  for (const turn of [0.42, -0.42]) c.lineTo(to[0] - size * Math.cos(angle + turn), to[1] - size * Math.sin(angle + turn));
  c.closePath();
  c.fill();
}

function cross(c, x, y, color) {
  line(c, x - 4, y - 4, x + 4, y + 4, color, 2);
  line(c, x - 4, y + 4, x + 4, y - 4, color, 2);
}

/** shortLabel says what a segment is in a few letters. */
export function shortLabel(d, i) {
  const flags = flagsOf(d, i), names = { S: "SYN", F: "FIN", R: "RST" }, kind = kindOf(d, i);
  const parts = [...flags].filter((f) => names[f]).map((f) => names[f]);
  if (d.len[i] > 0) parts.push(count(d.len[i]) + " B");
  else if (flags.includes("A") && parts.length === 0) parts.push("ACK " + d.ack[i]);
  else if (flags.includes("A") && parts.includes("SYN")) parts.push("ACK");
  const note = kind === "keep-alive" || kind === "zero-window-probe" ? kind.split("-").slice(-2).join(" ") : isClosed(d, i) ? "window 0" : "";
  return (parts.join("+") || "–") + (note && ", " + note);
}

// drawSilence says how long the capture goes on without a packet of the conversation.
function drawSilence(c, height, st) {
  const rest = st.d.rest - st.d.duration;
  if (st.view.to < st.d.duration || st.view.to >= st.d.rest || rest < Math.max(st.d.duration, 1e9) || st.edge < 600) return;
  c.font = "11px system-ui, sans-serif";
  label(c, "no packet for " + duration(rest) + " more, to the end of the capture →", st.edge - 8, height / 2 + 12, colors.muted, "right", true);
}

function drawFlags(c, st) {
  let before = -Infinity;
  st.flags = [];
  for (const a of st.d.anomalies) {
    const x = st.x(a.t);
    if (x < st.left - 1 || x > st.edge + 1) continue;
    const color = colors[["", "note", "warning", "error"][a.severity]], at = Math.max(x, before + 13);
    line(c, x, FLAGS, x, 8, color, 1.5);
    c.fillStyle = color;
    c.beginPath();
    c.moveTo(at, 3);
    c.lineTo(at + 11, 7.5);
    c.lineTo(at, 12);
    c.closePath();
    c.fill();
    if (at > x) line(c, x, 8, at, 8, color, 1);
    st.flags.push({ x: at, width: 12, anomaly: a });
    before = at;
  }
}
