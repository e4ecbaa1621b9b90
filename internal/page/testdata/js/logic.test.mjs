// The logic of the page, by Node's test runner: node --test internal/page/testdata/js/

import assert from "node:assert/strict";
import test from "node:test";

import { began, bytes, clock, count, counted, duration, offset, percent, rate, setClocks, timeOfDay, zone } from "../../assets/format.mjs";
import { decode, decodeDetail, decodeSegments, finest, isSure, joined, lossOf, nearest, numbers, rowOf, segmentAt, segmentOfFrame, socket, worstOf } from "../../assets/data.mjs";
import { filterRows, isFiltering, noFilter, sortRows, sums, tallyRows, tallySets } from "../../assets/filter.mjs";
import { clampView, linear, niceStep, panView, ticks, timeStep, zoomView } from "../../assets/scale.mjs";
import { derive, enteredAt, pathOf, sequenceRange, spans, stepAt, throughput } from "../../assets/series.mjs";
import { readLink, timelineCommand, wiresharkFilter, writeLink } from "../../assets/link.mjs";
import { edges, pathEdges, placeOf, places } from "../../assets/diagram.mjs";
import { arrowOf, placeLabels, shortLabel, weightOf } from "../../assets/lanes.mjs";
import { wrap } from "../../assets/graphs.mjs";
import { bursts, evidence, firstOfInterest, isLeftAlone } from "../../assets/parts.mjs";
import { merged } from "../../assets/timeline.mjs";
import { examples, failures, levelOf, noticed, shown, startBins, startRange, whenText } from "../../assets/findings.mjs";

test("numbers look as in the command", () => {
  assert.equal(count(1234567), "1,234,567");
  assert.equal(count(999), "999");
  assert.deepEqual([999, 1000, 1250, 999999, 1e6].map(bytes), ["999 B", "1.0 kB", "1.2 kB", "999.9 kB", "1.0 MB"]);
  assert.deepEqual([999, 1000, 1.5e6, 59.9e9, 60e9, 3661e9, 90000e9, -2e6].map(duration), ["999 ns", "1.0 us", "1.5 ms", "59.900 s", "1m00s", "1h01m", "1d01h", "-2.0 ms"]);
  assert.deepEqual([3030799999, 3030800000, 3030999999, 3031000000, 59999999999, 937099999, 999999999].map(duration), ["3.030 s", "3.030 s", "3.030 s", "3.031 s", "59.999 s", "937.0 ms", "999.9 ms"]);
  assert.deepEqual([0, 0.0005, 0.001, 0.0999, 0.1, 1].map(percent), ["0 %", "<0.1 %", "0.1 %", "10.0 %", "10 %", "100 %"]);
  assert.deepEqual([counted(1, "packet"), counted(2, "packet")], ["1 packet", "2 packets"]);
  assert.deepEqual([rate(100), rate(125), rate(125e6)], ["800 b/s", "1.0 kb/s", "1.0 Gb/s"]);
});

test("the clock carries nanoseconds over", () => {
  assert.equal(clock([1772443800, 999999999], 1, 3), "09:30:01.000");
  assert.equal(clock([1772443800, 0], -1, 9), "09:29:59.999999999");
  assert.equal(offset(20e6, 10e6), "20 ms");
  assert.equal(offset(2.5e6, 0.5e6), "2.5 ms");
  assert.equal(offset(0, 1), "0");
});

test("clocks say the date where there are several", () => {
  const start = [1772443800, 0], midnight = 52200e9; // 2026-03-02 09:30
  setClocks(start, midnight - 1);
  assert.equal(clock(start, midnight - 1, 3), "23:59:59.999");
  setClocks(start, midnight);
  assert.equal(clock(start, midnight, 3), "03-03 00:00:00.000");
  assert.equal(clock(start, 0, 0), "03-02 09:30:00");
  assert.equal(timeOfDay(start, midnight, 0), "00:00:00");
  setClocks(start, 0);
});

