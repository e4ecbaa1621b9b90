// The table of conversations: sorted, searched, filtered; only the rows in sight are drawn. And sums by server and client.

import { anomaliesOf, lossOf, socket, text, worstOf } from "./data.mjs";
import { bytes, clock, count, counted, duration, percent } from "./format.mjs";
import { filterRows, isFiltering, noFilter, sortRows, sums, tallyRows, tallySets } from "./filter.mjs";
import { badge, el, replace, severityName } from "./dom.mjs";

const ROW = 34, AHEAD = 12;

const columns = [
  { key: "stream", head: "#", number: true, cell: (o, i) => String(o.rows.stream[i]) },
  { key: "start", head: "Start", cell: (o, i) => clock(o.start, o.rows.start[i], 3), cls: "mono" },
  { key: "client", head: "Client", cell: (o, i) => [socket(o, "client", i), o.rows.inferred[i] ? el("abbr", { title: "Which side is the client is inferred: the capture does not show the handshake" }, "*") : null], cls: "mono" },
  { key: "server", head: "Server", cell: (o, i) => socket(o, "server", i), cls: "mono" },
  { key: "name", head: "Server name", cell: (o, i) => text(o, "name", i), cls: "name", optional: true },
  { key: "outcome", head: "Outcome", cell: (o, i) => badge(o.outcomes[o.rows.outcome[i]], o.rows.failure[i] ? "error" : o.outcomes[o.rows.outcome[i]] === "closed" ? "ok" : "") },
  { key: "anomaly", head: "What went wrong", cell: wrong },
  { key: "packets", head: "Packets", number: true, cell: (o, i) => count(o.rows.clientPackets[i] + o.rows.serverPackets[i]) },
  { key: "sent", head: "Data →", number: true, cell: (o, i) => bytes(o.rows.clientBytes[i]) },
  { key: "received", head: "← Data", number: true, cell: (o, i) => bytes(o.rows.serverBytes[i]) },
  { key: "duration", head: "Duration", number: true, cell: (o, i) => duration(o.rows.duration[i]) },
  { key: "loss", head: "Loss", number: true, cell: (o, i) => (Number.isNaN(lossOf(o, i)) ? "" : percent(lossOf(o, i))) },
  { key: "rtt", head: "RTT", number: true, cell: (o, i) => (o.rows.rtt[i] ? duration(o.rows.rtt[i]) : "") },
  { key: "clientState", head: "Client is", cell: (o, i) => o.states[o.rows.clientState[i]], cls: "state" },
  { key: "serverState", head: "Server is", cell: (o, i) => o.states[o.rows.serverState[i]], cls: "state" },
  { key: "ended", head: "Ended by", cell: (o, i) => [text(o, "ended", i), text(o, "cause", i) && " (" + text(o, "cause", i) + ")"], optional: true },
];

// first are the columns that come first where there is no room for all.
const first = ["stream", "anomaly", "outcome"], narrow = () => matchMedia("(max-width: 760px)");

function wrong(o, i) {
  const worst = worstOf(o, i), n = anomaliesOf(o, i).length;
  return worst ? el("span", { class: "anomaly " + severityName(worst.severity), title: worst.summary }, worst.id + (n > 1 ? " +" + (n - 1) : "")) : null;
}

// choices are the filters to choose from: what each offers, and how often there is what.
const choices = {
  outcome: { name: "Outcome", of: (o) => tallyRows(o.rows.outcome, o.outcomes) },
  state: { name: "State", of: (o) => tallyRows(o.rows.clientState, o.states, o.rows.serverState) },
  anomaly: { name: "Anomaly", of: tallySets },
  host: { name: "Host", of: (o) => tallyRows(o.rows.client, o.strings, o.rows.server) },
};

// hiddenText says what is not in the table.
function hiddenText(o) {
  if (o.hidden === 0) return "";
  return counted(o.hidden, "more conversation") + (o.live ? ": those that ended before these, or have been idle for long." : " not in the table, which has the first " + count(o.n) + ". --where chooses others.");
}

