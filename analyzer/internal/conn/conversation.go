package conn

import (
	"encoding/binary"
	"net/netip"
	"regexp"
	"time"

	"tcptrace/analyzer/host"
	"tcptrace/analyzer/timing"
	"tcptrace/internal/names"
	"tcptrace/internal/wire"
)

// Side is one of the two endpoints of a connection.
type Side uint8

// The sides. The client is who opened the connection, if that is known (Roles).
const (
	Client Side = iota
	Server
)

var sideNames = [2]string{Client: "client", Server: "server"}

// String is "client" or "server".
func (s Side) String() string { return sideNames[s&1] }

// Peer is the other side.
func (s Side) Peer() Side { return s ^ 1 }

// Roles says how it is known who is the client.
type Roles uint8

// The ways.
const (
	RolesInferred  Roles = iota // from ports and from who spoke first
	RolesHandshake              // a SYN or a SYN-ACK showed it
)

var rolesNames = [2]string{RolesInferred: "inferred", RolesHandshake: "handshake"}

// String is "inferred" or "handshake".
func (r Roles) String() string { return rolesNames[r&1] }

// Outcome sums up how a connection went, as far as the capture shows.
type Outcome uint8

// The outcomes.
const (
	Open       Outcome = iota // alive when the capture ended (or started in mid-connection and showed no end)
	Closed                    // both sides sent a FIN and both FINs were acknowledged
	Closing                   // a FIN was seen; the close is not complete
	Reset                     // an RST ended it after a SYN-ACK, or in mid-connection
	Refused                   // an RST answered the SYN
	Unanswered                // a SYN without any answer
	HalfOpen                  // a SYN-ACK that was never acknowledged
	NumOutcomes
)

var outcomeNames = [NumOutcomes]string{
	Open: "open", Closed: "closed", Closing: "closing", Reset: "reset",
	Refused: "refused", Unanswered: "unanswered", HalfOpen: "half-open",
}

// String is the outcome's name in the conversation record.
func (o Outcome) String() string {
	if o < NumOutcomes {
		return outcomeNames[o]
	}
	return "unknown"
}

// Completeness is Wireshark's tcp.completeness: which kinds of segments were seen.
type Completeness uint8

// The bits of Completeness.
const (
	SawSYN Completeness = 1 << iota
	SawSYNACK
	SawACK
	SawData
	SawFIN
	SawRST
)

// ConnState is Zeek's conn_state (Zeek's conn.log documentation).
type ConnState uint8

// Zeek's connection states.
const (
	StateOTH ConnState = iota
	StateS0
	StateS1
	StateSF
	StateREJ
	StateS2
	StateS3
	StateRSTO
	StateRSTR
	StateRSTOS0
	StateRSTRH
	StateSH
	StateSHR
	numConnStates
)

var connStateNames = [numConnStates]string{
	StateOTH: "OTH", StateS0: "S0", StateS1: "S1", StateSF: "SF", StateREJ: "REJ", StateS2: "S2", StateS3: "S3",
	StateRSTO: "RSTO", StateRSTR: "RSTR", StateRSTOS0: "RSTOS0", StateRSTRH: "RSTRH", StateSH: "SH", StateSHR: "SHR",
}

// String is the state as conn.log spells it.
func (s ConnState) String() string {
	if s < numConnStates {
		return connStateNames[s]
	}
	return "OTH"
}

// History is Zeek's history of a connection: a letter for each kind of event,
// upper case from the client, in order. At most 24 letters are kept.
type History struct {
	letters [24]byte
	n       uint8
	Cut     uint8 // letters that did not fit, at most 255
}

// String is the letters.
func (h *History) String() string { return string(h.letters[:h.n]) }

// Append adds the letters to b.
func (h *History) Append(b []byte) []byte { return append(b, h.letters[:h.n]...) }

// Conversation is one TCP connection as the capture shows it. It does not change once it
// has been handed out.
type Conversation struct {
	Stream                uint64            // number in order of the first frame, from 0
	Addr                  [2]netip.AddrPort // by Side
	Roles                 Roles
	Start, End            Time // of the first and of the last frame; where the clock was set back meanwhile, times go on from the latest (clock.go)
	FirstFrame, LastFrame uint64
	Outcome               Outcome
	Completeness          Completeness
	ConnState             ConnState
	History               History
	Evicted               bool   // the flow table was full: what came later is in another conversation
	Dropped               uint64 // packets that the capture lost while the conversation was open, as far as it is known (Monitor)
	Quick                 bool   // its segments were not read (Options.Quick): of Sent only the first five fields are known
	Sound                 bool   // it is over, was opened and closed in order, has no anomaly, and nobody waited a second in it: that shows without a Judgment, of Quick ones without reading their segments; false: not known
	Sent                  [2]Sent
	Spent                 timing.Spent  // where the time went; its sum is the duration
	Names                 [2]names.Name // by Side: how people know the hosts, as far as the capture or Options.Hosts tells
	VLAN                  [2]uint16     // ids of the VLAN tags of the first frame: of the outermost and, if there are several, of the innermost; 0: none
	Interface             string        // that captured the first frame; "": not known
	ALPN                  string        // the protocols that the client offers to speak in TLS, with commas between them
	Hosts                 [2]*host.End  // by Side: what the hosts of the endpoints say of them; nil: nothing (Monitor.Ask)

	// What a Judgment is made of.
	Facts       []Fact
	Incidents   []Incident
	Sides       [2]Endpoint // by direction
	ClientDir   uint8
	Held        bool
	Now, TwoMSL Time
}