test("clocks show moments as the page was told to", () => {
  const start = [1774745999, 500e6], hour = 3600e9; // 2026-03-29 00:59:59.5 UTC, half a second before Berlin's summer begins
  const said = () => [clock(start, 0, 3), clock(start, 499999999, 3), clock(start, 5e8, 3), zone(start), zone([start[0] + 1, 0]), began(start)];
  setClocks(start, 1e9, "local", [[1774745999, 3600, "CET"], [1774746000, 7200, "CEST"]]);
  assert.deepEqual(said(), ["01:59:59.500", "01:59:59.999", "03:00:00.000", "CET", "CEST", "2026-03-29 01:59:59.500000 CET"]);
  setClocks(start, 23 * hour, "local", [[1774745999, -3600, "-01"]]); // the day ends there an hour later
  assert.equal(clock(start, 0, 0), "03-28 23:59:59");
  setClocks(start, 23 * hour, "utc", [[1774745999, 0, "UTC"]]);
  assert.equal(clock(start, 0, 0), "00:59:59");
  setClocks(start, 48 * hour, "relative", []);
  assert.deepEqual([clock(start, 0, 3), clock(start, 1500e6, 1), clock(start, -250e6, 3), clock([start[0] + 1, 0], 0, 3), clock(start, 2.9e9, 0)], ["0.000", "1.5", "-0.250", "0.500", "2"]);
  assert.deepEqual([zone(start), began(start)], ["s after the first packet", "2026-03-29 00:59:59 UTC"]);
  setClocks(start, 0, "epoch", []);
  assert.deepEqual([clock(start, 0, 3), zone(start), began(start)], ["1774745999.500", "s since 1970", "1774745999.500000 s since 1970"]);
  setClocks(start, 0);
  assert.deepEqual([clock(start, 0, 3), zone(start)], ["00:59:59.500", "UTC"]);
});

test("each evidence has its words, and what the kernel says is sure", () => {
  for (const [word, sure] of Object.entries({ sent: true, acknowledged: true, kernel: true, assumed: false, timer: false })) {
    assert.equal(isSure({ evidence: word }), sure);
    assert.ok(!evidence({ evidence: word }).includes("undefined"));
  }
  assert.equal(evidence({ evidence: "kernel", cause: "received FIN" }), "its host's kernel says so: received FIN");
});

const raw = () => ({
  files: ["a.pcap"], words: "a.pcap", start: [0, 0], span: 100, strings: ["", "10.0.0.1", "10.0.0.2", "::1", "host.example", "refused"],
  sets: [[], [0], [1, 0]], anomalies: [{ id: "loss", severity: 2 }, { id: "refused", severity: 3 }], states: ["UNKNOWN", "CLOSED", "LISTEN"], outcomes: ["open", "closed"],
  findings: [{ rows: [0, 2] }], details: [0, 7],
  rows: {
    n: 3, stream: [0, 3, 4], start: [0, 50, 40], duration: [10, 10, 10], client: [1, 1, 3], clientPort: [1, 2, 3], server: [2, 2, 2], serverPort: [80, 80, 443],
    clientPackets: [1, 2, 3], serverPackets: [1, 1, 1], clientBytes: [5, 500, 50], serverBytes: [0, 0, 0], clientState: [0, 1, 1], serverState: [0, 1, 2],
    name: [4, 0, 0], lost: [0, 1, 0], sent: [0, 4, 2], rtt: [0, 7, 3], outcome: [0, 1, 1], inferred: [0, 0, 1], ended: [0, 0, 0], cause: [0, 0, 5], failure: [0, 0, 5], set: [0, 1, 2], severity: [0, 2, 3],
  },
});

