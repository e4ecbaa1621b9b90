package analyzer

import (
	"fmt"
	"testing"
	"time"

	"tcptrace/analyzer/internal/anomaly"
	"tcptrace/internal/wire"
)

// TestAlike: what is told of a SYN that was like others is what is told of it when every one is worked out, in whatever it differs from them; and
// those that differ in nothing but sockets, time and numbers are alike.
func TestAlike(t *testing.T) {
	both := [2]*heard{newHeard(Options{}, true), newHeard(Options{}, false)}
	now, frame := Time(1e18), uint64(0)
	syn := func(n int, differs func(*wire.Segment)) {
		now, frame = now+1, frame+1
		s := wire.Segment{Key: flowKey(n), Frame: frame, Time: int64(now), Clock: int64(now), Flags: wire.SYN, Seq: 77 * uint32(n), Window: 1000, MSS: 1460, WScale: 7,
			TTL: 64, IPID: uint16(n), IPLen: 60, WireLen: 74, TSval: 13 * uint32(n), Sum: uint16(n), V4DF: true,
			Bits: wire.HasMSS | wire.HasWScale | wire.HasTimestamps | wire.HasSACKPerm | wire.GoodSum | wire.GoodHeader}
		differs(&s)
		for _, h := range both {
			one := s
			h.Segment(&one)
		}
	}
	pass := func(d Time) {
		now += d
		for _, h := range both {
			h.Flush(now)
		}
	}
	kinds := []func(*wire.Segment){
		func(s *wire.Segment) {},
		func(s *wire.Segment) { s.Dir = 1 },
		func(s *wire.Segment) { s.Key.V6 = 1 },
		func(s *wire.Segment) { s.Window++ },
		func(s *wire.Segment) { s.MSS++ },
		func(s *wire.Segment) { s.WScale++ },
		func(s *wire.Segment) { s.TTL++ },
		func(s *wire.Segment) { s.TOS = 2 },
		func(s *wire.Segment) { s.V4DF = false },
		func(s *wire.Segment) { s.Iface = 3 },
		func(s *wire.Segment) { s.Net, s.VLAN = 1, [2]uint16{5, 6} },
		func(s *wire.Segment) { s.Flags |= wire.ECE | wire.CWR },
		func(s *wire.Segment) { s.Flags |= wire.PSH },
		func(s *wire.Segment) { s.Flags |= wire.URG; s.Urgent = 1 },
		func(s *wire.Segment) { s.Ack = 9 },
		func(s *wire.Segment) { s.Bits &^= wire.HasTimestamps },
		func(s *wire.Segment) { s.Bits |= wire.Tunneled },
		func(s *wire.Segment) { s.Bits = s.Bits&^wire.GoodSum | wire.BadSum },
		func(s *wire.Segment) { s.IPLen, s.WireLen = 80, 94 },
		func(s *wire.Segment) { s.Len, s.PayloadCap, s.IPLen, s.WireLen = 10, 10, 70, 84 },
	}
	for round := range 3 {
		for k := range kinds {
			syn(round*len(kinds)+k+1, kinds[k])
		}
		pass(Time(20 * time.Millisecond))
	}
	pass(anomaly.Soonest - Time(time.Second/10)) // of the first nothing can be said yet
	for _, h := range both {
		h.Each(func(s *Seen) {
			h.lines = append(h.lines, fmt.Sprintf("%+v %+v", *s.Conversation, s.Judgment.Trajectory))
		})
	}
	for range 6 {
		pass(Time(2 * time.Second))
		for _, h := range both {
			h.ask(ByStart)
		}
	}
	for _, h := range both {
		h.Finish()
	}
	equal(t, "alike", both[0], both[1])

	m := NewMonitor(Options{}, Idle{}, func(*Event) {})
	held := func() (n int) {
		for _, l := range m.parts[0].alike.all {
			if l != nil && l.valid {
				n++
			}
		}
		return n
	}
	for n := range 5 {
		m.Segment(&wire.Segment{Key: flowKey(n), Frame: uint64(n + 1), Time: 1e9, Flags: wire.SYN, Seq: uint32(n), Window: 1000, IPID: uint16(n), Sum: uint16(n)})
		m.Flush(1e9)
	}
	if held() != 1 {
		t.Errorf("%d kinds of SYNs that differ in nothing but sockets and numbers", held())
	}
	m.Segment(&wire.Segment{Key: flowKey(9), Frame: 9, Time: 1e9, Flags: wire.SYN, Window: 2000, TTL: 3})
	m.Segment(&wire.Segment{Key: flowKey(10), Frame: 10, Time: 1e9, Flags: wire.SYN, Window: 3000, TTL: 4, Len: 1, PayloadCap: 1})
	m.Flush(1e9)
	if held() != 2 {
		t.Errorf("%d kinds of SYNs behind one with another window, and one with data", held())
	}
}
