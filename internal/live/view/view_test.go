package view

import (
	"context"
	"io"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/x/ansi"

	"tcptrace/analyzer"
	"tcptrace/analyzer/packet"
	"tcptrace/internal/input"
	"tcptrace/internal/live"
	"tcptrace/internal/testutil/golden"
)

// gated delivers the packets of a source one by one, as far as it is let.
type gated struct {
	input.Source
	whole packet.Batch
	next  int
	sent  uint64

	mu   sync.Mutex
	upTo uint64 // packets that may be delivered
	ends bool   // after them
}

func (g *gated) let(packets uint64, ends bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.upTo, g.ends = packets, ends
}

func (g *gated) Next(b *packet.Batch) error {
	b.Packets = b.Packets[:0]
	g.mu.Lock()
	upTo, ends := g.upTo, g.ends
	g.mu.Unlock()
	if g.sent >= upTo {
		if ends {
			return io.EOF
		}
		time.Sleep(time.Millisecond)
		return nil
	}
	if g.next == len(g.whole.Packets) {
		if err := g.Source.Next(&g.whole); err != nil {
			return err
		}
		g.next = 0
	}
	b.Buf, b.Packets = append(b.Buf[:0], g.whole.Buf...), append(b.Packets, g.whole.Packets[g.next])
	g.next++
	g.sent++
	return nil
}

// stage is a view of a capture whose packets come when the test wants them.
type stage struct {
	t    *testing.T
	m    *model
	gate *gated
	loop *live.Loop
	told uint64 // packets of which all is told
	over chan struct{}
}

func newStage(t *testing.T, capture string, o Options) *stage {
	t.Helper()
	src := input.Open([]string{filepath.Join("../../../testdata/pcaps", capture+".pcap")}, input.Options{})
	s := &stage{t: t, gate: &gated{Source: src}, over: make(chan struct{})}
	s.loop = live.New(s.gate, live.Options{Options: analyzer.Options{}})
	o.Loop = s.loop
	if o.Title == "" {
		o.Title = capture + ".pcap"
	}
	m, err := newModel(&o)
	if err != nil {
		t.Fatal(err)
	}
	m.sampler.memory = func() uint64 { return 45_200_000 }
	s.m = m
	s.loop.OnFlush(func(analyzer.Time) { s.told = s.loop.Summary().Packets })
	go func() {
		defer close(s.over)
		_, _ = s.loop.Run(context.Background())
	}()
	t.Cleanup(func() {
		s.gate.let(0, true)
		<-s.over
		src.Close()
	})
	s.size(80, 24)
	return s
}

// packets waits until so many packets of the capture are analyzed, and looks.
func (s *stage) packets(n uint64) {
	s.t.Helper()
	s.gate.let(n, false)
	for seen := uint64(0); seen < n; {
		if !s.loop.Do(func() { seen = s.told }) {
			s.t.Fatal("the capture has fewer packets")
		}
	}
	s.do(s.m.sample())
}

// end lets the capture end, and looks.
func (s *stage) end() {
	s.gate.let(s.gate.upTo, true)
	<-s.over
	s.do(s.m.sample())
}

// do runs a command and those that follow from it, but for waiting.
func (s *stage) do(cmd tea.Cmd) {
	for cmd != nil && s.m.waiting {
		_, cmd = s.m.Update(cmd())
	}
}

func (s *stage) size(width, height int) { s.m.Update(tea.WindowSizeMsg{Width: width, Height: height}) }

var namedKeys = map[string]rune{
	"enter": tea.KeyEnter, "esc": tea.KeyEscape, "up": tea.KeyUp, "down": tea.KeyDown, "home": tea.KeyHome, "end": tea.KeyEnd,
	"pgup": tea.KeyPgUp, "pgdown": tea.KeyPgDown, "tab": tea.KeyTab, "backspace": tea.KeyBackspace, "left": tea.KeyLeft,
}

// keys presses keys.
func (s *stage) keys(keys ...string) {
	for _, k := range keys {
		_, cmd := s.m.Update(keyOf(k))
		s.do(cmd)
	}
}

func keyOf(name string) tea.KeyPressMsg {
	if code, ok := namedKeys[name]; ok {
		return tea.KeyPressMsg{Code: code}
	}
	return tea.KeyPressMsg{Text: name, Code: []rune(name)[0]}
}

