//go:build !cgo

package input

import (
	"golang.org/x/net/bpf"

	"tcptrace/internal/filterlang"
	"tcptrace/internal/wire"
)

// program is a filter program that a machine in Go runs.
type program struct{ vm *bpf.VM }

func (p program) match(frame []byte, _ uint32) bool {
	n, err := p.vm.Run(frame)
	return err == nil && n > 0
}

// compile knows the part of libpcap's language that filterlang has.
func compile(expr string, link wire.LinkType) (matcher, error) {
	layout, err := filterlang.Of(link)
	if err != nil {
		return nil, err
	}
	code, err := filterlang.Compile(expr, layout, maxSnapLen)
	if err != nil {
		return nil, err
	}
	vm, err := bpf.NewVM(code)
	if err != nil {
		return nil, err
	}
	return program{vm}, nil
}
