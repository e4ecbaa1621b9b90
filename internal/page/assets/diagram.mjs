// The state diagram of RFC 9293, figure 5, with the paths of both endpoints.

import { replace, svg } from "./dom.mjs";
import { stateColors } from "./theme.mjs";

/** places are where states stand: [x, y]. CLOSED is there twice, as in the RFC: at the beginning and at the end. */
export const places = {
  CLOSED: [220, 28], LISTEN: [220, 92], SYN_RCVD: [74, 156], SYN_SENT: [366, 156], ESTABLISHED: [220, 220],
  FIN_WAIT_1: [74, 284], CLOSE_WAIT: [366, 284], FIN_WAIT_2: [74, 366], CLOSING: [220, 340], LAST_ACK: [366, 366], TIME_WAIT: [220, 424], END: [366, 470],
};

/** edges are the transitions of the figure: from, to, what makes an endpoint go, and how far beside the middle of the line that stands. */
export const edges = [
  ["CLOSED", "LISTEN", "passive open", -6, 0], ["CLOSED", "SYN_SENT", "send SYN", 40, -6], ["LISTEN", "SYN_RCVD", "SYN / SYN,ACK", -52, -3], ["LISTEN", "SYN_SENT", "send SYN", -36, 8],
  ["SYN_SENT", "SYN_RCVD", "SYN / SYN,ACK", 0, -8], ["SYN_RCVD", "ESTABLISHED", "ACK of SYN", -42, 8], ["SYN_SENT", "ESTABLISHED", "SYN,ACK / ACK", 52, 8],
  ["SYN_RCVD", "FIN_WAIT_1", "send FIN", -6, 0], ["ESTABLISHED", "FIN_WAIT_1", "send FIN", -36, -6], ["ESTABLISHED", "CLOSE_WAIT", "FIN / ACK", 40, -6],
  ["FIN_WAIT_1", "FIN_WAIT_2", "ACK of FIN", -6, 0], ["FIN_WAIT_1", "CLOSING", "FIN / ACK", 36, -8], ["FIN_WAIT_1", "TIME_WAIT", "", 0, 0], ["FIN_WAIT_2", "TIME_WAIT", "FIN / ACK", -32, 12],
  ["CLOSING", "TIME_WAIT", "ACK of FIN", 6, 0], ["CLOSE_WAIT", "LAST_ACK", "send FIN", 6, 0], ["LAST_ACK", "END", "ACK of FIN", 6, 0], ["TIME_WAIT", "END", "2 MSL", 20, -14],
];

const W = 124, H = 28;

/** pathEdges is the edges that a path of state names takes; a step that the figure does not have, as by an RST, is an edge by itself. */
export function pathEdges(names) {
  const list = [];
  for (let i = 0; i < names.length; i++) {
    const to = names[i] === "CLOSED" && i > 0 ? "END" : names[i];
    if (i === 0) {
      if (to === "SYN_SENT") list.push(["CLOSED", "SYN_SENT"]);
      else if (to === "LISTEN") list.push(["CLOSED", "LISTEN"]);
    } else if (names[i - 1] !== "UNKNOWN") {
      list.push([names[i - 1], to]);
    }
  }
  return list;
}

/** placeOf is which place a state has after a path: the last of it. */
export function placeOf(names) {
  const last = names.at(-1);
  return last === "CLOSED" && names.length > 1 ? "END" : last;
}

// curve is the line of an edge, from border to border, a little aside for a side's path.
function curve([from, to], aside = 0) {
  const a = places[from], b = places[to];
  if (!a || !b) return "";
  if (from === to) return "";
  const dx = b[0] - a[0], dy = b[1] - a[1], length = Math.hypot(dx, dy), nx = -dy / length, ny = dx / length;
  const known = edges.some(([f, t]) => f === from && t === to), bend = known ? 0 : 46;
  const start = border(a, [dx, dy]), end = border(b, [-dx, -dy]);
  const p = (q) => (q[0] + nx * aside).toFixed(1) + " " + (q[1] + ny * aside).toFixed(1);
  const middle = [(a[0] + b[0]) / 2 + nx * bend, (a[1] + b[1]) / 2 + ny * bend];
  return bend === 0 ? `M ${p(start)} L ${p(end)}` : `M ${p(start)} Q ${p(middle)} ${p(end)}`;
}

