package report

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"reflect"
	"strings"
	"testing"

	"tcptrace/analyzer"
	"tcptrace/internal/input"
	"tcptrace/internal/live"
	"tcptrace/internal/testutil/golden"
	"tcptrace/internal/testutil/sources"
	"tcptrace/report/internal/output"
	"tcptrace/report/internal/record"
	"tcptrace/report/internal/sample"
)

// listen runs a capture through a loop, packet by packet, and says that the capture loses lost of them
// with each.
func listen(t testing.TB, path string, lost uint64, prepare func(*live.Loop)) analyzer.Summary {
	t.Helper()
	src := input.Open([]string{path}, input.Options{})
	defer src.Close()
	o := live.Options{}
	if lost > 0 {
		drops := uint64(0)
		o.Dropped = func() uint64 { drops += lost; return drops }
	}
	l := live.New(sources.Pieces(src, 1), o)
	prepare(l)
	sum, err := l.Run(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	return sum
}

// TestEvents is all that is told of a capture that shows most of what there is.
func TestEvents(t *testing.T) {
	for name, lost := range map[string]uint64{"events.ndjson": 0, "events-lost.ndjson": 2} {
		var out bytes.Buffer
		w := NewEvents(&out)
		var clock analyzer.Time
		packets := 0
		sum := listen(t, "../testdata/pcaps/showcase.pcap", lost, func(l *live.Loop) {
			l.OnEvent(func(e *analyzer.Event) { must(t, w.Event(e)) })
			l.OnFlush(func(now analyzer.Time) {
				clock = now
				sum := l.Summary()
				must(t, w.Drops(now, sum.Drops))
				if packets++; packets == 20 {
					must(t, w.Statistics(now, l.Monitor().Open(), l.Monitor().States(), &sum))
				}
				must(t, w.Flush())
			})
		})
		must(t, w.Summary(clock, &sum, Selection{}))
		golden.Compare(t, name, out.Bytes())
	}
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// TestEventsAgainstGo holds every line against what the event says as Go data.
func TestEventsAgainstGo(t *testing.T) {
	paths := golden.Captures(t)
	var seen [analyzer.NumEventKinds]int
	var taken [analyzer.NumEventKinds]int
	for _, path := range paths {
		var out bytes.Buffer
		w := NewEvents(&out)
		hear := func(e *analyzer.Event) {
			out.Reset()
			must(t, w.Event(e))
			must(t, w.Flush())
			if seen[e.Kind]++; e.Kind == analyzer.EventCorrection {
				taken[e.Correction.Of]++
			}
			var got EventRecord
			d := json.NewDecoder(&out)
			d.DisallowUnknownFields()
			must(t, d.Decode(&got))
			if want := eventRecord(e); !reflect.DeepEqual(got, want) {
				t.Errorf("%s: %s:\n%+v, want\n%+v", path, e.Kind, got, want)
			}
		}
		listen(t, path, 1, func(l *live.Loop) {
			l.OnEvent(hear)
			batches := 0
			l.OnFlush(func(now analyzer.Time) {
				if batches++; batches%16 != 0 {
					return
				}
				l.Monitor().Each(func(s *analyzer.Seen) {
					hear(&analyzer.Event{Kind: analyzer.EventConversation, Time: now, Conversation: s.Conversation, Judgment: s.Judgment})
				})
			})
		})
	}
	for kind, n := range seen {
		if n < 10 {
			t.Errorf("only %d events say %q", n, analyzer.EventKind(kind))
		}
	}
	if taken[analyzer.EventState] == 0 || taken[analyzer.EventAnomaly] == 0 || taken[analyzer.EventClosed] == 0 {
		t.Errorf("taken back, by kind: %d", taken)
	}
}

// eventRecord is the record of e.
func eventRecord(e *analyzer.Event) EventRecord {
	c := e.Conversation
	whole := NewRecord(c, e.Judgment)
	r := EventRecord{
		Schema: "tcptrace.event.v1", Event: e.Kind.String(), Time: Time(e.Time),
		Stream: c.Stream, Client: whole.Client, Server: whole.Server, CommunityID: whole.CommunityID,
	}
	switch e.Kind {
	case analyzer.EventOpened:
		r.Roles, r.Frame = whole.Roles, whole.FirstFrame
	case analyzer.EventState:
		s := record.NewStepRecord(e.Step)
		r.Endpoint, r.State, r.Frame, r.Cause, r.Evidence = e.Side.String(), s.State, s.Frame, s.Cause, s.Evidence
		r.ProofFrame, r.NotBefore, r.NotAfter, r.Time = s.ProofFrame, s.NotBefore, s.NotAfter, s.Time
	case analyzer.EventAnomaly:
		r.Anomaly, r.Dropped = record.NewAnomalyRecord(c, e.Anomaly), c.Dropped
	case analyzer.EventClosed:
		r.Outcome, r.Close = whole.Outcome, whole.Close
	case analyzer.EventCorrection:
		k := &e.Correction
		r.Of, r.Told = k.Of.String(), ToldRecord{Frame: k.Frame, Time: Time(k.Time)}
		switch {
		case k.Of == analyzer.EventState:
			r.Told.Endpoint, r.Told.State = e.Side.String(), k.State.String()
		case k.Of == analyzer.EventAnomaly && k.HasSide:
			r.Told.Endpoint, r.Told.ID = e.Side.String(), k.Anomaly.ID
		case k.Of == analyzer.EventAnomaly:
			r.Told.ID = k.Anomaly.ID
		case k.Of == analyzer.EventClosed:
			r.Told.Outcome = k.Outcome.String()
		}
	case analyzer.EventConversation:
		r.Final, r.Reason, r.Record = e.Over != analyzer.NotOver, e.Over.String(), whole
	}
	return r
}

// chunks keeps what each Write got.
type chunks []string

func (w *chunks) Write(p []byte) (int, error) {
	*w = append(*w, string(p))
	return len(p), nil
}

// TestEventsAreWrittenByLines: nothing is held over a Flush, and a reader never gets a part of a line, however many come at once.
func TestEventsAreWrittenByLines(t *testing.T) {
	var out chunks
	w := NewEvents(&out)
	c := sample.Conversations()[0]
	var j analyzer.Judgment
	j.Judge(&c)
	e := analyzer.Event{Kind: analyzer.EventConversation, Conversation: &c, Judgment: &j}
	must(t, w.Event(&e))
	must(t, w.Flush())
	if len(out) != 1 {
		t.Fatalf("%d writes behind a Flush", len(out))
	}
	for range 1000 {
		must(t, w.Event(&e))
	}
	must(t, w.Flush())
	must(t, w.Flush())
	for _, chunk := range out {
		if !strings.HasSuffix(chunk, "}\n") || len(chunk) > 2*output.SpillAt {
			t.Errorf("a write of %d bytes: ...%s", len(chunk), chunk[max(0, len(chunk)-20):])
		}
	}
	if got := strings.Count(strings.Join(out, ""), "\n"); got != 1001 {
		t.Errorf("%d lines", got)
	}
}

// TestEventsOfAClosedPipe: the first error of the writer sticks.
func TestEventsOfAClosedPipe(t *testing.T) {
	w := NewEvents(&sample.FullWriter{})
	must(t, w.Drops(1, 1))
	if w.Flush() == nil || w.Drops(2, 2) == nil || w.Summary(3, sample.Summary(), Selection{}) == nil {
		t.Error("no error")
	}
}

// TestNoAllocationPerEvent is for those that come by the hundred thousand.
func TestNoAllocationPerEvent(t *testing.T) {
	w := NewEvents(io.Discard)
	heard := 0
	listen(t, "../testdata/pcaps/showcase.pcap", 0, func(l *live.Loop) {
		l.OnEvent(func(e *analyzer.Event) {
			if e.Kind == analyzer.EventAnomaly || len(e.Judgment.Anomalies) > 0 {
				return // an anomaly's detail is text that is made for it
			}
			heard++
			if n := testing.AllocsPerRun(10, func() { must(t, w.Event(e)) }); n != 0 {
				t.Errorf("%s: %v allocations", e.Kind, n)
			}
		})
	})
	if heard < 20 {
		t.Errorf("only %d events", heard)
	}
}

func BenchmarkStateEvent(b *testing.B) {
	w := NewEvents(io.Discard)
	c := sample.Conversations()[0]
	s := analyzer.Step{Time: c.Start, Frame: 3, Evidence: analyzer.EvidenceSent, NotAfter: c.Start}
	e := analyzer.Event{Kind: analyzer.EventState, Time: c.Start, Conversation: &c, Step: &s}
	b.ReportAllocs()
	for b.Loop() {
		if err := w.Event(&e); err != nil {
			b.Fatal(err)
		}
	}
}
