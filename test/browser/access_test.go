package browser

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/accessibility"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"
)

// operable are the roles of what can be operated or is looked at, and must be called something.
var operable = []string{"button", "link", "textbox", "searchbox", "combobox", "MenuListPopup", "option", "spinbutton", "checkbox", "tab", "tablist", "toolbar", "dialog", "image", "img", "graphics-document", "group", "table", "columnheader", "region", "meter", "heading", "DisclosureTriangle"}

// unnamed are those of the accessibility tree that are called nothing.
func (b *tab) unnamed() (list []string) {
	b.Helper()
	tree, err := chromedp.Call(b.ctx, accessibility.GetFullAXTree, accessibility.GetFullAXTreeParams{})
	if err != nil {
		b.Fatal(err)
	}
	n := 0
	for _, node := range tree.Nodes {
		if node.Ignored || node.Role == nil {
			continue
		}
		role := text(node.Role)
		if !slices.Contains(operable, role) {
			continue
		}
		if n++; strings.TrimSpace(text(node.Name)) == "" && role != "MenuListPopup" && role != "table" {
			list = append(list, fmt.Sprintf("%s (node %d)", role, node.BackendDOMNodeID))
		}
	}
	if n < 20 {
		b.Errorf("only %d nodes in the accessibility tree", n)
	}
	return list
}

// text is a value of the accessibility tree.
func text(v *accessibility.Value) string {
	if v == nil {
		return ""
	}
	return strings.Trim(string(v.Value), `"`)
}

// weak lists text that is hard to read: a contrast (WCAG 2.2, 1.4.3) below 4.5 with what is behind it. Text on canvases is drawn in colours of the
// style sheet on the surface, and white on the colours of states.
const weak = `(() => {
  const probe = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
  const rgba = (color) => { probe.clearRect(0, 0, 1, 1); probe.fillStyle = color; probe.fillRect(0, 0, 1, 1); const d = probe.getImageData(0, 0, 1, 1).data; return [d[0], d[1], d[2], d[3] / 255]; };
  const over = (top, under) => [0, 1, 2].map((k) => top[k] * top[3] + under[k] * (1 - top[3])).concat(1);
  const luminance = (c) => [0.2126, 0.7152, 0.0722].reduce((sum, share, k) => { const v = c[k] / 255; return sum + share * (v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4); }, 0);
  const contrast = (a, b) => { const [x, y] = [luminance(a), luminance(b)].sort((m, n) => n - m); return (x + 0.05) / (y + 0.05); };
  const root = getComputedStyle(document.documentElement), named = (name) => rgba(root.getPropertyValue(name).trim());
  const behind = (x) => { const own = rgba(getComputedStyle(x).backgroundColor); return own[3] === 1 || !x.parentElement ? over(own, named("--bg")) : over(own, behind(x.parentElement)); };
  const found = new Set(), judge = (what, top, under) => { const c = contrast(over(top, under), under); if (c < 4.5) found.add(what + " " + c.toFixed(2)); };
  let n = 0;
  for (const x of document.querySelectorAll("body *")) {
    if (!x.checkVisibility({ opacityProperty: true, visibilityProperty: true }) || x.closest(".offscreen, .skip, #said, script") || ![...x.childNodes].some((c) => c.nodeType === 3 && c.data.trim())) continue;
    const style = getComputedStyle(x), isDrawn = x instanceof SVGElement, node = x.closest(".node");
    if (isDrawn && !x.matches("text")) continue;
    n++;
    const under = !isDrawn ? behind(x) : x.matches(".token-text") ? rgba(getComputedStyle(x.previousElementSibling?.matches("circle") ? x.previousElementSibling : node.querySelector("circle")).fill) : node ? rgba(getComputedStyle(node.querySelector(".box")).fill) : behind(x.closest("svg").parentElement);
    judge(x.tagName + "." + (x.getAttribute("class") ?? "") + " " + x.textContent.slice(0, 30), rgba(isDrawn ? style.fill : style.color), over(under, behind(document.body)));
  }
  for (const name of ["ink", "muted", "client", "server", "error", "warning", "violet"]) judge("canvas " + name, named("--" + name), named("--surface"));
  for (let i = 0; i < 12; i++) judge("state " + i, [255, 255, 255, 1], named("--state-" + i));
  return n < 30 ? "only " + n + " texts" : [...found].join("\n");
})()`

// TestAccess: in both themes whatever can be operated is called something, and all text can be read.
func TestAccess(t *testing.T) {
	path := report(t, golden("showcase"))
	for _, theme := range []string{"light", "dark"} {
		for _, fragment := range []string{"", "#stream=4", "#finding=0"} {
			t.Run(theme+fragment, func(t *testing.T) {
				b := open(t, path, fragment, 1280, 900)
				look := emulation.SetEmulatedMediaParams{Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: theme}}}
				if _, err := chromedp.Call(b.ctx, emulation.SetEmulatedMedia, look); err != nil {
					t.Fatal(err)
				}
				b.run(`for (const x of document.querySelectorAll("details")) x.open = true`)
				if list := b.text(weak); list != "" {
					t.Error("hard to read:\n", list)
				}
				for _, what := range b.unnamed() {
					t.Error("without a name: ", what)
				}
			})
		}
	}
}
