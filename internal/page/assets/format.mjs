// How numbers, sizes and times look. Times are ns.

/** count is n with commas between thousands. */
export function count(n) {
  return Math.round(n).toString().replace(/\B(?=(\d{3})+$)/g, ",");
}

/** counted is a number and a noun in the right number. */
export function counted(n, noun) {
  return count(n) + " " + noun + (n === 1 ? "" : "s");
}

/** bytes is n in decimal units with one decimal. Like the command it cuts and does not round. */
export function bytes(n) {
  if (n < 1000) return Math.round(n) + " B";
  let value = n, unit = -1;
  while (value >= 1000 && unit < 5) {
    value /= 1000;
    unit++;
  }
  return (Math.floor(value * 10 + 1e-9) / 10).toFixed(1) + " " + "kMGTPE"[unit] + "B";
}

/** rate is an amount of bytes in a second, in bits as networks are measured. */
export function rate(bytesPerSecond) {
  let value = bytesPerSecond * 8, unit = 0;
  while (value >= 1000 && unit < 4) {
    value /= 1000;
    unit++;
  }
  return (value < 10 && unit > 0 ? value.toFixed(1) : Math.round(value).toString()) + " " + ["b/s", "kb/s", "Mb/s", "Gb/s", "Tb/s"][unit];
}

/** duration is a span of ns in the unit that fits. As in the text of tcptrace, what is less than the last digit is left out, not rounded. */
export function duration(ns) {
  const abs = Math.abs(ns), sign = ns < 0 ? "-" : "";
  const two = (n) => String(Math.floor(n)).padStart(2, "0");
  if (abs < 1e3) return sign + Math.round(abs) + " ns";
  if (abs < 1e6) return sign + tenths(abs / 1e3) + " us";
  if (abs < 1e9) return sign + tenths(abs / 1e6) + " ms";
  if (abs < 60e9) return sign + (Math.floor(abs / 1e6 + 1e-9) / 1e3).toFixed(3) + " s";
  const s = abs / 1e9;
  if (s < 3600) return sign + Math.floor(s / 60) + "m" + two(s % 60) + "s";
  if (s < 86400) return sign + Math.floor(s / 3600) + "h" + two((s % 3600) / 60) + "m";
  return sign + Math.floor(s / 86400) + "d" + two((s % 86400) / 3600) + "h";
}

function tenths(x) {
  return (Math.floor(x * 10 + 1e-9) / 10).toFixed(1);
}

/** percent is a share of 1. */
export function percent(x) {
  if (x === 0) return "0 %";
  if (x < 0.001) return "<0.1 %";
  return (x < 0.1 ? (x * 100).toFixed(1) : Math.round(x * 100).toString()) + " %";
}

let dated = false;
let mode = "utc"; // of moments, as --time has it
let zones = []; // [second since 1970 from which it is in force, seconds east of Greenwich, name], in order
let base = [0, 0]; // what seconds count from

/**
 * setClocks has clocks say the date, too, if what begins at start [seconds, ns] and takes span ns is of several days, and show moments as the page was told to:
 * by the time of the day, or in seconds since the first packet or since 1970.
 */
export function setClocks(start, span, time = "utc", list = []) {
  mode = time;
  zones = list;
  base = time === "epoch" ? [0, 0] : start;
  dated = !inSeconds() && day(start) !== day([start[0] + Math.floor((start[1] + span) / 1e9), 0]);
}

const inSeconds = () => mode === "relative" || mode === "delta" || mode === "epoch";

/** zoneOf is the zone in force at a second since 1970. */
function zoneOf(second) {
  let zone = zones[0] ?? [0, 0, "UTC"];
  for (const z of zones) if (z[0] <= second) zone = z;
  return zone;
}

/** zone says what a moment at start [seconds, ns] is counted in. */
export function zone(start) {
  if (!inSeconds()) return zoneOf(start[0])[2];
  return mode === "epoch" ? "s since 1970" : "s after the first packet";
}

/** dateOf is a second since 1970 as a date whose UTC is the time of its zone. */
const dateOf = (second) => new Date((second + zoneOf(second)[1]) * 1000);

/** clock is when something was, some ns after a start of [seconds, ns]. */
export function clock(start, ns, digits) {
  if (inSeconds()) return seconds(start, ns, digits);
  return (dated ? day([start[0] + Math.floor((start[1] + ns) / 1e9), 0]).slice(5) + " " : "") + timeOfDay(start, ns, digits);
}

/** seconds is clock in seconds since the first packet, or since 1970. */
function seconds(start, ns, digits) {
  let rest = start[1] - base[1] + ns;
  let whole = start[0] - base[0] + Math.floor(rest / 1e9);
  rest = Math.floor(((rest % 1e9) + 1e9) % 1e9);
  const sign = whole < 0 ? "-" : "";
  if (whole < 0 && rest > 0) [whole, rest] = [whole + 1, 1e9 - rest];
  return sign + Math.abs(whole) + (digits > 0 ? "." + String(rest).padStart(9, "0").slice(0, digits) : "");
}

/** timeOfDay is clock without a date. */
export function timeOfDay(start, ns, digits) {
  if (inSeconds()) return seconds(start, ns, digits);
  const total = start[1] + ns;
  const whole = start[0] + Math.floor(total / 1e9);
  const rest = ((total % 1e9) + 1e9) % 1e9;
  const date = dateOf(whole);
  const time = Number.isNaN(date.getTime()) ? "--:--:--" : date.toISOString().slice(11, 19);
  return digits > 0 ? time + "." + String(Math.floor(rest)).padStart(9, "0").slice(0, digits) : time;
}

/** day is the date. */
export function day(start) {
  const date = dateOf(start[0]);
  return Number.isNaN(date.getTime()) ? "" : date.toISOString().slice(0, 10);
}

/** began is a moment with its date, in what it is counted in. What others are counted from is said in UTC. */
export function began(start) {
  return (mode === "epoch" ? "" : day(start) + " ") + (inSeconds() && mode !== "epoch" ? new Date(start[0] * 1000).toISOString().slice(11, 19) + " UTC" : timeOfDay(start, 0, 6) + " " + zone(start));
}

/** offset is a time on an axis whose ticks are step ns apart. */
export function offset(ns, step) {
  if (ns === 0) return "0";
  const abs = Math.abs(ns);
  const [unit, name] = abs >= 60e9 && step >= 1e9 ? [0, ""] : abs >= 1e9 ? [1e9, " s"] : abs >= 1e6 ? [1e6, " ms"] : abs >= 1e3 ? [1e3, " us"] : [1, " ns"];
  if (unit === 0) return duration(ns);
  const digits = Math.max(0, Math.min(9, Math.ceil(-Math.log10(step / unit) - 1e-9)));
  return (ns / unit).toFixed(digits) + name;
}
