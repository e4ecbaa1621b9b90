// A conversation: all panes on one time axis, with one cursor; the state diagram; what is under the cursor.

import { causeOf, finest, flagsOf, joined, kindOf, nearest, segmentAt, segmentOfFrame, spuriousOf, unscaledOf } from "./data.mjs";
import { bytes, clock, count, counted, duration, offset, zone } from "./format.mjs";
import { timelineCommand, wiresharkFilter } from "./link.mjs";
import { clampView, linear, panView, ticks, timeStep, zoomView } from "./scale.mjs";
import { derive, pathOf, stepAt } from "./series.mjs";
import { badge, copyButton, el, replace, say, severityName } from "./dom.mjs";
import { label, line, paper } from "./canvas.mjs";
import { drawLanes, lanesHeight } from "./lanes.mjs";
import { drawFlight, drawRoundTrips, drawSequence, drawThroughput } from "./graphs.mjs";
import { Diagram } from "./diagram.mjs";
import { bursts, evidence, firstOfInterest, isLeftAlone, line1, sequenceLegend, stateKey } from "./parts.mjs";
import { colors } from "./theme.mjs";

const RIGHT = 16, AXIS = 24, NARROW = 600, EMPTY = 52; // px; EMPTY is the height of a graph for which there is nothing

const panes = [
  { id: "lanes", title: "States and ladder", legend: "arrows lean by the distance to the tap; ✕ lost behind it; hatched: assumed; brackets: entered in between", states: true, height: lanesHeight, draw: drawLanes },
  { id: "sequence-0", title: "Sequence numbers, client to server", legend: "sequence", height: 230, draw: (c, w, h, st) => drawSequence(c, w, h, st, 0), side: 0 },
  { id: "sequence-1", title: "Sequence numbers, server to client", legend: "R sent again · O out of order · S SACK · 3 third duplicate ACK · Z zero window · P probe · U urgent", height: 230, draw: (c, w, h, st) => drawSequence(c, w, h, st, 1), side: 1 },
  { id: "flight", title: "Bytes in flight and window", legend: "filled: in flight; dashed: the window offered by the peer", height: 130, draw: drawFlight, of: (d) => d.flight.some((list) => list.some((v) => v >= 0)) },
  { id: "rtt", title: "Round trips", legend: "from the tap to the other side and back, at the ACK", height: 120, draw: drawRoundTrips, of: (d) => d.rtt.some((v) => v > 0) },
  { id: "throughput", title: "Throughput", legend: "payload with what was sent again", height: 120, draw: drawThroughput, of: (d) => d.payload.some((v) => v > 0) },
];

// leftOf is how much room the axes of amounts take.
const leftOf = (width) => (width < NARROW ? 66 : 88);

/** Conversation shows one. actions: back(), changed(), chunk(level, number). */
export class Conversation {
  constructor(o, row, detail, view, actions) {
    this.o = o;
    this.row = row;
    this.coarse = this.d = detail; // d has finer segments where the view has room for them
    this.s = derive(detail);
    this.actions = actions;
    this.measure();
    this.view = view.from !== undefined && view.to > view.from ? clampView(view, this.limits) : { ...this.whole };
    this.wanted = view.frame; // which may be one that the coarsest level does not have
    this.at = view.frame !== undefined ? Math.max(segmentOfFrame(detail, view.frame), 0) : o.live ? detail.n - 1 : firstOfInterest(detail);
    this.build();
  }

  // measure finds the limits of time.
  measure() {
    const detail = this.d;
    const pad = Math.max(detail.duration * 0.03, Math.max(...detail.distances) * 2, 1000);
    this.whole = { from: -pad, to: detail.duration + pad };
    this.limits = { from: -pad * 4, to: Math.max(detail.duration + pad, Math.min(detail.rest, detail.duration * 50 + 120e9)) + pad };
    this.end = Math.max(detail.rest, detail.duration);
  }

