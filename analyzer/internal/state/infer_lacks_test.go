package state

import (
	"testing"

	"tcptrace/analyzer/internal/conn"
	"tcptrace/internal/wire"
)

// TestIsFirst: a FIN that answers the peer's late was sent before, if only its own lateness says how far its sender is.
func TestIsFirst(t *testing.T) {
	const far = 100e6
	for _, test := range []struct {
		why            string
		wait, distance conn.Time
		lacks, want    bool
		midstream      bool
	}{
		{why: "in time", wait: far*3/2 + conn.AckDelay, distance: far, want: true},
		{why: "late", wait: far*3/2 + conn.AckDelay + 1, distance: far},
		{why: "in time, and segments are missing", wait: far + 1, distance: far, lacks: true, want: true},
		{why: "it is the only measure", wait: far, distance: far, lacks: true},
		{why: "it is the measure, and nothing is missing", wait: far, distance: far, want: true},
		{why: "in mid-connection, and it is the only measure", wait: far, distance: far, midstream: true},
		{why: "in mid-connection, and there is another", wait: far + 1, distance: far, midstream: true, want: true},
		{why: "it is the only measure, and at once", wait: conn.AckDelay, distance: conn.AckDelay, lacks: true, want: true},
	} {
		s := walk(peers(wire.FIN|wire.ACK, peerISN+100, isn+100), own(wire.FIN|wire.ACK, isn+100, peerISN+101))
		s.Facts[1].Time, s.self.Distance, s.lacks, s.self.AtTap = s.Facts[0].Time+test.wait, test.distance, test.lacks, true
		s.self.KnowsISN = !test.midstream
		if got := s.isFirst(&s.Facts[1], &s.Facts[0], &s.Facts[1]); got != test.want {
			t.Errorf("%s: %v, want %v", test.why, got, test.want)
		}
	}
}

// TestBefore: what the endpoint sends next behind an answer to the peer's FIN shows that it had not closed by then; but for a FIN with data, if
// segments are missing, and may have been one with that.
func TestBefore(t *testing.T) {
	for _, test := range []struct {
		why       string
		seq       uint32 // of the answer
		bytes     uint16 // of the FIN
		lacks     bool
		skips     bool
		fin, want bool
	}{
		{why: "a FIN next", seq: isn + 100, want: true},
		{why: "data and a FIN next", seq: isn + 100, bytes: 1, want: true},
		{why: "a FIN next, and segments are missing", seq: isn + 100, lacks: true, want: true},
		{why: "data and a FIN next, and segments are missing", seq: isn + 100, bytes: 1, lacks: true},
		{why: "behind the FIN", seq: isn + 101},
		{why: "a FIN itself", seq: isn + 100, fin: true},
		{why: "it skips what was not captured", seq: isn + 100, skips: true},
	} {
		s := walk(own(wire.ACK, test.seq, peerISN+101), own(wire.FIN|wire.ACK, isn+100, peerISN+101))
		proof, fin := &s.Facts[0], &s.Facts[1]
		fin.Len, s.lacks = test.bytes, test.lacks
		if test.fin {
			proof.Flags |= uint8(wire.FIN)
		}
		if test.skips {
			proof.Bits |= conn.FactSkips
		}
		if got := s.before(proof, fin); got != test.want {
			t.Errorf("%s: %v, want %v", test.why, got, test.want)
		}
	}
}

// TestUnacked: an ACK of the endpoint's FIN that passed just before its own answer had not reached it, if how far away it is was measured by more than
// that answer.
func TestUnacked(t *testing.T) {
	const wait = 50e6 // from the peer's FIN to the answer
	for _, test := range []struct {
		why       string
		acked     conn.Time // since the peer's FIN
		distance  conn.Time
		midstream bool
		want      bool
	}{
		{why: "nothing acknowledges it", acked: -1, distance: wait, midstream: true, want: true},
		{why: "it had not come yet", acked: wait - 10e6 + 1, distance: 10e6, want: true},
		{why: "it may have come", acked: wait - 10e6, distance: 10e6},
		{why: "the answer is as far away as the handshake", acked: 1, distance: wait, want: true},
		{why: "in mid-connection, by another measure", acked: 10e6, distance: wait - 1, midstream: true, want: true},
		{why: "in mid-connection, by no other", acked: 10e6, distance: wait, midstream: true},
	} {
		s := walk(peers(wire.FIN|wire.ACK, peerISN+100, isn+100), peers(wire.ACK, peerISN+101, isn+101), own(wire.ACK, isn+101, peerISN+101))
		fin, ack, proof := &s.Facts[0], &s.Facts[1], &s.Facts[2]
		ack.Time, proof.Time, s.self.Distance, s.self.KnowsISN = fin.Time+test.acked, fin.Time+wait, test.distance, !test.midstream
		if test.acked < 0 {
			ack.Ack = isn + 100
		}
		if got := s.unacked(fin, proof); got != test.want {
			t.Errorf("%s: %v, want %v", test.why, got, test.want)
		}
	}
}

// TestBeganUnseen: the capture lacks segments if a side begins behind what its peer had acknowledged.
func TestBeganUnseen(t *testing.T) {
	for _, test := range []struct {
		why        string
		ack        uint32 // of the peer
		seq        uint32 // with which the endpoint begins
		later      bool   // the ACK comes behind that
		isnUnknown bool
		want       bool
	}{
		{why: "one octet is missing", ack: isn + 2, seq: isn + 2, want: true},
		{why: "many, of which one is acknowledged", ack: isn + 2, seq: isn + 100, want: true},
		{why: "nothing is", ack: isn + 1, seq: isn + 1},
		{why: "nothing but the SYN was acknowledged before", ack: isn + 1, seq: isn + 100},
		{why: "more was acknowledged than it goes on behind", ack: isn + 3, seq: isn + 2},
		{why: "what it begins with was acknowledged, not what is missing", ack: isn + 100, seq: isn + 100, later: true},
		{why: "the ISN is not known", ack: isn + 2, seq: isn + 2, isnUnknown: true},
	} {
		s := walk(peers(wire.ACK, peerISN+1, test.ack), own(wire.ACK, test.seq, peerISN+1))
		if test.later {
			s = walk(own(wire.ACK, test.seq, peerISN+1), peers(wire.ACK, peerISN+1, test.ack))
		}
		s.self.KnowsISN = !test.isnUnknown
		if got := s.beganUnseen(0); got != test.want {
			t.Errorf("%s: %v, want %v", test.why, got, test.want)
		}
	}
}

// TestMayAnswerUnseen: a FIN that acknowledges an octet which was not captured may be the second, if no other is surely the peer's.
func TestMayAnswerUnseen(t *testing.T) {
	for _, test := range []struct {
		why  string
		edit func(self, peer *conn.Endpoint)
		want bool
	}{
		{"no FIN of the peer is known", func(_, peer *conn.Endpoint) { peer.KnowsFIN = false }, true},
		{"one is", func(_, _ *conn.Endpoint) {}, false},
		{"one that lies ahead of what is missing", func(_, peer *conn.Endpoint) { peer.FinUnproved = true }, true},
		{"one with which its sender begins", func(_, peer *conn.Endpoint) { peer.FinFirst = true }, true},
		{"all that it acknowledges was captured", func(self, peer *conn.Endpoint) { self.FinBlind, peer.KnowsFIN = false, false }, false},
	} {
		s := walk()
		s.self.FinBlind, s.other.KnowsFIN = true, true
		test.edit(s.self, s.other)
		if got := s.mayAnswerUnseen(); got != test.want {
			t.Errorf("%s: %v, want %v", test.why, got, test.want)
		}
	}
}
