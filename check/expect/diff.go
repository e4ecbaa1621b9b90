package expect

import (
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

// compared is a field that Diff compares, and how.
type compared struct {
	index          int
	path           string     // from the record
	scalar         bool       // it is a number, a word or a truth
	exact, seconds bool       // of a number: see exactNumbers; it is a time in seconds
	fields         []compared // of a struct
}

// recordPlan is how two records are compared: worked out once.
var recordPlan = planOf(recordType, "")

func planOf(t reflect.Type, prefix string) (plan []compared) {
	for _, f := range fieldsOf[t] {
		if undiffed[owned{t, f.name}] || f.typ == timeType {
			continue
		}
		k := f.typ.Kind()
		c := compared{
			index: f.index, path: prefix + f.name, scalar: k <= reflect.Float64 || k == reflect.String,
			exact: slices.Contains(exactNumbers, f.name), seconds: k == reflect.Float64 && strings.HasSuffix(f.name, "_s"),
		}
		if k == reflect.Struct {
			c.fields = planOf(f.typ, c.path+".")
		}
		plan = append(plan, c)
	}
	return plan
}

type differ struct {
	tolerance Tolerance
	a, b      *report.Record
	out       []Change
}

func (x *differ) records(plan []compared, a, b reflect.Value) {
	for i := range plan {
		f := &plan[i]
		v, w := a.Field(f.index), b.Field(f.index)
		switch {
		case f.fields != nil:
			x.records(f.fields, v, w)
		case f.scalar && v.Equal(w): // as most are
		case f.scalar && v.Kind() > reflect.Bool && v.Kind() <= reflect.Float64:
			x.number(f, v, w)
		default:
			x.value(f.path, v, w)
		}
	}
}

func (x *differ) value(path string, a, b reflect.Value) {
	switch {
	case a.Type() == stepsType:
		x.trajectory(path, a.Interface().([]report.StepRecord), b.Interface().([]report.StepRecord))
	case a.Type() == anomaliesType:
		x.anomalies(path, a.Interface().([]report.AnomalyRecord), b.Interface().([]report.AnomalyRecord))
	case !reflect.DeepEqual(a.Interface(), b.Interface()):
		x.change(path, fmt.Sprint(a.Interface()), fmt.Sprint(b.Interface()))
	}
}

func (x *differ) change(path, a, b string, lines ...string) {
	x.out = append(x.out, Change{path, a, b, lines})
}

func (x *differ) number(f *compared, a, b reflect.Value) {
	if v, w := floatIn(a), floatIn(b); v == w || !f.exact && x.alike(v, w, f.seconds) {
		return
	}
	_, before := numberIn(a)
	_, after := numberIn(b)
	x.change(f.path, before, after)
}

func floatIn(v reflect.Value) float64 {
	switch {
	case v.CanUint():
		return float64(v.Uint())
	case v.CanInt():
		return float64(v.Int())
	}
	return v.Float()
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
