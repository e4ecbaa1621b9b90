package ends

import (
	"testing"

	"tcptrace/analyzer"
	"tcptrace/analyzer/host"
)

// TestOwned: the process of each end on this host has to be known, and of no other.
func TestOwned(t *testing.T) {
	known, listens, unknown := &host.End{Process: host.Process{PID: 7}}, &host.End{Process: host.Process{PID: 7, Listens: true}}, &host.End{}
	for _, c := range []struct {
		both  bool // ends are on this host; else the client's is
		hosts [2]*host.End
		want  bool
	}{
		{false, [2]*host.End{}, false},
		{false, [2]*host.End{unknown}, false},
		{false, [2]*host.End{listens}, false},
		{false, [2]*host.End{known}, true},
		{true, [2]*host.End{known, nil}, false},
		{true, [2]*host.End{known, listens}, false},
		{true, [2]*host.End{known, known}, true},
	} {
		r := newRun()
		if c.both {
			r.here.add(server.Addr())
		}
		one := talk(1)
		one.Hosts = c.hosts
		if r.Owned(one) != c.want {
			t.Errorf("both %t, %+v: %t", c.both, c.hosts, !c.want)
		}
	}
	elsewhere := talk(1)
	for side := range elsewhere.Addr {
		elsewhere.Addr[side] = server
	}
	if elsewhere.Hosts[analyzer.Client] = known; newRun().Owned(elsewhere) {
		t.Error("nothing of it is on this host")
	}
}
