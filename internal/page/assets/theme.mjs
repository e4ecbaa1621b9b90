// Dark and light: as the system has it, until somebody chooses.

/** colors are what canvases draw with: the style sheet has them. */
export const colors = {};

const names = ["ink", "muted", "line", "grid", "surface", "bg", "accent", "client", "server", "error", "warning", "note", "ok", "ack", "window", "violet"];

export const stateColors = [];

/** readColors takes the colours of the theme that holds now. */
export function readColors() {
  const style = getComputedStyle(document.documentElement);
  for (const name of names) colors[name] = style.getPropertyValue("--" + name).trim();
  for (let i = 0; i < 12; i++) stateColors[i] = style.getPropertyValue("--state-" + i).trim();
}

/** isDark reports which theme holds. */
export function isDark() {
  const chosen = document.documentElement.dataset.theme;
  return chosen ? chosen === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
}

/** toggleTheme turns to the other theme. */
export function toggleTheme() {
  document.documentElement.dataset.theme = isDark() ? "light" : "dark";
  window.dispatchEvent(new Event("theme"));
}

/** followTheme reads the colours, now and whenever they change, and has redraw draw. */
export function followTheme(redraw) {
  const change = () => {
    readColors();
    redraw();
  };
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", change);
  window.addEventListener("theme", change);
  let chosen; // paper is light, and as narrow as style.css has it: canvases are not drawn again when it is known how narrow
  const root = document.documentElement.dataset;
  window.addEventListener("beforeprint", () => {
    chosen = root.theme;
    root.theme = "light";
    root.paper = "true";
    change();
  });
  window.addEventListener("afterprint", () => {
    if (chosen) root.theme = chosen;
    else delete root.theme;
    delete root.paper;
    change();
  });
  readColors();
}
