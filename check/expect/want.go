package expect

import (
	"encoding/json"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/goccy/go-yaml/ast"

	"tcptrace/report"
)

// want is what an expectation says of a value.
type want interface {
	// compare adds to c how got, which stands at p, is not as wanted.
	compare(c *comparison, p place, got reflect.Value)
}

var (
	timeType    = reflect.TypeFor[report.Time]()
	decimalType = reflect.TypeFor[json.Number]()
	stepType    = reflect.TypeFor[report.StepRecord]()
	anomalyType = reflect.TypeFor[report.AnomalyRecord]()
)

// want reads what n says of a field; nil if that makes no sense, of which r complains.
func (r *reader) want(n ast.Node, f field) want {
	t := f.typ
	if t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	if n.Type() == ast.NullType {
		return &absent{lineOf(n)}
	}
	switch t.Kind() {
	case reflect.Struct:
		return r.record(n, t, f.name)
	case reflect.Map:
		return r.counts(n, f.name)
	case reflect.Slice:
		switch t.Elem() {
		case stepType:
			return r.trajectory(n)
		case anomalyType:
			return r.anomalies(n)
		}
		return r.list(n, t.Elem(), f.name)
	}
	text, ok := r.scalar(n, f.name)
	if !ok {
		return nil
	}
	switch {
	case t == timeType:
		at, err := time.Parse(time.RFC3339Nano, text)
		if err != nil {
			r.complain(n, "%s: %q is no time such as 2026-11-21T01:02:03.000000000Z", f.name, text)
			return nil
		}
		return &moment{lineOf(n), report.Time(at.UnixNano())}
	case t == decimalType, t.Kind() >= reflect.Int && t.Kind() <= reflect.Float64:
		v, err := parseNumber(text)
		if err != nil {
			r.complain(n, "%s: %v", f.name, err)
			return nil
		}
		return &quantity{lineOf(n), v}
	case t.Kind() == reflect.Bool:
		return &flag{lineOf(n), r.truth(n, f.name)}
	}
	if f.words != nil && !slices.Contains(f.words, text) {
		r.complain(n, "%s", unknownWord(f.name, text, f.words))
		return nil
	}
	return &word{lineOf(n), text}
}

// record is what is wanted of some fields of a record.
type record struct {
	line   int
	fields []wantedField
}

type wantedField struct {
	field
	want want
}

func (r *reader) record(n ast.Node, t reflect.Type, what string) *record {
	w := &record{line: lineOf(n)}
	for _, v := range r.mapping(n, what) {
		name := scalarText(v.Key)
		f, ok := findField(t, name)
		if !ok {
			r.complain(v.Key, "%s", unknownField(t, name))
			continue
		}
		w.add(f, r.want(v.Value, f))
	}
	return w
}

func (w *record) add(f field, want want) {
	if want != nil {
		w.fields = append(w.fields, wantedField{f, want})
	}
}

func (w *record) compare(c *comparison, p place, got reflect.Value) {
	if got.Kind() == reflect.Pointer {
		got = got.Elem()
	}
	outer := c.frames
	c.frames = append(slices.Clip(outer), framesOf(got)...)
	for _, f := range w.fields {
		f.want.compare(c, p.field(f.name), got.Field(f.index))
	}
	c.frames = outer
}

// framesOf are the frames that a record names: they show what it says.
func framesOf(got reflect.Value) (frames []uint64) {
	for _, f := range fieldsOf[got.Type()] {
		if f.name == "frame" || f.name == "proof_frame" {
			if n := got.Field(f.index).Uint(); n != 0 {
				frames = append(frames, n)
			}
		}
	}
	return frames
}

// counts is what is wanted of some entries of a map of numbers, such as outcomes.
type counts struct {
	names []string
	wants []*quantity
}

func (r *reader) counts(n ast.Node, what string) *counts {
	w := &counts{}
	keys := vocabulary(reflect.TypeFor[report.Record](), "outcome")
	for _, v := range r.mapping(n, what) {
		name := scalarText(v.Key)
		if !slices.Contains(keys, name) {
			r.complain(v.Key, "%s", unknownWord("outcome", name, keys))
			continue
		}
		if q, ok := r.want(v.Value, field{name: name, typ: reflect.TypeFor[uint64]()}).(*quantity); ok {
			w.names, w.wants = append(w.names, name), append(w.wants, q)
		}
	}
	return w
}

