package ends

import (
	"net/netip"

	"tcptrace/analyzer"
	"tcptrace/analyzer/host"
	"tcptrace/fsm"
	"tcptrace/internal/live/kernel"
)

// overflow has the conversations that were being opened to a listening socket know that it had no room. That it dropped something is
// proved; of which of them, their packets tell (state.View.NotTaken).
func (e *Ends) overflow(c *kernel.Change) {
	for stream, held := range e.all {
		server := held.addr[analyzer.Server]
		if state := held.last[analyzer.Server]; state != fsm.Unknown && state != fsm.SynRcvd || !e.here.is(server.Addr()) || !listens(c.Local, server) {
			continue
		}
		end := host.End{All: e.kernel.Source() == kernel.BPF, Late: lateTold}
		if old := held.hosts[analyzer.Server]; old != nil {
			end = *old
		}
		if end.Process.PID == 0 {
			end.Process = c.Process
			end.Process.Listens = end.Process.PID != 0
		}
		o := host.Overflow{Time: c.Time.UnixNano(), Dropped: c.Drops, Queue: c.Listening.Queue, Backlog: c.Listening.Backlog}
		if end.Overflow != nil {
			o.Dropped += end.Overflow.Dropped
		}
		end.Overflow = &o
		held.hosts[analyzer.Server] = &end
		e.again(stream)
	}
}

// listens reports whether a socket that listens at one address is for connections to another.
func listens(at, to netip.AddrPort) bool {
	return at.Port() == to.Port() && (at.Addr().IsUnspecified() || at.Addr() == to.Addr())
}
