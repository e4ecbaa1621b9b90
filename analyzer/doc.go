// Package analyzer follows the TCP connections of a capture.
//
// Packets go in, in the order of the capture; conversations come out, each once it is over. There are several ways to use it:
//
//   - [Read] iterates over the conversations of a packet.Source; [Run] hands them to a [Sink]. Both use all processors.
//   - [Analyzer] takes frames one by one, and does everything in the goroutine of its caller.
//   - [Monitor] reports what happens as it happens.
//   - [Choice] is for a second pass over a capture, which shows its segments: what each is ([Reading]), the states and
//     notes that belong to it ([Timeline]), the bytes ([Follower]), and what is in flight ([Flight]).
//
// The states and anomalies of a conversation are inferred by a [Judgment] on request.
//
// # What a conversation is
//
// A conversation is one connection, not one pair of sockets. A SYN with a new initial sequence number
// on sockets that were used before opens a new conversation if the old one is over
// (closed, reset, refused, never answered) or if anything acknowledges that number. A SYN
// that nobody acknowledges, sent into a live connection, belongs to that connection. Repeated SYNs
// and FINs, stragglers and idle hours never open a new conversation. Late segments belong to the
// newest conversation whose sequence numbers they fit.
//
// Conversations are numbered in the order of their first frames. A SYN of which it is not yet clear whether it opens a
// connection reserves a number, which stays unused if it does not (Wireshark counts a stream there). A SYN-ACK with another
// ISN reserves none; if it turns out to belong to a new connection whose SYN was not captured, that connection gets the next
// number when this becomes clear.
//
// The numbers are Wireshark's tcp.stream (4.0), except that Wireshark
//   - counts a stream for each SYN whose ISN differs from that of the latest stream on its sockets, including a late copy of
//     an earlier connection's SYN, and, if two kinds of SYN alternate, one for every other SYN;
//   - counts a stream for TCP quoted in an ICMP error, which is not read here;
//   - treats connections on different VLANs, labels or tunnels that use the same addresses and ports as one, where networks are
//     distinguished here;
//   - continues the stream where a SYN-ACK with another ISN, without its SYN, begins a new conversation here.
//
// The client is the side that sent the SYN or received the SYN-ACK ([RolesHandshake]). If neither was
// captured ([RolesInferred]) it is the side with the higher class of port (well-known, below
// 32768, above), else the side that sent data first, else the side seen first.
//
// # Facts and inferences
//
// A tap sees segments in flight, not the states of endpoints. So two things are kept
// apart. Facts are segments that passed: SYNs, FINs, RSTs and whatever first answers them,
// and a few numbers about the rest. Inferences are the states of RFC 9293 that each endpoint went through;
// a [Judgment] infers them from the facts so far, on request. Nothing is
// inferred from a segment that its receiver would not accept, such as an RST that is not at RCV.NXT (RFC 5961
// 3.2) or a SYN with another ISN. Every [Step] has its [Evidence]:
//
//   - sent: the endpoint itself sent something that is sent only in this state;
//   - acknowledged: a later segment from the endpoint proves that it received what caused the step;
//   - assumed: what causes the step passed the tap towards the endpoint, and nothing proves or disproves that it arrived;
//   - timer: 2 MSL of capture time passed in TIME_WAIT.
//
// The time of a step is when the segment that shows it passed the tap. The endpoint entered the state between
// NotBefore and NotAfter, as far as its distance from the tap is known: the shortest time seen between a segment towards the
// endpoint and the answer to it. Whatever the endpoint sends sooner than that crossed the segment and says nothing about it.
//
// Apart from the order of segments, these rules apply:
//
//   - An RST in the window that is not at RCV.NXT is assumed to have ended the connection if no challenge ACK answers it: hosts from
//     before RFC 5961 take it. One beyond the window, or below its sender's ISN, is not its supposed sender's.
//   - An endpoint whose FIN is the first segment to acknowledge its peer's FIN skips FIN_WAIT_2.
//   - A FIN that arrives ahead of missing bytes takes effect once they have arrived.
//   - Of several copies of a segment, the one that counts is the one that can have arrived before the proof was sent, judging by
//     distance, timestamps and D-SACK.
//   - An assumed receipt is withdrawn when the endpoint retransmits what it would have stopped sending after that receipt.
//   - A server that repeats its SYN-ACK after several ACKs, or answers with an RST without ACK, never left SYN_RCVD.
//   - A segment beyond a FIN proves a FIN that was lost before the tap.
//   - If a FIN follows data that had been in flight without a break since before the peer's FIN, it cannot be known which
//     endpoint closed first: both orders are assumed.
//   - What follows data that never arrived is taken not to have arrived either.
//   - What a server sends before the ACK of the handshake can have reached it (TCP Fast Open) does not prove that it had that ACK.
//   - TIME_WAIT ends when a new connection takes over the sockets, or after 2 MSL.
//   - In a capture of only one direction, its acknowledgments stand in for the segments that were not captured.
//
// Some events leave no trace at a tap, so they are missing, or the result is sometimes wrong:
//
//   - a FIN that never left its host, because the window stayed closed until the host gave up;
//   - a FIN or RST of which every copy was lost before the tap, or was lost beyond it and never answered;
//   - whether an RST ended TIME_WAIT: RFC 1337 says it must not, RFC 9293 3.10.7.4 says it does, and Linux leaves it to
//     tcp_rfc1337. It is assumed to, unless the host does not number its IPv4 datagrams, or its SYN has the window scale
//     option before SACK permitted: Linux does neither; some systems that follow RFC 1337 do;
//   - what happened before the capture began, such as the FIN of a side that has only acknowledged since;
//   - events of a direction that was not captured and left no trace in the other;
//   - connections that a timer ended silently.
//
// # Bounds
//
// At most [Options].MaxFlows conversations are tracked at once. One that has ended waits 2 MSL
// for stragglers; at most a sixteenth of MaxFlows wait in this way. An unanswered SYN waits to be repeated, 15 s at first and
// at most 3 minutes. A connection keeps at most 48 facts and, for each direction, the times at which the latest 1024 segments in flight
// were sent (64 if its peer is not heard, so that it is not known which are still in flight), 256 ranges of bytes, and eight
// retransmissions that may prove unnecessary. Names take at most 2 MB in each of 16 partitions, what is read to find them 20 MB.
// Whatever a bound cuts short is counted in [Summary].
//
// # How it is built
//
// The packages below analyzer/internal do the work; most types here are aliases of theirs (go doc
// tcptrace/analyzer/internal/conn.Conversation shows the fields of a [Conversation]). docs/architecture.md has the map.
//
// What is said about single packets takes a second pass over the capture, since it depends on how the conversation
// went on: the partitions that hold chosen conversations get their segments again, and report where each belongs.
//
// [Run] and [Read] start goroutines, which have ended when they return.
//
// Not its job: I/O, and any clock but the capture's; the formats of captures (package capturefile) and of output (package report).
package analyzer