// Limit is what limited the transfers of the side that spent more time on them.
func (c *Conversation) Limit() (Side, *timing.Limits) {
	client, server := &c.Sent[Client].Limits, &c.Sent[Server].Limits
	if server.Total() > client.Total() {
		return Server, server
	}
	return Client, client
}

// Packets is the number of segments both ways.
func (c *Conversation) Packets() uint64 { return c.Sent[Client].Packets + c.Sent[Server].Packets }

// Unacknowledged is how many bytes of payload a side sent of which no acknowledgment was captured, although its
// peer was heard; 0 where that is not known.
func (c *Conversation) Unacknowledged(side Side) uint64 {
	dir := c.ClientDir ^ uint8(side)
	n := c.Sides[dir].Unacked
	if n == 0 {
		return 0
	}
	for i := range c.Facts {
		if f := &c.Facts[i]; n > 0 && f.Dir() != dir && f.Bits.Has(FactAccepted) && IsRST(f) && f.Has(wire.ACK) {
			n = c.Sides[dir].behind(f.Ack, n)
		}
	}
	return n
}

// behind is how many of the n bytes that are not acknowledged stand behind the number that an RST acknowledges.
func (e *Endpoint) behind(ack uint32, n uint64) uint64 {
	if e.End == 0 {
		return n
	}
	end := uint32(e.End)
	if e.KnowsFIN && end == e.FIN+1 {
		end--
	}
	return min(n, uint64(max(0, int32(end-ack))))
}

// CopyTo makes dst, whose memory is used again, a copy that may be kept.
func (c *Conversation) CopyTo(dst *Conversation) {
	facts, incidents := append(dst.Facts[:0], c.Facts...), append(dst.Incidents[:0], c.Incidents...)
	*dst = *c
	dst.Facts, dst.Incidents = facts, incidents
}

// Duration is the time from the first to the last frame; 0 if the clock went back meanwhile.
func (c *Conversation) Duration() time.Duration { return max(0, c.End.Sub(c.Start)) }

// Self reports whether one socket is both endpoints: it is connected to itself. All that it sent is the client's.
func (c *Conversation) Self() bool { return c.Addr[Client] == c.Addr[Server] }

// IsFIN reports whether a frame is a FIN. What comes behind one that was not captured proves that, too, and has none.
func (c *Conversation) IsFIN(frame uint64) bool {
	for i := range c.Facts {
		if f := &c.Facts[i]; IsFIN(f) && c.FirstFrame+uint64(f.Ahead) == frame {
			return true
		}
	}
	return false
}

// WasHeld reports whether c begins with a segment of which, when it passed, it was not clear that it
// begins a conversation (Place.Held).
func (c *Conversation) WasHeld() bool { return c.Held }

// OneSocket is a text about c, of which client and server are one socket (Self).
func (c *Conversation) OneSocket(text string) string { return OneSocket(text) }

// OneSocket is a text about client and server that are one socket.
func OneSocket(text string) string { return eitherSide.ReplaceAllString(text, "the socket") }

var eitherSide = regexp.MustCompile(`\b(the )?(client|server)\b`)

// Partition is which of n partitions of the flows c was in.
func (c *Conversation) Partition(n int) int {
	key := c.Key()
	return key.Partition(n)
}

// Key is what its segments have in common, unless they are told apart by their networks.
func (c *Conversation) Key() wire.Key {
	client, server := c.Addr[Client], c.Addr[Server]
	key, _ := wire.MakeKey(wireAddr(client.Addr()), wireAddr(server.Addr()), client.Port(), server.Port(), client.Addr().Is6())
	return key
}

func wireAddr(a netip.Addr) wire.Addr {
	if a.Is4() {
		b := a.As4()
		return wire.Addr{Lo: uint64(binary.BigEndian.Uint32(b[:]))}
	}
	b := a.As16()
	return wire.Addr{Hi: binary.BigEndian.Uint64(b[:8]), Lo: binary.BigEndian.Uint64(b[8:])}
}

// Owner is the end whose process a conversation is said to be of: the one that is on this host, of two the server's. nil: none is known.
func (c *Conversation) Owner() *host.End {
	if end := c.Hosts[Server]; end != nil && end.Process.PID != 0 {
		return end
	}
	return c.Hosts[Client]
}