test("numbers are read from digits", () => {
  assert.deepEqual([...numbers("ACBgBf", 5)], [0, 1, -1, 16, -16]);
  assert.deepEqual([...numbers("O*EC", 4)], [7, 7, 7, 1]);
  assert.deepEqual([...numbers("A*gB", 17)], new Array(17).fill(0));
});

test("rows are decoded", () => {
  const o = decode(raw());
  assert.deepEqual([...o.rows.stream], [0, 3, 7]);
  assert.deepEqual(o.findings[0].list, [0, 2]);
  assert.deepEqual([rowOf(o, 0), rowOf(o, 7), rowOf(o, 1), rowOf(o, 8)], [0, 2, -1, -1]);
  assert.equal(socket(o, "client", 2), "[::1]:3");
  assert.equal(worstOf(o, 2).id, "refused");
  assert.equal(worstOf(o, 0), undefined);
  assert.ok(Number.isNaN(lossOf(o, 0)));
  assert.equal(lossOf(o, 1), 0.25);
});

test("filters", () => {
  const o = decode(raw()), rows = (change) => filterRows(o, { ...noFilter(), ...change });
  assert.deepEqual(rows({}), [0, 1, 2]);
  assert.deepEqual(rows({ query: "HOST.example" }), [0]);
  assert.deepEqual(rows({ query: "10.0.0.1 loss" }), [1]);
  assert.deepEqual(rows({ query: "#7" }), [2]);
  assert.deepEqual(rows({ outcome: "closed" }), [1, 2]);
  assert.deepEqual(rows({ state: "LISTEN" }), [2]);
  assert.deepEqual(rows({ anomaly: "loss" }), [1, 2]);
  assert.deepEqual(rows({ severity: 3 }), [2]);
  assert.deepEqual(rows({ host: "::1" }), [2]);
  assert.deepEqual(rows({ host: "nowhere" }), []);
  assert.deepEqual(rows({ finding: 0 }), [0, 2]);
  assert.deepEqual(rows({ from: 11, to: 49 }), [], "what ended before and began behind is left out");
  assert.deepEqual(rows({ from: 10, to: 50 }), [0, 1], "what ended and began right then is not");
  assert.equal(isFiltering(noFilter()), false);
  assert.equal(isFiltering({ ...noFilter(), to: 5 }), true);
});

test("sorting keeps equal rows in order, and puts what is not known last", () => {
  const o = decode(raw()), all = [0, 1, 2];
  assert.deepEqual(sortRows(o, all, "sent", true), [1, 2, 0]);
  assert.deepEqual(sortRows(o, all, "stream", true), [2, 1, 0]);
  assert.deepEqual(sortRows(o, all, "server", false), [2, 0, 1]);
  assert.deepEqual(sortRows(o, all, "rtt", false), [2, 1, 0]);
  assert.deepEqual(sortRows(o, all, "rtt", true), [1, 2, 0]);
  assert.deepEqual(sortRows(o, all, "anomaly", true), [2, 1, 0]);
  assert.deepEqual(sortRows(o, all, "duration", true), [0, 1, 2]);
});

test("sums", () => {
  const o = decode(raw()), [server] = sums(o, [0, 1, 2], "server");
  assert.deepEqual([server.host, server.name, server.n, server.failed, server.packets, server.sent, server.lost, server.of, server.troubled, server.worst.id], ["10.0.0.2", "host.example", 3, 1, 9, 555, 1, 6, 2, "refused"]);
  assert.deepEqual(sums(o, [0, 1, 2], "client").map((g) => g.host), ["10.0.0.1", "::1"]);
  assert.deepEqual(tallyRows(o.rows.outcome, o.outcomes), [["closed", 2], ["open", 1]]);
  assert.deepEqual(tallyRows(o.rows.clientState, o.states, o.rows.serverState), [["CLOSED", 2], ["LISTEN", 1], ["UNKNOWN", 1]], "a row with one state on both sides counts once");
  const many = Array.from({ length: 300 }, (_, i) => "x" + i);
  assert.deepEqual(tallyRows([...many.keys(), 250], many).length, 200);
  assert.deepEqual(tallyRows([...many.keys(), 250], many)[0], ["x250", 2]);
  assert.deepEqual(tallySets(o), [["loss", 2], ["refused", 1]]);
});