func (s *stage) types(text string) {
	for _, r := range text {
		s.keys(string(r))
	}
}

// text is what the screen shows, without colours.
func (s *stage) text() string {
	lines := strings.Split(ansi.Strip(s.m.View().Content), "\n")
	for i := range lines {
		lines[i] = strings.TrimRight(lines[i], " ")
	}
	return strings.Join(lines, "\n") + "\n"
}

// golden compares the screen with a file.
func (s *stage) golden(name string) {
	s.t.Helper()
	got := s.text()
	s.fits()
	golden.Compare(s.t, name+".txt", []byte(got))
}

// fits holds the screen against its size.
func (s *stage) fits() {
	s.t.Helper()
	content := s.m.View().Content
	if content == "" {
		return
	}
	lines := strings.Split(content, "\n")
	if len(lines) > s.m.height {
		s.t.Errorf("%d lines on a screen of %d", len(lines), s.m.height)
	}
	for _, l := range lines {
		if w := ansi.StringWidth(l); w > s.m.paint.width {
			s.t.Errorf("%d columns on a screen of %d: %q", w, s.m.paint.width, l)
		}
	}
}

// TestScreens shows the showcase as somebody might look at it.
func TestScreens(t *testing.T) {
	s := newStage(t, "showcase", Options{Title: "eth0", Capture: func() (uint64, uint64) { return 60, 7 }})
	s.packets(20)
	s.packets(28)
	s.golden("table-80x24")
	s.size(200, 50)
	s.golden("table-200x50")
	s.size(80, 24)
	s.keys("tab")
	s.golden("columns-80x24")
	s.keys("tab", "tab", "tab", "?")
	s.golden("help-80x24")
	s.keys("x", "p")
	s.packets(31)
	s.golden("paused-80x24")
	s.keys("p")
	s.keys("/")
	s.types(`clint.port == 51515`)
	s.keys("enter")
	s.golden("filter-error-80x24")
	s.keys("home")
	for range "clint" {
		s.m.prompt.remove(0, 1)
	}
	s.types("client")
	s.keys("enter")
	s.golden("filter-80x24")
	s.keys("/")
	for range "client.port == 51515" {
		s.keys("backspace")
	}
	s.keys("enter", "end", "enter")
	s.golden("ladder-80x24")
	s.size(200, 50)
	s.golden("ladder-200x50")
	s.size(80, 24)
	s.keys("pgup", "?")
	s.golden("ladder-help-80x24")
	s.keys("?", "esc", "a")
	s.golden("news-80x24")
	s.keys("?")
	s.golden("news-help-80x24")
	s.keys("x", "esc")
	s.end()
	s.golden("over-80x24")
}

// TestSpareIsNotShown: what is drawn is never what the loop writes meanwhile, whichever way the screens change.
func TestSpareIsNotShown(t *testing.T) {
	s := newStage(t, "showcase", Options{})
	s.packets(28)
	for _, k := range []string{"enter", "down", "esc", "enter", "esc", "p", "enter", "esc", "/", "enter", "r", "enter", "end", "esc"} {
		s.keys(k)
		if s.m.spare == s.m.table || s.m.spare == s.m.conversation || s.m.table == s.m.conversation {
			t.Fatalf("after %s one snapshot serves twice", k)
		}
		for _, r := range s.m.rows {
			if !slices.ContainsFunc(indices(s.m.table.rows), func(i int) bool { return r == &s.m.table.rows[i] }) {
				t.Fatalf("after %s a row of another snapshot is shown", k)
			}
		}
	}
}

func indices(rows []row) (list []int) {
	for i := range rows {
		list = append(list, i)
	}
	return list
}

// TestMemory: the memory that is shown is the program's own and what the kernel has for the capture.
func TestMemory(t *testing.T) {
	for buffers, want := range map[uint64]string{0: "· 45.2 MB", 128_000_000: "· 173.2 MB"} {
		s := newStage(t, "showcase", Options{Buffers: buffers})
		s.packets(28)
		if text := s.text(); !strings.Contains(text, want) {
			t.Errorf("%d bytes of buffers: no %q in\n%s", buffers, want, text)
		}
	}
}
