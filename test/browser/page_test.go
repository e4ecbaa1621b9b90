package browser

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
)

const (
	firstRow = `document.querySelector("tr[data-i] td").textContent`
	shown    = `document.getElementById("shown").textContent`
)

// TestOpens: pages of captures of all sorts open, and so does each conversation, without a complaint or a request.
func TestOpens(t *testing.T) {
	for _, name := range []string{"showcase", "fast-retransmit", "midstream", "one-sided", "zero-window", "simultaneous-open", "icmp-unreachable", "idle-hour", "syn-fin-scan", "refused"} {
		t.Run(name, func(t *testing.T) {
			b := open(t, report(t, golden(name)), "", 1280, 900)
			b.holds(`document.querySelectorAll("#findings .card").length > 0`)
			b.run(`location.hash = "#stream=0"`)
			b.holds(`document.querySelector(".readout").textContent.includes("frame")`)
			b.holds(`[...document.querySelectorAll(".pane canvas")].every((c) => c.width > 100)`)
			b.quiet()
		})
	}
}

func TestSortAndFilter(t *testing.T) {
	b := open(t, report(t, golden("showcase")), "", 1280, 900)
	b.is(firstRow, "0")
	b.click(`[data-sort="packets"]`)
	b.is(`document.querySelector("th.col-packets").ariaSort`, "descending")
	b.is(firstRow, "0") // 11 packets
	b.click(`[data-sort="packets"]`)
	b.is(`document.querySelector("th.col-packets").ariaSort`, "ascending")
	b.is(firstRow, "3") // 2 packets
	b.run(`{ const s = document.querySelector('[data-filter="outcome"]'); s.value = "reset"; s.dispatchEvent(new Event("change")); }`)
	b.is(shown, "1 of 6 conversations")
	b.is(firstRow, "4")
	b.click(`.removable`)
	b.is(shown, "6 conversations")
	b.press("/")
	b.press("nowhere")
	b.is(shown, "0 of 6 conversations")
	b.press(kb.Escape) // leaves the field
	b.press(kb.Escape) // shows all
	b.is(shown, "6 conversations")
	b.click(`[data-tab="server"]`)
	b.is(`document.querySelectorAll(".sums tbody tr").length`, "3")
	b.quiet()
}

// TestFindingLeadsToItsConversations: one to a conversation, several to the table.
func TestFindingLeadsToItsConversations(t *testing.T) {
	b := open(t, report(t, golden("showcase"), golden("refused")), "", 1280, 900)
	b.run(`[...document.querySelectorAll("[data-finding]")].find((x) => x.textContent.includes("2 conv")).click()`)
	b.is(shown, "2 of 7 conversations")
	b.run(`[...document.querySelectorAll("[data-finding]")].find((x) => x.textContent.includes("the conv")).click()`)
	b.holds(`location.hash.startsWith("#stream=")`)
	b.quiet()
}

// drag moves the pointer, pressed, from one point of an element to another, in shares of its size.
func (b *tab) drag(selector string, x1, y1, x2, y2 float64) {
	b.Helper()
	box := value[[]float64](b, fmt.Sprintf(`(() => { const x = document.querySelector(%q); x.scrollIntoView(); window.scrollBy(0, -120); const r = x.getBoundingClientRect(); return [r.x, r.y, r.width, r.height]; })()`, selector))
	at := func(x, y float64) (float64, float64) { return box[0] + box[2]*x, box[1] + min(box[3]*y, 300) }
	ax, ay := at(x1, y1)
	bx, by := at(x2, y2)
	b.do(chromedp.MouseEvent(chromedp.MousePressed, ax, ay, chromedp.Button("left")), chromedp.MouseEvent(chromedp.MouseMoved, (ax+bx)/2, by, chromedp.Button("left")),
		chromedp.MouseEvent(chromedp.MouseMoved, bx, by, chromedp.Button("left")), chromedp.MouseEvent(chromedp.MouseReleased, bx, by, chromedp.Button("left")))
}