test("axes", () => {
  assert.deepEqual([niceStep(100, 5), niceStep(101, 5), niceStep(0, 5)], [20, 50, 1]);
  assert.deepEqual(ticks(0, 10, 5).list, [0, 2, 4, 6, 8, 10]);
  const limits = { from: 0, to: 1e6 };
  assert.deepEqual(clampView({ from: -5e5, to: 1e5 }, limits), { from: 0, to: 6e5 });
  assert.deepEqual(clampView({ from: 10, to: 11 }, limits), { from: 0, to: 1000 });
  assert.deepEqual(clampView({ from: -9e9, to: 9e9 }, limits), limits);
  assert.deepEqual(zoomView({ from: 0, to: 8e5 }, 0.5, 4e5, limits), { from: 2e5, to: 6e5 });
  assert.deepEqual(panView({ from: 0, to: 5e5 }, 2, limits), { from: 5e5, to: 1e6 });
  const x = linear(0, 10, 100, 200);
  assert.deepEqual([x(5), x.invert(150), linear(3, 3, 1, 2)(9)], [150, 5, 1]);
});

// A client that sends 100 bytes twice, the first copy of which is lost, and a server that acknowledges.
const words = {
  codes: [[0, "S", "syn", "", false, false], [1, "SA", "syn-ack", "", false, false], [0, "PA", "data", "", false, false], [0, "PA", "retransmission", "timeout", false, false], [1, "A", "ack", "", false, false], [1, "A", "duplicate-ack", "", false, false], [0, "PA", "retransmission", "timeout", true, false], [1, "RA", "rst", "", false, false], [0, "S", "retransmission", "timeout", false, false]],
  notes: ["zero-window "], kinds: {},
};
const detail = (codes, t, seq, ack, len, more = {}) => decodeDetail({ stream: 0, anomalies: [{ frame: 2 }], steps: [[], []], distances: [1, 2], ...more.top, segments: { t, frame: t.map(() => 1), code: codes, seq, ack, len, window: t.map(() => 1000), flightClient: t.map(() => 0), flightServer: t.map((_, i) => (i === 0 ? -1 : 0)), rtt: [], notes: [], sack: [], ...more.segments } }, words);

test("a conversation is decoded by side", () => {
  const d = detail([0, 1, 2, 3, 4], [0, 10, 10, 10, 10], [0, 0, 1, 0, 1], [0, 1, 1, 0, 100], [0, 0, 100, 100, 0], { segments: { rtt: [1, 9], notes: [4, 0], sack: [4, [5, 6]] } });
  assert.deepEqual([...d.t], [0, 10, 20, 30, 40]);
  assert.deepEqual([...d.frame], [1, 2, 3, 4, 5]);
  assert.deepEqual([...d.seq], [0, 0, 1, 1, 1]);
  assert.deepEqual([...d.ack], [0, 1, 1, 1, 101]);
  assert.deepEqual([d.rtt[1], d.rtt[2], d.notes.get(4), d.sack.get(4)], [9, 0, "zero-window ", [5, 6]]);
  assert.ok(Number.isNaN(d.flight[1][0]));
  assert.deepEqual([segmentAt(d, -1), segmentAt(d, 0), segmentAt(d, 39), segmentAt(d, 40)], [-1, 0, 3, 4]);
  assert.deepEqual([segmentOfFrame(d, 0), segmentOfFrame(d, 3), segmentOfFrame(d, 99)], [-1, 2, 4]);
  assert.deepEqual([nearest(d, 14), nearest(d, 16), nearest(d, 999)], [1, 2, 4]);
  assert.equal(d.byFrame.get(2).length, 1);
});

