// Package lab turns scripts that read like packetdrill's into captures, byte for
// byte the same every time, and changes them in ways that must not change what an
// analyzer says. It is a test tool: it knows nothing of the packages that it
// helps to test, so that a mistake of theirs is not repeated here.
//
// Non-goals: it does not simulate TCP. A script says what passed the tap, also if
// no stack would send it. Endpoints, timers and losses exist in the story only.
//
// # Scripts
//
//	# What happens, in plain words.
//	client 10.0.0.1:40000
//	server 10.0.0.2:80
//
//	+0     > S   0:0(0)            win 64240 <mss 1460,sackOK,TS val 100 ecr 0,nop,wscale 7>
//	+20ms  < S.  0:0(0)     ack 1  win 65160 <mss 1460,sackOK,TS val 900 ecr 100,nop,wscale 7>
//	+80us  > .   1:1(0)     ack 1  win 502
//	+100ms > P.  1:101(100) ack 1
//
// The comment at the top is the story; # starts a comment anywhere. A packet is
//
//	TIME DIRECTION FLAGS [SEQ:END(LEN)] [ack N] [win N] [<OPTIONS>] [PROPERTIES]
//
// TIME is "+D" or "-D", relative to the line before, or "D", relative to the start; D is in
// seconds (0.02) or has a unit (20ms, 1h). DIRECTION is > from the client or < from the
// server, after the connection's name if it has one (b>). FLAGS are letters of FSRP.UEWA
// (. is ACK, W is CWR, A is AE) or - for none. Sequence and acknowledgment numbers are
// relative to the sender's and to its peer's ISN, may be negative, and are taken as they
// are on the wire after "raw". win is the header's field, not scaled. What is left out is
// what the sender would most likely say: the next sequence number, (LEN) of data
// there, an ACK of all that its peer has sent, the window of its last segment.
//
// OPTIONS, separated by commas: mss N, wscale N, sackOK, sack A:B [C:D ...] (relative to the
// peer's ISN), TS [val N ecr N], nop, eol, tfo [HEX], md5 [HEX], ao HEX, mptcp HEX, opt KIND
// [HEX], bytes HEX (put there as they are, for malformed options). They are padded
// to a multiple of four bytes.
//
// Payload is a pattern that shows each byte's position, so that a retransmission
// carries the same bytes; or "text", hex BYTES, or fill X (X at every position).
//
// PROPERTIES: ipid N, ttl N, tos N, ect0, ect1, ce, nodf, urg N (the pointer), router-alert (an IP
// option or a hop-by-hop header), frag A:B (only bytes A to B of the IP payload; B may
// be missing), tso (IP length 0), doff N (TCP data offset in words), badsum, badipsum,
// partialsum (what checksum offloading leaves: the pseudo-header's sum), cap N (bytes
// captured), slice N (bytes left by a switch that mirrors the first ones of each frame: the length on
// the wire that is recorded is N), dup D (captured again, D later), if N (pcapng interface), unseen (sent, but
// not captured), forged (sent by somebody else: moves none of the numbers that are
// left out later).
//
// An ICMP error about the latest segment of whom it is sent to, or ICMPv6 between IPv6 addresses, is
//
//	TIME DIRECTION icmp FROM KIND [mtu N] [seq N] [PROPERTIES]
//
// FROM is the address of a router, or peer. KIND is net, host, port, prohibited, too-big or ttl.
// mtu is what the next link takes. With seq it quotes the latest segment with that number, relative; if there is
// none, a segment that never was.
//
// Any other frame is "TIME frame HEX".
//
// # Directives
//
//	client ADDR:PORT, server ADDR:PORT
//	isn CLIENT SERVER            initial sequence numbers
//	timestamps CLIENT SERVER     value at the start, a tick is a millisecond: TS needs no val and
//	                             ecr, and every segment without options but an RST carries it
//	ttl CLIENT SERVER
//	conn NAME ...                another connection: any of the above, the rest as the first one's
//	link NAME ...                ethernet [pad] [vlan N [M]] [mpls N] [pppoe N], sll, sll2, raw, null, loop, ppp
//	tunnel vxlan|gre|ipip ...    around every packet; vxlan takes its VNI
//	format pcap|pcapng ...       us or ns, big or little
//	interface NAME ...           pcapng: one for each interface, numbered from 0; as link, then us or ns, and
//	                             as tunnel, if its packets are in another than the script's
//	snaplen N
//	start TIME                   RFC 3339
package lab
