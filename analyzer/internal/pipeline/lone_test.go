package pipeline_test

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"reflect"
	"strings"
	"testing"

	"tcptrace/analyzer"
	"tcptrace/internal/input"
	"tcptrace/internal/truth/lab"
	"tcptrace/internal/wire"
)

// said is what a second pass says of a frame.
type said struct {
	frame   uint64
	of      int
	segment wire.Segment
	reading analyzer.Reading // without what it refers to
	text    string
}

// same reports whether two say the same.
func (s *said) same(o *said) bool {
	return s.frame == o.frame && s.of == o.of && s.segment == o.segment && s.text == o.text && reflect.DeepEqual(&s.reading, &o.reading)
}

// readingsOf is what a second pass says of the frames of the conversations that want selects, and in how many partitions it tracked these alone, which it
// does unless whole.
func readingsOf(t *testing.T, data []byte, o analyzer.Options, whole bool, want func(c *analyzer.Conversation) bool) (all []said, alone int) {
	t.Helper()
	open := func() input.Source { return input.Open([]string{"-"}, input.Options{Stdin: bytes.NewReader(data)}) }
	p := &pick{Choice: analyzer.Choice{Options: o}, want: want}
	if _, err := p.Read(t.Context(), open(), p); err != nil {
		t.Fatal(err)
	}
	if alone = p.Lone(); whole {
		p.Whole()
	}
	err := p.Watch(t.Context(), open(), func(f *analyzer.Frame) error {
		one := said{f.Number, f.Conversation, *f.Reading.Segment, f.Reading, string(f.Reading.Text)}
		one.reading.Segment, one.reading.Text = nil, nil
		all = append(all, one)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return all, alone
}

// TestLone: it makes no difference whether the second pass tracks the conversations that were chosen, or all others of their partitions, too.
func TestLone(t *testing.T) {
	alone := 0
	for _, c := range captures(t) {
		for n := range 2 {
			rng := rand.New(rand.NewPCG(uint64(n), 1))
			want := func(*analyzer.Conversation) bool { return rng.IntN(3) == 0 }
			if n == 0 {
				want = func(*analyzer.Conversation) bool { return true }
			}
			got, partitions := readingsOf(t, c.data, with(c.o, 2), false, want)
			rng = rand.New(rand.NewPCG(uint64(n), 1))
			whole, _ := readingsOf(t, c.data, with(c.o, 2), true, want)
			if len(got) != len(whole) {
				t.Errorf("%s: with the chosen conversations alone, in %d partitions: %d frames, want %d", c.name, partitions, len(got), len(whole))
			}
			for i := range min(len(got), len(whole)) {
				if !got[i].same(&whole[i]) {
					t.Errorf("%s: with the chosen conversations alone, in %d partitions:\n got %+v\nwant %+v", c.name, partitions, got[i], whole[i])
					break
				}
			}
			alone += partitions
		}
	}
	if alone == 0 {
		t.Error("none were tracked alone")
	}
	t.Logf("alone in %d partitions", alone)
}

// TestLoneAmongOthers: what passed between two frames of a conversation makes them seem to be what they are, or not, in both passes alike: a copy of a
// frame, and other bytes in the same place, are known by the latest segments of the partition. All of them are one partition here.
func TestLoneAmongOthers(t *testing.T) {
	const before = "# A test.\nclient 10.0.0.1:40000\nserver 10.0.0.2:80\nconn other client 10.0.0.1:40001\n" +
		"+0 > S win 64240 <mss 1460>\n+1ms < S. win 65160 <mss 1460>\n+1ms > .\n+1ms other> S win 64240 <mss 1460>\n+1ms other< S. win 65160 <mss 1460>\n+1ms other> .\n"
	for _, c := range []struct{ name, first, second string }{
		{"a copy", "+1ms > . 1:1(0) ipid 7\n", "+1us > . 1:1(0) ipid 7\n"},
		{"other bytes", "+1ms > P. 1:101(100)\n", "+300ms > P. 1:101(100) fill X\n+1ms < .\n"},
	} {
		found := map[string][]int{}              // how many were between, by what is said
		for _, between := range []int{0, 6000} { // so many push the first out of what is remembered
			data := captureOf(t, before+c.first+strings.Repeat("+0 other> P. (10)\n+0 other< .\n", between)+c.second)
			for _, whole := range []bool{false, true} {
				first := func(a *analyzer.Conversation) bool { return a.Stream == 0 }
				got, alone := readingsOf(t, data, analyzer.Options{MaxFlows: 100, Workers: 1}, whole, first)
				if alone != 1 {
					t.Errorf("%s, %d between: alone in %d partitions", c.name, between, alone)
				}
				kinds := fmt.Sprint(kindsIn(got))
				found[kinds] = append(found[kinds], between)
			}
		}
		for what, between := range found {
			if len(between) != 2 || between[0] != between[1] {
				t.Errorf("%s, with %d between: %s", c.name, between, what)
			}
		}
	}
}

// kindsIn is what the segments are, without their numbers.
func kindsIn(all []said) (list []string) {
	for i := range all {
		r := &all[i].reading
		list = append(list, fmt.Sprint(r.Kind, r.Cause, r.Spurious, r.Notes, r.RTT, r.Third, r.Amends))
	}
	return list
}

// captureOf is the capture that a script makes.
func captureOf(t *testing.T, script string) []byte {
	t.Helper()
	s, err := lab.Parse("script", []byte(script))
	if err != nil {
		t.Fatal(err)
	}
	data, err := s.Capture()
	if err != nil {
		t.Fatal(err)
	}
	return data
}
