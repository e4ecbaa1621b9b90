package browser

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"
)

// screens are the captures of make screenshots, and what is shown of each.
var screens = []struct{ name, fragment string }{
	{"showcase", ""},
	{"showcase", "#stream=4"},
	{"fast-retransmit", "#stream=0"},
	{"close-wait-lingering", "#stream=0"},
	{"limited-by-loss", "#stream=0"},
	{"limited-by-window", "#stream=0"},
	{"zero-window", "#stream=0"},
	{"simultaneous-close", "#stream=0"},
	{"midstream", "#stream=0"},
	{"one-sided", "#stream=0"},
	{"refused", ""},
}

// TestScreenshots writes pictures of golden captures to the directory in TCPTRACE_SCREENSHOTS, in both themes and two widths, for people to
// look at.
func TestScreenshots(t *testing.T) {
	dir := os.Getenv("TCPTRACE_SCREENSHOTS")
	if dir == "" {
		t.Skip("TCPTRACE_SCREENSHOTS is not set: make screenshots sets it")
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	for _, s := range screens {
		path := report(t, golden(s.name))
		for _, width := range []int{1440, 480} {
			for _, theme := range []string{"light", "dark"} {
				b := open(t, path, s.fragment, width, 1000)
				if _, err := chromedp.Call(b.ctx, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: theme}}}); err != nil {
					t.Fatal(err)
				}
				b.do(chromedp.Sleep(200 * time.Millisecond))
				picture, err := chromedp.Run(b.ctx, chromedp.FullScreenshot(100))
				if err != nil {
					t.Fatal(err)
				}
				kind := "overview"
				if s.fragment != "" {
					kind = "conversation"
				}
				name := filepath.Join(dir, s.name+"-"+kind+"-"+theme+map[int]string{1440: "", 480: "-narrow"}[width]+".png")
				if err := os.WriteFile(name, picture, 0o644); err != nil {
					t.Fatal(err)
				}
				b.quiet()
			}
		}
	}
}

// TestReadyInTime opens the page in TCPTRACE_PAGE, which may be a large one, and says how long it took until it could be used.
func TestReadyInTime(t *testing.T) {
	path := os.Getenv("TCPTRACE_PAGE")
	if path == "" || chromium == "" {
		t.Skip("TCPTRACE_PAGE is not set")
	}
	b := open(t, path, "", 1280, 900)
	t.Logf("ready after %s ms of the page's own clock", b.text(`Math.round(performance.now() - 0)`))
	for _, step := range []struct{ what, run string }{
		{"sort by packets", `document.querySelector('[data-sort="packets"]').click()`},
		{"search", `{ const s = document.getElementById("search"); s.value = "443 reset"; s.dispatchEvent(new Event("input")); }`},
		{"scroll", `document.querySelector(".scroller").scrollTop = 1e6`},
		{"open a conversation", `location.hash = "#stream=" + JSON.parse(document.getElementById("data").textContent).details[0]`},
		{"zoom", `document.dispatchEvent(new KeyboardEvent("keydown", { key: "+" }))`},
	} {
		b.run(`window.before = performance.now(); ` + step.run)
		t.Logf("%s: %s ms", step.what, b.text(`Math.round(performance.now() - window.before)`))
	}
	b.quiet()
}
