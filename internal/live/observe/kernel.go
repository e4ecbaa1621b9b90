package observe

import (
	"net/netip"
	"time"

	"tcptrace/analyzer"
	"tcptrace/fsm"
	"tcptrace/internal/live/ends"
	"tcptrace/internal/live/kernel"
	"tcptrace/report"
)

// Silent is what the view asks for connections without packets; nil if nobody can be asked.
func (s *Session) Silent() func() []*analyzer.Conversation {
	if s.Kernel == nil {
		return nil
	}
	return func() []*analyzer.Conversation { return s.ends.StillSilent() }
}

// CloseKernel asks the kernel no more.
func (s *Session) CloseKernel() {
	if s.Kernel == nil {
		return
	}
	if n := s.Kernel.Lost(); n > 0 {
		s.Note("the kernel told more than there was room for: %s missing", report.Counted(n, "change"))
	}
	s.Warn(s.Kernel.Close())
}

// NoteKernel tells the user what is not known of the kernel's word.
func (s *Session) NoteKernel() {
	for _, text := range s.Kernel.Notes() {
		s.Note("%s", text)
	}
}

// KernelStays is what remains of the rights that asking took, as the end of a sentence.
func (s *Session) KernelStays() string {
	if s.Kernel == nil {
		return ""
	}
	return "; " + s.Kernel.Stays()
}

// told writes what the kernel says of a conversation.
func (s *Session) told(t *ends.Told) {
	if s.Events == nil || s.Where != nil && !s.begun[t.Stream] {
		return
	}
	s.Fail(s.Events.Kernel(kernelState(t)))
}

// kernelState is what the kernel says, as it is written.
func kernelState(t *ends.Told) *report.KernelState {
	k := &report.KernelState{
		Time: analyzer.Time(t.Time.UnixNano()), Stream: t.Stream, Addr: t.Addr, Side: t.Side, Before: t.Before, State: t.State, Socket: t.Socket,
		Process: t.Process,
	}
	if k.Before == fsm.Closed {
		k.Before = fsm.Unknown
	}
	return k
}

// cookies writes that this host has sent SYN cookies, or had them returned.
func (s *Session) cookies(n kernel.Cookies) {
	if s.Events == nil || s.Where != nil {
		return
	}
	at := analyzer.Time(time.Now().UnixNano())
	s.Fail(s.Events.Cookies(&report.Cookies{Time: at, Sent: n.Sent, Accepted: n.Accepted, Refused: n.Refused}))
}

// full counts and writes that a listening socket had no room for connections.
func (s *Session) full(c *kernel.Change) {
	if s.Meter != nil {
		s.Meter.Overflow(c.Local.Port(), c.Process.Name, c.Drops)
	}
	if s.Events == nil || s.Where != nil {
		return
	}
	s.Fail(s.Events.Overflow(&report.Overflow{
		Time: analyzer.Time(c.Time.UnixNano()), Server: c.Local, Process: c.Process, Dropped: c.Drops, Queue: c.Listening.Queue, Backlog: c.Listening.Backlog,
	}))
}

// Lookup is what the view asks; nil if nobody can be asked.
func (s *Session) Lookup() func([2]netip.AddrPort, analyzer.Side) (kernel.Endpoint, bool) {
	if s.Kernel == nil {
		return nil
	}
	return func(addr [2]netip.AddrPort, side analyzer.Side) (kernel.Endpoint, bool) {
		return s.ends.Lookup(addr, side)
	}
}
