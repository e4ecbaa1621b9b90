package packet

import "tcptrace/internal/wire"

// Segment is one TCP segment: everything that the analysis needs from a frame, as a flat value without pointers. The fields useful to others:
//
//	Time, Frame     ns since the Unix epoch, and the number of the packet, from 1
//	Seq, Ack        as sent
//	Len             bytes of payload, according to the length of the IP packet
//	PayloadCap      how many of them were captured
//	Window          as sent, not scaled
//	Flags           the control bits
//	Dir             0 or 1: which of the two sockets sent it; Reading.Client is that of the client
//	TTL, TOS, IPID  of the IP header
//	NSack, Sack     SACK blocks, left and right edge, in the order sent
type Segment = wire.Segment

// Flags are the control bits of a TCP header (RFC 9293 3.1).
type Flags = wire.Flags

// The control bits.
const (
	FIN = wire.FIN
	SYN = wire.SYN
	RST = wire.RST
	PSH = wire.PSH
	ACK = wire.ACK
	URG = wire.URG
	ECE = wire.ECE // RFC 3168
	CWR = wire.CWR // RFC 3168
	AE  = wire.AE  // RFC 9768
)
