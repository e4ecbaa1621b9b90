package record

// Term is a word of the segment record: a kind, a cause or a note.
type Term struct {
	Name      string
	Text      string // what it means
	Wireshark string // its flag for it, in tcp.analysis; empty: it has none
}

// Terms are the words that the segment record may have as its kind, cause and notes. The notes may also be ids
// of anomalies.
var Terms = []struct {
	Subject string
	List    []Term
}{
	{"Kinds of segments, in the records of timeline", []Term{
		{"syn", "the first SYN of its sender", ""},
		{"syn-ack", "the first SYN with ACK", ""},
		{"data", "bytes that were not sent before", ""},
		{"ack", "no payload, and none of the special ACKs below", ""},
		{"fin", "the first FIN of its sender, with or without payload", ""},
		{"rst", "an RST that its receiver takes", ""},
		{"retransmission", "data, SYN, SYN-ACK or FIN that its sender had sent before, be it captured or not", "retransmission, fast_retransmission, spurious_retransmission"},
		{"out-of-order", "the first copy of bytes that were sent before others that were captured earlier", "out_of_order"},
		{"keep-alive", "one below the next number, with nothing in flight (RFC 9293 3.8.4)", "keep_alive"},
		{"keep-alive-ack", "what answers it", "keep_alive_ack"},
		{"zero-window-probe", "sent into a closed window to learn whether it opened (RFC 9293 3.8.6.1)", "zero_window_probe"},
		{"zero-window-probe-ack", "what answers it", "zero_window_probe_ack"},
		{"window-update", "an ACK that tells nothing but another window", "window_update"},
		{"duplicate-ack", "a duplicate by RFC 5681 2, or an ACK that brings nothing but SACK blocks (RFC 6675)", "duplicate_ack"},
		{"challenge-ack", "what answers an RST, SYN or ACK that is not accepted (RFC 5961)", ""},
		{"unacceptable", "its receiver drops it: number outside the window, ACK number or timestamp too old, a second ISN, a wrong checksum", ""},
		{"capture-duplicate", "a copy of a segment that nobody sent again: captured twice, or doubled by the network", ""},
	}},
	{"Causes of retransmissions", []Term{
		{"timeout", "the retransmission timer (RFC 6298), or what is repeated behind one", ""},
		{"fast", "duplicate ACKs or SACKs called for it as an ACK arrived (RFC 5681, RFC 6675)", "fast_retransmission"},
		{"sack", "SACKs show that later segments arrived, and it waited for reordering to end (RACK, RFC 8985), or not for a third", ""},
		{"tail-probe", "a tail loss probe: the last segment again, before the timer (RFC 8985 7)", ""},
		{"unknown", "the capture does not show it", ""},
	}},
	{"Notes on segments", []Term{
		{"previous-segment-missing", "bytes before it were not captured so far", "lost_segment"},
		{"ack-of-unseen", "acknowledges bytes that were not captured", "ack_lost_segment"},
		{"zero-window", "offers no window", "zero_window"},
		{"window-full", "its last byte is the last that the receiver's window allows", "window_full"},
		{"window-exceeded", "bytes beyond the window that was offered", ""},
		{"window-shrunk", "takes back window that was offered", ""},
		{"partial-ack", "acknowledges part of what is being recovered (RFC 6582)", ""},
		{"port-reused", "the first segment of a connection whose sockets were used before", "reused_ports"},
		{"ecn-ce", "the network marked it: congestion (RFC 3168)", ""},
		{"ecn-ece", "tells the sender of such a mark", ""},
		{"ecn-cwr", "tells the receiver that the sender slowed down", ""},
		{"urgent", "has URG", ""},
		{"super-segment", "larger than the MSS: several segments, split or joined beside the tap (TSO, GRO)", ""},
		{"dsack", "reports bytes that came more than once (RFC 2883)", ""},
		{"sack-reneged", "takes back bytes that had been selectively acknowledged", ""},
		{"stale-ack", "an earlier ACK number than one before: overtaken on its way", ""},
		{"truncated", "payload cut by the snap length", ""},
		{"after-its-ack", "captured behind the ACK of its bytes", ""},
		{"lost-before-tap", "a retransmission whose first copy was lost before the tap, or by the capture", ""},
		{"paws", "its timestamp is older than its receiver accepts (RFC 7323 5.3)", ""},
		{"answers-repeated-syn", "a SYN-ACK again because the SYN came again", ""},
		{"ack-not-accepted", "an ACK number that its receiver does not accept (RFC 5961 5)", ""},
		{"opens-nothing-challenged", "a SYN or SYN-ACK with another ISN, which the connection answered by an ACK of its own: that goes on (RFC 5961 4.2)", ""},
		{"opens-nothing-not-taken", "a SYN or SYN-ACK with another ISN, which nothing acknowledged: it opened no connection", ""},
		{"of-another-connection", "numbers that no window of the connection reaches: another connection's, or forged", ""},
	}},
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
}
