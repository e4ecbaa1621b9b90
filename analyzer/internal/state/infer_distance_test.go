package state

import (
	"testing"

	"tcptrace/analyzer/internal/conn"
	"tcptrace/fsm"
	"tcptrace/internal/wire"
)

// far is a distance from the tap of which three quarters are 3 ms; with a little more they are longer.
const (
	far     = conn.Time(4e6)
	farther = far + 4
)

// TestCopyBefore: an endpoint may have received what passed the tap three quarters of its distance before it answered, and nothing later.
func TestCopyBefore(t *testing.T) {
	fin, ack := peers(wire.FIN|wire.ACK, peerISN+1, isn+1), own(wire.ACK, isn+1, peerISN+1)
	for distance, want := range map[conn.Time]int{far: 1, farther: 0} {
		s := walk(fin, fin, ack, ack, own(wire.ACK, isn+1, peerISN+2))
		s.self.Distance = distance
		if got := s.copyBefore(conn.IsFIN, &s.Facts[4]); got != want {
			t.Errorf("%d ns away: copy %d, want %d", distance, got, want)
		}
	}
}

// TestTakenFIN: of two copies the one is taken that can have arrived, if an ACK shows that the first was lost.
func TestTakenFIN(t *testing.T) {
	fin, ack := peers(wire.FIN|wire.ACK, peerISN+1, isn+1), own(wire.ACK, isn+1, peerISN+1)
	for distance, want := range map[conn.Time]uint32{far: 7, farther: 0} {
		s := walk(fin, ack, ack, ack, ack, ack, ack, fin, ack, ack, own(wire.ACK, isn+1, peerISN+2))
		s.self.Distance, s.other.FIN, s.other.KnowsFIN = distance, peerISN+1, true
		if got := s.takenFIN(&s.Facts[0], &s.Facts[10]); got.Ahead != want {
			t.Errorf("%d ns away: copy %d, want %d", distance, got.Ahead, want)
		}
	}
}

// TestAcceptEarly: a server that took data with the SYN may close before it has the ACK of its SYN-ACK.
func TestAcceptEarly(t *testing.T) {
	synAck, ack := own(wire.SYN|wire.ACK, isn, peerISN+1), own(wire.ACK, isn+1, peerISN+1)
	for distance, want := range map[conn.Time]fsm.State{far: fsm.Established, farther: fsm.SynRcvd} {
		s := walk(synAck, peers(wire.ACK, peerISN+1, isn+1), ack, ack, own(wire.FIN|wire.ACK, isn+1, peerISN+1))
		s.self.Distance, s.self.FirstFIN = distance, 4
		if s.accept(0); s.state != want {
			t.Errorf("%d ns away: %v, want %v", distance, s.state, want)
		}
	}
}