  /** renew shows what is known by now: all of it if all was shown, and the last segment if the cursor was at the last. */
  renew(o, row, d) {
    const { whole, view } = this, isWhole = view.from === whole.from && view.to === whole.to, isLast = this.at === this.d.n - 1, frame = this.d.frame[this.at];
    Object.assign(this, { o, row, d, coarse: d, s: derive(d) });
    this.measure();
    if (isWhole) this.view = { ...this.whole };
    for (const [name, make] of [["top", () => this.header()], ["told", () => this.account()]]) {
      const made = make();
      if (made.textContent === this[name].textContent) continue;
      this[name].replaceWith(made);
      this[name] = made;
    }
    this.note();
    this.choosePanes();
    this.seek(isLast ? d.n - 1 : segmentOfFrame(d, frame), false);
    this.draw();
  }

  // note says what is not there of the conversation.
  note() {
    const { d } = this, texts = [];
    if (d.missing > 0) texts.push(`${counted(d.missing, "segment")} ${d.n ? "before frame " + d.frame[0] + " " : ""}not kept.`);
    if (!this.coarse.all) texts.push(this.isWhole() ? "All segments in view are drawn." : `Of ${count(d.packets)} segments are drawn those with marks and the extremes of each stretch of time; zoom in for more.`);
    this.notes.textContent = texts.join(" ");
    this.flags.hidden = d.anomalies.length === 0;
  }

  // isWhole reports whether no segment is left out in view.
  isWhole() {
    return this.coarse.all || (this.level >= 0 && this.level === this.coarse.levels.length - 1 && this.coarse.levels[this.level].reduce((n, [, , size]) => n + size, 0) === this.coarse.packets);
  }

  // refine takes the segments of the finest level that the view has room for.
  refine() {
    const f = finest(this.coarse, this.view), key = f ? `${f.level} ${f.first} ${f.last}` : "";
    if (key === (this.shown ?? "")) return;
    this.shown = key;
    this.level = f ? f.level : -1;
    const frame = this.wanted ?? this.d.frame[this.at], parts = [];
    for (let i = f?.first; i <= f?.last; i++) parts.push(this.actions.chunk(f.level, i));
    this.d = f ? joined(this.coarse, parts) : this.coarse;
    this.s = derive(this.d);
    this.at = Math.max(segmentOfFrame(this.d, frame), 0);
    this.note();
    this.describe();
  }

  // find is the segment with that frame, or the last before it, for which it looks closer if need be; -1 if there is none.
  find(frame) {
    const i = segmentOfFrame(this.d, frame), { levels } = this.coarse;
    if (i < 0 || this.d.frame[i] === frame || !levels?.length) return i;
    const half = this.coarse.duration / 200;
    this.wanted = frame;
    this.show({ from: this.d.t[i] - half, to: this.d.t[i] + half });
    return segmentOfFrame(this.d, frame);
  }

  // choosePanes shows those graphs that there is something for.
  choosePanes() {
    for (const p of this.panes) {
      p.hidden = p.side !== undefined && !this.d.side.includes(p.side);
      p.height = p.side !== undefined && bursts(this.d, p.side) <= 3 ? 144 : p.of && !p.of(this.d) ? EMPTY : p.full;
      p.figure.hidden = p.hidden;
    }
    replace(this.stateKey, stateKey(this.o, this.d));
  }

  build() {
    const { o, row, d } = this;
    this.diagram = new Diagram(o.states);
    this.axis = el("canvas", { class: "axis-canvas" });
    this.overlay = el("canvas", { class: "overlay" });
    this.tip = el("div", { class: "tip", hidden: true });
    this.stateKey = el("span", { class: "state-key" });
    this.panes = panes.map((p) => {
      const canvas = el("canvas", { role: "img", "aria-label": p.title }), note = el("span", { class: "muted pane-note" });
      const figure = el("figure", { class: "pane", id: "pane-" + p.id },
        el("figcaption", {}, el("b", {}, p.title), p.legend === "sequence" ? sequenceLegend() : el("span", { class: "muted" }, p.legend), p.states && this.stateKey, note), canvas);
      return { ...p, full: p.height, canvas, figure, note };
    });
    this.choosePanes();
    this.stack = el("div", {
      class: "stack", tabindex: 0, role: "group", "aria-label": "Graphs on one time axis. Left and right step from frame to frame, plus and minus zoom, shift and arrows move, 0 shows all.",
      onpointerdown: (e) => this.down(e), onpointermove: (e) => this.move(e), onpointerup: (e) => this.up(e), onpointerleave: () => this.leave(), ondblclick: () => this.show(this.whole),
    }, this.axis, this.panes.map((p) => p.figure), this.overlay, this.tip);
    this.stack.addEventListener("wheel", (e) => this.wheel(e), { passive: false });
    this.readout = el("div", { class: "readout", "aria-live": "polite" });
    this.frameInput = el("input", { type: "number", min: 1, "aria-label": "Jump to frame", placeholder: "frame", onchange: () => this.jump(Number(this.frameInput.value)) });
    this.playButton = el("button", { type: "button", class: "button", onclick: () => this.play(), title: "Step through the frames (space)" }, "▶ Play");
    this.element = el("article", { class: "conversation", "aria-labelledby": "stream-title" },
      (this.top = this.header()), (this.told = this.account()), this.toolbar(),
      el("div", { class: "split" }, el("div", { class: "card flush stack-card" }, this.stack),
        el("aside", { class: "side" }, el("div", { class: "card" }, el("h3", {}, "At the cursor"), this.readout), el("div", { class: "card" }, el("h3", {}, "State diagram ", el("span", { class: "muted" }, "RFC 9293")), this.diagram.element))));
    new ResizeObserver(() => this.draw()).observe(this.stack);
    this.note();
    this.seek(this.at, false);
  }

