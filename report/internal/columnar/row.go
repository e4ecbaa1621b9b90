package columnar

import (
	"encoding/binary"
	"math"
	"reflect"
	"slices"
	"strconv"
	"strings"
)

// A packed row is a sequence of values: the number of the column and one as a varint, a byte for the levels (definition level by four, and
// repetition level), and, if it is not null, the value. 0 ends the row. Nulls of level 0 are left out: where a column has no value in a row, it
// is one of those.

// Append appends v, a record of the table's type, as a packed row.
func (t *Table) Append(b []byte, v reflect.Value) []byte {
	return append(t.root.value(b, v, 0), 0)
}

func head(b []byte, column int, def, rep uint8) []byte {
	return append(binary.AppendUvarint(b, uint64(column)+1), def<<2|rep)
}

// append appends v, or that it is null.
func (n *node) append(b []byte, v reflect.Value, rep uint8) []byte {
	switch {
	case n.pointer:
		if v.IsNil() {
			return n.null(b, n.def-1, rep)
		}
		v = v.Elem()
	case n.optional && absent(n.kind, v):
		return n.null(b, n.def-1, rep)
	}
	return n.value(b, v, rep)
}

// absent reports whether JSON leaves an optional value out.
func absent(k kind, v reflect.Value) bool {
	if k == list || k == dict {
		return v.Len() == 0
	}
	return v.IsZero()
}

// null appends that nothing is known below the definition level.
func (n *node) null(b []byte, def, rep uint8) []byte {
	if def == 0 && rep == 0 {
		return b
	}
	for column := n.first; column < n.last; column++ {
		b = head(b, column, def, rep)
	}
	return b
}

// value appends v, which is there.
func (n *node) value(b []byte, v reflect.Value, rep uint8) []byte {
	switch n.kind {
	case group:
		for _, child := range n.children {
			b = child.append(b, v.Field(child.field), rep)
		}
		return b
	case list:
		if v.Len() == 0 {
			return n.null(b, n.def, rep)
		}
		for i := range v.Len() {
			b = n.children[0].append(b, v.Index(i), rep)
			rep = n.rep + 1
		}
		return b
	case dict:
		return n.entries(b, v, rep)
	}
	return n.leaf(head(b, n.first, n.def, rep), v)
}

// entries appends a map, sorted by its keys.
func (n *node) entries(b []byte, v reflect.Value, rep uint8) []byte {
	if v.Len() == 0 {
		return n.null(b, n.def, rep)
	}
	keys := v.MapKeys()
	slices.SortFunc(keys, func(x, y reflect.Value) int { return strings.Compare(x.String(), y.String()) })
	for _, key := range keys {
		b = n.children[0].append(b, key, rep)
		b = n.children[1].append(b, v.MapIndex(key), rep)
		rep = n.rep + 1
	}
	return b
}

// leaf appends the value itself.
func (n *node) leaf(b []byte, v reflect.Value) []byte {
	switch n.kind {
	case integer, moment:
		if v.CanInt() {
			return binary.AppendVarint(b, v.Int())
		}
		return binary.AppendVarint(b, int64(min(v.Uint(), math.MaxInt64)))
	case double:
		return binary.LittleEndian.AppendUint64(b, math.Float64bits(v.Float()))
	case decimal:
		f, _ := strconv.ParseFloat(v.String(), 64) // we have written it
		return binary.LittleEndian.AppendUint64(b, math.Float64bits(f))
	case truth:
		if v.Bool() {
			return append(b, 1)
		}
		return append(b, 0)
	}
	s := strings.ToValidUTF8(v.String(), "\uFFFD")
	return append(binary.AppendUvarint(b, uint64(len(s))), s...)
}
