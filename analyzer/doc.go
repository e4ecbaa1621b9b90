// Package analyzer follows the TCP connections of a capture.
//
// Frames go in, in the order of the capture; conversations come out of a [Sink],
// each once it is over. A program needs three calls: [New], [Analyzer.Frame] for
// each packet, [Analyzer.Close].
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
// opens a connection, and stays unused if it does not (Wireshark counts a stream there).
//
// The client is who sent the SYN or received the SYN-ACK ([RolesHandshake]). If neither was
// captured ([RolesInferred]) it is the side with the higher class of port (well-known, below
// 32768, above), else the side that sent data first, else the side seen first.
//
// # Bounds
//
// At most [Options].MaxFlows conversations are tracked at once. An ended one waits 2 MSL
// for stragglers; an unanswered SYN waits to be repeated, 15 s at first and 3 minutes at most. Those of the
// first kind that wait are a sixteenth of MaxFlows at most. Whatever a bound cuts short is counted in [Summary].
//
// # How it is built
//
// An [Intake] decodes frames to segments; a [Tracker] follows the connections of
// one partition of the flows; a [Merger] numbers and orders what the trackers hand out. All three are
// for package engine, which runs several trackers side by side. The structs that a packet
// touches hold no pointers and live in slabs.
//
// The package has no clock (only the capture's), no goroutines and no I/O.
package analyzer