test("what is drawn of it", () => {
  const d = detail([0, 1, 2, 3, 4], [0, 10, 10, 10, 10], [0, 0, 1, 0, 1], [0, 1, 1, 0, 100], [0, 0, 100, 100, 0]), s = derive(d);
  assert.deepEqual([...s.lost], [0, 0, 1, 0, 0], "the copy before one that was needed");
  assert.deepEqual([...s.una[0]], [NaN, 1, 1, 1, 101]);
  assert.deepEqual([...s.offered[0]], [NaN, 1000, 1000, 1000, 1000]);
  assert.deepEqual(s.marks, [["SYN"], ["SYN"], [], ["R"], []]);
  assert.equal(shortLabel(d, 1), "SYN+ACK");
  assert.equal(shortLabel(d, 2), "100 B");
  assert.equal(shortLabel(d, 4), "ACK 101");
  const weights = (d) => [0, 1, 2, 3, 4].map((i) => weightOf(d, derive(d), i));
  assert.deepEqual(weights(d), [2, 2, 2, 2, 0], "SYNs, an anomaly's or lost, sent again, an ACK");
  d.window[4] = 0;
  assert.deepEqual([shortLabel(d, 4), weightOf(d, s, 4)], ["ACK 101, window 0", 2]);
  d.window[4] = 1;
  assert.deepEqual([shortLabel(d, 4), weightOf(d, s, 4)], ["ACK 101", 0]);
  assert.deepEqual(arrowOf(d, 0), { from: -1, to: 2 });
  assert.deepEqual(arrowOf(d, 1), { from: 8, to: 11 });
  assert.deepEqual([...throughput(d, 0, { from: 0, to: 40 }, 2).parts], [0, 200]);
  const r = sequenceRange(d, s, 0, 0, 4);
  assert.ok(r.lo < 0 && r.hi > 101 && !r.near && r.window === 1101);
  for (const [window, near] of [[101, true], [102, false]]) { // the window may take as much room as the segments
    d.window.fill(window);
    assert.equal(sequenceRange(d, derive(d), 0, 0, 4).near, near, "a window of " + window);
  }
  const spurious = derive(detail([0, 1, 2, 6, 4], [0, 10, 10, 10, 10], [0, 0, 1, 0, 1], [0, 1, 1, 0, 100], [0, 0, 100, 100, 0]));
  assert.deepEqual([...spurious.lost], [0, 0, 0, 0, 0], "one that was not needed replaces nothing");
  for (const [ack, lost] of [[1, 0], [2, 1]]) { // the RST refuses the SYN, or something else
    const refused = derive(detail([0, 7, 8], [0, 10, 10], [0, 0, 0], [0, ack, 0], [0, 0, 0]));
    assert.deepEqual([...refused.lost], [lost, 0, 0], "an RST that acknowledges " + ack);
  }
});

test("the third duplicate ACK has a mark, the second and fourth have none", () => {
  const d = detail([4, 5, 5, 5, 5], [0, 1, 1, 1, 1], [1, 0, 0, 0, 0], [1, 0, 0, 0, 0], [0, 0, 0, 0, 0]);
  assert.deepEqual(derive(d).marks, [[], [], [], ["3"], []]);
});

test("states in time", () => {
  const sent = { state: 3, cause: "sent SYN", t: 100 }, got = { state: 5, cause: "received SYN,ACK", t: 200, from: 150, to: 205 };
  assert.equal(enteredAt(sent, 30), 70);
  assert.equal(enteredAt(got, 3), 203);
  assert.equal(enteredAt(got, 30), 205, "not behind its bracket");
  assert.deepEqual(spans([sent, got], 3, 900).map((s) => [s.start, s.end]), [[97, 203], [203, 900]]);
  assert.equal(spans([{ state: 2, cause: "passive OPEN", t: 50 }, sent], 0, 900)[0].start, -Infinity);
  assert.deepEqual([stepAt([sent, got], 99), stepAt([sent, got], 100), stepAt([sent, got], 1e9)], [-1, 0, 1]);
  assert.deepEqual(pathOf([sent, sent, got], 2), [3, 5]);
});

