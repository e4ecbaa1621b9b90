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

func detectScan(s *scene) {
	dir, ok := s.probed()
	if !ok {
		return
	}
	probe := s.find(dir, 0, isProbe)
	met, rst := probeSilence, s.find(1-dir, 0, isRST)
	if i := s.answerToProbe(dir); i >= 0 {
		met, rst = probeRefused, &s.facts[i]
	} else if rst != nil {
		met = probeOther
	}
	waited := s.lasts(probe.time)
	if rst != nil {
		waited = int64(max(0, rst.time-probe.time))
	}
	s.raise(s.side(1-dir), probe, args{int64(probe.flags), int64(s.c.Sent[s.side(dir)].Packets), met, waited})
}

func detailScan(a *Anomaly) string {
	text := "the " + a.Side.Peer().String() + " sent "
	if n := a.args[1]; n > 1 {
		text += number(n) + " probes, the first of them "
	}
	text += probeName(wire.Flags(a.args[0])) + ", as port scanners do: no connection begins with that"
	host, after := a.Side.String(), duration(a.args[3])
	switch a.args[2] {
	case probeRefused:
		return text + "; the " + host + " answered by an RST after " + after + ", as a port without a listener does (some stacks: any port)"
	case probeOther:
		return text + "; an RST of the " + host + " came " + after + " later that does not answer it"
	}
	return text + "; nothing came back in " + after + ": somebody listens there, or a firewall drops it"
}

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

// detectNoACK tells of such segments in a connection. A FIN that its supposed sender did not send is suspected-injection.
func detectNoACK(s *scene) {
	if _, ok := s.probed(); ok {
		return
	}
	for dir := range uint8(2) {
		m := s.marked(markNoACK, dir)
		if m == nil {
			continue
		}
		if strange := s.marked(markStrange, dir); m.count > 1 || strange == nil || strange.ahead != m.ahead || !betrays(strange) {
			s.raiseMark(m, args{int64(m.count)}).onSide(s.side(1 - dir))
		}
	}
}

func detailNoACK(a *Anomaly) string {
	return count(a.args[0], "segment") + " of the " + a.Side.Peer().String() + " without ACK, SYN and RST, which nobody who has the connection takes"
}
