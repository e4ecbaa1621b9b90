package capture

import (
	"cmp"
	"net/netip"
	"slices"
)

// Loopback is Linux's interface that has what a host sends to itself.
const Loopback = "lo"

// Device is an interface of this machine.
type Device struct {
	Name        string // as the system has it: it may hold any character
	Description string // "" if there is none
	Addresses   []netip.Prefix
	Up          bool
	Loopback    bool
	Err         error // why it cannot be captured from, or nil
}

// List is the interfaces of this machine, by name, and last AnyInterface where there is one. Each is opened for
// a moment, which tells more surely than rules whether it can be.
func List() ([]Device, error) {
	list, err := devices()
	if err != nil {
		return nil, err
	}
	slices.SortFunc(list, func(a, b Device) int {
		return cmp.Or(anyLast(a)-anyLast(b), cmp.Compare(a.Name, b.Name))
	})
	opts := Options{SnapLen: defaultSnapLen, BufferSize: minBuffer}
	for i := range list {
		d := &list[i]
		readers, err := newReaders(d.Name, 0, opts)
		d.Err = err
		closeAll(readers)
	}
	return list, nil
}

func anyLast(d Device) int {
	if d.Name == AnyInterface {
		return 1
	}
	return 0
}
