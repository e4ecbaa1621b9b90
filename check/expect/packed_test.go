package expect_test

import (
	"reflect"
	"runtime"
	"strings"
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
		p.Add(&r)
	}
	if got := (heap() - before) / n; got > 500 {
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
		a.Add(&r)
		if i == 2 {
			continue
		}
		b.Add(&r)
	}
	d := expect.Diff(a, b, expect.Tolerance{})
	if err := expect.Each(t.Context(), d, 3, 0, func(p *expect.Pair) expect.Pair { return *p }, func(p expect.Pair) error {
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

// TestPackedTellsAll: a change of any field that is compared is told, with both values, whatever its kind, and no other field is.
func TestPackedTellsAll(t *testing.T) {
	told, fields := 0, 0
	var each func(v reflect.Value, name string, r *report.Record)
	each = func(v reflect.Value, name string, r *report.Record) {
		if v.Kind() == reflect.Struct {
			for i := range v.NumField() {
				tag, _, _ := strings.Cut(v.Type().Field(i).Tag.Get("json"), ",")
				each(v.Field(i), name+"."+tag, r)
			}
			return
		}
		fields++
		a, b := &expect.Packed{}, &expect.Packed{}
		was := reflect.ValueOf(v.Interface())
		want := ""
		switch v.Kind() {
		case reflect.Bool:
			v.SetBool(true)
			want = "false > true"
		case reflect.Float64:
			v.SetFloat(-0.1)
			want = "0 > -0.1"
		case reflect.String:
			v.SetString("x")
			want = " > x"
		case reflect.Slice:
			return // TestDiff has those
		default:
			if v.CanInt() {
				v.SetInt(-3)
				want = "0 > -3"
			} else {
				v.SetUint(200)
				want = "0 > 200"
			}
		}
		changed := *r
		v.Set(was)
		a.Add(r)
		b.Add(&changed)
		d := expect.Diff(a, b, expect.Tolerance{})
		if len(d.OnlyA)+len(d.OnlyB) > 0 { // the server's port
			return
		}
		_ = expect.Each(t.Context(), d, 1, 0, func(p *expect.Pair) []expect.Change { return p.Changes }, func(changes []expect.Change) error {
			told += len(changes)
			if len(changes) > 1 || len(changes) == 1 && changes[0].A+" > "+changes[0].B != want {
				t.Errorf("%s: %v, want %s", name, changes, want)
			}
			if len(changes) == 1 && changes[0].Field != name[1:] {
				t.Errorf("%s is told as %s", name, changes[0].Field)
			}
			return nil
		})
	}
	var r report.Record
	each(reflect.ValueOf(&r).Elem(), "", &r)
	if told < fields-35 || told == fields {
		t.Errorf("%d of %d fields are compared", told, fields)
	}
}

// TestMostChanges: only so many changes are spelled out, and the others counted.
func TestMostChanges(t *testing.T) {
	a, b := &expect.Packed{}, &expect.Packed{}
	r := report.Record{Outcome: "open", Packets: 7, VLAN: 1, Anomalies: []report.AnomalyRecord{{ID: "one"}},
		Endpoints: report.Endpoints{Client: report.Endpoint{Trajectory: []report.StepRecord{{State: "CLOSED"}}}}}
	a.Add(&r)
	r = report.Record{Outcome: "reset", Packets: 9, Anomalies: []report.AnomalyRecord{{ID: "other"}}}
	b.Add(&r)
	for most := range 8 {
		_ = expect.Each(t.Context(), expect.Diff(a, b, expect.Tolerance{}), 1, most, func(p *expect.Pair) expect.Pair { return *p }, func(p expect.Pair) error {
			want := 6 // packets, outcome, vlan, states, two anomalies
			if most > 0 {
				want = min(want, most)
			}
			if len(p.Changes) != want || len(p.Changes)+p.More != 6 {
				t.Errorf("at most %d: %d and %d more", most, len(p.Changes), p.More)
			}
			return nil
		})
	}
}

// TestICMPIsCompared: what ICMP errors say is compared, not when they came.
func TestICMPIsCompared(t *testing.T) {
	too := report.ICMPRecord{Kind: "too-big", Meaning: "fragmentation needed", From: "192.0.2.1", Endpoint: "client", Frame: 3, Time: 7, Count: 2, MTU: 1400, Accepted: true}
	for _, test := range []struct {
		change func(e *report.ICMPRecord)
		want   string
	}{
		{func(e *report.ICMPRecord) { e.Frame, e.Time, e.From = 9, 9, "192.0.2.9" }, ""},
		{func(e *report.ICMPRecord) { e.Count++ }, "3 too-big (fragmentation needed) about the client, mtu 1400"},
		{func(e *report.ICMPRecord) { e.Accepted = false }, "2 too-big (fragmentation needed) about the client, mtu 1400, not accepted"},
		{func(e *report.ICMPRecord) { e.MTU = 0; e.Fitting = 1 }, "2 too-big (fragmentation needed) about the client, later_fitting 1"},
	} {
		a, b := &expect.Packed{}, &expect.Packed{}
		other := too
		test.change(&other)
		a.Add(&report.Record{ICMP: []report.ICMPRecord{too}})
		b.Add(&report.Record{ICMP: []report.ICMPRecord{other}})
		got := ""
		_ = expect.Each(t.Context(), expect.Diff(a, b, expect.Tolerance{}), 1, 0, func(p *expect.Pair) expect.Pair { return *p }, func(p expect.Pair) error {
			for _, c := range p.Changes {
				got += c.B
			}
			return nil
		})
		if got != test.want {
			t.Errorf("%q, want %q", got, test.want)
		}
	}
}
