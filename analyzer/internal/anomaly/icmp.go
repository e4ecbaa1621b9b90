package anomaly

import (
	"encoding/binary"
	"net/netip"

	"tcptrace/analyzer/internal/conn"
	"tcptrace/internal/wire"
)

// What the anomalies say of an ICMP error: args[0] and args[1] are the address of its sender, args[2] how many there were and, above that,
// the code, the kind and these bits.
const (
	icmpCode  = 32
	icmpKind  = 40
	icmpV6    = 1 << 48
	icmpPeer  = 1 << 49 // its sender is the other endpoint
	icmpCount = 1<<32 - 1
)

// icmpArgs is the first three args for an incident of the direction of side.
func (s *pass) icmpArgs(m *conn.Incident) args {
	peer := s.C.Addr[s.Side(m.Dir).Peer()].Addr()
	from := m.Router(peer.Is6())
	b := from.As16()
	a := args{int64(binary.BigEndian.Uint64(b[:8])), int64(binary.BigEndian.Uint64(b[8:])), int64(m.Count) | s.icmpText(m)}
	if from == peer {
		a[2] |= icmpPeer
	}
	return a
}

// icmpText is what names the first message in args.
func (s *pass) icmpText(m *conn.Incident) int64 {
	a := int64(m.Causes)<<icmpCode | int64(m.ICMPKind())<<icmpKind
	if s.C.Addr[conn.Client].Addr().Is6() {
		a |= icmpV6
	}
	return a
}

// eachICMP raises an anomaly for each incident of a kind; f completes its args.
func (s *pass) eachICMP(k conn.IncidentKind, f func(a args, m *conn.Incident) args) {
	for dir := range uint8(2) {
		if m := s.Incident(k, dir); m != nil {
			s.raiseIncident(m, f(s.icmpArgs(m), m)).onSide(s.Side(dir))
		}
	}
}

// icmpWords is the code of the message that a names.
func icmpWords(a int64) string {
	return conn.ICMPText(wire.ICMPKind(a>>icmpKind&0xff), uint8(a>>icmpCode), a&icmpV6 != 0)
}

// icmpSender names who sent the message: "the server itself", "the router 10.0.0.254".
func icmpSender(a *Anomaly) string {
	if a.args[2]&icmpPeer != 0 {
		return "the " + a.Side.Peer().String() + " itself"
	}
	var b [16]byte
	binary.BigEndian.PutUint64(b[:8], uint64(a.args[0]))
	binary.BigEndian.PutUint64(b[8:], uint64(a.args[1]))
	from := netip.AddrFrom16(b).Unmap().String()
	if a.Kind.ID == notAccepted {
		return from
	}
	return "the router " + from
}

// toldTo is "the router 10.0.0.254 told the client twice: host unreachable".
func toldTo(a *Anomaly) string {
	text := icmpSender(a) + " told the " + a.Side.String()
	if n := a.args[2] & icmpCount; n > 1 {
		text += " " + times(n)
	}
	return text + ": " + icmpWords(a.args[2])
}

// icmpAnswer is the ICMP error that said why segments of a direction did not arrive; nil if none did that is believed.
func (s *pass) icmpAnswer(dir uint8) *conn.Incident {
	if m := s.Incident(conn.IncidentUnreachable, dir); m != nil {
		return m
	}
	return s.Incident(conn.IncidentTimeExceeded, dir)
}
