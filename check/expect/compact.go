package expect

import (
	"encoding/binary"
	"fmt"
	"math"
	"math/bits"
	"reflect"
	"strconv"
	"strings"

	"tcptrace/report"
)

// A packed record is its values that are not zero, in the order of allCompared: for each, how many zeros precede it, then a number, or a
// length in bytes and so many bytes. Most of what is alike is the same bytes, and need not be unpacked to see that.

// recordPacker packs a record.
type recordPacker struct {
	b     []byte
	list  []byte // room for one
	zeros uint64
	start report.Time // of the record: the times of steps count from then on
}

func (w *recordPacker) fields(plan []node, v reflect.Value) {
	for i := range plan {
		n := &plan[i]
		if f := v.Field(n.index); n.fields != nil {
			w.fields(n.fields, f)
		} else {
			w.value(n.kind, f)
		}
	}
}

func (w *recordPacker) value(k kind, v reflect.Value) {
	var number uint64
	switch k {
	case kindUnsigned:
		number = v.Uint()
	case kindSigned:
		number = uint64(v.Int())
	case kindFloat:
		number = bits.ReverseBytes64(math.Float64bits(v.Float())) // the last bits of round numbers are zeros
	case kindTruth:
		if v.Bool() {
			number = 1
		}
	default:
		w.bytes(k, v)
		return
	}
	if number == 0 {
		w.zeros++
		return
	}
	w.begin()
	w.b = binary.AppendUvarint(w.b, number)
}

// begin begins a value that is not zero.
func (w *recordPacker) begin() {
	w.b = binary.AppendUvarint(w.b, w.zeros)
	w.zeros = 0
}

// bytes packs what is no number.
func (w *recordPacker) bytes(k kind, v reflect.Value) {
	if v.Len() == 0 {
		w.zeros++
		return
	}
	w.begin()
	if k == kindWord {
		w.b = appendText(w.b, v.String())
		return
	}
	b := w.list[:0]
	switch list := v.Addr().Interface().(type) {
	case *[]report.StepRecord:
		for i := range *list {
			b = appendText(b, (*list)[i].State)
			b = binary.AppendVarint(b, int64((*list)[i].Time-w.start))
		}
	case *[]report.AnomalyRecord:
		for i := range *list {
			a := &(*list)[i]
			for _, s := range [...]string{a.ID, a.Severity, a.Endpoint, a.Detail} {
				b = appendText(b, s)
			}
			b = binary.AppendUvarint(b, a.Frame)
		}
	case *[]report.ICMPRecord:
		for i := range *list {
			b = append(b, icmpText(&(*list)[i], i)...)
		}
	}
	w.b = append(binary.AppendUvarint(w.b, uint64(len(b))), b...)
	w.list = b
}

func appendText(b []byte, s string) []byte {
	return append(binary.AppendUvarint(b, uint64(len(s))), s...)
}

// icmpText is what is compared of e, the i-th of a list: neither when it came nor from whom.
func icmpText(e *report.ICMPRecord, i int) string {
	var b strings.Builder
	if i > 0 {
		b.WriteString("; ")
	}
	fmt.Fprintf(&b, "%d %s (%s) about the %s", e.Count, e.Kind, e.Meaning, e.Endpoint)
	for _, n := range [...]struct {
		name  string
		value uint32
	}{{"mtu", e.MTU}, {"later_too_large", e.TooLarge}, {"later_fitting", e.Fitting}} {
		if n.value != 0 {
			fmt.Fprintf(&b, ", %s %d", n.name, n.value)
		}
	}
	if !e.Accepted {
		b.WriteString(", not accepted")
	}
	return b.String()
}

// packedValue is a value of a packed record; the zero value stands for all that are zero.
type packedValue struct {
	bits uint64
	text []byte
}

// cursor reads a packed record.
type cursor struct {
	rest []byte
	at   int // the field in allCompared that the next value is of; its length behind the last one
}

func newCursor(data []byte) *cursor {
	c := &cursor{rest: data, at: -1}
	c.next()
	return c
}

func (c *cursor) next() {
	if len(c.rest) == 0 {
		c.at = len(allCompared)
		return
	}
	c.at += 1 + int(c.number())
}

func (c *cursor) number() uint64 {
	n, size := binary.Uvarint(c.rest)
	c.rest = c.rest[size:]
	return n
}

func (c *cursor) bytes() []byte {
	n := c.number()
	b := c.rest[:n]
	c.rest = c.rest[n:]
	return b
}

// value is that of a field no later than the next one that is not zero.
func (c *cursor) value(at int) (v packedValue) {
	if at < c.at {
		return v
	}
	if allCompared[at].kind < kindWord {
		v.bits = c.number()
	} else {
		v.text = c.bytes()
	}
	c.next()
	return v
}

func (v packedValue) number(k kind) float64 {
	switch k {
	case kindSigned:
		return float64(int64(v.bits))
	case kindFloat:
		return math.Float64frombits(bits.ReverseBytes64(v.bits))
	}
	return float64(v.bits)
}

// digits is the value as text.
func (v packedValue) digits(k kind) string {
	switch k {
	case kindSigned:
		return strconv.FormatInt(int64(v.bits), 10)
	case kindFloat:
		return strconv.FormatFloat(v.number(k), 'f', -1, 64)
	case kindTruth:
		return strconv.FormatBool(v.bits != 0)
	}
	return strconv.FormatUint(v.bits, 10)
}

// entry is what is compared of a step of a trajectory.
type entry struct {
	state string
	since int64 // from the start of the conversation, in ns
}

// steps appends the steps of a trajectory.
func (v packedValue) steps(list []entry) []entry {
	for c := (cursor{rest: v.text}); len(c.rest) > 0; {
		state := c.bytes()
		since, size := binary.Varint(c.rest)
		c.rest = c.rest[size:]
		list = append(list, entry{stateNamed(state), since})
	}
	return list
}

// stateNamed is text without new memory, if it is a state.
func stateNamed(text []byte) string {
	if s, ok := stateNames[string(text)]; ok {
		return s
	}
	return string(text)
}

func (v packedValue) anomalies() (list []report.AnomalyRecord) {
	for c := (cursor{rest: v.text}); len(c.rest) > 0; {
		var a report.AnomalyRecord
		for _, s := range [...]*string{&a.ID, &a.Severity, &a.Endpoint, &a.Detail} {
			*s = string(c.bytes())
		}
		a.Frame = c.number()
		list = append(list, a)
	}
	return list
}
