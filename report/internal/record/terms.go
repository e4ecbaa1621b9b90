package record

import (
	"slices"

	"tcptrace/analyzer"
	"tcptrace/analyzer/timing"
)

// Terms are the words that the segment record may have as its kind, cause and notes, and then those of a conversation's time and limit. The
// notes may also be ids of anomalies.
var Terms = []struct {
	Subject string
	List    []analyzer.Term
}{
	{"Kinds of segments, in the records of timeline", terms(analyzer.KindData, analyzer.NumKinds)},
	{"Causes of retransmissions", terms(analyzer.CauseNone+1, analyzer.NumCauses)},
	{"Notes on segments", slices.Collect((^analyzer.Notes(0)).Terms())},
	{"What the time of a conversation was spent on, in its record (time)", timeTerms(timing.Opening, timing.NumUses)},
	{"What limited the transfers of a conversation, in its record (limit)", timeTerms(timing.NoFactor+1, timing.NumFactors)},
}

// timeTerms are the terms for the values from first on, up to the one before end.
func timeTerms[T interface {
	~uint8
	String() string
	Text() string
}](first, end T) (list []analyzer.Term) {
	for v := first; v < end; v++ {
		list = append(list, analyzer.Term{Name: v.String(), Text: v.Text()})
	}
	return list
}

// terms are those of the values from first on, up to the one before end.
func terms[T interface {
	~uint8
	Term() analyzer.Term
}](first, end T) (list []analyzer.Term) {
	for v := first; v < end; v++ {
		list = append(list, v.Term())
	}
	return list
}

// WiresharkDifference is a way in which a flag of Wireshark and a kind or note of ours differ, and why.
type WiresharkDifference struct {
	Wireshark string // its flag; empty: none
	Ours      string // our kind or note; empty: not the one that stands for its flag
	Why       string
}

// WiresharkDifferences are all that were found between Wireshark 4.0 and us in captures from kernels and from scripts.
var WiresharkDifferences = []WiresharkDifference{
	{"", "ack-of-unseen", "Wireshark does not look where it has seen no segment of the other side, as in a capture of one direction"},
	{"", "duplicate-ack", "an overtaken ACK stands between it and its like"},
	{"", "previous-segment-missing", "a first segment that the tap sees of its sender, below what its peer acknowledged"},
	{"", "window-update", "an overtaken ACK stands between it and the window before"},
	{"", "zero-window-probe-ack", "it answers what Wireshark takes for a keep-alive"},
	{"ack_lost_segment", "", "it acknowledges a SYN or another connection's bytes: the endpoints are out of step, the capture lacks nothing"},
	{"duplicate_ack", "ack", "no data is outstanding, so it is no duplicate by RFC 5681 2 (a)"},
	{"duplicate_ack", "capture-duplicate", "the same frame was captured twice: same IP ID, or same in every field within a moment"},
	{"duplicate_ack", "challenge-ack", "it answers an RST or SYN that is not accepted (RFC 5961)"},
	{"fast_retransmission", "out-of-order", "its IP ID or timestamp is older than those of the segments that overtook it"},
	{"keep_alive", "ack", "an ACK from before its sender's FIN, overtaken by that: its number is one below the next by chance"},
	{"keep_alive", "capture-duplicate", "the network or the tap doubled it"},
	{"keep_alive", "zero-window-probe", "the window is closed: Linux probes it with a segment one below the next number"},
	{"keep_alive_ack", "ack", "what it took for a keep-alive is an overtaken ACK"},
	{"lost_segment", "", "a SYN or SYN-ACK with numbers of another connection: nothing is missing between"},
	{"out_of_order", "capture-duplicate", "the network doubled it: same IP ID and timestamp"},
	{"out_of_order", "retransmission", "sent again: IP ID and timestamp are newer than those of the segments before it; its first copy was lost before the tap"},
	{"retransmission", "capture-duplicate", "captured twice, or doubled by the network: same IP ID, or same in every field within a moment"},
	{"retransmission", "data", "a segment that does not belong to the connection moved Wireshark's next number"},
	{"retransmission", "fin", "a segment that does not belong to the connection moved Wireshark's next number"},
	{"retransmission", "out-of-order", "its IP ID or timestamp is older than those of the segments that overtook it"},
	{"retransmission", "syn-ack", "SYNs crossed (simultaneous open): the SYN-ACK has the number of the SYN but is sent for the first time"},
	{"retransmission", "unacceptable", "a SYN-ACK of another server on the same address: another ISN"},
	{"reused_ports", "", "the SYN begins no new connection: it is blind, refused, or old"},
	{"spurious_retransmission", "capture-duplicate", "captured twice, or doubled by the network: same IP ID and timestamp"},
	{"spurious_retransmission", "data", "captured behind its own ACK: the capture has the frames in the wrong order"},
	{"spurious_retransmission", "out-of-order", "captured behind its own ACK: the capture has the frames in the wrong order"},
	{"window_full", "", "sent again: the window was filled when it was sent first"},
	{"window_update", "duplicate-ack", "it brings SACK blocks for data in flight; Wireshark 4.0 looks at the changed window first"},
	{"window_update", "zero-window-probe-ack", "it answers what Wireshark takes for a keep-alive"},
}

// OstermannApart are anomalies, by id, in whose conversations Ostermann's tcptrace counts other segments than we do, and why.
var OstermannApart = map[string]string{
	"capture-duplicates":   "it counts every copy of a frame as a segment",
	"capture-reordered":    "it trusts the order of the capture",
	"bad-checksum":         "it counts segments that their receiver dropped",
	"syn-in-connection":    "it takes a blind SYN for one of the connection",
	"rst-not-accepted":     "it takes any RST for the end",
	"syn-changed":          "it goes on with the first ISN",
	"half-open-discovered": "it takes segments of the old connection for some of the new one, or the reverse",
	"split-handshake":      "it relies on the SYN-ACK",
	"simultaneous-open":    "it takes the SYN-ACKs for retransmitted SYNs",
	"truncated-header":     "it drops segments whose options are cut",
	"ack-of-unsent":        "it trusts the ACK",
	"paws-rejected":        "it counts data that their receiver dropped for an old timestamp",
}
