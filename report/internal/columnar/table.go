package columnar

import (
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
	"strings"

	"github.com/parquet-go/parquet-go/format"

	"tcptrace/report/internal/record"
)

// kind is what a node of a table holds.
type kind uint8

const (
	integer kind = iota // INT64
	moment              // INT64: nanoseconds since 1970, UTC
	double              // DOUBLE
	truth               // BOOLEAN
	text                // BYTE_ARRAY: UTF-8
	decimal             // DOUBLE, of a number that the record has as text
	group
	list // of its one child
	dict // of its two children: key and value
)

// node is a field of a record, or an element of a list.
type node struct {
	name     string
	kind     kind
	typ      reflect.Type // of the value, behind the pointer if it is one
	offset   uintptr      // in the struct that it is in
	signed   bool         // of an integer
	optional bool         // null if it is zero
	pointer  bool         // null if it is nil

	def, rep    uint8 // definition level of a value that is there, and repetition level of what repeats it
	first, last int   // its columns, last excluded
	words       int   // it and the next ones are so many optional numbers of 8 bytes, one behind the other, whose nulls are left out of packed rows
	children    []*node
	path        []string // of a column: its names from the root on
}

// Table is the columns of a kind of record.
type Table struct {
	root   *node
	leaves []*node
	schema []format.SchemaElement
}

// Of is the table of a record: a struct whose fields have names for JSON. Fields with omitempty or omitzero may be null.
func Of[T any](name string) *Table { return newTable(name, reflect.TypeFor[T](), nil) }

// newTable is the table of t, of which all fields may be null but those that always says; nil: its tags say so.
func newTable(name string, t reflect.Type, always []string) *Table {
	var tab Table
	tab.root = &node{name: name, kind: group, typ: t}
	tab.fields(tab.root, t)
	if always != nil {
		for _, n := range tab.root.children {
			n.optional = true
		}
		for _, name := range always {
			for _, n := range tab.root.children {
				n.optional = n.optional && n.name != name
			}
		}
	}
	tab.number(tab.root, 0, 0)
	tab.describe(tab.root, nil)
	return &tab
}

// fields adds the fields of the struct t to n.
func (t *Table) fields(n *node, s reflect.Type) {
	for i := range s.NumField() {
		f := s.Field(i)
		name, options, _ := strings.Cut(f.Tag.Get("json"), ",")
		child := t.typed(f.Type)
		child.name, child.offset, child.optional = name, f.Offset, child.pointer || options != ""
		n.children = append(n.children, child)
	}
}

// typed is a node for values of a type.
func (t *Table) typed(s reflect.Type) *node {
	if s.Kind() == reflect.Pointer {
		n := t.typed(s.Elem())
		n.pointer = true
		return n
	}
	n := &node{typ: s, kind: kindOf(s), signed: reflect.Zero(s).CanInt()}
	switch n.kind {
	case group:
		t.fields(n, s)
	case list:
		element := t.typed(s.Elem())
		element.name, n.children = "element", []*node{element}
	case dict:
		key, value := t.typed(s.Key()), t.typed(s.Elem())
		key.name, value.name, n.children = "key", "value", []*node{key, value}
	}
	return n
}

func kindOf(s reflect.Type) kind {
	switch s {
	case reflect.TypeFor[record.Time]():
		return moment
	case reflect.TypeFor[json.Number]():
		return decimal
	}
	switch s.Kind() {
	case reflect.Bool:
		return truth
	case reflect.String:
		return text
	case reflect.Float64:
		return double
	case reflect.Slice:
		return list
	case reflect.Map:
		return dict
	case reflect.Struct:
		return group
	}
	if zero := reflect.Zero(s); !zero.CanInt() && !zero.CanUint() {
		panic(fmt.Sprintf("a record has a %s, which has no column", s)) // a test makes all tables
	}
	return integer
}

// number gives n and all below their levels, and columns to those that hold values. def and rep are the levels of what it is in.
func (t *Table) number(n *node, def, rep uint8) {
	if n.optional {
		def++
	}
	n.def, n.rep, n.first = def, rep, len(t.leaves)
	if n.kind == list || n.kind == dict {
		def, rep = def+1, rep+1
	}
	for _, child := range n.children {
		t.number(child, def, rep)
	}
	if len(n.children) == 0 {
		t.leaves = append(t.leaves, n)
	}
	n.last = len(t.leaves)
	for i, child := range slices.Backward(n.children) {
		if !child.word() {
			continue
		}
		child.words = 1
		if i+1 < len(n.children) && n.children[i+1].offset == child.offset+8 {
			child.words += n.children[i+1].words
		}
	}
}

// word reports whether n is an optional number of 8 bytes whose null is left out of packed rows.
func (n *node) word() bool {
	switch n.kind {
	case integer, moment, double:
		return n.optional && !n.pointer && n.def == 1 && n.rep == 0 && n.typ.Size() == 8
	}
	return false
}