/** Table is the section. actions: open(stream), changed(). */
export class Table {
  constructor(o, actions) {
    this.o = o;
    this.actions = actions;
    this.filter = noFilter();
    this.sort = { key: "stream", descending: false };
    this.tab = "conversations";
    this.choose();
    this.rows = [];
    this.build(); // update comes when it is first shown
  }

  choose() {
    const has = columns.filter((c) => !c.optional || this.o.rows[c.key].some((v) => v !== 0));
    const place = (c) => (narrow().matches && first.includes(c.key) ? first.indexOf(c.key) - first.length : 0);
    this.columns = has.sort((a, b) => place(a) - place(b));
  }

  build() {
    const o = this.o;
    this.search = el("input", { type: "search", id: "search", placeholder: "Search: address, name, state, anomaly …", "aria-label": "Search conversations", autocomplete: "off", spellcheck: "false", oninput: () => this.set({ query: this.search.value }) });
    for (const key of Object.keys(choices)) this[key] = this.choice(key);
    this.chips = el("div", { class: "chips active-filters", "aria-live": "polite" });
    this.status = el("span", { class: "muted", id: "shown", "aria-live": "polite" });
    this.head = el("tr", {});
    this.body = el("tbody", {});
    this.grid = el("table", { class: "conversations", "aria-describedby": "shown" }, el("thead", {}, this.head), this.body);
    this.scroller = el("div", { class: "scroller", tabindex: -1, onscroll: () => this.draw() }, this.grid);
    this.tabs = el("div", { class: "tabs", role: "tablist", "aria-label": "Conversations, or their sums" }, [["conversations", "Conversations"], ["server", "By server"], ["client", "By client"]].map(([id, name]) =>
      el("button", { type: "button", role: "tab", "data-tab": id, onclick: () => this.show(id) }, name)));
    this.sums = el("div", { class: "scroller", hidden: true });
    this.element = el("section", { id: "conversations", "aria-labelledby": "conversations-title" },
      el("div", { class: "heading" }, el("h2", { id: "conversations-title" }, "Conversations"), this.status),
      el("div", { class: "filters" }, this.search, this.outcome, this.state, this.anomaly, this.host), this.chips,
      el("div", { class: "card flush" }, this.tabs, this.scroller, this.sums),
      (this.hidden = el("p", { class: "muted" })));
    this.grid.addEventListener("keydown", (e) => this.key(e));
    this.grid.addEventListener("click", (e) => {
      const row = e.target.closest("tr[data-i]");
      if (row) this.actions.open(this.o.rows.stream[Number(row.dataset.i)]);
    });
    window.addEventListener("beforeprint", () => this.draw(true));
    window.addEventListener("afterprint", () => this.draw());
    new ResizeObserver(() => this.draw()).observe(this.scroller);
    narrow().addEventListener("change", () => (this.choose(), this.drawHead(), this.draw()));
  }

  choice(key) {
    const select = el("select", { "aria-label": choices[key].name, "data-filter": key, onchange: () => this.set({ [key]: select.value }) });
    this.offer(select, key);
    return select;
  }

  // offer gives a choice its options.
  offer(select, key) {
    replace(select, el("option", { value: "" }, choices[key].name + ": all"), choices[key].of(this.o).map(([value, n]) => el("option", { value }, value + "  (" + count(n) + ")")));
  }

  /** renew shows what is known by now: the same filter and order, and the same place. */
  renew(o) {
    const stream = this.o.rows.stream[this.rows[this.current]];
    this.o = o;
    this.choose();
    for (const key of Object.keys(choices)) if (document.activeElement !== this[key]) this.offer(this[key], key);
    this.update(stream);
  }

  /** set changes the filter. */
  set(change, silent = false) {
    Object.assign(this.filter, change);
    this.update();
    if (!silent) this.actions.changed();
  }

  /** restore takes a filter from a link. */
  restore(change) {
    this.filter = { ...noFilter(), from: this.filter.from, to: this.filter.to, ...change };
    this.update();
  }

