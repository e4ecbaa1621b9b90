package live_test

import (
	"context"
	"encoding/json"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"tcptrace/analyzer"
	"tcptrace/internal/input"
	"tcptrace/internal/live"
	"tcptrace/internal/testutil/sources"
	"tcptrace/internal/truth/invariant"
	"tcptrace/report"
)

// captures are the golden captures and those of real kernels that ship with the project.
func captures(t *testing.T) []string {
	t.Helper()
	var list []string
	for _, pattern := range []string{"pcaps/*.pcap*", "kernel/*.pcap*"} {
		found, err := filepath.Glob(filepath.Join("../../testdata", pattern))
		if err != nil {
			t.Fatal(err)
		}
		list = append(list, found...)
	}
	if len(list) < 50 {
		t.Fatalf("only %d captures", len(list))
	}
	return list
}

// records is what the analysis of a file says, by stream.
func records(t *testing.T, file string) map[uint64]report.Record {
	t.Helper()
	src := input.Open([]string{file}, input.Options{})
	defer src.Close()
	sink := recordSink{}
	if _, err := analyzer.Run(context.Background(), src, analyzer.Options{}, invariant.Sink(t, sink, report.Story)); err != nil {
		t.Fatal(err)
	}
	return sink
}

type recordSink map[uint64]report.Record

func (r recordSink) Conversation(c *analyzer.Conversation) error {
	var j analyzer.Judgment
	j.Judge(c)
	r[c.Stream] = report.NewRecord(c, &j)
	return nil
}

// TestEventsEqualAnalysis: what a listener believes who heard all events and applied the corrections is, at the
// end, what the analysis of the file says, however the packets came.
func TestEventsEqualAnalysis(t *testing.T) {
	corrections := 0
	for _, file := range captures(t) {
		want := records(t, file)
		for _, size := range []int{1, 7, 1 << 16} {
			name := fmt.Sprintf("%s by %d", filepath.Base(file), size)
			src := input.Open([]string{file}, input.Options{})
			ears := listener{t: t, name: name, beliefs: map[uint64]*belief{}, final: map[uint64]report.Record{}}
			l := live.New(sources.Pieces(src, size), live.Options{})
			l.OnEvent(ears.hear)
			if _, err := l.Run(context.Background()); err != nil {
				t.Fatal(name, err)
			}
			src.Close()
			ears.compare(want)
			corrections += ears.corrections
		}
	}
	if corrections == 0 {
		t.Error("no capture made the monitor take anything back")
	}
}

// listener keeps what the events said.
type listener struct {
	t           *testing.T
	name        string
	beliefs     map[uint64]*belief
	final       map[uint64]report.Record
	corrections int
}

type belief struct {
	steps     [2][]string
	anomalies []string
	closed    string
}

func stepText(state fmt.Stringer, frame uint64) string { return fmt.Sprint(state, "@", frame) }

func anomalyText(id string, hasSide bool, side analyzer.Side, frame uint64) string {
	if !hasSide {
		return fmt.Sprint(id, "@", frame)
	}
	return fmt.Sprint(id, " of ", side, "@", frame)
}

func (l *listener) hear(e *analyzer.Event) {
	stream := e.Conversation.Stream
	b := l.beliefs[stream]
	if b == nil {
		if e.Kind != analyzer.EventOpened {
			l.t.Fatalf("%s: stream %d: %s before it was opened", l.name, stream, e.Kind)
		}
		b = &belief{}
		l.beliefs[stream] = b
	}
	if _, over := l.final[stream]; over {
		l.t.Fatalf("%s: stream %d: %s after its last record", l.name, stream, e.Kind)
	}
	switch e.Kind {
	case analyzer.EventState:
		b.steps[e.Side] = append(b.steps[e.Side], stepText(e.Step.State, e.Step.Frame))
	case analyzer.EventAnomaly:
		b.anomalies = append(b.anomalies, anomalyText(e.Anomaly.Kind.ID, e.Anomaly.HasSide, e.Anomaly.Side, e.Anomaly.Frame))
	case analyzer.EventClosed:
		b.closed = e.Conversation.Outcome.String()
	case analyzer.EventConversation:
		l.final[stream] = report.NewRecord(e.Conversation, e.Judgment)
	case analyzer.EventCorrection:
		l.corrections++
		l.correct(b, e)
	}
}

func (l *listener) correct(b *belief, e *analyzer.Event) {
	c := &e.Correction
	var list *[]string
	var text string
	switch c.Of {
	case analyzer.EventOpened:
		*b = belief{}
		return
	case analyzer.EventClosed:
		if b.closed != c.Outcome.String() {
			l.t.Errorf("%s: takes back %q, told %q", l.name, c.Outcome, b.closed)
		}
		b.closed = ""
		return
	case analyzer.EventState:
		list, text = &b.steps[e.Side], stepText(c.State, c.Frame)
	case analyzer.EventAnomaly:
		list, text = &b.anomalies, anomalyText(c.Anomaly.ID, c.HasSide, e.Side, c.Frame)
	}
	i := slices.Index(*list, text)
	if i < 0 {
		l.t.Errorf("%s: takes back %s, which was not told: %s", l.name, text, *list)
		return
	}
	*list = slices.Delete(*list, i, i+1)
}

func (l *listener) compare(want map[uint64]report.Record) {
	if len(want) != len(l.final) {
		l.t.Errorf("%s: %d conversations, the analysis has %d", l.name, len(l.final), len(want))
	}
	for stream, w := range want {
		got, ok := l.final[stream]
		if !ok {
			l.t.Errorf("%s: no last record of stream %d", l.name, stream)
			continue
		}
		if g, w := asJSON(l.t, got), asJSON(l.t, w); g != w {
			l.t.Errorf("%s: stream %d:\n%s\nthe analysis has\n%s", l.name, stream, g, w)
		}
		b := l.beliefs[stream]
		for side, endpoint := range []report.Endpoint{w.Endpoints.Client, w.Endpoints.Server} {
			var steps []string
			for _, s := range endpoint.Trajectory {
				steps = append(steps, fmt.Sprint(s.State, "@", s.Frame))
			}
			if !slices.Equal(steps, b.steps[side]) {
				l.t.Errorf("%s: stream %d %s: told %s, the analysis has %s", l.name, stream, analyzer.Side(side), b.steps[side], steps)
			}
		}
		var anomalies []string
		for _, a := range w.Anomalies {
			side := analyzer.Client
			if a.Endpoint == "server" {
				side = analyzer.Server
			}
			anomalies = append(anomalies, anomalyText(a.ID, a.Endpoint != "", side, a.Frame))
		}
		slices.Sort(anomalies)
		slices.Sort(b.anomalies)
		if !slices.Equal(anomalies, b.anomalies) {
			l.t.Errorf("%s: stream %d: told %s, the analysis has %s", l.name, stream, b.anomalies, anomalies)
		}
		if ended := strings.Contains("closed reset refused", w.Outcome); ended != (b.closed != "") || ended && b.closed != w.Outcome {
			l.t.Errorf("%s: stream %d: told that it is %q, the analysis has %q", l.name, stream, b.closed, w.Outcome)
		}
	}
}

func asJSON(t *testing.T, r report.Record) string {
	t.Helper()
	b, err := json.Marshal(r)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}
