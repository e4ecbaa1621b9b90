// Package wire turns the bytes of a frame into a flat TCP Segment.
//
// Decode keeps nothing from frame to frame; a Reassembler reassembles the IP fragments
// that Decode found.
//
// The common encapsulations (Ethernet with VLAN tags, Linux cooked, raw IP,
// loopback, PPP, then IPv4 or IPv6) are decoded by hand, without allocating.
// Everything rarer (MPLS, PPPoE, GRE, VXLAN, GENEVE, GTP-U, IP in IP, Teredo,
// ERSPAN, CAPWAP, FabricPath, 802.1ah, other link types) is peeled until the next IP header, which is then
// decoded by hand again. gopacket's layers do the peeling where they know the
// header and can handle truncated and hostile ones; the comments say where they cannot.
//
// Decode never returns an error: each frame gets a Verdict, which the caller
// counts. It trusts no length field and never panics.
//
// Not its job: relations between segments.
package wire
