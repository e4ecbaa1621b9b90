package browser

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/performance"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
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
		kind := "overview"
		if s.fragment != "" {
			kind = "conversation"
		}
		for _, theme := range []string{"light", "dark"} {
			for suffix, width := range map[string]int{"": 1440, "-narrow": 480} {
				name := s.name + "-" + kind + "-" + theme + suffix
				t.Run(name, func(t *testing.T) {
					shoot(t, report(t, golden(s.name)), s.fragment, theme, width, filepath.Join(dir, name+".png"))
				})
			}
		}
	}
}

// shoot writes a picture of a page.
func shoot(t *testing.T, path, fragment, theme string, width int, name string) {
	b := open(t, path, fragment, width, 1300)
	look := emulation.SetEmulatedMediaParams{Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: theme}}}
	if _, err := chromedp.Call(b.ctx, emulation.SetEmulatedMedia, look); err != nil {
		t.Fatal(err)
	}
	b.do(chromedp.Sleep(300 * time.Millisecond))
	picture, err := chromedp.Run(b.ctx, chromedp.FullScreenshot(100))
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(name, picture, 0o644); err != nil {
		t.Fatal(err)
	}
	b.quiet()
}

// TestReadyInTime opens the page in TCPTRACE_PAGE, which may be a large one, and says how long it took until it could be used: 3 s by the clock at
// most, on a machine that does nothing else.
func TestReadyInTime(t *testing.T) {
	path := os.Getenv("TCPTRACE_PAGE")
	if path == "" || chromium == "" {
		t.Skip("TCPTRACE_PAGE is not set")
	}
	b := open(t, os.DevNull, "", 1280, 900)
	if _, err := chromedp.Call(b.ctx, performance.Enable, performance.EnableParams{TimeDomain: performance.EnableTimeDomainThreadTicks}); err != nil {
		t.Fatal(err)
	}
	used := 0.0
	spent := func() float64 { // seconds of CPU time of the page's main thread, since it was asked last
		metrics, err := chromedp.Call(b.ctx, performance.GetMetrics, cdp.Empty{})
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range metrics.Metrics {
			if m.Name == "TaskDuration" {
				before := used
				used = m.Value
				return used - before
			}
		}
		return 0
	}
	spent()
	began := time.Now()
	b.do(chromedp.Navigate(address(path, "")))
	b.holds(`document.documentElement.dataset.ready`)
	b.press("?")
	b.holds(`document.querySelector("dialog").open`)
	took := time.Since(began)
	t.Logf("a key is answered %.2f s after the address was given", took.Seconds())
	if took > 3*time.Second {
		t.Error("that is more than 3 s")
	}
	b.press(kb.Escape)
	used = 0
	t.Logf("ready after %.2f s of CPU time, %s ms by the clock", spent(), b.text(`Math.round(performance.now())`))
	for _, step := range []struct{ what, run string }{
		{"sort by packets", `document.querySelector('[data-sort="packets"]').click()`},
		{"search", `{ const s = document.getElementById("search"); s.value = "443 reset"; s.dispatchEvent(new Event("input")); }`},
		{"scroll", `document.querySelector(".scroller").scrollTop = 1e6`},
		{"open a conversation", `location.hash = "#stream=" + document.querySelector("[id^=stream-]").id.slice(7)`},
		{"zoom", `document.dispatchEvent(new KeyboardEvent("keydown", { key: "+" }))`},
		{"step", `document.dispatchEvent(new KeyboardEvent("keydown", { key: "ArrowRight" }))`},
	} {
		b.run(step.run)
		b.do(chromedp.Sleep(3 * time.Second)) // what it began is over then
		t.Logf("%s: %.3f s of CPU time", step.what, spent())
	}
}
