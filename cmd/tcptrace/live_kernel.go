package main

import (
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
	s.Kernel, err = kernel.Open()
	switch {
	case err != nil && must:
		return &exitError{exitBadInput, err}
	case err != nil:
		s.Note("the kernel is not asked about connections: %v", err)
	case s.Kernel.Lacks() != nil:
		s.Note("the kernel is asked about connections once a second, because it does not tell: %v", s.Kernel.Lacks())
	}
	return nil
}