func (w *counts) compare(c *comparison, p place, got reflect.Value) {
	for i, name := range w.names {
		n := got.MapIndex(reflect.ValueOf(name))
		if !n.IsValid() {
			n = reflect.ValueOf(uint64(0))
		}
		w.wants[i].compare(c, p.field(name), n)
	}
}

// list is all values of a list.
type list struct {
	line  int
	wants []want
	lines []int
}

func (r *reader) list(n ast.Node, elem reflect.Type, name string) want {
	w := &list{line: lineOf(n)}
	for _, item := range r.sequence(n, name) {
		if v := r.want(item, field{name: name, typ: elem}); v != nil {
			w.wants, w.lines = append(w.wants, v), append(w.lines, lineOf(item))
		}
	}
	return w
}

func (w *list) compare(c *comparison, p place, got reflect.Value) {
	if got.Len() != len(w.wants) {
		c.fail(p, w.line, strconv.Itoa(len(w.wants))+" entries", strconv.Itoa(got.Len()))
		return
	}
	for i, want := range w.wants {
		want.compare(c, p.item(i, p.name+"["+strconv.Itoa(i)+"]"), got.Index(i))
	}
}

// quantity is a number.
type quantity struct {
	line int
	number
}

func (w *quantity) compare(c *comparison, p place, got reflect.Value) {
	v, text := numberIn(got)
	switch {
	case v == 0 && !w.exact && isRoundTrip(p.path):
		c.fail(p, w.line, w.text, "not known")
	case !w.holds(v):
		c.fail(p, w.line, w.text, text)
	}
}

// isRoundTrip: a round trip takes time, so that 0 says only that none was measured. Of all else that a
// record leaves out, 0 is the value.
func isRoundTrip(path string) bool {
	name := path[strings.LastIndexByte(path, '.')+1:]
	return strings.HasSuffix(name, "_s") && (strings.HasPrefix(name, "rtt_") || strings.HasSuffix(name, "_rtt_s"))
}

func numberIn(got reflect.Value) (v float64, text string) {
	if got.Kind() == reflect.Pointer {
		if got.IsNil() {
			return 0, "0"
		}
		got = got.Elem()
	}
	switch {
	case got.CanUint():
		return float64(got.Uint()), strconv.FormatUint(got.Uint(), 10)
	case got.CanInt():
		return float64(got.Int()), strconv.FormatInt(got.Int(), 10)
	case got.CanFloat():
		return got.Float(), strconv.FormatFloat(got.Float(), 'f', -1, 64)
	}
	v, _ = strconv.ParseFloat(got.String(), 64) // summary.duration_s, a decimal number
	return v, got.String()
}

// word is a string.
type word struct {
	line int
	text string
}

func (w *word) compare(c *comparison, p place, got reflect.Value) {
	if got.String() != w.text {
		c.fail(p, w.line, shown(w.text), shown(got.String()))
	}
}

func shown(text string) string {
	if text == "" {
		return "nothing"
	}
	return text
}

// flag is a truth value.
type flag struct {
	line  int
	value bool
}

func (w *flag) compare(c *comparison, p place, got reflect.Value) {
	if got.Bool() != w.value {
		c.fail(p, w.line, strconv.FormatBool(w.value), strconv.FormatBool(got.Bool()))
	}
}

// moment is a time.
type moment struct {
	line int
	time report.Time
}

func (w *moment) compare(c *comparison, p place, got reflect.Value) {
	if got.Kind() == reflect.Pointer {
		if got.IsNil() {
			c.fail(p, w.line, timeText(w.time), "nothing")
			return
		}
		got = got.Elem()
	}
	if at := got.Interface().(report.Time); at != w.time {
		found := timeText(at)
		if at == 0 {
			found = "nothing"
		}
		c.fail(p, w.line, timeText(w.time), found)
	}
}

func timeText(t report.Time) string {
	text, _ := t.MarshalText() // it does not fail
	return string(text)
}

// absent is a field that the record leaves out.
type absent struct{ line int }

func (w *absent) compare(c *comparison, p place, got reflect.Value) {
	if got.IsZero() || got.Kind() == reflect.Slice && got.Len() == 0 {
		return
	}
	found := "there"
	if got.CanInterface() {
		if b, err := json.Marshal(got.Interface()); err == nil {
			found = string(b)
		}
	}
	c.fail(p, w.line, "nothing", found)
}