  header() {
    const { o, row, d } = this, outcome = o.outcomes[o.rows.outcome[row]];
    return el("header", { class: "stream-header" },
      el("button", { type: "button", class: "button", id: "back", onclick: () => this.actions.back() }, "← All conversations"),
      el("div", { class: "stream-title" },
        el("h1", { id: "stream-title" }, el("span", { class: "muted" }, "Stream " + d.stream + " "), el("span", { class: "c-client" }, d.hosts[0]), el("span", { class: "muted" }, " → "), el("span", { class: "c-server" }, d.hosts[1])),
        el("p", { class: "muted" }, clock(d.start, 0, 6) + " " + zone(d.start) + " · " + counted(d.packets, "packet") + (d.packets > 1 ? " in " + duration(d.duration) : "") + " · " + (d.frames[0] === d.frames[1] ? "frame " + d.frames[0] : "frames " + d.frames.join("–")) + " · community ID " + d.communityID + (isLeftAlone(d) ? " · then none for " + duration(d.rest - d.duration) + ", to the end of the capture" : ""), badge(outcome, o.rows.failure[row] ? "error" : outcome === "closed" ? "ok" : ""))),
      el("div", { class: "row" },
        copyButton("Wireshark filter", "display filter", () => wiresharkFilter(this.o, this.row)),
        !o.live && copyButton("Command", "command", () => timelineCommand(this.o, this.row)),
        copyButton("Link", "link", () => location.href)));
  }

  account() {
    const { d, o } = this;
    return el("div", { class: "account" },
      el("div", { class: "card story" }, el("h3", {}, "What happened"), d.story.map((p) => el("p", {}, p))),
      el("div", { class: "card anomalies" }, el("h3", {}, d.anomalies.length ? "What is worth knowing" : "Nothing went wrong"),
        d.anomalies.length === 0 && el("p", { class: "muted" }, "No anomaly was found in this conversation."),
        el("ul", {}, d.anomalies.map((a) => {
          const kind = o.anomalies[a.kind];
          return el("li", { class: severityName(a.severity) },
            el("button", { type: "button", class: "anomaly-link", title: "Show it in the graphs", onclick: () => this.focusOn(a) },
              el("span", { class: "anomaly " + severityName(a.severity) }, kind.id), el("span", { class: "muted" }, " at " + clock(d.start, a.t, 6) + " (+" + duration(a.t) + "), frame " + a.frame)),
            el("p", {}, a.detail),
            el("details", { "aria-label": "What " + kind.id + " means" }, el("summary", {}, "What it means"), el("p", {}, kind.meaning), kind.causes && el("p", {}, el("b", {}, "Usual causes: "), kind.causes), kind.next && el("p", {}, el("b", {}, "Look at: "), kind.next), kind.rfc && el("p", { class: "muted" }, kind.rfc)));
        }))));
  }

