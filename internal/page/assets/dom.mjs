// Elements. All text goes in as text: nothing in this script makes markup of a string.

const SVG = "http://www.w3.org/2000/svg";

/** el makes an element with attributes ("on..." are listeners) and children: elements, texts, or lists of them. */
export function el(name, attributes = {}, ...children) {
  return fill(document.createElement(name), attributes, children);
}

/** svg is el for the elements of SVG. */
export function svg(name, attributes = {}, ...children) {
  return fill(document.createElementNS(SVG, name), attributes, children);
}

function fill(node, attributes, children) {
  for (const [key, value] of Object.entries(attributes)) {
    if (value === undefined || value === null || value === false) continue;
    if (key.startsWith("on")) node.addEventListener(key.slice(2), value);
    else node.setAttribute(key, value === true ? "" : String(value));
  }
  node.append(...children.flat(Infinity).filter((c) => c !== undefined && c !== null && c !== false));
  return node;
}

/** replace gives an element other children. */
export function replace(node, ...children) {
  node.replaceChildren(...children.flat(Infinity).filter((c) => c !== undefined && c !== null && c !== false));
  return node;
}

/** say has a screen reader say a text, and shows it for a moment. */
export function say(message) {
  const box = document.getElementById("said");
  box.textContent = message;
  box.classList.add("shown");
  clearTimeout(box.timer);
  box.timer = setTimeout(() => box.classList.remove("shown"), 1800);
}

/** copyText copies a text, by the old way where the page may not use the clipboard, as from a disk. */
export async function copyText(value, what) {
  try {
    await navigator.clipboard.writeText(value);
  } catch {
    const area = el("textarea", { class: "offscreen", "aria-hidden": "true" });
    area.value = value;
    document.body.append(area);
    area.select();
    document.execCommand("copy");
    area.remove();
  }
  say(what + " copied");
}

/** copyButton copies what of gives. */
export function copyButton(label, what, of) {
  return el("button", { type: "button", class: "button", onclick: () => copyText(of(), what), title: "Copy: " + what }, label);
}

/** severityName names a severity as rows have it. */
export function severityName(n) {
  return ["", "note", "warning", "error"][n] ?? "";
}

/** badge is a small label. */
export function badge(label, kind) {
  return el("span", { class: "badge " + (kind ?? "") }, label);
}
