// The timeline of the whole capture, on which a stretch of time is brushed.

import { bytes, clock, count, duration, offset } from "./format.mjs";
import { el } from "./dom.mjs";
import { label, line, paper } from "./canvas.mjs";
import { linear, ticks, timeStep } from "./scale.mjs";
import { colors } from "./theme.mjs";

const LEFT = 84, RIGHT = 12, AXIS = 22, LANE = 46, GAP = 8;

const lanes = [
  { key: "bytes", name: "bytes", color: "accent", text: bytes },
  { key: "opened", name: "opened", color: "ok", text: (n) => count(n) },
  { key: "ended", name: "ended", color: "muted", text: (n) => count(n) },
  { key: "failed", name: "failed", color: "error", text: (n) => count(n) },
  { key: "lost", name: "lost", color: "warning", text: (n) => count(Math.ceil(n - 1e-6)) }, // what one retransmission stands for may be part of a segment
];

/** merged adds buckets up so that there are at most n. */
export function merged(list, n) {
  const by = Math.max(1, Math.ceil(list.length / n)), out = [];
  for (let i = 0; i < list.length; i += by) {
    let sum = 0;
    for (let k = i; k < Math.min(i + by, list.length); k++) sum += list[k];
    out.push(sum);
  }
  return { list: out, by };
}

/** Timeline draws it; brushed(from, to) is called with times since the start of the capture, or with no limits. */
export class Timeline {
  constructor(o, brushed) {
    this.o = o;
    this.brushed = brushed;
    this.selection = null;
    this.canvas = el("canvas", {});
    this.tip = el("div", { class: "tip", hidden: true });
    this.choose();
    this.box = el("div", {
      class: "timeline", tabindex: 0, role: "group", "aria-label": "Timeline of the capture. Arrow keys move a stretch of time, plus and minus resize it, Escape clears it.",
      onpointerdown: (e) => this.down(e), onpointermove: (e) => this.move(e), onpointerup: (e) => this.up(e), onpointerleave: () => (this.tip.hidden = true),
      onkeydown: (e) => this.key(e), ondblclick: () => this.select(null),
    }, this.canvas, this.tip);
    this.status = el("span", { class: "muted", "aria-live": "polite" });
    this.clear = el("button", { type: "button", class: "button small", hidden: true, onclick: () => this.select(null) }, "Clear");
    this.element = el("section", { id: "timeline", "aria-labelledby": "timeline-title" },
      el("div", { class: "heading" }, el("h2", { id: "timeline-title" }, "Timeline"), this.status, this.clear),
      el("div", { class: "card flush" }, this.box));
    new ResizeObserver(() => this.draw()).observe(this.box);
    this.tell();
  }

  choose() {
    this.used = lanes.filter((l) => l.key === "bytes" || l.key === "opened" || this.o.timeline[l.key].some((n) => n > 0));
    this.height = AXIS + this.used.length * (LANE + GAP);
  }

  /** renew shows what is known by now. */
  renew(o) {
    this.o = o;
    this.choose();
    this.draw();
    this.tell();
  }

  limits() {
    const end = Math.max(this.o.span, 1);
    return { from: 0, to: end };
  }

  draw() {
    const width = this.box.clientWidth;
    if (width === 0) return;
    this.canvas.style.height = this.height + "px";
    const c = paper(this.canvas, width, this.height), { from, to } = this.limits();
    this.x = linear(from, to, LEFT, width - RIGHT);
    const t = ticks(from, to, Math.max(2, Math.floor((width - LEFT) / 110)), timeStep);
    for (const at of t.list) {
      const x = Math.round(this.x(at)) + 0.5;
      line(c, x, 0, x, this.height - AXIS, colors.grid);
      const text = clockTick(this.o, at, t.step);
      label(c, text, Math.min(x, width - c.measureText(text).width / 2 - 2), this.height - AXIS / 2, colors.muted, at === 0 ? "left" : "center");
    }
    this.used.forEach((lane, i) => this.lane(c, lane, i * (LANE + GAP), width));
    if (this.selection) this.drawSelection(c);
  }

