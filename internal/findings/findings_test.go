package findings_test

import (
	"bytes"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"tcptrace/analyzer"
	"tcptrace/analyzer/capturefile"
	"tcptrace/internal/findings"
	"tcptrace/internal/testutil/golden"
	"tcptrace/internal/testutil/scripts"
)

func TestHealthy(t *testing.T) {
	p := newPlanted(t)
	p.addHealthy()
	s := look(t, p.capture())
	for _, f := range s.found.Findings {
		t.Errorf("found: %s", f.Text)
	}
	if s.found.Conversations != healthy {
		t.Errorf("%d conversations", s.found.Conversations)
	}
}

// TestWarned: what has a warning and is no finding is counted, so that a table that shows it is not contradicted; notes are not.
func TestWarned(t *testing.T) {
	lastWords := open + "+20ms < P. 1:501(500) ack 201\n+60us > F. 201:201(0) ack 501\n+20ms < F. 501:501(0) ack 202\n+60us > . 202:202(0) ack 502\n"
	for _, c := range []struct {
		name, last string
		want       uint64
	}{
		{"a FIN that its peer has acknowledged, again", "+300ms < F. 501:501(0) ack 202\n+60us > . 202:202(0) ack 502\n", 1},
		{"a note", "+10us > . 202:202(0) ack 502\n", 0},
	} {
		p := newPlanted(t)
		p.addHealthy()
		p.add(p.start(), p.client(), p.service(), lastWords+c.last)
		if s := look(t, p.capture()); s.found.Warned != c.want || len(s.found.Findings) > 0 {
			t.Errorf("%s: %d with warnings, %d findings", c.name, s.found.Warned, len(s.found.Findings))
		}
	}
}

// TestPlanted finds one fault among healthy conversations, first, with what the affected have in common and what it cost.
func TestPlanted(t *testing.T) {
	var all bytes.Buffer
	for _, f := range faults {
		t.Run(f.name, func(t *testing.T) {
			p := newPlanted(t)
			p.addHealthy()
			f.plant(p)
			s := look(t, p.capture())
			s.check(t)
			all.WriteString(f.name + "\n")
			if err := s.found.WriteText(&all, findings.TextOptions{}); err != nil {
				t.Fatal(err)
			}
			if len(s.found.Findings) == 0 {
				t.Fatal("nothing found")
			}
			got := &s.found.Findings[0]
			for i := range s.found.Findings[1:] {
				t.Errorf("also found: %s", s.found.Findings[i+1].Text)
			}
			if got.ID != f.id || got.Conversations != f.n || got.Failed != f.fails || (got.WaitedS > 0) != f.waits || (got.AgainBytes > 0) != f.again || (got.Since != nil) != f.since {
				t.Errorf("%+v, want %s of %d", got, f.id, f.n)
			}
			if f.by == "" {
				if got.Factor != nil {
					t.Errorf("the factor is %+v", got.Factor)
				}
			} else if got.Factor == nil || got.Factor.By != f.by || got.Factor.Value != f.value {
				t.Errorf("the factor is %+v, not %s %s", got.Factor, f.by, f.value)
			}
		})
	}
	golden.Compare(t, "planted.txt", all.Bytes())
}

// TestSplit: two services that refuse are two findings, and what is left over a third; each with a condition of its own.
func TestSplit(t *testing.T) {
	p := newPlanted(t)
	p.addHealthy()
	const refusal = "+0 > S 0:0(0) win 64240 <mss 1460>\n+9ms < R. 0:0(0) ack 1 win 0\n"
	some(12, "", "10.20.0.3:8443", refusal)(p)
	some(8, "", "10.20.0.4:9443", refusal)(p)
	some(1, "10.1.0.1", "10.20.0.7:1", refusal)(p)
	some(1, "10.1.0.2", "10.20.0.8:2", refusal)(p)
	s := look(t, p.capture())
	s.check(t)
	var got []string
	for _, f := range s.found.Findings {
		by := ""
		if f.Factor != nil {
			by = f.Factor.Value
		}
		got = append(got, fmt.Sprint(f.ID, " ", f.Failed, " ", by))
	}
	if want := []string{"refused 12 10.20.0.3:8443", "refused 8 10.20.0.4:9443", "refused 2 "}; !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
}

// TestRest: what is left over has an example, which is none of those that have something in common; one by itself is told by its addresses.
func TestRest(t *testing.T) {
	for n, want := range map[int]string{1: "1 of 213 conversations was refused: 10.1.0.1:40213 to 10.20.0.7:1 (stream ", 2: "such as stream "} {
		p := newPlanted(t)
		p.addHealthy()
		const refusal = "+0 > S 0:0(0) win 64240 <mss 1460>\n+9ms < R. 0:0(0) ack 1 win 0\n"
		some(12, "", "10.20.0.3:8443", refusal)(p)
		for i := range n {
			some(1, fmt.Sprintf("10.1.0.%d", 1+i), fmt.Sprintf("10.20.0.%d:1", 7+i), refusal)(p)
		}
		s := look(t, p.capture())
		s.check(t)
		var text strings.Builder
		if err := s.found.WriteText(&text, findings.TextOptions{Width: 200}); err != nil {
			t.Fatal(err)
		}
		if _, rest, _ := strings.Cut(text.String(), "\n 2  "); !strings.Contains(rest, want) {
			t.Errorf("no %q in\n%s", want, rest)
		}
	}
}

