package verify

import (
	"errors"
	"net/netip"
	"os"
	"slices"

	"tcptrace/internal/live/capture"
	"tcptrace/internal/verify/record"
)

// stage is where connections are made, or seen.
type stage struct {
	client, server *place  // nil: none are made
	bridge         *bridge // between both; nil: there is none
	taps           []*tap
	close          func()
}

// plays are those that can be made there.
func (s *stage) plays() []play {
	return slices.DeleteFunc(slices.Clone(plays), func(p play) bool { return p.bridged && s.bridge == nil })
}

// place is a host, as it were.
type place struct {
	addr      netip.Addr
	do        func(func() error) error // calls a function there, in which sockets are opened and programs started
	namespace uint32                   // 0: this program's own
}

// tap is where packets are captured.
type tap struct {
	at             *place // whose device it is
	device, filter string
	buffer         int
	hears          []uint32   // namespaces whose kernel is compared
	shows          bool       // the analysis is told its word
	kind           record.Tap // to all endpoints; "": it depends
}

// as is what the tap is to the endpoint that has an address.
func (t *tap) as(local netip.Addr) record.Tap {
	switch {
	case t.kind != "":
		return t.kind
	case t.at.addr == local:
		return record.Endpoint
	}
	return record.OtherEnd
}

func here(f func() error) error { return f() }

const (
	smallBuffer = 8 << 20
	largeBuffer = 64 << 20
)

// newStage is the one that o asks for; an error if it takes namespaces, which cannot be made.
func newStage(o *Options, r *record.Report) (*stage, error) {
	if o.Interface != "" {
		r.Place, r.Interface = record.Interface, o.Interface
		return &stage{close: func() {}, taps: []*tap{{at: &place{do: here}, device: o.Interface, buffer: largeBuffer, kind: record.Endpoint}}}, nil
	}
	r.Rounds = o.Rounds
	if o.loopback {
		return nil, errors.New("none were asked for")
	}
	s, err := newNamespaces()
	if err != nil {
		return nil, err
	}
	r.Place = record.Namespaces
	r.At(record.Endpoint)
	r.At(record.OtherEnd)
	return s, nil
}

// onLoopback has both hosts on the loopback interface.
func onLoopback(r *record.Report) *stage {
	r.Place, r.Interface = record.Loopback, capture.Loopback
	server := serverOf(os.Getpid())
	filter := "host " + server.String()
	return &stage{
		client: &place{addr: clientOf(server), do: here}, server: &place{addr: server, do: here}, close: func() {},
		taps: []*tap{
			{at: &place{do: here}, device: capture.Loopback, filter: filter, buffer: smallBuffer, kind: record.BothEnds},
			{at: &place{do: here}, device: capture.Loopback, filter: filter, buffer: smallBuffer, shows: true},
		},
	}
}

// The addresses of both hosts on the loopback interface: those of this process alone, so that nothing else is captured.
func serverOf(pid int) netip.Addr {
	return netip.AddrFrom4([4]byte{127, 77, byte(pid >> 7), byte(pid<<1) | 1})
}

// clientOf is the client's address beside that of a server.
func clientOf(server netip.Addr) netip.Addr {
	a := server.As4()
	a[3] &^= 1
	return netip.AddrFrom4(a)
}

// add has the kernel be asked in the namespaces of both hosts, too, and the taps hear it.
func (s *stage) add(k *shared) error {
	all := []uint32{k.watcher.Namespace()}
	if s.bridge != nil {
		all = []uint32{s.client.namespace, s.server.namespace}
		for _, p := range []*place{s.client, s.server} {
			if err := p.do(k.watcher.Add); err != nil {
				return err
			}
		}
	}
	for _, t := range s.taps {
		if t.hears = all; t.shows && t.at.namespace != 0 { // a host knows of its own ends only
			t.hears = []uint32{t.at.namespace}
		}
	}
	return nil
}
