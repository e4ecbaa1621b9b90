package intake

import (
	"strings"

	"tcptrace/analyzer/internal/conn"
	"tcptrace/internal/wire"
)

// Summary is what was read and what became of it: every packet of the input is
// in exactly one of TCP, Filtered and NotAnalyzed.
type Summary struct {
	Packets    uint64    // all packets of the input
	Bytes      uint64    // their lengths on the wire
	Start, End conn.Time // earliest and latest capture time; both zero if there was no packet
	TCP        uint64    // packets that belong to a conversation
	Filtered   uint64    // packets that the capture filter left out

	FirstFragments uint64 // TCP packets whose IP datagram goes on in later fragments, which are not in the capture
	Reassembled    uint64 // TCP packets that were put together from IP fragments
	CutOptions     uint64 // TCP packets whose options the snap length cut
	BadOptions     uint64 // TCP packets with malformed options
	Tunneled       uint64 // TCP packets found inside an encapsulation
	ICMPErrors     uint64 // ICMP and ICMPv6 errors about TCP segments; none of them is in TCP
	StrayICMP      uint64 // those about connections of which the capture has nothing else

	Conversations uint64
	Outcomes      [conn.NumOutcomes]uint64
	Evicted       uint64            // conversations ended early because the flow table was full
	LeftOut       uint64            // conversations that were not handed out, since the analysis was interrupted (Options.Late)
	TimedOut      uint64            // conversations that were silent for too long to be followed on (Idle)
	ReleasedEarly uint64            // closed conversations let go before 2 MSL because too many were waiting
	Bounds        [NumBounds]uint64 // what did not fit
	Drops         uint64            // packets the capturing side says it lost
	DropsKnown    bool              // whether it said anything
	OtherFrames   uint64            // records of the capture that hold no packet and have frame numbers all the same

	verdicts [wire.NumVerdicts]uint64
	links    [maxLinks]wire.LinkType // that are not supported, those met first
	nLinks   int
}

// maxLinks is how many link types that are not supported are named.
const maxLinks = 4

// Count is a number of packets and why they were not analyzed.
type Count struct {
	Reason    string // stable id
	Text      string // in plain words
	Packets   uint64
	LinkTypes []string // of wire.UnsupportedLink: the first few, as name (number)
}

var verdictTexts = [wire.NumVerdicts]string{
	wire.NotIP:           "not IP",
	wire.NotTCP:          "IP, but not TCP",
	wire.Fragment:        "IP fragments of packets that are not whole",
	wire.Overlap:         "IP fragments that overlap, which is refused (RFC 5722)",
	wire.Part:            "IP fragments, analyzed as part of the packet that they make",
	wire.Truncated:       "cut by the snap length before the end of the TCP header",
	wire.BadIP:           "malformed IP header",
	wire.BadTCP:          "malformed TCP header",
	wire.BadTunnel:       "encapsulation without a readable inner packet",
	wire.UnsupportedLink: "unsupported link type",
}

// AddNotAnalyzed counts n more packets that were not analyzed, for a reason that NotAnalyzed gives. It reports whether there is that reason.
func (s *Summary) AddNotAnalyzed(reason string, n uint64) bool {
	for v := wire.TCP + 1; v < wire.NumVerdicts; v++ {
		if v.String() == reason {
			s.verdicts[v] += n
			return true
		}
	}
	return false
}

// NotAnalyzed lists the packets that were not analyzed, by reason.
func (s *Summary) NotAnalyzed() []Count {
	var out []Count
	for v := wire.TCP + 1; v < wire.NumVerdicts; v++ {
		if n := s.verdicts[v]; n > 0 {
			c := Count{Reason: v.String(), Text: verdictTexts[v], Packets: n}
			if v == wire.UnsupportedLink {
				for _, l := range s.links[:s.nLinks] {
					c.LinkTypes = append(c.LinkTypes, l.String())
				}
				c.Text += " " + strings.Join(c.LinkTypes, ", ")
			}
			out = append(out, c)
		}
	}
	return out
}
