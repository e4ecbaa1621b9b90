// Axes: where ticks are, and how a view of time is moved and zoomed.

/** niceStep is a step of 1, 2 or 5 times a power of ten, with which a range has at most n steps. */
export function niceStep(range, n) {
  if (!(range > 0)) return 1;
  const raw = range / Math.max(n, 1), power = 10 ** Math.floor(Math.log10(raw));
  for (const m of [1, 2, 5]) if (m * power >= raw * (1 - 1e-9)) return m * power;
  return 10 * power;
}

const MINUTE = 60e9, steps = [1, 2, 5, 10, 15, 30, 60, 120, 180, 360, 720, 1440].map((n) => n * MINUTE);

/** timeStep is niceStep for times in ns, which have minutes, hours and days. */
export function timeStep(range, n) {
  const raw = (range / Math.max(n, 1)) * (1 - 1e-9);
  if (raw > steps.at(-1)) return steps.at(-1) * niceStep(range / steps.at(-1), n);
  return raw > 30e9 ? steps.find((s) => s >= raw) : raw > 20e9 ? 30e9 : raw > 10e9 ? 20e9 : niceStep(range, n);
}

/** ticks are round values from lo to hi, at most about n of them. */
export function ticks(lo, hi, n, stepOf = niceStep) {
  const step = stepOf(hi - lo, n), list = [];
  for (let k = Math.ceil(lo / step - 1e-9) + 0; k * step <= hi + step * 1e-9 && list.length < 200; k++) list.push(k * step);
  return { step, list };
}

/** clampView keeps a view within limits, and not narrower than least. */
export function clampView(view, limits, least = 1000) {
  const whole = limits.to - limits.from;
  const width = Math.min(Math.max(view.to - view.from, least), whole);
  let from = view.to - view.from === width ? view.from : (view.from + view.to - width) / 2;
  from = Math.min(Math.max(from, limits.from), limits.to - width);
  return { from, to: from + width };
}

/** zoomView makes a view wider by factor, or narrower, around a time. */
export function zoomView(view, factor, at, limits) {
  return clampView({ from: at - (at - view.from) * factor, to: at + (view.to - at) * factor }, limits);
}

/** panView moves a view by a share of its width. */
export function panView(view, share, limits) {
  const by = (view.to - view.from) * share;
  return clampView({ from: view.from + by, to: view.to + by }, limits);
}

/** linear maps a domain to pixels. */
export function linear(from, to, low, high) {
  const k = to === from ? 0 : (high - low) / (to - from);
  const f = (x) => low + (x - from) * k;
  f.invert = (p) => (k === 0 ? from : from + (p - low) / k);
  return f;
}