// TestBrush: the table has what was alive in the stretch.
func TestBrush(t *testing.T) {
	b := open(t, report(t, golden("showcase")), "", 1280, 900)
	b.drag(".timeline", 0.6, 0.3, 0.9, 0.3)
	b.is(shown, "1 of 6 conversations")
	b.is(firstRow, "2") // the one that got no answer
	b.focus(".timeline")
	b.press(kb.Escape)
	b.is(shown, "6 conversations")
	b.press(kb.ArrowRight)
	b.holds(`document.getElementById("shown").textContent !== "6 conversations"`)
	b.quiet()
}

// TestConversation: the keyboard opens one, zooms, steps, and goes back; the state diagram steps along.
func TestConversation(t *testing.T) {
	b := open(t, report(t, golden("close-wait-lingering")), "", 1280, 900)
	b.focus(`tr[data-k="0"]`)
	b.press(kb.Enter)
	b.holds(`document.querySelector("#stream-title") !== null`)
	diagram := `document.querySelector(".diagram").getAttribute("aria-label").split(": ")[1]`
	b.press(kb.Home)
	b.is(diagram, "the client is in SYN_SENT, the server in no state")
	b.press(kb.ArrowRight)
	b.is(diagram, "the client is in ESTABLISHED, the server in SYN_RCVD")
	b.press(kb.End)
	b.is(diagram, "the client is in FIN_WAIT_2, the server in CLOSE_WAIT")
	b.is(`new URLSearchParams(location.hash.slice(1)).get("frame")`, "8")
	width := `(() => { const p = new URLSearchParams(location.hash.slice(1)); return p.get("to") - p.get("from"); })()`
	before := b.text(width)
	b.press("+")
	b.holds(width + " < " + before)
	b.press("0")
	b.is(width, before)
	b.drag(".stack", 0.3, 0.2, 0.5, 0.2)
	b.holds(width + " < " + before)
	b.press("n")
	b.is(`document.querySelector(".readout .note b").textContent`, "close-wait-lingering: ")
	b.press(kb.Home)
	b.press(" ")
	b.holds(`document.querySelector(".readout .big").textContent.includes("frame 3")`)
	b.press(" ")
	b.press(kb.Escape)
	b.holds(`document.querySelector("#conversations") !== null`)
	b.quiet()
}

// TestNextAnomaly: "n" goes on from an ICMP error, which is no segment, to what comes behind it, and from the last to the first.
func TestNextAnomaly(t *testing.T) {
	b := open(t, report(t, golden("icmp-too-big-ignored")), "#stream=0&frame=1", 1280, 900)
	b.focus(".stack")
	for _, want := range []string{"icmp-too-big, frame 7: ", "packet-loss: ", "icmp-too-big, frame 7: "} {
		b.press("n")
		b.is(`document.querySelector(".readout .note b").textContent`, want)
	}
	b.quiet()
}

// TestLost: a segment that was sent again is said to be lost behind the tap if it did not arrive: not if it was selectively acknowledged, nor if its
// receiver did not take it.
func TestLost(t *testing.T) {
	for _, c := range []struct {
		capture string
		frame   int
		lost    bool
	}{
		{"icmp-too-big-ignored", 5, true},
		{"sack-reneged", 6, false},
		{"sack-reneged", 7, false},
		{"accept-queue-overflow", 4, false},
		{"accept-queue-overflow", 9, false},
		{"icmp-unreachable", 1, true},
	} {
		b := open(t, report(t, golden(c.capture)), fmt.Sprint("#stream=0&frame=", c.frame), 1280, 900)
		b.holds(fmt.Sprintf(`document.querySelector(".readout .big").textContent.includes("frame %d")`, c.frame))
		b.is(`document.querySelector(".readout").textContent.includes("lost behind the tap")`, fmt.Sprint(c.lost))
		b.quiet()
	}
}

// TestDeepLink: a link shows what it was copied from, also one that was made by hand and is wrong.
func TestDeepLink(t *testing.T) {
	page := report(t, golden("close-wait-lingering"))
	b := open(t, page, "#stream=0&frame=5&from=20000000&to=60000000", 1280, 900)
	b.holds(`document.querySelector(".readout .big").textContent.includes("frame 5")`)
	b.press("+") // writes the link again
	b.holds(`Number(new URLSearchParams(location.hash.slice(1)).get("to")) < 60000000`)
	b.quiet()
	b = open(t, page, "#stream=99&from=x&to=1e999&finding=7&q=%3Cimg%20src=x%20onerror=alert(1)%3E", 1280, 900)
	b.is(shown, "0 of 2 conversations")
	b.is(`document.images.length`, "0")
	b.quiet()
}

