package report

import (
	"cmp"
	"fmt"
	"math"
	"reflect"
	"strconv"
	"strings"
	"time"

	"tcptrace/analyzer"
	"tcptrace/report/internal/human"
	"tcptrace/report/internal/output"
	"tcptrace/report/internal/record"
)

// Field is something that a conversation can be shown or sorted by: a field of its record, or a computed one.
type Field struct {
	Name string // as it was asked for
	path string // what it is: the same for all names of a field
	unit unit
	of   func(x *judged) fieldValue
}

// unit says how a value is spelled.
type unit uint8

const (
	unitCount unit = iota
	unitBytes
	unitSeconds
	unitRatio
	unitRate // bytes per second
	unitText
	unitTime
)

// units are those of numbers by the ends of their names; the first that fits counts.
var units = []struct {
	suffix string
	unit   unit
}{{"_bytes_s", unitRate}, {"_s", unitSeconds}, {"bytes", unitBytes}, {"ratio", unitRatio}, {"share", unitRatio}, {"", unitCount}}

func unitOf(name string) unit {
	for _, u := range units {
		if strings.HasSuffix(name, u.suffix) {
			return u.unit
		}
	}
	return unitCount
}

// fieldValue is what a field is of one conversation. All values of a field use the same one of n, f and text.
type fieldValue struct {
	known bool // false: it does not apply, or is not known
	n     int64
	f     float64
	text  string
}

func number(n uint64) fieldValue    { return fieldValue{known: true, n: int64(min(n, math.MaxInt64))} }
func fraction(f float64) fieldValue { return fieldValue{known: true, f: f} }
func words(text string) fieldValue  { return fieldValue{known: text != "", text: text} }

func compareValues(a, b *fieldValue) int {
	return cmp.Or(cmp.Compare(a.n, b.n), cmp.Compare(a.f, b.f), strings.Compare(a.text, b.text))
}

// judged is a conversation with its record, which is made at most once. It is reused.
type judged struct {
	c        *analyzer.Conversation
	j        analyzer.Judgment
	record   Record
	recorded bool
}

func (x *judged) begin(c *analyzer.Conversation) {
	x.c, x.recorded = c, false
	x.j.Judge(c)
}

func (x *judged) filled() *Record {
	if !x.recorded {
		record.Fill(&x.record, x.c)
		record.FillJudgment(&x.record, x.c, &x.j)
		x.recorded = true
	}
	return &x.record
}

// shortNames are what people call fields.
var shortNames = map[string]string{
	"bytes": "payload_bytes", "data": "payload_bytes", "duration": "duration_s", "loss": "loss_ratio", "rtt": "rtt_s", "ended": "ended_by",
	"anomaly": "worst_anomaly", "cause": "close.cause", "name": "server.name", "state": "endpoints.client.state", "process": "process.name",
}

// FieldNames are the fields with short names, and the computed ones, for help and completion.
func FieldNames() []string {
	return []string{
		"stream", "start", "end", "duration", "client", "server", "name", "packets", "bytes", "loss", "rtt", "retransmitted_packets",
		"ended", "cause", "outcome", "anomaly", "client_state", "server_state",
	}
}

// ParseField finds the field of that name. Besides its path in a record (endpoints.client.sent.rtt_p95_s), a field may be named as in CSV
// (client_rtt_p95_s), by a short name (rtt), or as in a table's heading ("ended by").
func ParseField(name string) (*Field, error) {
	asked := name
	if long, ok := shortNames[name]; ok {
		name = long
	} else if path := headed(name); path != "" {
		name = path
	}
	for _, path := range spellings(name) {
		if f, ok := computed[path]; ok {
			return &Field{asked, path, f.unit, f.of}, nil
		}
		if f := recordField(path); f != nil {
			f.Name = asked
			return f, nil
		}
	}
	if inner := fieldIn(name); inner != "" {
		return nil, fmt.Errorf("the field %q has no value of its own, but fields: %s is one", asked, inner)
	}
	return nil, fmt.Errorf("there is no field %q: %s", asked, suggestColumn(asked))
}

