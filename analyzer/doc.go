// Package analyzer follows the TCP connections of a capture.
//
// Packets go in, in the order of the capture; conversations come out, each once it is over. There are these ways:
//
//   - [Read] is a loop over the conversations of a packet.Source, and [Run] has a [Sink] for them. Both use all processors.
//   - [Analyzer] takes frames one by one, and does everything in the goroutine of its caller.
//   - [Monitor] tells what happens while it happens.
//   - [Choice] is for a second pass over a capture, which shows its segments: what each is ([Reading]), the states and
//     notes that belong to it ([Timeline]), the bytes ([Follower]), what is in flight ([Flight]).
//
// What a conversation means, states and anomalies, is worked out by a [Judgment] when it is asked for.
//
// # What a conversation is
//
// One connection, not one pair of sockets. A SYN with a new initial sequence number
// on sockets that were used before opens a new conversation if the old one is over
// (closed, reset, refused, never answered) or if anything acknowledges that number; a SYN
// that nobody acknowledges, sent into a connection that lives, belongs to that. Repeated SYNs
// and FINs, stragglers and idle hours never open a new one. Late segments belong to the
// newest conversation whose sequence numbers they fit. Numbers count in the order of
// first frames; one is reserved for a SYN of which it is not yet clear whether it
// opens a connection, and stays unused if it does not (Wireshark counts a stream there). A SYN-ACK with another ISN reserves
// none; if it turns out to belong to a new connection, of which the SYN was not captured, that gets the next number when this is clear.
//
// The numbers are Wireshark's tcp.stream (4.0), but that Wireshark
//   - counts a stream for each SYN with an ISN unlike that of the latest stream on its sockets, so also one for a copy of an earlier connection's SYN that
//     comes late, and for every other one of two kinds of SYN that take turns;
//   - counts one for TCP that is quoted in an ICMP error, which is not read here;
//   - leaves a connection on other VLANs, labels or tunnels with those that use the same addresses and ports, where two networks
//     are told apart here (networks);
//   - goes on with the stream where a SYN-ACK with another ISN, without its SYN, begins a new conversation here.
//
// The client is who sent the SYN or received the SYN-ACK ([RolesHandshake]). If neither was
// captured ([RolesInferred]) it is the side with the higher class of port (well-known, below
// 32768, above), else the side that sent data first, else the side seen first.
//
// # Facts and beliefs
//
// A tap sees segments in flight, not the states of endpoints. So two things are kept
// apart. Facts are segments that passed: SYNs, FINs, RSTs and what first answers them (fact),
// and a few numbers about the rest. Beliefs are the states of RFC 9293 that each endpoint went through;
// a [Judgment] infers them from the facts so far, whenever it is asked. Nothing is
// believed of a segment that its receiver would not accept: an RST that is not at RCV.NXT (RFC 5961
// 3.2), a SYN with another ISN. Every [Step] says how it is known ([Evidence]):
//
//   - sent: the endpoint itself sent what only that state sends;
//   - acknowledged: a later segment of its own proves that it received what moved it;
//   - assumed: that passed the tap towards it, and nothing proves or disproves that it arrived;
//   - timer: 2 MSL of the capture's time passed in TIME_WAIT.
//
// Time is when the segment that shows the step passed the tap. The endpoint's own moment lies between
// NotBefore and NotAfter, as far as the distance of the endpoint, there and back, tells; that is the
// least time that was seen between a segment towards it and its answer. What the endpoint sends
// sooner than that crossed the segment and says nothing about it.
//
// What decides, beyond the order of segments: a FIN that is the first to acknowledge the peer's leads past FIN_WAIT_2; a FIN ahead
// of missing bytes is taken when they have come; of several copies the
// one counts that can have arrived before the proof was sent, by distance, timestamps and
// D-SACK; a presumed receipt is given up when the endpoint repeats what it would have ended; a server that
// repeats its SYN-ACK after ACK on ACK, or answers by an RST without ACK, never left SYN_RCVD; a segment behind
// a FIN proves a FIN that was lost before the tap; whether a FIN behind data that were in flight without a break
// since before the peer's FIN belongs to a close that came first nobody can tell: both orders are assumed; what follows data that nobody heard is not
// heard either; what a server sends before the handshake's ACK can have come (fast open) does not prove that it
// had it; TIME_WAIT ends when a new connection takes its sockets; in a capture of one direction the acknowledgments stand for what was not captured.
//
// What cannot be known from one tap, and so is missing or wrong at times: a FIN that never left its host
// (the window stayed closed until it gave up); a FIN or RST of which every copy died before the tap, or
// that died behind it without anybody answering; whether an RST ended TIME_WAIT (RFC 1337 says it must not, RFC 9293
// 3.10.7.4 that it does, Linux lets tcp_rfc1337 decide; it is assumed to unless the host does not number its IPv4 datagrams, or its
// SYN has a window scale in front of SACK permitted: Linux sends neither, and some that follow RFC 1337 do); what happened before the capture
// began, such as a FIN of the side that only acknowledges since; events of a direction that was not
// captured and leave no trace in the other; silent ends by a timer.
//
// # Bounds
//
// At most [Options].MaxFlows conversations are tracked at once. An ended one waits 2 MSL
// for stragglers; an unanswered SYN waits to be repeated, 15 s at first and 3 minutes at most. Those of the
// first kind that wait are a sixteenth of MaxFlows at most. A connection keeps 48 facts at most, and of each direction when the latest 1024 segments
// in flight were sent (64 if its peer is not heard: nothing tells what still is), 256 ranges of bytes, and eight retransmissions that may
// prove unneeded. Names take 2 MB at most in each of 16 partitions, what is read to find them 20 MB. Whatever a bound cuts short is counted in [Summary].
//
// # How it is built
//
// The packages below analyzer/internal do the work; most types here are theirs under another name (go doc
// tcptrace/analyzer/internal/conn.Conversation shows the fields of a [Conversation]). docs/architecture.md has the map.
//
// What is said of single packets takes a second pass over the capture, since it needs to know how the conversation
// went: the partitions of the flows that matter are shown their segments again, and tell of each where it belongs.
//
// The package has no clock (only the capture's) and no I/O. [Run] and [Read] start goroutines, which have ended when they return.
package analyzer
