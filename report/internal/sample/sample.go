package sample

import (
	"errors"
	"net/netip"
	"time"

	"tcptrace/analyzer"
)

// At is a moment in RFC 3339.
func At(s string) analyzer.Time {
	u, err := time.Parse(time.RFC3339Nano, s)
	if err != nil {
		panic(err)
	}
	return analyzer.Time(u.UnixNano())
}

// Between is the addresses of a conversation, each with its port.
func Between(client, server string) [2]netip.AddrPort {
	return [2]netip.AddrPort{netip.MustParseAddrPort(client), netip.MustParseAddrPort(server)}
}

// Sent is the volume of what a side sent.
func Sent(packets, payload, ip, frame, stream uint64) analyzer.Sent {
	return analyzer.Sent{Packets: packets, PayloadBytes: payload, IPBytes: ip, FrameBytes: frame, StreamBytes: stream}
}

// Conversations is a capture's worth of conversations: a plain one, a refused one over
// IPv6, one that was under way, one from before 1970, one cut off.
func Conversations() []analyzer.Conversation {
	return []analyzer.Conversation{
		{
			Stream: 0, Addr: Between("10.0.0.1:40000", "10.0.0.2:80"), Roles: analyzer.RolesHandshake,
			Start: At("2026-11-21T01:02:03Z"), End: At("2026-11-21T01:02:04.203Z"),
			FirstFrame: 1, LastFrame: 14, Outcome: analyzer.Closed, Completeness: 31, ConnState: ConnState("SF"),
			Sent: [2]analyzer.Sent{Sent(7, 120, 404, 502, 120), Sent(7, 1_234_567, 1_234_851, 1_234_949, 1_234_567)},
		},
		{
			Stream: 1, Addr: Between("[2001:db8:1234:5678:9abc:def0:1234:5678]:54321", "[2001:db8::1]:443"), Roles: analyzer.RolesHandshake,
			Start: At("2026-11-21T01:02:03.5Z"), End: At("2026-11-21T01:02:03.500087Z"),
			FirstFrame: 3, LastFrame: 4, Outcome: analyzer.Refused, Completeness: 37, ConnState: ConnState("REJ"),
			Sent: [2]analyzer.Sent{Sent(1, 0, 80, 94, 0), Sent(1, 0, 60, 74, 0)},
		},
		{
			Stream: 2, Addr: Between("192.168.100.200:65535", "192.168.100.201:22"), Roles: analyzer.RolesInferred,
			Start: At("2026-11-21T01:02:03.999999999Z"), End: At("2026-11-21T03:02:03.999999999Z"),
			FirstFrame: 9, LastFrame: 12345, Outcome: analyzer.Open, Completeness: 12, ConnState: ConnState("OTH"),
			Sent: [2]analyzer.Sent{Sent(4321, 98765, 271605, 332099, 98700), Sent(8000, 12_345_678_901, 12_345_998_901, 12_346_110_901, 12_345_678_901)},
		},
		{
			Stream: 3, Addr: Between("10.0.0.3:1", "10.0.0.2:80"), Roles: analyzer.RolesHandshake,
			Start: At("1969-12-31T23:59:59.000000001Z"), End: At("1969-12-31T23:59:59.000000001Z"),
			FirstFrame: 20, LastFrame: 20, Outcome: analyzer.Unanswered, Completeness: 1, ConnState: ConnState("S0"),
			Sent: [2]analyzer.Sent{Sent(1, 0, 60, 74, 0), {}}, Evicted: true, Dropped: 17,
		},
	}
}

// Summary is the summary of the capture of Conversations.
func Summary() *analyzer.Summary {
	sum := &analyzer.Summary{
		Packets: 14_283, Bytes: 12_400_000_000, Start: At("1969-12-31T23:59:59.000000001Z"), End: At("2026-11-21T03:02:03.999999999Z"),
		TCP: 12_339, Filtered: 3, FirstFragments: 1, CutOptions: 2, BadOptions: 3, Tunneled: 4,
		Conversations: 4, Outcomes: [analyzer.NumOutcomes]uint64{1, 1, 0, 0, 1, 1, 0},
		Evicted: 1, ReleasedEarly: 1200, TimedOut: 3, Drops: 17, DropsKnown: true,
	}
	sum.Bounds[2], sum.Bounds[5] = 1024, 1 // when segments in flight were sent, and letters of a history
	return sum
}

// ConnState is Zeek's state of that name.
func ConnState(name string) (s analyzer.ConnState) {
	for s.String() != name {
		s++
	}
	return s
}

// ResetCause is the cause of that name.
func ResetCause(name string) (c analyzer.ResetCause) {
	for c.String() != name {
		c++
	}
	return c
}

// ErrFull is what a FullWriter returns.
var ErrFull = errors.New("disk full")

// FullWriter takes some bytes and then fails.
type FullWriter struct{ Room int }

// Write takes p if there is room.
func (w *FullWriter) Write(p []byte) (int, error) {
	if len(p) > w.Room {
		return w.Room, ErrFull
	}
	w.Room -= len(p)
	return len(p), nil
}