// headed is the field of the column that a table heads so, "" if there is none: also of one that was asked for ([Field.head]).
func headed(head string) string {
	head = strings.ToLower(strings.TrimSpace(head))
	for i := range columns {
		if c := &columns[i]; c.head == head {
			return c.names[len(c.names)-1]
		}
	}
	name := strings.ReplaceAll(head, " ", "_")
	if name == head {
		return ""
	}
	for _, unit := range []string{"", "_s"} {
		for _, path := range spellings(name + unit) {
			if _, ok := computed[path]; ok || recordField(path) != nil {
				return path
			}
		}
	}
	return ""
}

// fieldIn is the first field with a value in that at path; "" if there is none.
func fieldIn(path string) string {
	for _, inner := range record.Paths {
		if strings.HasPrefix(inner, path+".") && recordField(inner) != nil {
			return inner
		}
	}
	return ""
}

// suggestColumn says which fields are spelled most like name.
func suggestColumn(name string) string {
	bare := name
	for _, side := range []string{"client", "server"} {
		if rest, ok := strings.CutPrefix(name, side); ok && len(rest) > 1 {
			bare = rest[1:]
		}
	}
	var paths []string
	for _, path := range record.Paths {
		if recordField(path) != nil && !(bare != name && strings.HasPrefix(path, "endpoints.") && !strings.HasPrefix(path, "endpoints."+name[:len("client")])) {
			paths = append(paths, path)
		}
	}
	if near := human.Nearest(bare[strings.LastIndexByte(bare, '.')+1:], append(FieldNames(), paths...)); near != "" {
		return near
	}
	return "there are " + strings.Join(FieldNames(), ", ") + ", and all that records have ('tcptrace fields')"
}

// spellings are the paths that name may stand for.
func spellings(name string) []string {
	paths := []string{name, "time." + name, strings.Replace(name, "_", ".", 1)}
	for _, side := range []string{"client", "server"} {
		rest, ok := strings.CutPrefix(name, side)
		if !ok || rest == "" || rest[0] != '_' && rest[0] != '.' {
			continue
		}
		for _, in := range []string{side, "endpoints." + side, "endpoints." + side + ".sent"} {
			paths = append(paths, in+"."+rest[1:])
		}
	}
	return paths
}

// recordField is the field at path in a record, nil if there is none that is a value or a list.
func recordField(path string) *Field {
	var steps []int
	var optional []int // after which of them a struct may be absent
	t := reflect.TypeFor[Record]()
	for part := range strings.SplitSeq(path, ".") {
		if t.Kind() != reflect.Struct {
			return nil
		}
		i := record.IndexOf(t, part)
		if i < 0 {
			return nil
		}
		f := t.Field(i)
		steps, t = append(steps, i), f.Type
		if strings.Contains(f.Tag.Get("json"), ",omit") && t.Kind() != reflect.Bool {
			optional = append(optional, len(steps))
		}
	}
	spelled, unit := spelling(t, path)
	if spelled == nil {
		return nil
	}
	measured := measures(path)
	if measured != nil {
		optional = nil
	}
	return &Field{path: path, unit: unit, of: func(x *judged) fieldValue {
		if measured != nil && !measured(x.c) {
			return fieldValue{}
		}
		v := reflect.ValueOf(x.filled()).Elem()
		for i, step := range steps {
			v = v.Field(step)
			if len(optional) > 0 && v.IsZero() {
				for _, n := range optional {
					if n == i+1 {
						return fieldValue{}
					}
				}
			}
		}
		return spelled(v)
	}}
}

