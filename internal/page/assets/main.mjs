// The page: what is shown, and keys that work everywhere.

import { decode, decodeDetail, decodeSegments, rowOf } from "./data.mjs";
import { counted } from "./format.mjs";
import { renderFacts, renderFindings } from "./findings.mjs";
import { Timeline } from "./timeline.mjs";
import { Table } from "./table.mjs";
import { Conversation } from "./conversation.mjs";
import { followTheme, isDark, toggleTheme } from "./theme.mjs";
import { el, replace, say } from "./dom.mjs";
import { readLink, timelineCommand, titleOf, wiresharkFilter, writeLink } from "./link.mjs";
import { copyButton } from "./dom.mjs";
import { noFilter } from "./filter.mjs";

const read = (id) => JSON.parse(document.getElementById(id).textContent);

/** start builds the page. */
export function start() {
  const o = decode(read("data"));
  let words;
  const app = new App(o, {
    has: (stream) => o.detailed.has(stream),
    get: (stream) => decodeDetail(read("stream-" + stream), (words ??= read("words"))),
    chunk: (stream, level, i) => decodeSegments(read(`stream-${stream}-${level}-${i}`).segments, words),
    footer: "everything on this page is in this file; it asks nothing of any network",
  });
  app.route();
  document.documentElement.dataset.ready = "true";
}

/**
 * App is the page. details has the segments of conversations: has(stream), get(stream), and chunk(stream, level, number) of finer levels; get of a live page is undefined until they come, and there
 * watch(stream), controls for the top of the page, and key(event), which reports whether it took a key; footer is a text.
 */
export class App {
  constructor(o, details) {
    this.o = o;
    this.details = details;
    this.shown = null; // the conversation, null: the overview
    this.top = el("header", { class: "top" },
      el("a", { href: "#", class: "brand", onclick: (e) => (e.preventDefault(), this.back()) }, mark(), "tcptrace"),
      el("span", { class: "title" }, o.title || o.files.join(", ")),
      el("span", { class: "grow" }), details.controls,
      el("button", { type: "button", class: "button ghost", onclick: () => this.help(), title: "Keys (?)", "aria-label": "Keys" }, "?"),
      el("button", { type: "button", class: "button ghost", id: "theme", onclick: () => this.theme(), title: "Dark or light (t)", "aria-label": "Dark or light" }, "◐"));
    this.main = el("main", { id: "main" });
    this.dialog = helpDialog(o.live);
    replace(document.getElementById("app"), el("a", { href: "#main", class: "skip", onclick: (e) => (e.preventDefault(), this.main.focus()) }, "Skip to content"), this.top, this.main,
      el("footer", {}, o.program + " · " + details.footer), el("div", { id: "said", role: "status", "aria-live": "polite" }), this.dialog);
    this.main.tabIndex = -1;
    this.overview();
    followTheme(() => this.redraw());
    window.addEventListener("hashchange", () => this.route());
    document.addEventListener("keydown", (e) => this.key(e));
  }

  overview() {
    const o = this.o;
    this.table = new Table(o, { open: (stream) => this.open(stream), changed: () => this.changed() });
    this.timeline = new Timeline(o, (from, to) => this.table.set({ from, to }));
    this.head = el("div", { class: "overview-top" });
    this.findings();
    this.home = el("div", { class: "overview" }, this.head, (o.live || o.span > 0) && this.timeline.element, (o.live || o.selected > 0) && this.table.element);
  }

  findings() {
    replace(this.head, renderFindings(this.o, { finding: (n) => this.finding(n), anomaly: (a) => this.anomaly(a), open: (stream) => this.open(stream) }), renderFacts(this.o));
  }