test("links come back as they were", () => {
  const v = { stream: 3, frame: 12, from: -5, to: 900, finding: 2, q: "a&b=c #", host: "::1" };
  assert.deepEqual(readLink(writeLink(v)), v);
  assert.equal(writeLink({ q: "" }), "");
  assert.deepEqual(readLink("#stream=abc&frame=1e9&from=" + "9".repeat(30)), {});
  assert.deepEqual(readLink("#q=%3Cscript%3E"), { q: "<script>" });
});

test("commands and filters for other programs", () => {
  const o = decode(raw());
  assert.equal(wiresharkFilter(o, 1), "tcp.stream == 3");
  assert.equal(timelineCommand(o, 1), "tcptrace timeline a.pcap --stream 3");
  o.files = ["a", "b"];
  assert.equal(wiresharkFilter(o, 0), "ip.addr == 10.0.0.1 && tcp.port == 1 && ip.addr == 10.0.0.2 && tcp.port == 80");
  assert.match(wiresharkFilter(o, 2), /^ipv6\.addr == ::1/);
});

test("the diagram has every state, and every path its edges", () => {
  for (const [from, to] of edges) assert.ok(places[from] && places[to], from + " " + to);
  assert.deepEqual(pathEdges(["SYN_SENT", "ESTABLISHED", "CLOSED"]), [["CLOSED", "SYN_SENT"], ["SYN_SENT", "ESTABLISHED"], ["ESTABLISHED", "END"]]);
  assert.deepEqual(pathEdges(["UNKNOWN", "ESTABLISHED"]), []);
  assert.deepEqual([placeOf(["CLOSED"]), placeOf(["LISTEN", "CLOSED"]), placeOf([])], ["CLOSED", "END", undefined]);
});

test("bars keep their sums", () => {
  assert.deepEqual(merged([1, 2, 3, 4, 5], 2), { list: [6, 9], by: 3 });
  const o = decode(raw()), range = startRange(o);
  assert.deepEqual(range, { from: 0, to: 90 });
  assert.deepEqual(startBins(o, [0, 1, 2], range, 3), [1, 1, 1]);
  assert.deepEqual(startBins(o, null, range, 3), [1, 1, 1]);
});

test("the finest level that the view has room for is shown, from its first chunk there to the last", () => {
  const d = { levels: [[[0, 9, 10], [10, 19, 10]], [[0, 4, 10], [5, 9, 10], [10, 14, 10], [15, 19, 10]]] };
  assert.deepEqual(finest(d, { from: -5, to: 30 }, 40), { level: 1, first: 0, last: 3 });
  assert.deepEqual(finest(d, { from: -5, to: 30 }, 39), { level: 0, first: 0, last: 1 });
  assert.deepEqual(finest(d, { from: -5, to: 30 }, 19), null);
  assert.deepEqual(finest(d, { from: 9, to: 10 }, 20), { level: 1, first: 1, last: 2 });
  assert.deepEqual(finest(d, { from: 9.5, to: 9.6 }, 20), null); // nothing is there
  assert.equal(finest({}, { from: 0, to: 1 }), null);
});

