package expect

import (
	"bytes"
	"cmp"
	"fmt"
	"math"
	"reflect"
	"slices"
	"strings"

	"tcptrace/report"
)

// Difference is what differs between two captures of the same scenario.
type Difference struct {
	OnlyA, OnlyB []Party

	a, b      *Packed
	pairs     [][2]int // indexes in a and b
	tolerance Tolerance
}

// Pair is a conversation in both captures.
type Pair struct {
	A, B    *Party
	Changes []Change // empty: they are alike
}

// Change is one thing that differs. A value that is not there is empty.
type Change struct {
	Field string   // as records name it
	A, B  string   // the values
	Lines []string // more for people
}

// Tolerance is how far numbers may be apart and still count as alike.
type Tolerance struct {
	Ratio   float64 // of the greater one
	Seconds float64 // times closer than this are alike
}

// Diff pairs the conversations of two captures. Addresses, the time of day, and frame and stream numbers may differ.
func Diff(a, b *Packed, t Tolerance) *Difference {
	d := &Difference{a: a, b: b, tolerance: t}
	d.pairUp()
	return d
}

// Pairs hands the pairs on, in the order of A, with what differs: one at a time, as all of them may differ in everything. It ends with
// the first error of found.
func (d *Difference) Pairs(found func(*Pair) error) error {
	from, to := unpacker{of: d.a}, unpacker{of: d.b}
	var a, b report.Record
	for _, pair := range d.pairs {
		v, w := &d.a.index[pair[0]], &d.b.index[pair[1]]
		p := Pair{A: &v.Party, B: &w.Party}
		if !bytes.Equal(v.data, w.data) {
			if err := cmp.Or(from.record(pair[0], &a), to.record(pair[1], &b)); err != nil {
				return err
			}
			x := differ{tolerance: d.tolerance, a: &a, b: &b}
			x.record("", reflect.ValueOf(&a).Elem(), reflect.ValueOf(&b).Elem())
			p.Changes = x.out
		}
		if err := found(&p); err != nil {
			return err
		}
	}
	return nil
}

// keys tell what makes two conversations the same, the strictest first. A client's port is another one in every
// run, addresses may be; the order stays.
var keys = []func(*Party) [2]report.Socket{
	func(p *Party) [2]report.Socket { return [2]report.Socket{p.Client, p.Server} },
	func(p *Party) [2]report.Socket { return [2]report.Socket{{IP: p.Client.IP}, p.Server} },
	func(p *Party) [2]report.Socket { return [2]report.Socket{{}, p.Server} },
	func(p *Party) [2]report.Socket { return [2]report.Socket{{}, {Port: p.Server.Port}} },
}

func (d *Difference) pairUp() {
	partner := make([]int, d.a.Len())
	for i := range partner {
		partner[i] = -1
	}
	taken := make([]bool, d.b.Len())
	next := make([]int, d.b.Len()) // the next one with the same key
	for _, key := range keys {
		waiting := map[[2]report.Socket]int{} // the first
		for j := d.b.Len() - 1; j >= 0; j-- {
			if k := key(&d.b.index[j].Party); !taken[j] {
				next[j] = -1
				if first, ok := waiting[k]; ok {
					next[j] = first
				}
				waiting[k] = j
			}
		}
		for i := range partner {
			if partner[i] >= 0 {
				continue
			}
			k := key(&d.a.index[i].Party)
			if j, ok := waiting[k]; ok && j >= 0 {
				partner[i], taken[j], waiting[k] = j, true, next[j]
			}
		}
	}
	for i, j := range partner {
		if j < 0 {
			d.OnlyA = append(d.OnlyA, d.a.index[i].Party)
			continue
		}
		d.pairs = append(d.pairs, [2]int{i, j})
	}
	for j := range taken {
		if !taken[j] {
			d.OnlyB = append(d.OnlyB, d.b.index[j].Party)
		}
	}
}

// undiffed are fields that differ between any two captures, or that others say better.
var undiffed = map[owned]bool{
	{recordType, "schema"}: true, {recordType, "stream"}: true, {recordType, "community_id"}: true,
	{recordType, "client"}: true, {recordType, "server"}: true,
	{recordType, "first_frame"}: true, {recordType, "last_frame"}: true,
	{recordType, "completeness"}: true, {recordType, "conn_state"}: true, {recordType, "history"}: true,
	{reflect.TypeFor[report.Endpoint](), "state"}:    true,
	{reflect.TypeFor[report.CloseRecord](), "frame"}: true,
}