  toolbar() {
    const button = (text, title, act) => el("button", { type: "button", class: "button", title, "aria-label": title, onclick: act }, text);
    return el("div", { class: "toolbar", role: "toolbar", "aria-label": "Time" },
      el("div", { class: "group" }, button("|◀", "First frame (Home)", () => this.seek(0)), button("◀", "Frame before (left)", () => this.step(-1)), this.playButton, button("▶", "Next frame (right)", () => this.step(1)), button("▶|", "Last frame (End)", () => this.seek(this.d.n - 1))),
      el("div", { class: "group" }, button("−", "Zoom out (-)", () => this.zoom(1.6)), button("+", "Zoom in (+)", () => this.zoom(1 / 1.6)), button("Fit", "Show all (0)", () => this.show(this.whole))),
      el("div", { class: "group" }, el("label", {}, "Frame ", this.frameInput)),
      (this.flags = el("div", { class: "group" }, button("⚑ Next anomaly", "Next anomaly (n)", () => this.nextAnomaly()))),
      (this.notes = el("p", { class: "muted thin" })));
  }

  /** stackState is what panes draw by. */
  stackState(width) {
    const { d, view } = this;
    const first = Math.max(segmentAt(d, view.from - Math.max(...d.distances)), 0), last = Math.min(segmentAt(d, view.to + Math.max(...d.distances)) + 1, d.n - 1);
    const left = leftOf(width), edge = width - RIGHT;
    return { o: this.o, d, s: this.s, view, end: this.end, left, right: RIGHT, edge, x: linear(view.from, view.to, left, edge), first, last: Math.max(last, first - 1) };
  }

  draw() {
    const width = this.stack.clientWidth;
    if (width === 0) return;
    this.refine();
    const st = (this.st = this.stackState(width));
    this.axis.style.height = AXIS + "px";
    const t = ticks(this.view.from, this.view.to, Math.max(2, Math.floor((st.edge - st.left) / 90)), timeStep);
    const a = paper(this.axis, width, AXIS);
    for (const at of t.list) {
      const text = offset(at, t.step), half = a.measureText(text).width / 2;
      label(a, text, Math.min(Math.max(st.x(at), half + 2), width - half - 2), AXIS / 2, colors.muted, "center");
    }
    for (const p of this.panes) {
      if (p.hidden) continue;
      p.canvas.style.height = p.height + "px";
      const c = paper(p.canvas, width, p.height);
      for (const at of t.list) line(c, Math.round(st.x(at)) + 0.5, 0, Math.round(st.x(at)) + 0.5, p.height, colors.grid);
      st.marked = st.note = undefined;
      p.draw(c, width, p.height, st);
      p.note.textContent = st.note ?? "";
    }
    this.drawCursor();
  }

  drawCursor() {
    const width = this.stack.clientWidth, height = this.stack.clientHeight, c = paper(this.overlay, width, height), st = this.st;
    if (!st) return;
    this.overlay.style.width = width + "px";
    this.overlay.style.height = height + "px";
    if (this.drag && this.drag.moved) {
      c.globalAlpha = 0.15;
      c.fillStyle = colors.accent;
      c.fillRect(Math.min(this.drag.x, this.drag.to), 0, Math.abs(this.drag.to - this.drag.x), height);
      c.globalAlpha = 1;
    }
    const x = st.x(this.d.t[this.at]);
    if (this.d.n === 0 || x < st.left - 1 || x > st.edge + 1) return;
    const top = this.stack.getBoundingClientRect().top;
    for (const canvas of [this.axis, ...this.panes.map((p) => p.canvas)]) { // not across what is written above the graphs
      const box = canvas.getBoundingClientRect(), y = box.top - top;
      if (box.height > 0) line(c, x, canvas === this.axis ? y + box.height - 4 : y, x, y + box.height, colors.accent, 1.4);
    }
  }

  /** seek moves the cursor to a segment, and the view if it must. */
  seek(i, follow = true) {
    if (follow) this.wanted = undefined;
    this.at = Math.min(Math.max(i, 0), this.d.n - 1);
    const t = this.d.t[this.at] ?? 0, width = this.view.to - this.view.from;
    if (follow && (t < this.view.from || t > this.view.to)) this.show({ from: t - width / 2, to: t + width / 2 });
    else this.drawCursor();
    this.diagram.show([0, 1].map((side) => pathOf(this.d.steps[side], stepAt(this.d.steps[side], t)).map((n) => this.o.states[n])));
    this.describe();
    if (follow) this.actions.changed();
  }

  step(by) {
    this.seek(this.at + by);
  }