  /** renew shows what is known of the capture by now. */
  renew(o) {
    this.o = o;
    const before = new Map([...this.head.querySelectorAll("details")].map((x) => [x.dataset.id, x.open])), focused = document.activeElement?.dataset?.act;
    this.findings();
    for (const x of this.head.querySelectorAll("details")) x.open = before.get(x.dataset.id) ?? x.open;
    if (focused) this.head.querySelector(`[data-act="${focused}"]`)?.focus();
    this.timeline.renew(o);
    this.table.renew(o);
  }

  /** renewDetail shows what is known of the conversation by now. */
  renewDetail(d) {
    const row = rowOf(this.o, d.stream), c = this.shown;
    if (c?.d?.stream === d.stream) c.renew(row >= 0 ? this.o : c.o, row >= 0 ? row : c.row, d);
    else if (this.waits?.stream === d.stream) this.render(d.stream, this.waits);
  }

  redraw() {
    this.timeline.draw();
    this.shown?.draw?.();
    if (this.shown?.seek) this.shown.seek(this.shown.at, false);
  }

  theme() {
    toggleTheme();
    say(isDark() ? "dark" : "light");
  }

  /** route shows what the page's address names. */
  route() {
    if (location.hash === this.written) return;
    const v = readLink(location.hash);
    if (v.stream !== undefined && rowOf(this.o, v.stream) >= 0) return this.render(v.stream, v);
    this.shown?.stop?.();
    this.shown = this.waits = null;
    this.details.watch?.(undefined);
    if (this.main.firstChild !== this.home) replace(this.main, this.home);
    this.table.restore({ finding: v.finding ?? -1, query: v.q ?? "", outcome: v.outcome ?? "", state: v.state ?? "", anomaly: v.anomaly ?? "", host: v.host ?? "" });
    this.timeline.draw();
    document.title = this.o.title || this.o.files.join(", ");
    if (v.stream !== undefined) say("there is no stream " + v.stream + " on this page");
  }

  open(stream) {
    this.scroll = window.scrollY;
    location.hash = writeLink({ stream });
  }

  render(stream, v) {
    const o = this.o, row = rowOf(o, stream);
    this.shown?.stop?.();
    this.waits = null;
    this.details.watch?.(stream);
    if (this.details.has(stream)) {
      const d = this.details.get(stream);
      if (!d) return this.wait(v);
      this.shown = new Conversation(o, row, d, v, { back: () => this.back(), changed: () => this.changed(), chunk: (level, i) => this.details.chunk(stream, level, i) });
    } else {
      this.shown = undetailed(o, row, () => this.back());
    }
    replace(this.main, this.shown.element);
    document.title = "Stream " + stream + ": " + titleOf(o, row);
    window.scrollTo(0, 0);
    this.shown.draw?.();
  }

  // wait shows that the segments of a conversation are on their way.
  wait(v) {
    this.waits = v;
    this.shown = { element: el("p", { class: "card calm" }, "The segments of stream " + v.stream + " are on their way …"), key: (e) => e.key === "Escape" && (this.back(), true) };
    replace(this.main, this.shown.element);
  }

  back() {
    const at = this.scroll;
    this.shown?.stop?.();
    this.written = undefined;
    if (location.hash === this.homeHash() || location.hash === "") {
      this.route();
    } else {
      location.hash = this.homeHash() || "#";
    }
    if (at !== undefined) setTimeout(() => window.scrollTo(0, at), 0);
  }

  homeHash() {
    const f = this.table.filter;
    return writeLink({ finding: f.finding >= 0 ? f.finding : undefined, q: f.query, outcome: f.outcome, state: f.state, anomaly: f.anomaly, host: f.host });
  }

  // changed writes the view into the page's address, so that it can be copied.
  changed() {
    clearTimeout(this.writing);
    this.writing = setTimeout(() => {
      const c = this.shown;
      this.written = c?.d ? writeLink({ stream: c.d.stream, frame: c.d.frame[c.at], from: c.view.from, to: c.view.to }) : c ? location.hash : this.homeHash();
      history.replaceState(null, "", this.written || "#");
      if (this.written === "") this.written = location.hash;
    }, 120);
  }

