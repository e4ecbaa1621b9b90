// Package moment finds the connections that were there at one moment of a capture, with their states and what they had in flight; and
// counts states over all of it.
//
// Not its job: which states an endpoint was in (analyzer.Lifetime), and how they are written (report).
package moment

import (
	"cmp"
	"errors"
	"fmt"
	"slices"

	"tcptrace/analyzer"
	"tcptrace/internal/instant"
	"tcptrace/internal/topk"
	"tcptrace/internal/twopass"
	"tcptrace/report"
)

// Snapshot is the connections at a moment: the first pass finds those that are there and their states, the second
// what they have in flight.
type Snapshot struct {
	*twopass.Passes // of which it is the viewer
	when            instant.Instant
	life            analyzer.Lifetime
	moment          analyzer.Moment // of the conversation that Wants was asked about
	table           report.StatesAt
	limit           int                  // of rows, those that come first; 0: all
	rows            []*report.Connection // in the order in which they were taken; nil: others came first
	first           topk.Top[streamRow]  // with a limit: where they are
	chunk           []report.Connection
}

// NewSnapshot is the connections at that moment for which filter is true, the first so many of them; 0: all.
func NewSnapshot(when instant.Instant, filter report.StateFilter, limit int) *Snapshot {
	s := &Snapshot{when: when, limit: limit, first: topk.New(limit, func(a, b streamRow) int { return cmp.Compare(a.stream, b.stream) })}
	s.table.Filter = filter
	return s
}

// streamRow is the row of a stream.
type streamRow struct {
	stream uint64
	row    int
}

// ErrPast ends the second pass when the moment has come.
var ErrPast = errors.New("the moment has come")

func (s *Snapshot) time() analyzer.Time { return s.when.In(s.Begin) }

// Wants reports whether c was there, in states that were asked for, and counts it.
func (s *Snapshot) Wants(c *analyzer.Conversation) bool {
	at := s.time()
	if c.Start > at {
		return false
	}
	s.life.Of(c)
	var present bool
	s.moment, present = s.life.At(at)
	if !present || !s.table.Filter.Match(&s.moment) {
		return false
	}
	s.table.Count(&s.moment)
	return s.first.Admits(streamRow{stream: c.Stream})
}

// rowsAtOnce is how many rows are allocated at a time: growing one slice would hold two copies for a moment.
const rowsAtOnce = 1024

// Take makes c a row.
func (s *Snapshot) Take(c *analyzer.Conversation) {
	if len(s.chunk) == 0 {
		s.chunk = make([]report.Connection, rowsAtOnce)
	}
	row := &s.chunk[0]
	s.chunk = s.chunk[1:]
	*row = report.Connection{Stream: c.Stream, Addr: c.Addr, Roles: c.Roles, Start: c.Start, Moment: s.moment, Flight: analyzer.NewFlight(c)}
	s.rows = append(s.rows, row)
	if s.limit == 0 {
		return
	}
	if s.first.Full() {
		s.rows[s.first.Last().row] = nil
	}
	s.first.Put(streamRow{c.Stream, len(s.rows) - 1})
}

// See adds up what is in flight, and ends the pass when the moment has come.
func (s *Snapshot) See(g *analyzer.Frame) error {
	switch {
	case analyzer.Time(g.Segment.Clock) > s.time():
		return ErrPast
	case s.rows[g.Conversation] != nil:
		s.rows[g.Conversation].Flight.Segment(&g.Reading)
	}
	return nil
}

// Check finds out, after the first pass, whether the moment is one of the capture's.
func (s *Snapshot) Check() error {
	sum := &s.Summary
	if at := s.time(); sum.Packets > 0 && (at < sum.Start || at > sum.End) {
		const layout = "2006-01-02T15:04:05.000000000Z"
		return fmt.Errorf("%s is not within the capture, which is from %s to %s (+%s)", at.Time().Format(layout),
			sum.Start.Time().Format(layout), sum.End.Time().Format(layout), sum.End.Sub(s.Begin))
	}
	return nil
}

// Table is the connections in order of stream.
func (s *Snapshot) Table() *report.StatesAt {
	t := &s.table
	t.Rows = slices.DeleteFunc(s.rows, func(c *report.Connection) bool { return c == nil })
	slices.SortFunc(t.Rows, func(a, b *report.Connection) int { return cmp.Compare(a.Stream, b.Stream) })
	t.Time, t.Begin, t.End, t.Empty = s.time(), s.Begin, s.Summary.End, s.Summary.Packets == 0
	return t
}

// Census counts states over time in one pass.
type Census struct {
	twopass.Selected
	life   analyzer.Lifetime
	Series report.StateSeries
}

// Conversation counts the states of c, if it was asked for.
func (k *Census) Conversation(c *analyzer.Conversation) error {
	wanted, err := k.Wants(c)
	if err != nil || !wanted {
		return err
	}
	k.life.Of(c)
	k.Series.Add(&k.life)
	return nil
}