  jump(frame) {
    const i = this.find(frame);
    if (i < 0 || this.d.frame[i] !== frame) say("frame " + frame + " is not " + (this.d.all ? "of this conversation" : "drawn") + ": the one before it is shown");
    this.seek(i);
  }

  focusOn(a) {
    this.seek(Math.max(this.find(a.frame), 0));
    this.flag = a;
    this.stack.focus({ preventScroll: true });
    this.stack.scrollIntoView({ block: "nearest", behavior: "smooth" });
  }

  // anomaliesAt are those of a segment, and of frames behind it that are none of the conversation's: ICMP errors.
  anomaliesAt(i) {
    return this.d.anomalies.filter((a) => segmentOfFrame(this.d, a.frame) === i);
  }

  nextAnomaly() {
    const list = this.d.anomalies, shown = this.anomaliesAt(this.at).includes(this.flag);
    const frame = shown ? Math.max(this.flag.frame, this.d.frame[this.at]) : this.d.frame[this.at];
    if (list.length) this.focusOn(list.find((a) => a.frame > frame) ?? list[0]);
  }

  play() {
    if (this.timer) return this.stop();
    if (this.at >= this.d.n - 1) this.seek(0);
    this.playButton.textContent = "❚❚ Pause";
    this.timer = setInterval(() => (this.at >= this.d.n - 1 ? this.stop() : this.step(Math.max(1, Math.round(this.d.n / 300)))), 350);
  }

  stop() {
    clearInterval(this.timer);
    this.timer = undefined;
    this.playButton.textContent = "▶ Play";
  }

  show(view) {
    this.view = clampView(view, this.limits);
    this.draw();
    this.actions.changed();
  }

  zoom(factor, at = this.d.t[this.at]) {
    const inside = at >= this.view.from && at <= this.view.to ? at : (this.view.from + this.view.to) / 2;
    this.show(zoomView(this.view, factor, inside, this.limits));
  }

  describe() {
    const { d, s, at: i, o } = this;
    if (i < 0 || d.n === 0) return replace(this.readout, el("p", { class: "muted" }, "No segment."));
    const side = d.side[i], names = { S: "SYN", F: "FIN", R: "RST", P: "PSH", A: "ACK", U: "URG", E: "ECE", C: "CWR" };
    const states = [0, 1].map((k) => [d.steps[k][stepAt(d.steps[k], d.t[i])], k]);
    const kind = kindOf(d, i), flight = [0, 1].map((k) => d.flight[k][i]);
    this.frameInput.value = d.frame[i];
    replace(this.readout,
      el("p", { class: "big" }, el("span", { class: side === 0 ? "c-client" : "c-server" }, side === 0 ? "client → server" : "server → client"), el("span", { class: "muted" }, "frame " + d.frame[i])),
      el("p", {}, el("b", {}, [..."SFRPAUEC"].filter((f) => flagsOf(d, i).includes(f)).map((f) => names[f]).join(" ")), "  ", kind + (kind === "retransmission" ? " (" + causeOf(d, i) + (spuriousOf(d, i) ? ", not needed" : "") + ")" : ""), s.lost[i] ? badge("lost behind the tap", "error") : null),
      el("p", { class: "muted" }, d.words.kinds[kind]),
      el("dl", { class: "facts tight" }, [
        ["Time", clock(d.start, d.t[i], 6) + "  +" + duration(d.t[i])], ["Numbers", "seq " + count(d.seq[i]) + (d.len[i] ? ":" + count(d.seq[i] + d.len[i]) + " (" + count(d.len[i]) + ")" : "") + (flagsOf(d, i).includes("A") ? "  ack " + count(d.ack[i]) : "")],
        ["Window", count(d.window[i]) + (unscaledOf(d, i) ? " (scale not known)" : "")], d.rtt[i] ? ["Round trip", duration(d.rtt[i])] : null,
        ["In flight", flight.every(Number.isNaN) ? "not known" : flight.map((v, k) => ["client ", "server "][k] + (Number.isNaN(v) ? "not known" : bytes(v))).join(", ")], d.notes.has(i) ? ["Notes", d.notes.get(i)] : null,
      ].filter(Boolean).map(([what, much]) => [el("dt", {}, what), el("dd", {}, much)])),
      el("ul", { class: "states" }, states.map(([step, k]) => el("li", {}, el("i", { class: "dot state-" + (step?.state ?? 0) }), el("b", { class: k === 0 ? "c-client" : "c-server" }, k === 0 ? "client " : "server "),
        step ? [o.states[step.state], el("span", { class: "muted" }, " " + evidence(step))] : el("span", { class: "muted" }, "nothing known yet")))),
      this.anomaliesAt(i).map((a) => el("p", { class: "note " + severityName(a.severity) }, el("b", {}, o.anomalies[a.kind].id + (a.frame > d.frame[i] ? ", frame " + a.frame : "") + ": "), a.detail)));
  }

