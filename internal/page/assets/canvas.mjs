// Canvases: sharp on every screen, and some shapes.

import { colors } from "./theme.mjs";

export const FONT = "11px system-ui, -apple-system, 'Segoe UI', Roboto, sans-serif";

/** paper makes a canvas as large as its element, cleared, and returns what draws on it, in CSS pixels. */
export function paper(canvas, width, height) {
  const ratio = window.devicePixelRatio || 1;
  const w = Math.max(1, Math.round(width * ratio)), h = Math.max(1, Math.round(height * ratio));
  if (canvas.width !== w || canvas.height !== h) {
    canvas.width = w;
    canvas.height = h;
  }
  const c = canvas.getContext("2d");
  c.setTransform(ratio, 0, 0, ratio, 0, 0);
  c.clearRect(0, 0, width, height);
  c.font = FONT;
  c.textBaseline = "middle";
  c.lineWidth = 1;
  return c;
}

/** line draws a line. */
export function line(c, x1, y1, x2, y2, color, width = 1, dash = []) {
  c.strokeStyle = color;
  c.lineWidth = width;
  c.setLineDash(dash);
  c.beginPath();
  c.moveTo(x1, y1);
  c.lineTo(x2, y2);
  c.stroke();
  c.setLineDash([]);
}

/** label writes a text, on a ground of the surface's colour if ground is set. */
export function label(c, text, x, y, color, align = "left", ground = false) {
  c.textAlign = align;
  if (ground) {
    const w = c.measureText(text).width, left = align === "center" ? x - w / 2 : align === "right" ? x - w : x;
    c.globalAlpha = 0.85;
    c.fillStyle = colors.surface;
    c.fillRect(left - 2, y - 7, w + 4, 14);
    c.globalAlpha = 1;
  }
  c.fillStyle = color;
  c.fillText(text, x, y);
}

/** hatch is a pattern of slanted lines. */
export function hatch(c, color, gap = 6) {
  const size = gap, tile = document.createElement("canvas");
  const ratio = window.devicePixelRatio || 1;
  tile.width = tile.height = Math.round(size * ratio);
  const t = tile.getContext("2d");
  t.strokeStyle = color;
  t.lineWidth = 1.2 * ratio;
  t.beginPath();
  for (const d of [-1, 0, 1]) {
    t.moveTo(d * tile.width - 1, tile.height + 1);
    t.lineTo(d * tile.width + tile.width + 1, -1);
  }
  t.stroke();
  const pattern = c.createPattern(tile, "repeat");
  pattern.setTransform(new DOMMatrix().scale(1 / ratio));
  return pattern;
}

/** rounded adds a rectangle with round corners to the path. */
export function rounded(c, x, y, w, h, r) {
  c.beginPath();
  c.roundRect(x, y, w, h, Math.min(r, w / 2, h / 2));
}
