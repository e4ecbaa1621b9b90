package state

import (
	"tcptrace/analyzer/internal/conn"
	"tcptrace/fsm"
	"tcptrace/internal/wire"
)

// A segment with neither SYN, ACK nor RST is what port scans send (FIN, NULL and Xmas scans): CLOSED answers it by an RST, LISTEN
// drops it (RFC 9293 3.10.7.1 and 2). No endpoint begins by one, and none that has a connection takes one (3.10.7.4).

// IsProbe reports whether f is such a segment.
func IsProbe(f *conn.Fact) bool { return !f.Any(wire.SYN | wire.RST | wire.ACK) }

// Probed is the direction of the probes if nothing else was captured of its sender, nor of its peer anything but RSTs: there
// is no connection.
func (m *Inference) Probed() (dir uint8, ok bool) {
	if m.Sides[0].Spoke || m.Sides[1].Spoke {
		return 0, false
	}
	var probes [2]bool
	for i := range m.Facts {
		switch f := &m.Facts[i]; {
		case IsProbe(f):
			probes[f.Dir()] = true
		case !conn.IsRST(f):
			return 0, false
		}
	}
	if probes[0] == probes[1] {
		return 0, false
	}
	if probes[1] {
		dir = 1
	}
	return dir, m.first(dir, 0, conn.IsRST) < 0
}

// AnswerToProbe is the RST by which CLOSED answers a probe of a direction, -1 if there is none: it acknowledges what came. Not
// every stack counts the FIN.
func (m *Inference) AnswerToProbe(dir uint8) int {
	return m.first(1-dir, 0, func(rst *conn.Fact) bool {
		return rst.Has(wire.RST|wire.ACK) && m.first(dir, 0, func(f *conn.Fact) bool {
			return f.Ahead < rst.Ahead && rst.Ack-f.Seq-uint32(f.Len) <= 1
		}) >= 0
	})
}

// refuseProbe follows an endpoint that answers a probe as CLOSED does. Some answer so in LISTEN, too.
func (s *walker) refuseProbe() bool {
	dir, ok := s.Probed()
	if !ok || dir != s.peer {
		return false
	}
	i := s.AnswerToProbe(dir)
	if i < 0 {
		return false
	}
	f := &s.Facts[i]
	s.state = fsm.Closed
	s.out = append(s.out, Step{State: fsm.Closed, Cause: fsm.SendRST, Frame: s.Frame(f), Time: f.Time, NotAfter: f.Time})
	return true
}

// What a probe met: args[2] of port-scan.
const (
	ProbeSilence int64 = iota // nothing
	ProbeRefused              // the RST of CLOSED
	ProbeOther                // another RST
)

// ProbeName names a probe by its flags, as scanners do.
func ProbeName(f wire.Flags) string {
	const xmas = wire.FIN | wire.PSH | wire.URG
	switch f & xmas {
	case 0:
		return "a NULL probe (no flags)"
	case wire.FIN:
		return "a FIN probe (no ACK)"
	case xmas:
		return "an Xmas probe (FIN, PSH and URG, no ACK)"
	}
	return "a probe without SYN and ACK"
}

// answersProbe reports whether an RST is what CLOSED answers to a probe where there is no connection.
func (m *Inference) answersProbe(rst *conn.Fact) bool {
	dir, ok := m.Probed()
	if !ok {
		return false
	}
	i := m.AnswerToProbe(dir)
	return i >= 0 && m.Facts[i].Ahead == rst.Ahead
}
