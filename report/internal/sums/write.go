package sums

import (
	"encoding/json"
	"io"
	"maps"
	"math"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"tcptrace/report/internal/human"
	"tcptrace/report/internal/output"
	"tcptrace/report/internal/record"
)

// sumsSchema names the document of all sums.
const sumsSchema = "tcptrace.sums.v1"

// Options say what is written of sums, and how a table looks.
type Options struct {
	Sort     Key
	Limit    int // of groups; 0: all
	Width    int // of the terminal in columns; 0: any
	Color    bool
	Services func(port uint16) string // names of ports, for people; nil: none
	Times    human.Times              // in the table
	Summary  record.SummaryRecord     // of the capture, for the document
}

// WriteNDJSON writes a record a group.
func WriteNDJSON(w io.Writer, s *Sums, o Options) error {
	out := output.NewBuffer(w)
	rows, _ := s.rows(o.Sort, o.Limit)
	for i := range rows {
		out.B = append(s.appendRecord(out.B, &rows[i]), '\n')
		if err := out.Spill(); err != nil {
			return err
		}
	}
	return out.Flush()
}

// WriteJSON writes one document: the groups, all conversations together, and the summary of the capture.
func WriteJSON(w io.Writer, s *Sums, o Options) error {
	out := output.NewBuffer(w)
	out.B = append(out.B, `{"schema":"`+sumsSchema+`","by":[`...)
	for i := range s.By {
		if i > 0 {
			out.B = append(out.B, ',')
		}
		out.B = output.AppendString(out.B, s.By[i].Name)
	}
	out.B = append(out.B, `],"sums":[`...)
	rows, _ := s.rows(o.Sort, o.Limit)
	for i := range rows {
		if i > 0 {
			out.B = append(out.B, ',')
		}
		out.B = s.appendRecord(append(out.B, '\n'), &rows[i])
		if err := out.Spill(); err != nil {
			return err
		}
	}
	summary, err := json.Marshal(o.Summary)
	if err != nil {
		return err
	}
	out.B = s.appendRecord(append(out.B, "\n],\n\"total\":"...), &row{label: all, group: &s.total})
	out.B = append(append(append(out.B, ",\n\"summary\":"...), summary...), "}\n"...)
	return out.Flush()
}

// appendRecord appends the record of r as JSON. It is the document that encoding/json makes of it, but that the keys are in order, and
// that seconds and shares have no exponent; a test holds the two together.
func (s *Sums) appendRecord(b []byte, r *row) []byte {
	b = append(b, `{"schema":"`+record.SumSchema+`","by":{`...)
	for i := range r.values {
		if r.label != "" {
			break
		}
		if i > 0 {
			b = append(b, ',')
		}
		b = output.AppendString(b, s.By[i].Name)
		b = output.AppendString(append(b, ':'), r.values[i])
	}
	b = append(b, '}')
	if r.label == others {
		b = append(b, `,"others":true`...)
	}
	numbers := r.group.record()
	v := reflect.ValueOf(&numbers).Elem()
	for _, f := range encoded {
		if value := v.Field(f.index); f.always || !value.IsZero() {
			b = append(append(append(b, `,"`...), f.name...), `":`...)
			b = appendValue(b, value)
		}
	}
	return append(b, '}')
}

// encodedField is a field of a record behind its keys.
type encodedField struct {
	name   string
	index  int
	always bool // also if it is 0
}

var encoded = func() (list []encodedField) {
	t := reflect.TypeFor[record.SumRecord]()
	for i := range t.NumField() {
		if f := t.Field(i); f.Tag.Get("help") != "" {
			name, options, _ := strings.Cut(f.Tag.Get("json"), ",")
			list = append(list, encodedField{name, i, options == ""})
		}
	}
	return list
}()

func appendValue(b []byte, v reflect.Value) []byte {
	switch v.Kind() {
	case reflect.String:
		return output.AppendString(b, v.String())
	case reflect.Map:
		b = append(b, '{')
		for i, name := range slices.Sorted(maps.Keys(v.Interface().(map[string]uint64))) {
			if i > 0 {
				b = append(b, ',')
			}
			b = append(output.AppendString(b, name), ':')
			b = strconv.AppendUint(b, v.MapIndex(reflect.ValueOf(name)).Uint(), 10)
		}
		return append(b, '}')
	}
	return appendNumber(b, v)
}

// appendNumber appends a count, or a number of seconds or a ratio, which have nine decimals at most.
func appendNumber(b []byte, v reflect.Value) []byte {
	if v.Kind() == reflect.Float64 {
		return output.AppendSeconds(b, int64(math.Round(v.Float()*1e9)))
	}
	return strconv.AppendUint(b, v.Uint(), 10)
}

// WriteCSV writes a row a group, by RFC 4180 with lines ended by LF. What is not known is empty; what was measured and is 0 is 0.
func WriteCSV(w io.Writer, s *Sums, o Options) error {
	out := output.NewBuffer(w)
	for i := range s.By {
		out.B = append(append(out.B, s.By[i].Name...), ',')
	}
	out.B = append(out.B, "others"...)
	for _, c := range Columns {
		out.B = append(append(out.B, ','), c.Name...)
	}
	out.B = append(out.B, '\n')
	rows, _ := s.rows(o.Sort, o.Limit)
	for i := range rows {
		out.B = append(appendCSV(out.B, &rows[i]), '\n')
		if err := out.Spill(); err != nil {
			return err
		}
	}
	return out.Flush()
}

func appendCSV(b []byte, r *row) []byte {
	from := len(b)
	for _, value := range r.values {
		b = output.AppendCSVText(b, value)
	}
	b = append(b[:from], b[from+1:]...) // the first comma
	b = strconv.AppendBool(append(b, ','), r.label == others)
	numbers := r.group.record()
	for _, c := range Columns {
		if v := c.of(&numbers); v.Kind() == reflect.String {
			b = output.AppendCSVText(b, v.String())
		} else if b = append(b, ','); c.known(&numbers) {
			b = appendNumber(b, v)
		}
	}
	return b
}
