//go:build !cgo

package capture

import (
	"golang.org/x/net/bpf"

	"tcptrace/internal/wire"
)

func open(name string, opts Options) (handle, error) { return openRing(name, opts) }

// compileElse is for builds with libpcap.
func compileElse(string, wire.LinkType, uint32) ([]bpf.RawInstruction, bool) { return nil, false }
