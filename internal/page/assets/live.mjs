// The page of a live analysis: its data come as events. Each is all that there is, so none is missed when one is left out.

import { decode, decodeDetail } from "./data.mjs";
import { el } from "./dom.mjs";
import { App } from "./main.mjs";

const AGAIN = 3000; // ms until the server is asked again, which answered that it cannot

/** start asks for events and builds the page with the first. */
export function start() {
  new Feed().connect();
}

class Feed {
  constructor() {
    this.pending = {}; // by the name of an event: the latest that is not shown yet
    this.paused = this.held = false;
    this.status = el("span", { class: "live", id: "live", role: "status" }, "connecting …");
    this.button = el("button", { type: "button", class: "button", id: "pause", onclick: () => this.pause() }, "❚❚ Pause");
    document.getElementById("app").replaceChildren(el("p", { class: "card calm" }, this.status));
    for (const [event, held] of [["pointerdown", true], ["pointerup", false], ["pointercancel", false]]) {
      document.addEventListener(event, () => setTimeout(() => this.hold(held), 0), true);
    }
  }

  connect() {
    this.source?.close();
    clearTimeout(this.timer);
    const source = (this.source = new EventSource("events" + (this.stream === undefined ? "" : "?stream=" + this.stream)));
    for (const name of ["capture", "conversation"]) source.addEventListener(name, (e) => this.take(name, e.data));
    source.addEventListener("end", () => {
      source.close();
      this.over = true;
      this.say("the capture has ended", "");
    });
    source.onopen = () => this.say("live", "on");
    source.onerror = () => {
      this.say("no connection to tcptrace", "off");
      if (source.readyState === EventSource.CLOSED) this.timer = setTimeout(() => this.connect(), AGAIN);
    };
  }

  say(text, state) {
    this.status.textContent = text;
    this.status.dataset.state = state;
  }

  /** watch asks for the segments of a stream, undefined: of none. */
  watch(stream) {
    if (stream === this.stream) return;
    this.stream = stream;
    this.detail = undefined;
    delete this.pending.conversation;
    this.connect();
  }

  take(name, data) {
    this.pending[name] = data;
    this.show();
  }

  // hold keeps the page as it is while a button of the pointer is down, so that what is clicked is what was aimed at.
  hold(held) {
    this.held = held;
    this.show();
  }

  pause() {
    this.paused = !this.paused;
    this.button.textContent = this.paused ? "▶ Go on" : "❚❚ Pause";
    this.show();
  }

  show() {
    if (this.paused && this.app || this.held) return;
    const { capture, conversation } = this.pending;
    this.pending = {};
    if (capture) {
      const o = decode(JSON.parse(capture));
      if (this.app) this.app.renew(o);
      else this.build(o);
    }
    if (conversation) {
      const { words, detail } = JSON.parse(conversation);
      if (detail.stream !== this.stream) return;
      this.detail = decodeDetail(detail, words);
      this.app.renewDetail(this.detail);
    }
  }

  build(o) {
    this.app = new App(o, {
      has: () => true,
      get: () => this.detail,
      watch: (stream) => this.watch(stream),
      controls: [this.status, this.button],
      key: (e) => e.key === "p" && (this.pause(), true),
      footer: "what this page shows comes from tcptrace as long as that runs, and from nowhere else",
    });
    this.app.route();
    document.documentElement.dataset.ready = "true";
  }
}
