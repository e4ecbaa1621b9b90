package reassembly

import (
	"bytes"
	"errors"
	"math/rand/v2"
	"slices"
	"testing"
)

// recorder checks that a stream arrives in order and without overlap, and
// writes it down.
type recorder struct {
	t         *testing.T
	start     Pos
	got       []byte // 0 where a gap is
	gap       []bool
	conflicts []Range
}

func (r *recorder) at() Pos { return r.start + Pos(len(r.got)) }

func (r *recorder) Data(pos Pos, b []byte) error {
	if pos != r.at() || len(b) == 0 {
		r.t.Fatalf("%d bytes at %d, expected %d", len(b), pos-r.start, r.at()-r.start)
	}
	r.got = append(r.got, b...)
	r.gap = append(r.gap, make([]bool, len(b))...)
	return nil
}

func (r *recorder) Gap(from, to Pos) error {
	if from != r.at() || to <= from {
		r.t.Fatalf("gap [%d,%d), expected %d", from-r.start, to-r.start, r.at()-r.start)
	}
	r.got = append(r.got, make([]byte, to-from)...)
	for range to - from {
		r.gap = append(r.gap, true)
	}
	return nil
}

func (r *recorder) Conflict(pos Pos, b []byte) error {
	r.conflicts = append(r.conflicts, Range{pos - r.start, pos - r.start + Pos(len(b))})
	return nil
}

// String shows the stream with a dot for each byte of a gap.
func (r *recorder) String() string {
	b := slices.Clone(r.got)
	for i, g := range r.gap {
		if g {
			b[i] = '.'
		}
	}
	return string(b)
}

func newRecorder(t *testing.T, cfg StreamConfig) (*Stream, *recorder) {
	r := &recorder{t: t, start: Start(isn) + 1}
	return NewStream(r.start, cfg, r), r
}

func TestStream(t *testing.T) {
	type step struct {
		pos  Pos
		b    string
		acks Pos    // if b is empty
		want string // delivered so far
	}
	for _, test := range []struct {
		name      string
		overlap   Overlap
		steps     []step
		conflicts []Range
		stats     StreamStats
	}{
		{name: "in order", steps: []step{{0, "abc", 0, "abc"}, {3, "def", 0, "abcdef"}}},
		{name: "reordered", steps: []step{{3, "def", 0, ""}, {6, "g", 0, ""}, {0, "abc", 0, "abcdefg"}}},
		{name: "repeated", steps: []step{{0, "abc", 0, "abc"}, {0, "abc", 0, "abc"}, {1, "bcde", 0, "abcde"}}},
		{name: "acknowledged beyond a hole", steps: []step{
			{0, "ab", 0, "ab"}, {4, "ef", 0, "ab"}, {0, "", 3, "ab."}, {8, "i", 0, "ab."}, {0, "", 4, "ab..ef"}, {0, "", 6, "ab..ef"}, {0, "", 10, "ab..ef..i."},
		}},
		{name: "too late for a gap", stats: StreamStats{Late: 3}, steps: []step{
			{2, "cd", 0, ""}, {0, "", 4, "..cd"}, {0, "abcdef", 0, "..cdef"}, {1, "b", 0, "..cdef"},
		}},
		{name: "before the start", stats: StreamStats{Late: 2}, steps: []step{{-2, "yzabc", 0, "abc"}}},
		{name: "first copy wins", conflicts: []Range{{3, 5}}, stats: StreamStats{Conflicts: 1}, steps: []step{
			{2, "cde", 0, ""}, {2, "cDEf", 0, ""}, {0, "ab", 0, "abcdef"},
		}},
		{name: "last copy wins", overlap: LastWins, conflicts: []Range{{3, 5}}, stats: StreamStats{Conflicts: 1}, steps: []step{
			{2, "cde", 0, ""}, {2, "cDEf", 0, ""}, {0, "ab", 0, "abcDEf"},
		}},
		{name: "delivered bytes stay", overlap: LastWins, conflicts: []Range{{0, 3}}, stats: StreamStats{Conflicts: 1}, steps: []step{
			{0, "abc", 0, "abc"}, {0, "AbCd", 0, "abcd"},
		}},
		{name: "a conflict on each side of a hole", conflicts: []Range{{2, 3}, {5, 6}}, stats: StreamStats{Conflicts: 2}, steps: []step{
			{2, "c", 0, ""}, {5, "f", 0, ""}, {1, "bCdeFg", 0, ""}, {0, "a", 0, "abcdefg"},
		}},
	} {
		t.Run(test.name, func(t *testing.T) {
			s, r := newRecorder(t, StreamConfig{Overlap: test.overlap})
			for i, step := range test.steps {
				var err error
				if step.b == "" {
					err = s.Acked(r.start + step.acks)
				} else {
					err = s.Add(r.start+step.pos, []byte(step.b))
				}
				if r.String() != step.want || err != nil {
					t.Fatalf("step %d: %q, %v; want %q", i, r, err, step.want)
				}
			}
			if !slices.Equal(r.conflicts, test.conflicts) || s.Stats() != test.stats {
				t.Errorf("conflicts %v, %+v; want %v, %+v", r.conflicts, s.Stats(), test.conflicts, test.stats)
			}
		})
	}
}

