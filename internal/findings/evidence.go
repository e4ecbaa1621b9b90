package findings

import (
	"cmp"
	"fmt"
	"time"

	"tcptrace/analyzer"
	"tcptrace/report"
)

// Evidence is what shows a finding in one of its conversations: the first of the gravest anomalies that tell of it.
type Evidence struct {
	Stream  uint64      `json:"stream"` // as that of the finding
	Frame   uint64      `json:"frame"`
	Time    report.Time `json:"time"`
	Anomaly string      `json:"anomaly"`
	Detail  string      `json:"detail"`
}

// anomalySeen is an anomaly of a conversation, and how many packets the capture had lost while that was open.
type anomalySeen struct {
	analyzer.Anomaly
	dropped uint64
}

// seenIn is the anomaly that tells best of a kind in a conversation, nil if none does.
func seenIn(kind int, s *subject) *anomalySeen {
	var best *analyzer.Anomaly
	for i := range s.Anomalies {
		if a := &s.Anomalies[i]; tells(kind, a) && (best == nil || kinds[kind].better(a, best) < 0) {
			best = a
		}
	}
	if best == nil {
		return nil
	}
	return &anomalySeen{*best, s.Dropped}
}

// better orders what tells of k: what shows it best, then the gravest, then the first.
func (k *kind) better(a, b *analyzer.Anomaly) int {
	if shows := a.Kind.ID == k.shows; shows != (b.Kind.ID == k.shows) {
		if shows {
			return -1
		}
		return 1
	}
	return cmp.Or(-cmp.Compare(a.Kind.Severity, b.Kind.Severity), cmp.Compare(a.Time, b.Time))
}

// evidence is what shows the example; nil if no anomaly does.
func (x *example) evidence() *Evidence {
	if x.told != nil {
		e := *x.told
		e.Stream = x.stream
		return &e
	}
	if x.seen == nil {
		return nil
	}
	return &Evidence{Stream: x.stream, Frame: x.seen.Frame, Time: report.Time(x.seen.Time), Anomaly: x.seen.Kind.ID, Detail: report.DetailAcross(x.seen.dropped, &x.seen.Anomaly)}
}

// shown is the evidence in x in words; where no anomaly shows it, which conversation x is, unless the headline says so: it is the only one.
func (f *Finding) shown(x *example, o *Options) string {
	e := f.Evidence
	switch {
	case e == nil && f.Conversations == 1:
		return ""
	case e == nil:
		text := fmt.Sprintf("such as stream %d: %s to %s", x.stream, x.addr[analyzer.Client], x.addr[analyzer.Server])
		if x.waited > 0 && f.WaitedS > 0 {
			text += ", " + report.HumanDuration(time.Duration(x.waited)) + " waited"
		}
		return text
	}
	where := fmt.Sprintf("frame %d, %s", e.Frame, o.clock(&e.Time))
	if f.Conversations > 1 {
		where = fmt.Sprintf("such as stream %d, %s", e.Stream, where)
	}
	return where + ": " + e.Detail
}
