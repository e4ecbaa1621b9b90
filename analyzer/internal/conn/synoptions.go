package conn

import "tcptrace/internal/wire"

// SYNOptions are options of a SYN.
type SYNOptions wire.Bits

func (o SYNOptions) has(option wire.Bits) bool { return wire.Bits(o)&option != 0 }

// WindowScale reports whether it offers a window scale (RFC 7323).
func (o SYNOptions) WindowScale() bool { return o.has(wire.HasWScale) }

// SACK reports whether it permits SACK (RFC 2018).
func (o SYNOptions) SACK() bool { return o.has(wire.HasSACKPerm) }

// Timestamps reports whether it offers timestamps (RFC 7323).
func (o SYNOptions) Timestamps() bool { return o.has(wire.HasTimestamps) }

// FastOpen reports whether it has a fast-open cookie or asks for one (RFC 7413).
func (o SYNOptions) FastOpen() bool { return o.has(wire.HasTFO) }

// MPTCP reports whether it offers multipath (RFC 8684).
func (o SYNOptions) MPTCP() bool { return o.has(wire.HasMPTCP) }

// MD5 reports whether it is signed (RFC 2385).
func (o SYNOptions) MD5() bool { return o.has(wire.HasMD5) }

// AO reports whether it is authenticated (RFC 5925).
func (o SYNOptions) AO() bool { return o.has(wire.HasAO) }
