package main

import (
	"net/netip"

	"tcptrace/analyzer"
	"tcptrace/fsm"
	"tcptrace/internal/live/ends"
	"tcptrace/internal/live/kernel"
	"tcptrace/report"
)

// kernelChoices are the values of --kernel: whether live ends without what it takes.
var kernelChoices = report.Choices[bool]{
	{Name: "auto", Help: "tell what this host's kernel says of its connections, if it can be asked"},
	{Name: "on", Help: "end if it cannot", Is: true},
	{Name: "off", Help: "do not ask"},
}

// openKernel asks the kernel from now on.
func (o *liveOptions) openKernel(s *session) (err error) {
	must, err := choose("kernel", o.kernel, kernelChoices)
	if err != nil || o.kernel == "off" {
		return err
	}
	s.kernel, err = kernel.Open()
	switch {
	case err != nil && must:
		return &exitError{exitBadInput, err}
	case err != nil:
		s.note("the kernel is not asked about connections: %v", err)
	case s.kernel.Lacks() != nil:
		s.note("the kernel is asked about connections once a second, because it does not tell: %v", s.kernel.Lacks())
	}
	return nil
}

func (s *session) closeKernel() {
	if s.kernel == nil {
		return
	}
	if n := s.kernel.Lost(); n > 0 {
		s.note("the kernel told more than there was room for: %s missing", report.Counted(n, "change"))
	}
	s.warn(s.kernel.Close())
}

// told writes what the kernel says of a conversation.
func (s *session) told(t *ends.Told) {
	if s.events == nil || s.when.where != nil && !s.begun[t.Stream] {
		return
	}
	k := report.KernelState{
		Time: analyzer.Time(t.Time.UnixNano()), Stream: t.Stream, Addr: t.Addr, Side: t.Side, Before: t.Before, State: t.State, Socket: t.Socket,
		Process: t.Process,
	}
	if k.Before == fsm.Closed {
		k.Before = fsm.Unknown
	}
	s.fail(s.events.Kernel(&k))
}

// full writes that a listening socket had no room for connections.
func (s *session) full(c *kernel.Change) {
	if s.events == nil || s.when.where != nil {
		return
	}
	s.fail(s.events.Overflow(&report.Overflow{
		Time: analyzer.Time(c.Time.UnixNano()), Server: c.Local, Process: c.Process, Dropped: c.Drops, Queue: c.Listening.Queue, Backlog: c.Listening.Backlog,
	}))
}

// lookup is what the view asks; nil if nobody can be asked.
func (s *session) lookup() func([2]netip.AddrPort, analyzer.Side) (kernel.Endpoint, bool) {
	if s.kernel == nil {
		return nil
	}
	return func(addr [2]netip.AddrPort, side analyzer.Side) (kernel.Endpoint, bool) {
		return s.ends.Lookup(addr, side)
	}
}
