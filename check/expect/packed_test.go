package expect_test

import (
	"runtime"
	"testing"

	"tcptrace/check/expect"
	"tcptrace/report"
)

// Many records, each with states and an anomaly, are kept in a fourth of their size as Go data.
func TestPackedMemory(t *testing.T) {
	const n = 20_000
	r := sample().Conversations[0]
	steps := []report.StepRecord{
		{State: "SYN_SENT", Evidence: "sent"}, {State: "ESTABLISHED", Evidence: "sent"}, {State: "FIN_WAIT_1", Evidence: "sent"},
		{State: "FIN_WAIT_2", Evidence: "sent"}, {State: "TIME_WAIT", Evidence: "sent"},
	}
	for i := range steps {
		steps[i].Time, steps[i].NotBefore, steps[i].NotAfter, steps[i].Frame = 1e18, 1e18, 1e18, 1e6
	}
	r.Endpoints.Client.Trajectory, r.Endpoints.Server.Trajectory = steps, steps
	p := &expect.Packed{}
	before := heap()
	for i := range n {
		r.Stream = uint64(n - i)
		if err := p.Add(&r); err != nil {
			t.Fatal(err)
		}
	}
	if got := (heap() - before) / n; got > 800 {
		t.Errorf("a record takes %d bytes", got)
	}
	if p.Sort(); p.Len() != n {
		t.Error(p.Len())
	}
}

func heap() int64 {
	var m runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}

// Of several conversations with the same endpoints, the order pairs; each has one partner.
func TestDiffOrder(t *testing.T) {
	a, b := &expect.Packed{}, &expect.Packed{}
	for i, packets := range []uint64{10, 20, 30} {
		r := report.Record{Stream: uint64(i), Server: report.Host{IP: "192.0.2.1", Port: 80}, Packets: packets}
		if err := a.Add(&r); err != nil {
			t.Fatal(err)
		}
		if i == 2 {
			continue
		}
		if err := b.Add(&r); err != nil {
			t.Fatal(err)
		}
	}
	d := expect.Diff(a, b, expect.Tolerance{})
	if err := expect.Each(t.Context(), d, 3, func(p *expect.Pair) expect.Pair { return *p }, func(p expect.Pair) error {
		if p.A.Stream != p.B.Stream || len(p.Changes) > 0 {
			t.Errorf("%v, %v: %v", p.A, p.B, p.Changes)
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	if len(d.OnlyA) != 1 || d.OnlyA[0].Stream != 2 || len(d.OnlyB) != 0 {
		t.Errorf("only in A %v, only in B %v", d.OnlyA, d.OnlyB)
	}
}
