package capture

import (
	"cmp"
	"fmt"
	"io"
	"net/netip"
	"slices"
	"strings"
	"text/tabwriter"

	"tcptrace/internal/console"
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

// WriteList writes the interfaces of this machine as a table, for people.
func WriteList(out io.Writer) error {
	devices, err := List()
	if err != nil {
		return err
	}
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "interface\tcapture\taddresses")
	for _, d := range devices {
		can, addresses := "yes", make([]string, len(d.Addresses))
		if d.Err != nil {
			can = "no: " + console.Plain(d.Err.Error())
		}
		for i, a := range d.Addresses {
			addresses[i] = a.String()
		}
		what := strings.Join(addresses, " ")
		if what == "" {
			what = console.Plain(d.Description)
		}
		fmt.Fprintf(w, "%s\t%s\t%s\n", console.Plain(d.Name), can, what)
	}
	return w.Flush()
}
