package states

import (
	"io"
	"strconv"
	"strings"
	"time"

	"tcptrace/analyzer"
	"tcptrace/fsm"
	"tcptrace/report/internal/human"
	"tcptrace/report/internal/output"
)

// MaxSamples bounds the samples of a StateSeries, and so its memory, to 10 MB.
const MaxSamples = 100_000

// StateSeries counts connections and the states of their endpoints at regular times of a capture. It holds
// no connection, but for each sample what has changed since the one before.
type StateSeries struct {
	Filter     StateFilter
	Every      time.Duration
	Begin, End analyzer.Time // of the capture: its first packet, and the latest time in it; End is needed only to write
	Empty      bool          // the capture holds no packets
	Times      human.Times   // in a table; Delta is since the line before

	changes []tally
}

// Add counts a connection. Begin must be known.
func (s *StateSeries) Add(l *analyzer.Lifetime) {
	var was analyzer.Change
	for _, now := range l.Changes {
		i := s.sample(now.Time)
		if i >= MaxSamples {
			return
		}
		for len(s.changes) <= i {
			s.changes = append(s.changes, tally{})
		}
		if was.Present {
			s.changes[i].add(&s.Filter, was.State, -1)
		}
		if now.Present {
			s.changes[i].add(&s.Filter, now.State, 1)
		}
		was = now
	}
}

// Conversations is the first one that is not before t.
func (s *StateSeries) sample(t analyzer.Time) int {
	if t <= s.Begin {
		return 0
	}
	return int(min((t.Sub(s.Begin)-1)/s.Every+1, MaxSamples))
}

// Samples is how many there are, from the begin of the capture to its end.
func (s *StateSeries) Samples() int64 {
	if s.Empty {
		return 0
	}
	return int64(max(s.End.Sub(s.Begin), 0)/s.Every) + 1
}

// each calls what with every sample in order.
func (s *StateSeries) each(what func(at analyzer.Time, t *tally) error) error {
	var sum tally
	for i := range int(min(s.Samples(), MaxSamples)) {
		if i < len(s.changes) {
			sum.accumulate(&s.changes[i])
		}
		if err := what(s.Begin+analyzer.Time(i)*analyzer.Time(s.Every), &sum); err != nil {
			return err
		}
	}
	return nil
}

func (t *tally) accumulate(u *tally) {
	t.connections += u.connections
	for side := range t.endpoints {
		for s := range t.endpoints[side] {
			t.endpoints[side][s] += u.endpoints[side][s]
		}
	}
}

// Schemas of the series of 'tcptrace states'.
const (
	countsSchema = "tcptrace.state-counts.v1" // one sample
	seriesSchema = "tcptrace.state-series.v1" // the document of all of them
)

// counts appends the record of a sample.
func (e *encoder) counts(b []byte, s *StateSeries, at analyzer.Time, t *tally) []byte {
	b = e.clock.Append(append(b, `{"schema":"`+countsSchema+`","time":"`...), at)
	b = output.AppendSeconds(append(b, `","t_s":`...), int64(at.Sub(s.Begin)))
	return append(t.appendJSON(append(b, ','), &s.Filter), '}')
}

// WriteSeriesNDJSON writes a record a sample.
func WriteSeriesNDJSON(w io.Writer, s *StateSeries) error {
	out, e := output.NewBuffer(w), encoder{}
	if err := s.each(func(at analyzer.Time, t *tally) error {
		out.B = append(e.counts(out.B, s, at, t), '\n')
		return out.Spill()
	}); err != nil {
		return err
	}
	return out.Flush()
}

// WriteSeriesJSON writes one document.
func WriteSeriesJSON(w io.Writer, s *StateSeries) error {
	out, e := output.NewBuffer(w), encoder{}
	b := e.clock.Append(append(out.B, `{"schema":"`+seriesSchema+`","begin":"`...), s.Begin)
	b = e.clock.Append(append(b, `","end":"`...), s.End)
	b = output.AppendSeconds(append(b, `","every_s":`...), int64(s.Every))
	out.B = append(b, `,"samples":[`...)
	if err := s.each(func(at analyzer.Time, t *tally) error {
		if at != s.Begin {
			out.B = append(out.B, ',')
		}
		out.B = e.counts(append(out.B, '\n'), s, at, t)
		return out.Spill()
	}); err != nil {
		return err
	}
	out.B = append(out.B, "\n]}\n"...)
	return out.Flush()
}

// WriteSeriesCSV writes a row a sample, with a column for each state on each side: client_established.
func WriteSeriesCSV(w io.Writer, s *StateSeries) error {
	out, k := output.NewBuffer(w), output.Clock{}
	out.B = append(out.B, "time,t_s,connections"...)
	for side := range analyzer.Server + 1 {
		for state := range fsm.NumStates {
			if s.Filter.shows(side, state) {
				out.B = append(out.B, ","+side.String()+"_"+strings.ToLower(state.String())...)
			}
		}
	}
	out.B = append(out.B, '\n')
	if err := s.each(func(at analyzer.Time, t *tally) error {
		b := output.AppendSeconds(append(k.Append(out.B, at), ','), int64(at.Sub(s.Begin)))
		b = strconv.AppendInt(append(b, ','), int64(t.connections), 10)
		for side := range t.endpoints {
			for state := range fsm.NumStates {
				if s.Filter.shows(analyzer.Side(side), state) {
					b = strconv.AppendInt(append(b, ','), int64(t.endpoints[side][state]), 10)
				}
			}
		}
		out.B = append(b, '\n')
		return out.Spill()
	}); err != nil {
		return err
	}
	return out.Flush()
}