test("finer segments take the place of coarse ones", () => {
  const words = { codes: [[0, "A", "ack", "", false, false]], notes: ["x", "y"] };
  const made = (frames, notes) => decodeSegments({
    t: frames.map((f, i) => f - (frames[i - 1] ?? 0)), frame: frames.map((f, i) => f - (frames[i - 1] ?? 0)), code: frames.map(() => 0), seq: frames.map(() => 1), ack: frames.map(() => 1), len: frames.map(() => 1),
    window: frames.map(() => 1), flightClient: frames.map(() => 0), flightServer: frames.map(() => 0), rtt: [], notes, sack: [0, [7]],
  }, words);
  const d = joined({ ...made([1, 10, 20, 30], [0, 0, 3, 1]), stream: 3 }, [made([10, 12], [1, 0]), made([14, 20], [])]);
  assert.deepEqual([...d.frame], [1, 10, 12, 14, 20, 30]);
  assert.deepEqual([...d.t], [1, 10, 12, 14, 20, 30]);
  assert.deepEqual([...d.notes], [[0, "x"], [2, "x"], [5, "y"]]);
  assert.deepEqual([...d.sack.keys()], [0, 1, 3]);
  assert.deepEqual([...d.stands], [1, 1, 1, 1, 1, 1]);
  assert.deepEqual([d.n, d.stream, d.flight[1].length], [6, 3, 6]);
  assert.deepEqual([...joined(made([5], []), [made([1, 9], [])]).frame], [1, 9]);
});

test("labels have room, and those that say the same at one place are one", () => {
  const at = (...list) => list.map(([x, text]) => ({ x, text })), width = (text) => text.length * 10, place = (list, edge = 1000) => placeLabels(list, width, edge).map((l) => l.x + " " + l.text);
  assert.deepEqual(place(at([0, "SYN"], [30, "ACK"])), ["0 SYN", "30 ACK"]);
  assert.deepEqual(place(at([0, "SYN"], [29, "ACK"], [60, "FIN"])), ["0 SYN", "60 FIN"]);
  assert.deepEqual(place(at([0, "9 B"], [5, "9 B"], [11, "9 B"])), ["0 3 × 9 B"]);
  assert.deepEqual(place(at([0, "9 B"], [12, "9 B"])), ["0 9 B"]); // not at one place, and no room
  assert.deepEqual(place(at([0, "9 B"], [1, "8 B"], [2, "9 B"])), ["0 9 B"]);
  assert.deepEqual([place(at([970, "SYN"])).length, place(at([971, "SYN"])).length], [1, 0]);
});

test("what matters is named before what does not", () => {
  const width = (text) => text.length * 10, place = (...list) => placeLabels(list.map(([x, text, weight]) => ({ x, text, weight })), width, 1000).map((l) => l.x + " " + l.text);
  assert.deepEqual(place([0, "ACK 1", 0], [9, "FIN", 2]), ["9 FIN"]);
  assert.deepEqual(place([0, "ACK 1", 0], [50, "FIN", 2]), ["0 ACK 1", "50 FIN"]);
  assert.deepEqual(place([0, "ACK 1", 0], [49, "FIN", 2], [79, "RST", 2]), ["49 FIN", "79 RST"]);
  assert.deepEqual(place([0, "9 B", 1], [20, "FIN", 2], [49, "8 B", 1], [50, "7 B", 1]), ["20 FIN", "50 7 B"]);
});

test("axes of time have minutes and hours", () => {
  const s = 1e9, steps = (...list) => list.map(([range, n]) => timeStep(range * s, n) / s);
  assert.deepEqual(steps([10, 10], [50, 5], [51, 5], [100, 5], [101, 5], [150, 5], [151, 5], [300, 5], [301, 5]), [1, 10, 20, 20, 30, 30, 60, 60, 120]);
  assert.deepEqual(steps([3600, 7], [86400, 4], [86400, 3]), [600, 21600, 43200]);
  assert.deepEqual(steps([86400 * 5, 5], [86400 * 5 + 1, 5]), [86400, 172800]);
  assert.deepEqual(ticks(0, 3600e9, 7, timeStep).list.map((t) => t / 60e9), [0, 10, 20, 30, 40, 50, 60]);
});