// TestScan: one client that is refused everywhere looks for services; one that is refused often by a few does not.
func TestScan(t *testing.T) {
	for services, want := range map[int]string{4: "refused", 60: "scan"} {
		p := newPlanted(t)
		p.addHealthy()
		for i := range 60 {
			p.add(p.start(), "10.4.0.99", fmt.Sprintf("10.20.0.9:%d", 1+i%services), "+0 > S 0:0(0) win 1024 <mss 1460>\n+9ms < R. 0:0(0) ack 1 win 0\n")
		}
		s := look(t, p.capture())
		s.check(t)
		if got := s.found.Findings[0].ID; got != want {
			t.Errorf("%d services: %s, want %s", services, got, want)
		}
	}
}

// TestOpenedAgain: a SYN that a timer sent again made its conversation wait; one that was refused, and tried again at once, did not.
func TestOpenedAgain(t *testing.T) {
	for again, want := range map[string]string{"+49.95ms": "refused-at-first", "+49.9ms": "opened-again"} {
		p := newPlanted(t)
		p.addHealthy()
		p.add(p.start(), "10.4.0.99", "10.20.0.9:80", "+0 > S 0:0(0) win 64240 <mss 1460>\n+50ms < R. 0:0(0) ack 1 win 0\n"+again+
			" > S 0:0(0) win 64240 <mss 1460>\n+100ms < S. 0:0(0) ack 1 win 65160 <mss 1460>\n+50us > . 1:1(0) ack 1\n+1ms > P. 1:101(100) ack 1\n+100ms < . 1:1(0) ack 101\n")
		s := look(t, p.capture())
		s.check(t)
		if len(s.found.Findings) == 0 || s.found.Findings[0].ID != want {
			t.Errorf("%s: %+v, want %s", again, s.found.Findings, want)
		}
	}
}

// TestCutOpening: half of the conversations, or more, that the end of a capture cut in their opening are told of; fewer are usual, and one that
// had no answer for a second had none.
func TestCutOpening(t *testing.T) {
	const (
		syn    = "+0 > S 0:0(0) win 64240 <mss 1460>\n"
		synACK = "+9ms < S. 0:0(0) ack 1 win 65160 <mss 1460>\n"
	)
	again := func(line string) string { return "+1s" + line[strings.Index(line, " "):] }
	for name, c := range map[string]struct {
		script string
		want   string
	}{
		"a lone SYN":                 {syn, "cut-opening"},
		"a SYN-ACK that ends it":     {syn + synACK, "cut-opening"},
		"a SYN that was sent again":  {syn + again(syn), "no-answer"},
		"a SYN-ACK that came again":  {syn + synACK + again(synACK), "half-open"},
		"one of three, and the last": {complete("a") + complete("b") + begin("c"), ""},
		"one of two":                 {complete("a") + begin("c"), "cut-opening"},
	} {
		got := ""
		if s := look(t, scripts.Frames(t, c.script)); len(s.found.Findings) > 0 {
			got = s.found.Findings[0].ID
		}
		if got != c.want {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
}

// begin is a script of a SYN on a connection of that name, complete one of a handshake and a close.
func begin(name string) string {
	return "conn " + name + " client 10.0.0." + fmt.Sprint(name[0]) + ":4000\n+1ms " + name + "> S 0:0(0) win 64240 <mss 1460>\n"
}

func complete(name string) string {
	return begin(name) + strings.ReplaceAll("+1ms N< S. 0:0(0) ack 1 win 65160 <mss 1460>\n+1ms N> . 1:1(0) ack 1\n"+
		"+1ms N> F. 1:1(0) ack 1\n+1ms N< F. 1:1(0) ack 2\n+1ms N> . 2:2(0) ack 2\n", "N", name)
}

// TestCaveats: what the capturing side lost comes before all else, although it cost nothing that can be told.
func TestCaveats(t *testing.T) {
	p := newPlanted(t)
	p.addHealthy()
	some(12, "", "10.20.0.3:8443", "+0 > S 0:0(0) win 64240 <mss 1460>\n+9ms < R. 0:0(0) ack 1 win 0\n")(p)
	k := findings.New()
	a := analyzer.New(analyzer.Options{}, sink(func(c *analyzer.Conversation) {
		var j analyzer.Judgment
		j.Judge(c)
		k.Conversation(c, &j)
	}))
	scripts.Feed(t, a, p.capture())
	sum, err := a.Close()
	if err != nil {
		t.Fatal(err)
	}
	for drops, want := range map[uint64][]string{0: {"refused"}, 1: {"drops", "refused"}} {
		sum.Drops = drops
		var got []string
		for _, f := range k.Report(&sum, findings.Options{}).Findings {
			got = append(got, f.ID)
		}
		if !slices.Equal(got, want) {
			t.Errorf("%d packets lost: %q, want %q", drops, got, want)
		}
	}
}

// TestGolden adds up what is found in each of the golden captures.
func TestGolden(t *testing.T) {
	captures := golden.Captures(t)
	for _, path := range captures {
		t.Run(filepath.Base(path), func(t *testing.T) {
			s := &seen{}
			k := findings.New()
			src := capturefile.Open(path)
			sum, err := analyzer.Run(t.Context(), src, analyzer.Options{}, sink(s.keep(k)))
			if err != nil {
				t.Fatal(err)
			}
			s.found = k.Report(&sum, findings.Options{})
			s.check(t)
		})
	}
}