// measures returns a function that reports whether the field at path is known of a conversation, as a record, which leaves out zeros, does not say. It
// returns nil for fields that are known if, and only if, they are in the record.
func measures(path string) func(*analyzer.Conversation) bool {
	for _, side := range []analyzer.Side{analyzer.Client, analyzer.Server} {
		name, ok := strings.CutPrefix(path, "endpoints."+side.String()+".sent.")
		if s := record.Find(name); ok && s != nil {
			known := s.Known()
			return func(c *analyzer.Conversation) bool { return known(c, &c.Sent[side]) }
		}
	}
	switch {
	case path == "dropped":
		return func(*analyzer.Conversation) bool { return true }
	case strings.HasPrefix(path, "time."):
		return func(c *analyzer.Conversation) bool { return !c.Quick }
	}
	return nil
}

// spelling returns a function that reads values of type t, and their unit; nil for structs. Of structs in a list it reads the first field.
func spelling(t reflect.Type, path string) (of func(reflect.Value) fieldValue, u unit) {
	if t == reflect.TypeFor[record.Time]() {
		return func(v reflect.Value) fieldValue { return fieldValue{known: true, n: v.Int()} }, unitTime
	}
	switch t.Kind() {
	case reflect.String:
		return func(v reflect.Value) fieldValue { return words(v.String()) }, unitText
	case reflect.Bool:
		return func(v reflect.Value) fieldValue { return words(strconv.FormatBool(v.Bool())) }, unitText
	case reflect.Float64:
		return func(v reflect.Value) fieldValue { return fraction(v.Float()) }, unitOf(path)
	case reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		return func(v reflect.Value) fieldValue { return number(v.Uint()) }, unitOf(path)
	case reflect.Int64, reflect.Int:
		return func(v reflect.Value) fieldValue { return fieldValue{known: true, n: v.Int()} }, unitOf(path)
	case reflect.Slice:
		return func(v reflect.Value) fieldValue {
			list := make([]string, v.Len())
			for i := range list {
				list[i] = v.Index(i).Field(0).String()
			}
			return words(strings.Join(list, " "))
		}, unitText
	}
	return nil, 0
}

// ns is a value in seconds, or a share, in 10^-9 of that.
func (v *fieldValue) ns() int64 { return int64(math.Round(v.f * 1e9)) }

// appendCSV appends a comma, and what the field is of a conversation as programs read it; no more if it is not known.
func (f *Field) appendCSV(b []byte, x *judged, clock *output.Clock) []byte {
	v := f.of(x)
	switch {
	case !v.known:
		return append(b, ',')
	case f.unit == unitText:
		return output.AppendCSVText(b, v.text)
	case f.unit == unitTime:
		return clock.Append(append(b, ','), analyzer.Time(v.n))
	case f.unit == unitSeconds, f.unit == unitRatio:
		return output.AppendSeconds(append(b, ','), v.ns())
	}
	return strconv.AppendInt(append(b, ','), v.n, 10)
}

// text is a value of the field as people read it; "" if it is not known.
func (f *Field) text(v *view, got *fieldValue) string {
	if !got.known {
		return ""
	}
	switch f.unit {
	case unitText:
		return human.PlainText(got.text, true)
	case unitTime:
		return v.times.Moment(analyzer.Time(got.n), v.base, 3, v.dated)
	case unitSeconds:
		if got.ns() == 0 {
			return "0 s"
		}
		return human.Duration(time.Duration(got.ns()))
	case unitRatio:
		return percent(got.f)
	case unitBytes:
		return human.Bytes(uint64(got.n))
	case unitRate:
		return human.Bytes(uint64(got.n)) + "/s"
	}
	return human.Count(uint64(got.n))
}

// percent is a share with two digits that count: "0 %", "0.04 %", "1.2 %", "35 %".
func percent(share float64) string {
	switch p := 100 * share; {
	case p == 0:
		return "0 %"
	case p < 0.01:
		return "< 0.01 %"
	case p < 1:
		return fmt.Sprintf("%.2f %%", p)
	case p < 10:
		return fmt.Sprintf("%.1f %%", p)
	default:
		return fmt.Sprintf("%.0f %%", p)
	}
}
