package anomaly

import (
	"cmp"
	"fmt"
	"slices"

	"tcptrace/analyzer/host"
	"tcptrace/analyzer/internal/conn"
)

const acceptQueueOverflow = "accept-queue-overflow"

var _ = register(inOpening, "syn-ack-retransmit", &AnomalyKind{
	ID: acceptQueueOverflow, Severity: SeverityWarning,
	Summary:  "the server goes on repeating its SYN-ACK although it was acknowledged",
	RFC:      "RFC 9293 3.10.7.4",
	Meaning:  "ACK after ACK of the SYN-ACK passed, and the server repeats it by its timer: it has the ACK, and does not take it. The client believes that the connection is open. Where the server's kernel is asked (live), its listening socket says that it had no room, and dropped a SYN or that ACK.",
	Causes:   "The accept queue is full, since the application does not call accept() as fast as connections come (Linux drops the ACK then); or, if the client sends nothing, the server waits for data (TCP_DEFER_ACCEPT).",
	Next:     "nstat TcpExtListenOverflows; ss -ltn shows the queue (Recv-Q) and its limit (Send-Q). Raise listen()'s backlog and net.core.somaxconn, or look at why the application does not accept.",
	Absence:  true,
	Subsumes: "syn-ack-retransmit",
	Explains: []string{"packet-loss", "retransmission-timeout"},
	needs:    triggerSYNACKAgain, detect: detectAcceptQueue, detail: detailAcceptQueue,
})

// detectAcceptQueue wants a SYN-ACK by timer behind an ACK of it, and that again, or at the server's own tap, or behind data that the
// client's timer had sent again and again: one ACK may be lost.
func detectAcceptQueue(s *pass) {
	for dir := range uint8(2) {
		n, acked := 0, false
		var first *conn.Fact
		data := int64(0)
		synacks, covers := s.copies(dir, conn.IsSYNACK), covering(s.Sides[dir].ISN)
		previous := conn.Time(0)
		for i := range s.Facts {
			f := &s.Facts[i]
			switch {
			case f.Bits.Has(conn.FactStandIn):
			case f.Dir() != dir && covers(f):
				acked = true
				data = max(data, int64(f.Len))
			case f.Dir() != dir || !conn.IsSYNACK(f):
			case previous != 0 && acked && f.Time-previous >= conn.MinRTO:
				if n++; first == nil {
					first = f
				}
				previous, acked = f.Time, false
			default:
				previous = f.Time
			}
		}
		at := s.Sides[dir].Distance
		if n > 1 || n == 1 && (at > 0 && at < 400e3 || s.Deaf(dir, first)) {
			if s.C.Sent[s.Side(1-dir)].DataPackets > 0 {
				data = 1
			}
			s.raise(s.Side(dir), first, args{int64(n), synacks.span(), data})
		}
	}
}

// overflowed is for what the server's kernel says: its listening socket had no room while the connection was opened, and did not take what came.
func (s *pass) overflowed(o *host.Overflow) {
	said := args{int64(o.Dropped), int64(o.Queue), int64(o.Backlog)}
	for i := range s.anomalies {
		if a := &s.anomalies[i]; a.Kind.ID == acceptQueueOverflow && a.Side == conn.Server {
			a.Kernel, a.args = true, said
			return
		}
	}
	f := s.NotTaken(conn.Time(o.Time))
	if f == nil {
		return
	}
	s.kind = FindAnomalyKind(acceptQueueOverflow)
	s.raise(conn.Server, f, said).Kernel = true
	slices.SortStableFunc(s.anomalies, func(a, b Anomaly) int { return cmp.Compare(a.Frame, b.Frame) })
}

func detailAcceptQueue(a *Anomaly) string {
	if a.Kernel {
		return fmt.Sprintf("the server's kernel says that its listening socket had no room: %s waited for accept(), of a backlog of %d, and it dropped SYNs or ACKs %s",
			count(a.args[1], "connection"), a.args[2], times(a.args[0]))
	}
	peer, behind := a.Side.Peer().String(), "each time behind"
	if a.args[0] == 1 {
		behind = "behind"
	}
	text := "the " + a.Side.String() + " repeated its SYN-ACK " + times(a.args[0]) + ", over " + duration(a.args[1]) + ", " + behind + " an ACK of it: it does not take that; "
	if a.args[2] > 0 {
		return text + "its accept queue is probably full"
	}
	return text + "its accept queue is full, or it waits for the " + peer + " to send data"
}
