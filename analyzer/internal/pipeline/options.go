package pipeline

import (
	"net/netip"
	"time"

	"tcptrace/analyzer/internal/flow"
	"tcptrace/analyzer/packet"
)

// Options say how packets are analyzed. The zero value means the defaults.
type Options struct {
	// MaxFlows bounds how many conversations are tracked at once. When it is reached
	// another is ended, and counted in Summary.Evicted: one that waits for stragglers (Summary.ReleasedEarly),
	// else the oldest that is not established, else the one that has been silent longest. Default 1,048,576.
	MaxFlows int
	// MSL is half the time for which TIME_WAIT lasts, and thus for which an ended
	// conversation waits for stragglers. Default 30 s: 60 s in all, as Linux has it. At most a day.
	MSL time.Duration
	// Quick leaves out what needs every segment to be read: what each is, round trips, retransmissions
	// and windows in Sent, and the anomalies of an open connection. It takes about two thirds of the time.
	Quick bool
	// Workers is how many goroutines Run tracks conversations with, beside the one that reads and decodes. The result does not depend
	// on it. Default: one for each processor. For a Monitor it is by how many conversations are tracked and judged; default one.
	Workers int
	// Filter reports whether a packet is to be analyzed, of which frame was captured from the link-layer header on. Those that are
	// not are counted in Summary.Filtered, and have numbers like the others. It is called by one goroutine at a time. nil: all are.
	Filter func(link packet.LinkType, frame []byte, wireLen uint32) bool
	// NoNames leaves out the names of hosts that the capture tells: answers of the DNS, TLS server names, hosts of HTTP requests.
	NoNames bool
	// Hosts is the name of the host with an address, "" if it has none, which goes before those that the capture tells. It is called by
	// several goroutines at a time. nil: none has.
	Hosts func(netip.Addr) string
	// Interface is the name of the interface with a number, "" if it has none; the numbers are those that packets have. It is called by
	// several goroutines at a time. nil: that of the source, if it is a packet.Namer; else none has.
	Interface func(number uint16) string
	// SnapLen is how many bytes of each packet of the interface with a number are captured, 0 if it is not known. It is called by several
	// goroutines at a time. nil: what the source says, if it is a packet.Snapper.
	SnapLen func(number uint16) uint32
	// Late reports, once ctx is cancelled, that it is too late for more of the conversations that are open: they are counted in Summary.LeftOut
	// and not handed out. It is called by several goroutines at a time. nil: all of them are handed out, however long that takes.
	Late func() bool
}

// Tracking is the part of o that is the trackers'.
func Tracking(o Options) flow.Options {
	return flow.Options{MaxFlows: o.MaxFlows, MSL: o.MSL, Quick: o.Quick, Hosts: o.Hosts, Interface: o.Interface, SnapLen: o.SnapLen}
}