test("text is divided where it must", () => {
  const fits = (line) => line.length <= 8;
  assert.deepEqual(wrap("one two three", fits), ["one two", "three"]);
  assert.deepEqual(wrap("extraordinary as it is", fits), ["extraordinary", "as it is"]);
});

test("anomalies are listed, the gravest first", () => {
  const kind = (id, severity, n, at, stream) => ({ id, severity, n, when: [at, at], stream });
  const o = { anomalies: [kind("a", 1, 9, 0, 0), kind("b", 2, 1, 5, 3), kind("c", 2, 2, 4, 7), kind("d", 3, 0, 0, 0), kind("e", 2, 2, 3, 7)], rows: { stream: [0, 3, 7] }, n: 3 };
  assert.deepEqual(noticed(o).map((a) => a.id), ["c", "e", "b", "a"]);
  const of = (anomalies, list) => examples(o, { anomalies, list }).map((a) => a.id);
  assert.deepEqual(of([0, 1, 2, 3, 4], [0, 1, 2]), ["e", "c"], "two, the gravest, the first");
  assert.deepEqual(of([0, 2], [0, 1]), ["a"], "of its conversations only");
  o.anomalies.push(kind("f", 3, 1, 5, 3));
  const level = (anomalies, failed, conversations = 1) => levelOf(o, { anomalies, list: [0, 1, 2], failed, conversations });
  assert.deepEqual([level([1], 0), level([1], 1), level([1, 5], 0), level([], 0), level([], 0, 0)], ["warning", "error", "error", "warning", "note"]);
  assert.deepEqual(of([], [0]), []);
  const evidence = { stream: 7, frame: 1, when: [4], detail: "x" };
  const word = (anomalies, list) => { const [w, l] = shown(o, { anomalies, list, evidence }); return w + l.length + (l[0] === evidence); };
  assert.deepEqual([word([0], [0, 1]), word([0], [0]), word([1], [0]), word([], [0, 1])], ["First1false", "What1false", "Such as1true", "Such as1true"], "of others, what shows it in the worst");
  assert.deepEqual(shown(o, { anomalies: [], list: [0, 1] }), ["First", []]);
});

test("a finding says when", () => {
  const o = { start: [0, 0], rows: { start: [1e9, 2e9] } };
  assert.equal(whenText(o, { list: [0], when: [1.5e9, 1.5e9] }), "00:00:01.500");
  assert.equal(whenText(o, { list: [0, 1], when: [1.5e9, 21.4e9] }), "00:00:01.500 – 00:00:21.400");
  assert.equal(whenText(o, { list: [0, 1], when: [1.5e9, 21.5e9] }), "00:00:01 – 00:00:21");
  assert.equal(whenText(o, { list: [1] }), "began 00:00:02.000");
  assert.equal(whenText(o, { list: [0, 1] }), "");
  assert.equal(whenText(o, { list: [] }), "");
});

test("failures of those without a row count, too", () => {
  const of = (...failed) => failures({ timeline: { failed } });
  assert.deepEqual([of(), of(0, 2, 1), of(0.1, 0.2, 0.7)], [0, 3, 1]);
});

test("what is shown first of a conversation", () => {
  const d = { n: 4, frame: [2, 4, 6, 8], side: [0, 1, 0, 0], len: [9, 9, 0, 9], anomalies: [{ severity: 1, frame: 4 }, { severity: 2, frame: 6 }, { severity: 2, frame: 8 }] };
  assert.deepEqual([firstOfInterest(d), firstOfInterest({ ...d, anomalies: [d.anomalies[0]] }), firstOfInterest({ ...d, anomalies: [] })], [2, 1, 0]);
  assert.deepEqual([bursts(d, 0), bursts(d, 1)], [2, 1]);
  assert.deepEqual([[2e9, 1e9], [1.999e9, 1e9], [9e9, 5e9], [1e9, 0], [0.999e9, 0]].map(([rest, duration]) => isLeftAlone({ rest, duration })), [true, false, false, true, false]);
});
