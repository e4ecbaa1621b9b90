package columnar

import (
	"encoding/binary"
	"fmt"
	"math"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"unsafe"
)

// A packed row is a sequence of values: the number of the column and one as a varint, a byte for the levels (definition level by four, and
// repetition level), and, if it is not null, the value. 0 ends the row. Nulls of level 0 are left out: where a column has no value in a row, it
// is one of those.
//
// Records are read by the offsets of their fields: there are hundreds in each, most of them zero, and by reflection to look at them takes as
// long as all else.

// Append appends v, a record of the table's type, as a packed row.
func Append[T any](b []byte, t *Table, v *T) []byte {
	if t.root.typ != reflect.TypeFor[T]() {
		panic(fmt.Sprintf("a %T in a table of %s", *v, t.root.typ))
	}
	return append(t.root.value(b, unsafe.Pointer(v), 0), 0)
}

func head(b []byte, column int, def, rep uint8) []byte {
	return append(binary.AppendUvarint(b, uint64(column)+1), def<<2|rep)
}

// append appends what p points to, or that it is null.
func (n *node) append(b []byte, p unsafe.Pointer, rep uint8) []byte {
	switch {
	case n.pointer:
		if p = *(*unsafe.Pointer)(p); p == nil {
			return n.null(b, n.def-1, rep)
		}
	case n.optional && n.absent(p):
		return n.null(b, n.def-1, rep)
	}
	return n.value(b, p, rep)
}

// at is what p points to.
func (n *node) at(p unsafe.Pointer) reflect.Value { return reflect.NewAt(n.typ, p).Elem() }

// absent reports whether JSON leaves an optional value out.
func (n *node) absent(p unsafe.Pointer) bool {
	switch n.kind {
	case integer, moment, double, truth:
		return n.bits(p) == 0
	case text, decimal:
		return *(*string)(p) == ""
	case list, dict:
		return n.at(p).Len() == 0
	}
	return n.at(p).IsZero()
}

// bits is a value of up to 8 bytes.
func (n *node) bits(p unsafe.Pointer) uint64 {
	switch n.typ.Size() {
	case 8:
		return *(*uint64)(p)
	case 4:
		return uint64(*(*uint32)(p))
	case 2:
		return uint64(*(*uint16)(p))
	}
	return uint64(*(*uint8)(p))
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

// value appends what p points to, which is there.
func (n *node) value(b []byte, p unsafe.Pointer, rep uint8) []byte {
	switch n.kind {
	case group:
		for i := 0; i < len(n.children); i++ {
			child := n.children[i]
			at := unsafe.Add(p, child.offset)
			if child.words == 0 {
				b = child.append(b, at, rep)
				continue
			}
			for k, bits := range unsafe.Slice((*uint64)(at), child.words) {
				if bits != 0 {
					b = n.children[i+k].value(b, unsafe.Add(at, 8*k), rep)
				}
			}
			i += child.words - 1
		}
		return b
	case list:
		v := n.at(p)
		if v.Len() == 0 {
			return n.null(b, n.def, rep)
		}
		first, size := v.UnsafePointer(), n.typ.Elem().Size()
		for i := range v.Len() {
			b = n.children[0].append(b, unsafe.Add(first, uintptr(i)*size), rep)
			rep = n.rep + 1
		}
		return b
	case dict:
		return n.entries(b, n.at(p), rep)
	}
	return n.leaf(head(b, n.first, n.def, rep), p)
}

// entries appends a map, sorted by its keys.
func (n *node) entries(b []byte, v reflect.Value, rep uint8) []byte {
	if v.Len() == 0 {
		return n.null(b, n.def, rep)
	}
	keys := v.MapKeys()
	slices.SortFunc(keys, func(x, y reflect.Value) int { return strings.Compare(x.String(), y.String()) })
	key, value := reflect.New(n.typ.Key()), reflect.New(n.typ.Elem())
	for _, k := range keys {
		key.Elem().Set(k)
		value.Elem().Set(v.MapIndex(k))
		b = n.children[0].append(b, key.UnsafePointer(), rep)
		b = n.children[1].append(b, value.UnsafePointer(), rep)
		rep = n.rep + 1
	}
	return b
}

// leaf appends the value itself.
func (n *node) leaf(b []byte, p unsafe.Pointer) []byte {
	switch n.kind {
	case integer, moment:
		v := n.bits(p)
		if n.signed {
			shift := 64 - 8*n.typ.Size()
			return binary.AppendVarint(b, int64(v<<shift)>>shift)
		}
		return binary.AppendVarint(b, int64(min(v, math.MaxInt64)))
	case double:
		return binary.LittleEndian.AppendUint64(b, *(*uint64)(p))
	case decimal:
		f, _ := strconv.ParseFloat(*(*string)(p), 64) // we have written it
		return binary.LittleEndian.AppendUint64(b, math.Float64bits(f))
	case truth:
		return append(b, *(*uint8)(p))
	}
	s := strings.ToValidUTF8(*(*string)(p), "\uFFFD")
	return append(binary.AppendUvarint(b, uint64(len(s))), s...)
}
