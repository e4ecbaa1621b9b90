// Package browser tests the page of tcptrace report in a real Chromium. It is a module of its own, so that the program's does not need what
// drives a browser. Without a Chromium its tests are skipped.
package browser

import (
	"context"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	cdppage "github.com/chromedp/cdproto/page"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
)

const root = "../.."

var (
	program, chromium string
	browser           context.Context // every test opens a tab of it
)

func TestMain(m *testing.M) {
	os.Exit(run(m))
}

func run(m *testing.M) int {
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome", "chrome"} {
		if path, err := exec.LookPath(name); err == nil {
			chromium = path
			break
		}
	}
	if chromium == "" {
		return m.Run() // every test says that it is skipped
	}
	dir, err := os.MkdirTemp("", "tcptrace-browser")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer os.RemoveAll(dir)
	if program = os.Getenv("TCPTRACE_BINARY"); program == "" {
		program = filepath.Join(dir, "tcptrace")
		build := exec.Command("go", "build", "-o", program, "./cmd/tcptrace")
		build.Dir, build.Stderr = root, os.Stderr
		if err := build.Run(); err != nil {
			fmt.Fprintln(os.Stderr, err)
			return 1
		}
	}
	options := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.ExecPath(chromium), chromedp.NoSandbox, chromedp.Flag("hide-scrollbars", true))
	alloc, stop := chromedp.NewExecAllocator(context.Background(), options...)
	defer stop()
	var cancel context.CancelFunc
	browser, cancel = chromedp.NewContext(alloc)
	defer cancel()
	if err := chromedp.Do(browser); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return m.Run()
}

// golden is the path of a golden capture, from the root of the repository.
func golden(name string) string { return "testdata/pcaps/" + name + ".pcap" }

// report writes the page of captures, with more arguments in front, and returns its path.
func report(t *testing.T, args ...string) string {
	t.Helper()
	if chromium == "" {
		t.Skip("no Chromium: Debian's package chromium has it")
	}
	out := filepath.Join(t.TempDir(), "page.html")
	cmd := exec.Command(program, append([]string{"report", "-o", out}, args...)...)
	cmd.Dir = root
	text, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("tcptrace report %v: %v\n%s", args, err, text)
	}
	return out
}

// tab is a page in a browser, and what it complained about.
type tab struct {
	*testing.T
	ctx context.Context

	mu       sync.Mutex
	problems []string
	requests []string
}

// open opens a page at a fragment in a window of that size.
func open(t *testing.T, path, fragment string, width, height int) *tab {
	t.Helper()
	ctx, cancel := chromedp.NewContext(browser)
	t.Cleanup(cancel)
	b := &tab{T: t, ctx: ctx}
	if err := chromedp.Listen(ctx, b.hear); err != nil {
		t.Fatal(err)
	}
	if _, err := chromedp.Call(ctx, network.Enable, network.EnableParams{}); err != nil {
		t.Fatal(err)
	}
	b.do(chromedp.EmulateViewport(int64(width), int64(height)), chromedp.Navigate(address(path, fragment)))
	if path != os.DevNull {
		b.holds(`document.documentElement.dataset.ready`)
	}
	return b
}

// address is that of a page: a file's path, or an address already.
func address(path, fragment string) string {
	if strings.HasPrefix(path, "http://") {
		return path + fragment
	}
	return (&url.URL{Scheme: "file", Path: path}).String() + fragment
}

func (b *tab) hear(event any) {
	b.mu.Lock()
	defer b.mu.Unlock()
	switch e := event.(type) {
	case *runtime.EventExceptionThrown:
		b.problems = append(b.problems, fmt.Sprintf("%+v", e.ExceptionDetails))
	case *runtime.EventConsoleAPICalled:
		if e.Type == runtime.ConsoleAPICalledTypeError || e.Type == runtime.ConsoleAPICalledTypeWarning {
			b.problems = append(b.problems, fmt.Sprintf("console: %+v", e.Args))
		}
	case *log.EventEntryAdded:
		if e.Entry.Level == log.EntryLevelError {
			b.problems = append(b.problems, e.Entry.Text)
		}
	case *network.EventRequestWillBeSent:
		b.requests = append(b.requests, e.Request.URL)
	case *cdppage.EventJavascriptDialogOpening:
		b.problems = append(b.problems, "a dialog: "+e.Message)
	}
}

// do runs actions.
func (b *tab) do(actions ...chromedp.Action[chromedp.Void]) {
	b.Helper()
	ctx, cancel := context.WithTimeout(b.ctx, time.Minute)
	defer cancel()
	if err := chromedp.Do(ctx, actions...); err != nil {
		b.Fatal(err)
	}
}

// run runs a script in the page.
func (b *tab) run(script string) { b.Helper(); b.do(chromedp.Evaluate[chromedp.Void](script)) }

// value is what an expression of JavaScript is.
func value[T any](b *tab, expression string) T {
	b.Helper()
	v, err := chromedp.Run(b.ctx, chromedp.Evaluate[T](expression))
	if err != nil {
		b.Fatal(err)
	}
	return v
}

// click clicks on an element, focus gives it the focus. One that is not there yet may come.
func (b *tab) click(selector string) {
	b.Helper()
	b.holds(fmt.Sprintf("document.querySelector(%q) !== null", selector))
	b.run(fmt.Sprintf("document.querySelector(%q).click()", selector))
}
func (b *tab) focus(selector string) {
	b.Helper()
	b.holds(fmt.Sprintf("document.querySelector(%q) !== null", selector))
	b.run(fmt.Sprintf("document.querySelector(%q).focus()", selector))
}

// quiet fails the test if the page complained, or asked for anything but itself.
func (b *tab) quiet() {
	b.Helper()
	b.calm()
	b.mu.Lock()
	defer b.mu.Unlock()
	if len(b.requests) != 1 || !strings.HasPrefix(b.requests[0], "file://") {
		b.Errorf("requests: %q", b.requests)
	}
}

// calm fails the test if the page complained.
func (b *tab) calm() {
	b.Helper()
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, p := range b.problems {
		b.Error(p)
	}
}

// text is what an expression of JavaScript is, as a string.
func (b *tab) text(expression string) string {
	b.Helper()
	return value[string](b, "String("+expression+")")
}

// patience is how long a test waits for what is to come: a machine that does other things, too, may be slow.
const patience = 30 * time.Second

// is fails the test unless an expression comes to be a text.
func (b *tab) is(expression, want string) {
	b.Helper()
	var got string
	for end := time.Now().Add(patience); time.Now().Before(end); time.Sleep(50 * time.Millisecond) {
		// An element that is not there yet may come.
		if got = b.text("(() => { try { return " + expression + " } catch (e) { return e } })()"); got == want {
			return
		}
	}
	b.Errorf("%s is %q, want %q", expression, got, want)
}

// holds fails the test unless an expression comes to be true.
func (b *tab) holds(expression string) {
	b.Helper()
	b.is(expression, "true")
}

// press presses keys where the focus is.
func (b *tab) press(keys string) { b.Helper(); b.do(chromedp.KeyEvent(keys)) }
