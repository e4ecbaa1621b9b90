package anomaly

import (
	"tcptrace/analyzer/internal/conn"
	"tcptrace/analyzer/internal/state"
	"tcptrace/internal/wire"
)

// detectNoACK tells of such segments in a connection. A FIN that its supposed sender did not send is suspected-injection.
func detectNoACK(s *pass) {
	if _, ok := s.Probed(); ok {
		return
	}
	for dir := range uint8(2) {
		m := s.Incident(conn.IncidentNoACK, dir)
		if m == nil {
			continue
		}
		if strange := s.Incident(conn.IncidentStrange, dir); m.Count > 1 || strange == nil || strange.Ahead != m.Ahead || !conn.Betrays(strange) {
			s.raiseIncident(m, args{int64(m.Count)}).onSide(s.Side(1 - dir))
		}
	}
}

func detailNoACK(a *Anomaly) string {
	return count(a.args[0], "segment") + " of the " + a.Side.Peer().String() + " without ACK, SYN and RST, which nobody who has the connection takes"
}

func detectScan(s *pass) {
	dir, ok := s.Probed()
	if !ok {
		return
	}
	probe := s.Find(dir, 0, state.IsProbe)
	met, rst := state.ProbeSilence, s.Find(1-dir, 0, conn.IsRST)
	if i := s.AnswerToProbe(dir); i >= 0 {
		met, rst = state.ProbeRefused, &s.Facts[i]
	} else if rst != nil {
		met = state.ProbeOther
	}
	waited := s.Lasts(probe.Time)
	if rst != nil {
		waited = int64(max(0, rst.Time-probe.Time))
	}
	s.raise(s.Side(1-dir), probe, args{int64(probe.Flags), int64(s.C.Sent[s.Side(dir)].Packets), met, waited})
}

func detailScan(a *Anomaly) string {
	text := "the " + a.Side.Peer().String() + " sent "
	if n := a.args[1]; n > 1 {
		text += number(n) + " probes, the first of them "
	}
	text += state.ProbeName(wire.Flags(a.args[0])) + ", as port scanners do: no connection begins with that"
	host, after := a.Side.String(), duration(a.args[3])
	switch a.args[2] {
	case state.ProbeRefused:
		return text + "; the " + host + " answered by an RST after " + after + ", as a port without a listener does (some stacks: any port)"
	case state.ProbeOther:
		return text + "; an RST of the " + host + " came " + after + " later that does not answer it"
	}
	return text + "; nothing came back in " + after + ": somebody listens there, or a firewall drops it"
}
