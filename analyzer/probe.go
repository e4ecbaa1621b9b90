package analyzer

import (
	"tcptrace/fsm"
	"tcptrace/internal/wire"
)

// A segment with neither SYN, ACK nor RST is what port scans send (FIN, NULL and Xmas scans): CLOSED answers it by an RST, LISTEN
// drops it (RFC 9293 3.10.7.1 and 2). No endpoint begins by one, and none that has a connection takes one (3.10.7.4).

// isProbe reports whether f is such a segment.
func isProbe(f *fact) bool { return !f.any(wire.SYN | wire.RST | wire.ACK) }

// probed is the direction of the probes if nothing else was captured of its sender, nor of its peer anything but RSTs: there
// is no connection.
func (m *mind) probed() (dir uint8, ok bool) {
	if m.sides[0].spoke || m.sides[1].spoke {
		return 0, false
	}
	var probes [2]bool
	for i := range m.facts {
		switch f := &m.facts[i]; {
		case isProbe(f):
			probes[f.dir()] = true
		case !isRST(f):
			return 0, false
		}
	}
	if probes[0] == probes[1] {
		return 0, false
	}
	if probes[1] {
		dir = 1
	}
	return dir, m.first(dir, 0, isRST) < 0
}

// answerToProbe is the RST by which CLOSED answers a probe of a direction, -1 if there is none: it acknowledges what came. Not
// every stack counts the FIN.
func (m *mind) answerToProbe(dir uint8) int {
	return m.first(1-dir, 0, func(rst *fact) bool {
		return rst.has(wire.RST|wire.ACK) && m.first(dir, 0, func(f *fact) bool {
			return f.ahead < rst.ahead && rst.ack-f.seq-uint32(f.len) <= 1
		}) >= 0
	})
}

// refuseProbe follows an endpoint that answers a probe as CLOSED does. Some answer so in LISTEN, too.
func (s *story) refuseProbe() bool {
	dir, ok := s.probed()
	if !ok || dir != s.peer {
		return false
	}
	i := s.answerToProbe(dir)
	if i < 0 {
		return false
	}
	f := &s.facts[i]
	s.state = fsm.Closed
	s.out = append(s.out, Step{State: fsm.Closed, Cause: fsm.SendRST, Frame: s.frame(f), Time: f.time, NotAfter: f.time})
	return true
}

// What a probe met: args[2] of port-scan.
const (
	probeSilence int64 = iota // nothing
	probeRefused              // the RST of CLOSED
	probeOther                // another RST
)

// probeName names a probe by its flags, as scanners do.
func probeName(f wire.Flags) string {
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
func (m *mind) answersProbe(rst *fact) bool {
	dir, ok := m.probed()
	if !ok {
		return false
	}
	i := m.answerToProbe(dir)
	return i >= 0 && m.facts[i].ahead == rst.ahead
}