func TestStreamFlush(t *testing.T) {
	s, r := newRecorder(t, StreamConfig{})
	s.Add(r.start+2, []byte("cd"))
	s.Add(r.start+6, []byte("g"))
	if s.Waiting() != 3 || s.Next() != r.start {
		t.Errorf("%d bytes wait, next %d", s.Waiting(), s.Next()-r.start)
	}
	for range 2 {
		if err := s.Flush(); r.String() != "..cd..g" || err != nil || s.Waiting() != 0 {
			t.Errorf("%q, %v, %d bytes wait", r, err, s.Waiting())
		}
	}
}

// Every call fails once the consumer has, and the consumer is not called again.
func TestStreamError(t *testing.T) {
	full := errors.New("disk full")
	c := &failing{after: 1, err: full}
	s := NewStream(1, StreamConfig{}, c)
	if err := s.Add(1, []byte("a")); err != nil {
		t.Error(err)
	}
	s.Add(5, []byte("e"))
	for range 2 {
		if err := s.Acked(5); err != full {
			t.Error(err)
		}
		if err := s.Add(2, []byte("bcd")); err != full {
			t.Error(err)
		}
		if err := s.Flush(); err != full {
			t.Error(err)
		}
	}
	if c.calls != 2 {
		t.Errorf("called %d times", c.calls)
	}
}

type failing struct {
	calls, after int
	err          error
}

func (f *failing) call() error {
	if f.calls++; f.calls > f.after {
		return f.err
	}
	return nil
}
func (f *failing) Data(Pos, []byte) error     { return f.call() }
func (f *failing) Gap(_, _ Pos) error         { return f.call() }
func (f *failing) Conflict(Pos, []byte) error { return f.call() }

// deliver sends content through a network that cuts, reorders, repeats, overlaps
// and drops, and checks what arrives against content. Every choice is
// taken from next, so that a fuzzer makes them.
func deliver(t *testing.T, content []byte, cfg StreamConfig, maxSegment int, next func(n int) int) (*recorder, StreamStats) {
	s, r := newRecorder(t, cfg)
	captured := make([]bool, len(content))
	type segment struct{ lo, hi int }
	var delayed []segment
	send := func(g segment) {
		if next(16) == 0 {
			return // lost before the tap
		}
		for i := g.lo; i < g.hi; i++ {
			captured[i] = true
		}
		if err := s.Add(r.start+Pos(g.lo), content[g.lo:g.hi]); err != nil {
			t.Fatal(err)
		}
	}
	for at := 0; at < len(content); {
		g := segment{at, min(len(content), at+1+next(maxSegment))}
		at = g.hi
		switch next(8) {
		case 0:
			delayed = append(delayed, g)
			continue
		case 1:
			g.lo = max(0, g.lo-next(2*maxSegment))
		case 2:
			send(g)
		case 3:
			if len(delayed) > 0 {
				i := next(len(delayed))
				send(delayed[i])
				delayed = slices.Delete(delayed, i, i+1)
			}
		}
		send(g)
	}
	for _, g := range delayed {
		send(g)
	}
	if err := s.Acked(r.start + Pos(len(content))); err != nil {
		t.Fatal(err)
	}
	if len(r.got) != len(content) {
		t.Fatalf("%d of %d bytes accounted for", len(r.got), len(content))
	}
	missed := int64(0)
	for i, g := range r.gap {
		if !g && (r.got[i] != content[i] || !captured[i]) {
			t.Fatalf("byte %d is wrong, or was never captured", i)
		}
		if g && captured[i] {
			missed++
		}
	}
	if st := s.Stats(); missed > st.Forced || len(r.conflicts) > 0 {
		t.Fatalf("%d captured bytes are gaps, %d conflicts: %+v", missed, len(r.conflicts), st)
	}
	return r, s.Stats()
}

func pattern(n int) []byte {
	b := make([]byte, n)
	rnd := rand.New(rand.NewPCG(1, uint64(n)))
	for i := range b {
		b[i] = byte(rnd.Uint32())
	}
	return b
}

// Without a bound in the way, exactly the bytes that were not captured are gaps.
func FuzzStream(f *testing.F) {
	f.Add([]byte("some choices"), uint16(5000), uint8(9), false)
	f.Add(pattern(300), uint16(60000), uint8(250), true)
	f.Fuzz(func(t *testing.T, choices []byte, size uint16, maxSegment uint8, last bool) {
		cfg := StreamConfig{}
		if last {
			cfg.Overlap = LastWins
		}
		i := 0
		next := func(n int) int {
			if len(choices) == 0 || n == 0 {
				return 0
			}
			i++
			return (int(choices[i%len(choices)]) + i/len(choices)*7) % n
		}
		_, stats := deliver(t, pattern(int(size)), cfg, int(maxSegment)+1, next)
		if stats.Forced == 0 && stats.Unchecked != 0 && size < minRing/2 {
			t.Errorf("%+v", stats)
		}
	})
}