function border([x, y], [dx, dy]) {
  const k = Math.min(W / 2 / Math.max(Math.abs(dx), 1e-9), (H / 2 + 2) / Math.max(Math.abs(dy), 1e-9));
  return [x + dx * k, y + dy * k];
}

/** Diagram draws it; show(paths) takes the names of the states that each side went through so far. */
export class Diagram {
  constructor(states) {
    this.states = states;
    this.paths = svg("g", {});
    this.nodes = svg("g", {});
    const marker = (id, cls) => svg("marker", { id, viewBox: "0 0 10 10", refX: 8.5, refY: 5, markerWidth: 9, markerHeight: 9, markerUnits: "userSpaceOnUse", orient: "auto-start-reverse" }, svg("path", { d: "M 0 0 L 10 5 L 0 10 z", class: cls }));
    this.element = svg("svg", { viewBox: "0 0 440 496", class: "diagram", role: "img", "aria-label": "State diagram of RFC 9293" },
      svg("defs", {}, marker("arrow", "arrow-plain"), marker("arrow-client", "arrow-client"), marker("arrow-server", "arrow-server")),
      svg("g", { class: "edges" }, edges.map((e) => svg("path", { d: curve(e), "marker-end": "url(#arrow)" }))),
      this.paths, svg("g", { class: "edge-labels" }, edges.filter((e) => e[2]).map((e) => edgeLabel(e))), this.nodes);
  }

  show(paths) {
    replace(this.paths, [0, 1].map((side) => {
      const list = pathEdges(paths[side]);
      return list.map((e, i) => svg("path", { d: curve(e, side === 0 ? -3 : 3), class: "path side-" + side + (i === list.length - 1 ? " latest" : ""), "marker-end": "url(#arrow-" + ["client", "server"][side] + ")" }));
    }));
    const at = paths.map((p) => (p.length ? placeOf(p) : ""));
    replace(this.nodes, Object.entries(places).map(([name, [x, y]]) => this.node(name, x, y, at)));
    this.element.setAttribute("aria-label", "State diagram of RFC 9293: the client is in " + (paths[0].at(-1) ?? "no state") + ", the server in " + (paths[1].at(-1) ?? "no state"));
  }

  node(name, x, y, at) {
    const state = name === "END" ? "CLOSED" : name, here = [0, 1].filter((side) => at[side] === name);
    const color = stateColors[this.states.indexOf(state)];
    const box = svg("rect", { x: x - W / 2, y: y - H / 2, width: W, height: H, rx: 7, class: "box" });
    if (here.length) box.style.fill = color;
    return svg("g", { class: "node" + (here.length ? " here" : "") }, box,
      svg("rect", { x: x - W / 2, y: y - H / 2, width: 5, height: H, rx: 2, fill: color }),
      svg("text", { x: x + 2, y: y + 4.3, "text-anchor": "middle" }, state),
      here.map((side) => svg("circle", { cx: side === 0 ? x - W / 2 : x + W / 2, cy: y - H / 2, r: 9, class: "token side-" + side })),
      here.map((side) => svg("text", { x: side === 0 ? x - W / 2 : x + W / 2, y: y - H / 2 + 4, "text-anchor": "middle", class: "token-text" }, side === 0 ? "C" : "S")));
  }
}

function edgeLabel([from, to, name, dx, dy]) {
  const a = places[from], b = places[to], upright = a[0] === b[0];
  return svg("text", { x: (a[0] + b[0]) / 2 + dx, y: (a[1] + b[1]) / 2 + 3 + dy, "text-anchor": !upright ? "middle" : dx < 0 ? "end" : "start", class: "edge-label" }, name);
}