  position(e) {
    const box = this.stack.getBoundingClientRect();
    return { x: e.clientX - box.left, y: e.clientY - box.top };
  }

  down(e) {
    if (e.button !== 0) return;
    const { x } = this.position(e);
    this.stack.setPointerCapture(e.pointerId);
    this.drag = { x, to: x, moved: false, pan: e.shiftKey, view: { ...this.view } };
  }

  move(e) {
    const { x, y } = this.position(e), drag = this.drag;
    if (!drag) return this.hover(x, y);
    drag.to = Math.min(Math.max(x, this.st.left), this.st.edge);
    if (Math.abs(x - drag.x) > 4) drag.moved = true;
    if (!drag.moved) return;
    if (drag.pan) {
      const by = ((drag.x - x) / (this.st.edge - this.st.left)) * (drag.view.to - drag.view.from);
      this.view = clampView({ from: drag.view.from + by, to: drag.view.to + by }, this.limits);
      this.draw();
    } else {
      this.drawCursor();
    }
  }

  up() {
    const drag = this.drag;
    this.drag = undefined;
    if (!drag) return;
    if (!drag.moved) this.seek(nearest(this.d, this.st.x.invert(drag.x)));
    else if (drag.pan) this.actions.changed();
    else this.show({ from: this.st.x.invert(Math.min(drag.x, drag.to)), to: this.st.x.invert(Math.max(drag.x, drag.to)) });
    this.drawCursor();
  }

  leave() {
    this.tip.hidden = true;
  }

  wheel(e) {
    if (!e.ctrlKey && !e.metaKey && !e.shiftKey) return;
    e.preventDefault();
    if (e.shiftKey) this.show(panView(this.view, (e.deltaY || e.deltaX) / 900, this.limits));
    else this.zoom(Math.exp(e.deltaY / 300), this.st.x.invert(this.position(e).x));
  }

  hover(x, y) {
    if (!this.st || x < this.st.left) return this.leave();
    const flag = y < AXIS + 60 ? (this.st.flags ?? []).find((f) => x >= f.x - 4 && x <= f.x + f.width + 2) : undefined;
    const i = nearest(this.d, this.st.x.invert(x));
    if (!flag && (i < 0 || Math.abs(this.st.x(this.d.t[i]) - x) > 9)) return this.leave();
    replace(this.tip, flag ? [el("b", {}, this.o.anomalies[flag.anomaly.kind].id), el("br"), flag.anomaly.detail] : [el("b", {}, "frame " + this.d.frame[i] + " "), line1(this.d, i)]);
    this.tip.hidden = false;
    const width = this.tip.offsetWidth;
    this.tip.style.left = Math.max(4, Math.min(x + 14, this.stack.clientWidth - width - 6)) + "px";
    this.tip.style.top = y + 16 + "px";
  }

  /** key handles what is pressed anywhere on the page; it reports whether it did. */
  key(e) {
    const act = {
      ArrowRight: () => (e.shiftKey ? this.show(panView(this.view, 0.2, this.limits)) : this.step(1)),
      ArrowLeft: () => (e.shiftKey ? this.show(panView(this.view, -0.2, this.limits)) : this.step(-1)),
      "+": () => this.zoom(1 / 1.6), "=": () => this.zoom(1 / 1.6), "-": () => this.zoom(1.6), 0: () => this.show(this.whole),
      Home: () => this.seek(0), End: () => this.seek(this.d.n - 1), " ": () => this.play(), n: () => this.nextAnomaly(), Escape: () => this.actions.back(),
      g: () => this.frameInput.focus(),
    }[e.key];
    if (!act) return false;
    act();
    return true;
  }
}