// TestHostile: what comes from outside is text, wherever it is shown.
func TestHostile(t *testing.T) {
	data, err := os.ReadFile(filepath.Join(root, golden("rst-text-hostile")))
	if err != nil {
		t.Fatal(err)
	}
	name := filepath.Join(t.TempDir(), "\u202egpj.<img src=x onerror=alert(1)><script>alert(2)<!--.pcap")
	if err := os.WriteFile(name, data, 0o600); err != nil {
		t.Fatal(err)
	}
	for title, args := range map[string][]string{
		"names":   {name},
		"payload": {golden("hostile-payload")},
		"long":    {golden("showcase"), "--title", strings.Repeat("</title><script>alert(3)</script>", 2000)},
	} {
		t.Run(title, func(t *testing.T) {
			for _, width := range []int{1280, 420} {
				b := open(t, report(t, args...), "", width, 800)
				for _, fragment := range []string{"", "#stream=0"} {
					b.run(fmt.Sprintf("location.hash = %q", fragment))
					b.is(`[...document.scripts].filter((s) => s.type !== "application/json").length`, "1")
					b.is(`document.querySelectorAll("img, iframe, object, embed, link, base, form:not([method=dialog])").length`, "0")
					b.holds(`document.documentElement.scrollWidth <= window.innerWidth`)
				}
				b.quiet()
			}
		})
	}
}

// TestForgedLinks: a link that names nothing, or nonsense, shows the page all the same.
func TestForgedLinks(t *testing.T) {
	b := open(t, report(t, golden("showcase")), "", 1280, 900)
	for _, fragment := range []string{
		"#stream=<img src=x>&q=<script>", "#stream=0&from=NaN&to=1e400&frame=-5", "#stream=0&from=5&to=1&frame=99999999999999999999", "#stream=1e9", "#stream=-1&&&=%%%", "#q=%E0%A4%A",
		"#finding=99999&outcome=__proto__&state=constructor&anomaly=toString&host=<b>",
	} {
		b.run(fmt.Sprintf("location.hash = %q", fragment))
		b.holds(`document.querySelector("main h1, main h2").checkVisibility()`)
	}
	b.quiet()
}

// TestPolicy: even what got into the page would not run, and could not ask anything of a network.
func TestPolicy(t *testing.T) {
	b := open(t, report(t, golden("showcase")), "", 1280, 900)
	b.quiet()
	b.run(`{ const s = document.createElement("script"); s.textContent = "window.ran = true"; document.body.append(s); document.body.setAttribute("onclick", "window.ran = true"); document.body.click(); }`)
	b.is(`window.ran`, "undefined")
	b.run(`fetch("data:text/plain,x").then(() => (window.got = "yes"), () => (window.got = "no"))`)
	b.is(`window.got`, "no")
}

// TestNames: everything that can be operated has a name for those who do not see it.
func TestNames(t *testing.T) {
	b := open(t, report(t, golden("showcase")), "", 1280, 900)
	for _, fragment := range []string{"", "#stream=4"} {
		b.run(fmt.Sprintf("location.hash = %q", fragment))
		b.is(`[...document.querySelectorAll("button, select, input, [role=img], [role=group], canvas:not(.overlay):not(.axis-canvas)")].filter((x) => !(x.textContent.trim() || x.ariaLabel || x.getAttribute("aria-label") || x.closest("[aria-label]"))).map((x) => x.outerHTML).join()`, "")
	}
	b.press("t")
	theme := b.text(`document.documentElement.dataset.theme`)
	b.press("t")
	b.holds(fmt.Sprintf(`document.documentElement.dataset.theme !== %q`, theme))
	b.press("?")
	b.holds(`document.querySelector("dialog").open`)
	b.press(kb.Escape)
	b.holds(`!document.querySelector("dialog").open`)
	b.quiet()
}