  lane(c, lane, top, width) {
    const data = this.o.timeline, n = Math.max(20, Math.floor((width - LEFT - RIGHT) / 3));
    const { list, by } = merged(data[lane.key], n), most = Math.max(...list, 0), bottom = top + LANE;
    line(c, LEFT, bottom + 0.5, width - RIGHT, bottom + 0.5, colors.line);
    c.font = "600 11px system-ui, sans-serif";
    label(c, lane.name, LEFT - 10, top + LANE / 2 - 7, colors.ink, "right");
    c.font = "10px system-ui, sans-serif";
    label(c, most > 0 ? "≤ " + lane.text(most) : "none", LEFT - 10, top + LANE / 2 + 8, colors.muted, "right");
    if (most === 0) return;
    c.fillStyle = colors[lane.color];
    list.forEach((amount, i) => {
      if (amount <= 0) return;
      const start = data.start + i * by * data.width, x = Math.max(LEFT, this.x(start)), end = Math.min(this.x(start + by * data.width), width - RIGHT);
      const h = Math.max(1.5, (amount / most) * (LANE - 6)), w = Math.max(2.5, end - x - (end - x > 5 ? 1 : 0));
      c.fillRect(Math.min(x, width - RIGHT - w), bottom - h, w, h);
    });
  }

  drawSelection(c) {
    const a = this.x(Math.max(this.selection.from, 0)), b = this.x(Math.min(this.selection.to, this.limits().to)), h = this.height - AXIS;
    c.globalAlpha = 0.14;
    c.fillStyle = colors.accent;
    c.fillRect(a, 0, b - a, h);
    c.globalAlpha = 1;
    line(c, a, 0, a, h, colors.accent, 1.5);
    line(c, b, 0, b, h, colors.accent, 1.5);
  }

  at(e) {
    const { from, to } = this.limits();
    return Math.min(Math.max(this.x.invert(e.clientX - this.box.getBoundingClientRect().left), from), to);
  }

  down(e) {
    if (e.button !== 0) return;
    this.box.setPointerCapture(e.pointerId);
    this.anchor = { t: this.at(e), x: e.clientX };
  }

  move(e) {
    if (!this.x) return;
    const t = this.at(e);
    this.hover(t, e);
    if (!this.anchor || Math.abs(e.clientX - this.anchor.x) < 3) return;
    this.selection = { from: Math.min(t, this.anchor.t), to: Math.max(t, this.anchor.t) };
    this.draw();
    this.tell();
  }

  up(e) {
    if (!this.anchor) return;
    const moved = Math.abs(e.clientX - this.anchor.x) >= 3;
    this.anchor = null;
    if (moved) this.select(this.selection);
  }

  /** select brushes a stretch of time, null: all of it. */
  select(selection) {
    this.selection = selection;
    this.draw();
    this.tell();
    this.brushed(selection ? selection.from : -Infinity, selection ? selection.to : Infinity);
  }

  tell() {
    const s = this.selection;
    this.clear.hidden = !s;
    this.status.textContent = s
      ? clock(this.o.start, s.from, 3) + " – " + clock(this.o.start, s.to, 3) + " (" + duration(s.to - s.from) + "): the table has what was alive then"
      : "Drag to choose a stretch of time." + (this.used.some((l) => l.key === "lost") ? " What was lost is where it was sent again" + (this.o.details.length === this.o.n ? "." : "; of conversations that are not shown in detail, spread over the time in which they had losses.") : "");
  }

  hover(t, e) {
    const data = this.o.timeline, i = Math.floor((t - data.start) / data.width), box = this.box.getBoundingClientRect();
    if (i < 0 || i >= data.bytes.length) return;
    this.tip.hidden = false;
    this.tip.textContent = clock(this.o.start, t, 3) + "  " + this.used.map((l) => l.name + " " + l.text(data[l.key][i])).join(" · ") + "  in " + duration(data.width);
    this.tip.style.left = Math.min(Math.max(e.clientX - box.left - 120, 4), Math.max(box.width - 330, 4)) + "px";
  }

  key(e) {
    const { to } = this.limits(), s = this.selection ?? { from: 0, to: to / 20 }, width = s.to - s.from;
    const set = (from, w) => {
      e.preventDefault();
      const start = Math.min(Math.max(from, 0), to - w);
      this.select({ from: start, to: start + w });
    };
    if (e.key === "ArrowRight") set(this.selection ? s.from + width / 2 : s.from, width);
    else if (e.key === "ArrowLeft") set(this.selection ? s.from - width / 2 : s.from, width);
    else if (e.key === "+" || e.key === "=") set(s.from, Math.min(width * 1.5, to));
    else if (e.key === "-") set(s.from, Math.max(width / 1.5, to / 1000));
    else if (e.key === "Escape" && this.selection) {
      e.stopPropagation();
      this.select(null);
    }
  }
}

function clockTick(o, at, step) {
  if (step >= 1e9) return clock(o.start, at, 0);
  return "+" + offset(at, step);
}
