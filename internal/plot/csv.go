package plot

import (
	"encoding/csv"
	"io"
	"math"
	"strconv"
	"time"

	"tcptrace/analyzer"
)

// table is rows for gnuplot: set datafile separator ','. What a row does not have is empty.
type table struct {
	w   *csv.Writer
	row []string
}

func newTable(w io.Writer, columns ...string) *table {
	t := &table{w: csv.NewWriter(w)}
	t.row = columns
	t.end()
	return t
}

// end writes the row; its error is kept by the writer behind.
func (t *table) end() {
	_ = t.w.Write(t.row)
	t.row = t.row[:0]
}

func (t *table) text(s string) { t.row = append(t.row, s) }

func (t *table) int(n int64) { t.text(strconv.FormatInt(n, 10)) }

// maybe is n, if it is known.
func (t *table) maybe(n int64, known bool) {
	if known {
		t.int(n)
	} else {
		t.text("")
	}
}

func (t *table) float(v float64) {
	if math.IsNaN(v) {
		t.text("")
		return
	}
	t.text(strconv.FormatFloat(v, 'f', -1, 64))
}

// seconds is ns in seconds.
func (t *table) seconds(ns int64) { t.text(strconv.FormatFloat(float64(ns)/1e9, 'f', 9, 64)) }

// rows is a part that writes a table.
type rows struct {
	*Stream
	*table
	each   func(v *analyzer.SegmentView, r *analyzer.Reading)
	behind func()
}

func (p *rows) segment(v *analyzer.SegmentView, r *analyzer.Reading) { p.each(v, r) }

func (p *rows) finish() {
	if p.behind != nil {
		p.behind()
	}
	p.w.Flush()
}

// plain is the part that writes what is no picture.
func (s *Stream) plain() part {
	if s.o.Format == "xplot" {
		return newXplot(s, s.sides()[0])
	}
	p := &rows{Stream: s}
	switch s.o.Kind {
	case "sequence":
		p.sequence()
	case "window":
		p.window()
	case "rtt":
		p.roundTrips()
	case "throughput":
		p.throughput()
	case "states":
		p.states()
	case "ladder":
		p.ladder()
	}
	return p
}

// begin begins the row of a segment, if it is to be shown.
func (p *rows) begin(v *analyzer.SegmentView) bool {
	if !p.shows(timeOf(v)) {
		return false
	}
	p.seconds(timeOf(v) - int64(p.c.Start))
	p.int(int64(v.Frame))
	p.text(v.From.String())
	return true
}

func (p *rows) sequence() {
	p.table = newTable(p.out, "t_s", "frame", "from", "seq", "seq_end", "ack", "window_end", "kind", "third_duplicate_ack")
	p.each = func(v *analyzer.SegmentView, r *analyzer.Reading) {
		if !p.begin(v) {
			return
		}
		p.int(v.Seq)
		p.int(v.Seq + int64(r.Segment.SeqLen()))
		p.maybe(v.Ack, v.HasAck)
		p.maybe(v.Ack+int64(v.Window), v.HasAck)
		p.text(v.Kind.String())
		p.text(map[bool]string{true: "1", false: "0"}[r.Third])
		p.end()
	}
}

func (p *rows) window() {
	p.table = newTable(p.out, "t_s", "frame", "from", "client_in_flight", "server_in_flight", "window")
	flight := analyzer.NewFlight(&p.c)
	p.each = func(v *analyzer.SegmentView, r *analyzer.Reading) {
		n, known := inFlight(&flight, analyzer.Client, v, r)
		if !p.begin(v) {
			return
		}
		p.maybe(int64(n), known)
		n, known = flight.Bytes(analyzer.Server, &analyzer.EndpointMoment{State: v.State[analyzer.Server]})
		p.maybe(int64(n), known)
		size, ok := offered(v)
		p.maybe(int64(size), ok)
		p.end()
	}
}

func (p *rows) roundTrips() {
	p.table = newTable(p.out, "t_s", "frame", "from", "client_rtt_s", "server_rtt_s")
	of := newRoundTrips(p.Stream)
	p.each = func(v *analyzer.SegmentView, r *analyzer.Reading) {
		if r.RTT == 0 || !p.begin(v) {
			return
		}
		for side := range analyzer.Server + 1 {
			if of.of(v) == side {
				p.seconds(int64(r.RTT))
			} else {
				p.text("")
			}
		}
		p.end()
	}
}

func (p *rows) throughput() {
	p.table = newTable(p.out, "t_s", "client_bytes_per_s", "client_again_bytes_per_s", "server_bytes_per_s", "server_again_bytes_per_s")
	sides := [2]*throughput{newThroughput(p.Stream, analyzer.Client), newThroughput(p.Stream, analyzer.Server)}
	p.each = func(v *analyzer.SegmentView, r *analyzer.Reading) {
		for _, side := range sides {
			side.segment(v, r)
		}
	}
	p.behind = func() {
		first := &sides[0].all
		for i := range first.sums {
			p.seconds(first.from + int64(i)*first.width - int64(p.c.Start))
			for _, side := range sides {
				p.float(side.all.sums[i] / time.Duration(first.width).Seconds())
				p.float(side.again.sums[i] / time.Duration(first.width).Seconds())
			}
			p.end()
		}
	}
}

func (p *rows) states() {
	p.table = newTable(p.out, "side", "state", "from_s", "to_s", "evidence", "not_before_s", "not_after_s", "frame")
	p.each = func(*analyzer.SegmentView, *analyzer.Reading) {}
	for side := range analyzer.Server + 1 {
		for _, s := range (&states{p.Stream}).stays(side) {
			p.text(side.String())
			p.text(s.State.String())
			p.seconds(s.from - int64(p.c.Start))
			p.seconds(s.to - int64(p.c.Start))
			p.text(s.Evidence.String())
			for _, at := range []analyzer.Time{s.NotBefore, s.NotAfter} {
				if at == 0 {
					p.text("")
				} else {
					p.seconds(int64(at - p.c.Start))
				}
			}
			p.maybe(int64(s.Frame), s.Frame != 0)
			p.end()
		}
	}
}