// exactNumbers are what endpoints agree on, or how they are: no measurements.
var exactNumbers = []string{"mss_bytes", "window_shift", "ttl_min", "ttl_max", "segments"}

var stepsType, anomaliesType = reflect.SliceOf(stepType), reflect.SliceOf(anomalyType)

type differ struct {
	tolerance Tolerance
	a, b      *report.Record
	out       []Change
}

func (x *differ) record(path string, a, b reflect.Value) {
	for _, f := range fieldsOf[a.Type()] {
		if undiffed[owned{a.Type(), f.name}] || f.typ == timeType {
			continue
		}
		v, w := a.Field(f.index), b.Field(f.index)
		if k := v.Kind(); (k <= reflect.Float64 || k == reflect.String) && v.Equal(w) {
			continue // as most are
		}
		at := f.name
		if path != "" {
			at = path + "." + f.name
		}
		x.value(at, f.name, v, w)
	}
}

func (x *differ) value(path, name string, a, b reflect.Value) {
	switch {
	case a.Kind() == reflect.Struct:
		x.record(path, a, b)
	case a.Type() == stepsType:
		x.trajectory(path, a.Interface().([]report.StepRecord), b.Interface().([]report.StepRecord))
	case a.Type() == anomaliesType:
		x.anomalies(path, a.Interface().([]report.AnomalyRecord), b.Interface().([]report.AnomalyRecord))
	case a.CanFloat(), a.CanUint(), a.CanInt():
		x.number(path, name, a, b)
	case !reflect.DeepEqual(a.Interface(), b.Interface()):
		x.change(path, fmt.Sprint(a.Interface()), fmt.Sprint(b.Interface()))
	}
}

func (x *differ) change(path, a, b string, lines ...string) {
	x.out = append(x.out, Change{path, a, b, lines})
}

func (x *differ) number(path, name string, a, b reflect.Value) {
	v, before := numberIn(a)
	w, after := numberIn(b)
	if v == w || !slices.Contains(exactNumbers, name) && x.alike(v, w, strings.HasSuffix(name, "_s") && a.CanFloat()) {
		return
	}
	x.change(path, before, after)
}

// alike reports whether two measurements are within the tolerance.
func (x *differ) alike(v, w float64, seconds bool) bool {
	apart := math.Abs(v - w)
	return apart <= x.tolerance.Ratio*max(math.Abs(v), math.Abs(w)) || seconds && apart <= x.tolerance.Seconds
}

// trajectory compares the states; if they are the same, when each was entered.
func (x *differ) trajectory(path string, a, b []report.StepRecord) {
	states := func(steps []report.StepRecord) (out []string) {
		for _, s := range steps {
			out = append(out, s.State)
		}
		return out
	}
	before, after := states(a), states(b)
	if !slices.Equal(before, after) {
		lines := sideBySide(before, after)
		x.change(path, strings.Join(before, " "), strings.Join(after, " "),
			"A"+strings.TrimPrefix(lines[0], "expected"), "B"+strings.TrimPrefix(lines[1], "found   "))
		return
	}
	for i := range a {
		v, w := seconds(a[i].Time, x.a.Start), seconds(b[i].Time, x.b.Start)
		if !x.alike(v, w, true) {
			// Later steps are late, too: the first one tells where time went.
			x.change(fmt.Sprintf("%s[%d]", path, i), fmt.Sprintf("%s at %s s", a[i].State, decimal(v)), fmt.Sprintf("%s at %s s", b[i].State, decimal(w)))
			return
		}
	}
}

func seconds(t, since report.Time) float64 { return float64(t-since) / 1e9 }

func decimal(v float64) string {
	_, text := numberIn(reflect.ValueOf(v))
	return text
}

// anomalies compares kinds and endpoints: how often each occurs.
func (x *differ) anomalies(path string, a, b []report.AnomalyRecord) {
	left := map[string]int{}
	key := func(v *report.AnomalyRecord) string { return v.ID + " " + v.Endpoint }
	for i := range b {
		left[key(&b[i])]++
	}
	for i := range a {
		if k := key(&a[i]); left[k] > 0 {
			left[k]--
		} else {
			x.change(path, anomalyText(&a[i]), "", a[i].Detail)
		}
	}
	for i := len(b) - 1; i >= 0; i-- { // the first ones have a partner
		if k := key(&b[i]); left[k] > 0 {
			left[k]--
			x.change(path, "", anomalyText(&b[i]), b[i].Detail)
		}
	}
}
