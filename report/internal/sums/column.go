package sums

import (
	"cmp"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"

	"tcptrace/analyzer"
	"tcptrace/internal/dimension"
	"tcptrace/report/internal/human"
	"tcptrace/report/internal/record"
)

// Column is a number or a text of the record of a group: what CSV has a column for, and --sort takes.
type Column struct {
	Name string
	Help string
	of   func(r *record.SumRecord) reflect.Value
}

// Columns are those of every record, in order, without its keys. The causes of resets have a column each, behind that of all.
var Columns = func() (list []Column) {
	t := reflect.TypeFor[record.SumRecord]()
	for i := range t.NumField() {
		name, _, _ := strings.Cut(t.Field(i).Tag.Get("json"), ",")
		help := t.Field(i).Tag.Get("help")
		switch {
		case help == "":
		case t.Field(i).Type.Kind() == reflect.Map:
			list = append(list, causeColumns()...)
		default:
			list = append(list, Column{name, help, func(r *record.SumRecord) reflect.Value { return reflect.ValueOf(r).Elem().Field(i) }})
		}
	}
	return list
}()

func causeColumns() (list []Column) {
	for cause := range analyzer.NumResetCauses {
		if name := cause.String(); name != "" {
			list = append(list, Column{
				"resets_" + strings.ReplaceAll(name, "-", "_"), "resets: " + cause.Text(),
				func(r *record.SumRecord) reflect.Value { return reflect.ValueOf(r.ResetCauses[name]) },
			})
		}
	}
	return list
}

// ColumnNames are the names of the columns.
func ColumnNames() []string {
	names := make([]string, len(Columns))
	for i := range Columns {
		names[i] = Columns[i].Name
	}
	return names
}

// Key is what records are sorted by. The zero value is by the number of conversations, the most first.
type Key struct {
	compare func(a, b *row) int
	reverse bool
}

// Parse returns sums by the dimensions that by names, such as "server,outcome".
func Parse(by string, most int) (*Sums, error) {
	list, err := dimension.Parse(by)
	if unknown := (*dimension.UnknownError)(nil); errors.As(err, &unknown) {
		return nil, fmt.Errorf("%w: %s", err, suggest(unknown.Name, dimension.Names()))
	}
	if err != nil {
		return nil, err
	}
	return New(list, most), nil
}

func suggest(name string, names []string) string {
	return cmp.Or(human.Nearest(name, names), "there are "+strings.Join(names, ", "))
}

// Key reads what to sort by: the name of a column or of a dimension of s. Numbers rise; - before it reverses the order.
func (s *Sums) Key(name string) (Key, error) {
	by := s.By
	name, reverse := strings.CutPrefix(name, "-")
	var names []string
	for i := range by {
		if by[i].Name == name {
			return Key{func(a, b *row) int { return by[i].Compare(a.values[i], b.values[i]) }, reverse}, nil
		}
		names = append(names, by[i].Name)
	}
	for _, c := range Columns {
		if c.Name == name {
			return Key{func(a, b *row) int { return compare(c.of(&a.record), c.of(&b.record)) }, reverse}, nil
		}
	}
	return Key{}, fmt.Errorf("there is no column %q: %s", name, suggest(name, append(names, ColumnNames()...)))
}

func compare(a, b reflect.Value) int {
	switch a.Kind() {
	case reflect.String:
		return strings.Compare(a.String(), b.String())
	case reflect.Float64:
		return cmp.Compare(a.Float(), b.Float())
	}
	return cmp.Compare(a.Uint(), b.Uint())
}

// row is a group with its keys.
type row struct {
	label  string // of those that are not of one group: "others", "all"
	values []string
	record record.SumRecord
}

// rows are the records of all groups in the order of key, what is equal in that of the dimensions, and the others last; at most limit
// groups, 0 for all. hidden is how many groups that leaves out.
func (s *Sums) rows(key Key, limit int) (list []row, hidden int) {
	for k, g := range s.groups {
		r := row{values: split(k), record: g.record()}
		for i := range s.By {
			r.record.By[s.By[i].Name] = r.values[i]
		}
		list = append(list, r)
	}
	slices.SortFunc(list, func(a, b row) int {
		c := key.order(&a, &b)
		for i := 0; i < len(s.By) && c == 0; i++ {
			c = s.By[i].Compare(a.values[i], b.values[i])
		}
		return c
	})
	if limit > 0 && len(list) > limit {
		list, hidden = list[:limit], len(list)-limit
	}
	if s.others.conversations > 0 {
		r := row{label: "others", values: make([]string, len(s.By)), record: s.others.record()}
		r.record.Others = true
		list = append(list, r)
	}
	return list, hidden
}

func (k Key) order(a, b *row) int {
	switch {
	case k.compare == nil:
		return cmp.Compare(b.record.Conversations, a.record.Conversations)
	case k.reverse:
		return k.compare(b, a)
	}
	return k.compare(a, b)
}