  finding(number) {
    this.table.set({ ...noFilter(), finding: number });
    const f = this.o.findings[number];
    if (f.list.length === 1) return this.open(this.o.rows.stream[f.list[0]]);
    this.table.show("conversations");
    this.table.element.scrollIntoView({ behavior: "smooth", block: "start" });
  }

  anomaly(a) {
    if (a.n === 1 && rowOf(this.o, a.stream) >= 0) return this.open(a.stream);
    this.table.set({ ...noFilter(), anomaly: a.id });
    this.table.show("conversations");
    this.table.element.scrollIntoView({ behavior: "smooth", block: "start" });
  }

  help() {
    this.dialog.showModal();
  }

  key(e) {
    if (e.ctrlKey || e.metaKey || e.altKey || this.dialog.open) return;
    const typing = /^(INPUT|SELECT|TEXTAREA)$/.test(document.activeElement?.tagName ?? "");
    if (typing) {
      if (e.key === "Escape") document.activeElement.blur();
      return;
    }
    if (e.key === " " && /^(BUTTON|SUMMARY|A)$/.test(document.activeElement?.tagName ?? "")) return;
    if (e.key === "?") this.help();
    else if (e.key === "t") this.theme();
    else if (this.details.key?.(e)) return e.preventDefault();
    else if (this.shown) {
      if (!this.shown.key(e)) return;
    } else if (e.key === "/") {
      this.table.search.focus();
    } else if (e.key === "Escape") {
      this.timeline.selection = null;
      this.timeline.draw();
      this.timeline.tell();
      this.table.set(noFilter());
    } else return;
    e.preventDefault();
  }
}

// undetailed is what is shown of a conversation whose segments are not on the page.
function undetailed(o, row, back) {
  const element = el("article", { class: "conversation" },
    el("header", { class: "stream-header" }, el("button", { type: "button", class: "button", id: "back", onclick: back }, "← All conversations"),
      el("div", { class: "stream-title" }, el("h1", {}, el("span", { class: "muted" }, "Stream " + o.rows.stream[row] + " "), titleOf(o, row)))),
    el("div", { class: "card calm" }, el("p", {}, "The segments of this conversation are not on this page, which has those of ", counted(o.detailed.size, "conversation"), ". Its command shows them:"),
      el("p", {}, el("code", {}, timelineCommand(o, row))), el("div", { class: "row" }, copyButton("Copy command", "command", () => timelineCommand(o, row)), copyButton("Wireshark filter", "display filter", () => wiresharkFilter(o, row)))));
  return { element, key: (e) => e.key === "Escape" && (back(), true) };
}

function helpDialog(isLive) {
  const keys = [
    ["Everywhere", [["?", "these keys"], ["t", "dark or light"], ...(isLive ? [["p", "pause, go on"]] : []), ["Esc", "back, or show all conversations"]]],
    ["Conversations", [["/", "search"], ["↑ ↓", "from row to row"], ["Enter", "open"]]],
    ["A conversation", [["← →", "frame by frame"], ["Shift ← →", "move in time"], ["+ −", "zoom; or drag, or Ctrl and the wheel"], ["0", "show all"], ["Home End", "first, last frame"], ["Space", "play"], ["n", "next anomaly"], ["g", "jump to a frame"]]],
  ];
  const dialog = el("dialog", { "aria-label": "Keys" }, el("h2", {}, "Keys"),
    el("div", { class: "keys" }, keys.map(([title, list]) => el("div", {}, el("h3", {}, title), el("dl", {}, list.map(([k, what]) => [el("dt", {}, el("kbd", {}, k)), el("dd", {}, what)]))))),
    el("form", { method: "dialog" }, el("button", { class: "button primary" }, "Close")));
  return dialog;
}

function mark() {
  return el("span", { class: "mark", "aria-hidden": "true" }, el("i", {}), el("i", {}), el("i", {}));
}
