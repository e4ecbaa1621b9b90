package analyzer

import "tcptrace/internal/wire"

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