  // update shows the rows that pass the filter: from the first, or around a stream.
  update(stream) {
    const f = this.filter;
    if (f.finding >= this.o.findings.length) f.finding = -1;
    this.search.value = f.query;
    for (const key of ["outcome", "state", "anomaly", "host"]) {
      const select = this[key];
      if (![...select.options].some((x) => x.value === f[key])) select.append(el("option", { value: f[key] }, f[key]));
      select.value = f[key];
      select.classList.toggle("set", f[key] !== "");
    }
    this.rows = sortRows(this.o, filterRows(this.o, f), this.sort.key, this.sort.descending);
    this.status.textContent = this.rows.length === this.o.n ? counted(this.o.n, "conversation") : count(this.rows.length) + " of " + counted(this.o.n, "conversation");
    this.drawChips();
    this.hidden.textContent = hiddenText(this.o);
    const focused = this.head.contains(document.activeElement) ? document.activeElement.dataset.sort : undefined;
    this.drawHead();
    if (focused) this.head.querySelector(`[data-sort="${focused}"]`)?.focus();
    if (stream === undefined) this.scroller.scrollTop = 0;
    this.current = stream === undefined ? 0 : Math.max(0, this.rows.findIndex((i) => this.o.rows.stream[i] === stream));
    this.draw();
    this.show(this.tab);
  }

  drawChips() {
    const f = this.filter, chip = (name, change) => el("button", { type: "button", class: "chip removable", title: "Remove this filter", onclick: () => this.set(change) }, name, el("span", { "aria-hidden": "true" }, " ✕"));
    replace(this.chips,
      f.finding >= 0 && chip("Finding " + (f.finding + 1) + ": " + this.o.findings[f.finding].id, { finding: -1 }),
      f.host && chip("Host " + f.host, { host: "" }), f.anomaly && chip("Anomaly " + f.anomaly, { anomaly: "" }), f.outcome && chip("Outcome " + f.outcome, { outcome: "" }),
      f.state && chip("State " + f.state, { state: "" }), f.query && chip("“" + f.query + "”", { query: "" }),
      f.from > -Infinity && chip("Stretch of time", { from: -Infinity, to: Infinity }),
      isFiltering(f) && el("button", { type: "button", class: "button small", onclick: () => this.set(noFilter()) }, "Show all"));
    this.chips.hidden = !isFiltering(f);
  }

  drawHead() {
    replace(this.head, this.columns.map((c) => {
      const on = this.sort.key === c.key, way = on ? (this.sort.descending ? "descending" : "ascending") : "none";
      return el("th", { scope: "col", class: (c.number ? "number " : "") + "col-" + c.key, "aria-sort": way },
        el("button", { type: "button", "data-sort": c.key, onclick: () => this.sortBy(c) }, c.head, el("span", { class: "arrow", "aria-hidden": "true" }, on ? (this.sort.descending ? "▼" : "▲") : "")));
    }));
  }

  sortBy(c) {
    const down = this.sort.key === c.key ? !this.sort.descending : c.number && c.key !== "stream" || c.key === "anomaly";
    this.sort = { key: c.key, descending: down };
    this.update();
  }

  /** draw draws the rows in sight; for paper the first hundreds. */
  draw(print = false) {
    const n = this.rows.length, height = this.scroller.clientHeight || 600;
    const first = print ? 0 : Math.max(0, Math.floor(this.scroller.scrollTop / ROW) - AHEAD);
    const last = print ? Math.min(n, 300) : Math.min(n, Math.ceil((this.scroller.scrollTop + height) / ROW) + AHEAD);
    this.grid.setAttribute("aria-rowcount", String(n + 1));
    const list = [spacer(first, this.columns.length)];
    for (let k = first; k < last; k++) list.push(this.row(k));
    list.push(spacer(print ? 0 : n - last, this.columns.length));
    if (n === 0) list.push(el("tr", { class: "none" }, el("td", { colspan: this.columns.length }, this.o.n === 0 ? this.o.live ? "No TCP conversation yet." : "There is no TCP conversation in this capture." : "No conversation matches. Remove a filter, or press Escape.")));
    const had = this.body.contains(document.activeElement);
    replace(this.body, list);
    if (had) this.focus();
  }