// Larger than the ring in every way, many times around it, growing and at its bounds.
func TestStreamLarge(t *testing.T) {
	content := pattern(1 << 20)
	for seed := range uint64(40) {
		rnd := rand.New(rand.NewPCG(seed, 2))
		cfg := StreamConfig{Buffer: []int{1, 100_000, 1 << 20}[seed%3], Overlap: Overlap(seed % 2)}
		maxSegment := []int{100, 1500, 20_000, 100_000}[seed%4]
		_, stats := deliver(t, content, cfg, maxSegment, rnd.IntN)
		if cfg.Buffer == 1<<20 && maxSegment > 20_000 && stats.Forced+stats.Late > 0 {
			t.Errorf("seed %d: %+v with room for everything", seed, stats)
		}
	}
}

// Whatever comes, memory stays within the bound and the stream in order.
func FuzzStreamHostile(f *testing.F) {
	f.Add([]byte{0, 1, 2, 3, 200, 1, 7, 7, 9, 255, 255, 3, 128, 0, 1, 2})
	f.Fuzz(func(t *testing.T, b []byte) {
		c := &ledger{t: t, at: Start(isn) + 1, start: Start(isn) + 1}
		s := NewStream(c.at, StreamConfig{Buffer: 1}, c)
		junk := pattern(70_000)
		for ; len(b) >= 4; b = b[4:] {
			far := Pos(int8(b[1])) << (b[2] % 32) // anywhere in the sequence space
			switch b[0] % 8 {
			case 0:
				s.Acked(s.Next() + far%100_000)
			case 1:
				s.Flush()
			default:
				s.Add(s.Next()+far, junk[b[3]:int(b[3])+int(b[0])<<(b[2]%9)])
			}
			if len(s.ring) > minRing || s.Waiting() > minRing/2 || s.held.Len() > MaxRanges || s.held.Dropped() > 0 {
				t.Fatalf("ring %d, %d wait in %d ranges, %d dropped", len(s.ring), s.Waiting(), s.held.Len(), s.held.Dropped())
			}
			if s.Next() != c.at {
				t.Fatalf("Next %d, delivered up to %d", s.Next(), c.at)
			}
		}
	})
}

// ledger checks order only.
type ledger struct {
	t         *testing.T
	start, at Pos
}

func (l *ledger) Data(pos Pos, b []byte) error { return l.Gap(pos, pos+Pos(len(b))) }

func (l *ledger) Gap(from, to Pos) error {
	if from != l.at || to <= from {
		l.t.Fatalf("[%d,%d) after %d", from-l.start, to-l.start, l.at-l.start)
	}
	l.at = to
	return nil
}

func (l *ledger) Conflict(pos Pos, b []byte) error {
	if len(b) == 0 {
		l.t.Fatalf("conflict of nothing at %d", pos-l.start)
	}
	return nil
}

// The bounds: too many holes, and data too far ahead.
func TestStreamBounds(t *testing.T) {
	s, r := newRecorder(t, StreamConfig{Buffer: 1})
	for i := range Pos(2 * MaxRanges) {
		s.Add(r.start+2*i+1, []byte{'x'})
	}
	if st := s.Stats(); st.Forced != int64(s.Next()-r.start)/2 || st.Forced < MaxRanges || s.held.Dropped() != 0 {
		t.Errorf("many holes: %+v, next %d, dropped %d", st, s.Next()-r.start, s.held.Dropped())
	}
	s.Flush()
	if want := bytes.Repeat([]byte(".x"), 2*MaxRanges); r.String() != string(want) {
		t.Errorf("many holes: %q", r)
	}

	s, r = newRecorder(t, StreamConfig{Buffer: 1})
	s.Add(r.start+1<<20, []byte("far"))
	if want := int64(1<<20 + 3 - minRing/2); s.Stats().Forced != want || len(r.got) != int(want) || s.Waiting() != 3 {
		t.Errorf("far ahead: %+v, %d delivered", s.Stats(), len(r.got))
	}
}

func TestStreamAllocs(t *testing.T) {
	s := NewStream(1, StreamConfig{}, discard{})
	b := pattern(1448)
	at := Pos(1)
	allocs := testing.AllocsPerRun(1000, func() {
		n := Pos(len(b))
		s.Add(at, b)
		s.Add(at+2*n, b) // reordered
		s.Add(at+n, b)
		s.Add(at, b) // repeated
		at += 3 * n
		s.Acked(at)
	})
	if allocs != 0 {
		t.Errorf("%v allocations", allocs)
	}
	if st := s.Stats(); st != (StreamStats{}) {
		t.Errorf("%+v", st)
	}
}

type discard struct{}

func (discard) Data(Pos, []byte) error     { return nil }
func (discard) Gap(_, _ Pos) error         { return nil }
func (discard) Conflict(Pos, []byte) error { return nil }
