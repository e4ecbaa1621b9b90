// Small parts of what is shown of a conversation.

import { flagsOf, kindOf, segmentOfFrame } from "./data.mjs";
import { count } from "./format.mjs";
import { el } from "./dom.mjs";

/** isLeftAlone reports whether the capture goes on for much longer than the conversation. */
export function isLeftAlone(d) {
  return d.rest - d.duration >= Math.max(d.duration, 1e9);
}

/** stateKey names the colours of the states that the endpoints go through. */
export function stateKey(o, d) {
  const seen = [...new Set(d.steps.flat().map((step) => step.state))].sort((a, b) => a - b);
  return seen.map((state) => el("span", { class: "key" }, el("i", { class: "dot state-" + state }), o.states[state]));
}

/** bursts is how many segments with payload a side sent, as far as it matters. */
export function bursts(d, side) {
  let n = 0;
  for (let i = 0; i < d.n && n <= 3; i++) if (d.side[i] === side && d.len[i] > 0) n++;
  return n;
}

/** line1 says in a line what a segment is. */
export function line1(d, i) {
  return (d.side[i] === 0 ? "client → " : "server → ") + (flagsOf(d, i) || "–") + " seq " + count(d.seq[i]) + (d.len[i] ? " len " + count(d.len[i]) : "") + " · " + kindOf(d, i);
}

const evidences = { sent: "proved by what it sent", acknowledged: "proved by what it sent later", kernel: "its host's kernel says so", assumed: "assumed", timer: "by time alone" };

/** evidence says how a step is known. */
export function evidence(step) {
  return (evidences[step.evidence] ?? step.evidence) + (step.cause && step.cause !== "none" ? ": " + step.cause : "");
}

/** firstOfInterest is where the cursor begins: at the first of the gravest anomalies, or at the first segment. */
export function firstOfInterest(d) {
  let worst;
  for (const a of d.anomalies) if (!worst || a.severity > worst.severity) worst = a;
  return worst ? Math.max(segmentOfFrame(d, worst.frame), 0) : 0;
}

/** sequenceLegend names the lines of a sequence graph. */
export function sequenceLegend() {
  const item = (cls, text) => el("span", { class: "key" }, el("i", { class: "line " + cls }), text);
  return el("span", { class: "muted" }, item("ack", "acknowledged"), item("window", "window"), item("again", "sent again, or lost"), item("sack", "SACK"));
}
