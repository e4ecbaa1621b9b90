// Links to views of the page, and commands for other programs.

import { socket } from "./data.mjs";

/** writeLink is a view as the fragment of the page's address: of the overview, or of a conversation with its stretch of time and frame. */
export function writeLink(v) {
  const parts = new URLSearchParams();
  for (const key of ["stream", "frame", "from", "to", "finding", "q", "outcome", "state", "anomaly", "host"]) {
    if (v[key] !== undefined && v[key] !== null && v[key] !== "") parts.set(key, String(typeof v[key] === "number" ? Math.round(v[key]) : v[key]));
  }
  const text = parts.toString();
  return text === "" ? "" : "#" + text;
}

/** readLink is the view that a fragment names. What is no number where one should be is left out. */
export function readLink(fragment) {
  const v = {}, parts = new URLSearchParams(fragment.replace(/^#/, ""));
  for (const key of ["stream", "frame", "from", "to", "finding"]) {
    const text = parts.get(key);
    if (text !== null && /^-?\d{1,18}$/.test(text)) v[key] = Number(text);
  }
  for (const key of ["q", "outcome", "state", "anomaly", "host"]) {
    const text = parts.get(key);
    if (text) v[key] = text;
  }
  return v;
}

/** wiresharkFilter is a display filter for a conversation. Stream numbers are Wireshark's if there is one file and no capture filter. */
export function wiresharkFilter(o, i) {
  if (o.files.length === 1 && !/ -f /.test(o.words)) return "tcp.stream == " + o.rows.stream[i];
  const ip = (side) => o.strings[o.rows[side][i]], family = ip("client").includes(":") ? "ipv6" : "ip";
  return ["client", "server"].map((side) => family + ".addr == " + ip(side) + " && tcp.port == " + o.rows[side + "Port"][i]).join(" && ");
}

/** timelineCommand shows a conversation in a terminal. */
export function timelineCommand(o, i) {
  return "tcptrace timeline " + o.words + " --stream " + o.rows.stream[i];
}

/** titleOf names a conversation. */
export function titleOf(o, i) {
  return socket(o, "client", i) + " → " + socket(o, "server", i);
}