  row(k) {
    const i = this.rows[k], o = this.o, level = severityName(o.rows.severity[i]);
    return el("tr", { "data-i": i, "data-k": k, tabindex: k === this.current ? 0 : -1, "aria-rowindex": k + 2, class: level + (o.detailed.has(o.rows.stream[i]) ? "" : " plain") },
      this.columns.map((c) => el("td", { class: (c.number ? "number " : "") + (c.cls ?? "") + " col-" + c.key }, c.cell(o, i))));
  }

  key(e) {
    if (!e.target.closest("tr[data-i]")) return;
    const page = Math.max(1, Math.floor(this.scroller.clientHeight / ROW) - 2);
    const to = { ArrowDown: this.current + 1, ArrowUp: this.current - 1, PageDown: this.current + page, PageUp: this.current - page, Home: 0, End: this.rows.length - 1 }[e.key];
    if (to !== undefined) {
      e.preventDefault();
      this.current = Math.min(Math.max(to, 0), this.rows.length - 1);
      const top = this.current * ROW;
      if (top < this.scroller.scrollTop) this.scroller.scrollTop = top;
      else if (top + 2 * ROW > this.scroller.scrollTop + this.scroller.clientHeight - ROW) this.scroller.scrollTop = top + 3 * ROW - this.scroller.clientHeight;
      this.draw();
      this.focus();
    } else if (e.key === "Enter") {
      this.actions.open(this.o.rows.stream[this.rows[this.current]]);
    }
  }

  focus() {
    this.body.querySelector(`tr[data-k="${this.current}"]`)?.focus({ preventScroll: true });
  }

  /** show turns to a tab. */
  show(tab) {
    this.tab = tab;
    for (const b of this.tabs.children) b.setAttribute("aria-selected", String(b.dataset.tab === tab));
    this.scroller.hidden = tab !== "conversations";
    this.sums.hidden = tab === "conversations";
    if (tab === "conversations") this.draw();
    else replace(this.sums, this.sumTable(tab));
  }

  sumTable(side) {
    const groups = sums(this.o, this.rows, side), most = groups[0]?.n ?? 1, shown = groups.slice(0, 500);
    const head = [side === "server" ? "Server" : "Client", "Conversations", "Failed", "Packets", "Data →", "← Data", "Loss", "Worst"];
    return [el("table", { class: "conversations sums" },
      el("thead", {}, el("tr", {}, head.map((h, i) => el("th", { scope: "col", class: i > 0 && i < 7 ? "number" : "" }, h)))),
      el("tbody", {}, shown.map((g) => el("tr", {},
        el("td", { class: "mono" }, el("button", { type: "button", class: "link", onclick: () => this.pick(g.host) }, g.host), g.name && el("span", { class: "muted" }, " " + g.name)),
        el("td", { class: "number" }, el("meter", { min: 0, max: most, value: g.n, "aria-hidden": "true" }), count(g.n)),
        el("td", { class: "number" + (g.failed ? " error" : "") }, g.failed ? count(g.failed) + " (" + percent(g.failed / g.n) + ")" : "0"),
        el("td", { class: "number" }, count(g.packets)), el("td", { class: "number" }, bytes(g.sent)), el("td", { class: "number" }, bytes(g.received)),
        el("td", { class: "number" }, g.of ? percent(g.lost / g.of) : ""),
        el("td", {}, g.worst && el("span", { class: "anomaly " + severityName(g.worst.severity), title: g.worst.summary }, g.worst.id)))))),
    groups.length > shown.length && el("p", { class: "muted pad" }, count(groups.length - shown.length) + " more")];
  }

  pick(host) {
    this.tab = "conversations";
    this.set({ host });
  }
}

function spacer(rows, span) {
  const tr = el("tr", { class: "spacer", "aria-hidden": "true" }, el("td", { colspan: span }));
  tr.firstChild.style.height = rows * ROW + "px";
  return rows > 0 ? tr : null;
}
