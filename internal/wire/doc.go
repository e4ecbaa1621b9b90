// Package wire turns the bytes of a frame into a flat TCP Segment.
//
// Decode keeps nothing from frame to frame; a Reassembler puts IP fragments together, for
// whoever hands it those that Decode came upon.
//
// The common encapsulations (Ethernet with VLAN tags, Linux cooked, raw IP,
// loopback, PPP, then IPv4 or IPv6) are decoded by hand, without allocating.
// Everything rarer (MPLS, PPPoE, GRE, VXLAN, GENEVE, GTP-U, IP in IP, Teredo,
// ERSPAN, CAPWAP, FabricPath, 802.1ah, other link types) is peeled until the next IP header, which is then
// decoded by hand again. gopacket's layers do the peeling where they know the
// header and bear cut and hostile ones; the comments say where they do not.
//
// Decode never fails with an error: each frame gets a Verdict, and whoever
// calls counts them. It trusts no length field and never panics.
//
// Not its job: relations between segments.
package wire
