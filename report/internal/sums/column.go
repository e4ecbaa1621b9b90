package sums

import (
	"cmp"
	"errors"
	"fmt"
	"reflect"
	"regexp"
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

// known reports whether the number of the column is known: shares need something to be of, and quantiles, which are never 0, some values.
func (c *Column) known(r *record.SumRecord) bool {
	switch {
	case c.Name == "loss_ratio":
		return r.LossKnown()
	case quantile.MatchString(c.Name):
		return c.of(r).Float() > 0
	}
	return true
}

var quantile = regexp.MustCompile(`_p[0-9]+_s$`)

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

// Key is what groups are sorted by. The zero value is by the number of conversations, the most first.
type Key struct {
	column  *Column // nil: it is none
	by      int     // which dimension it is, from 1; 0: none
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

// Captured is an error if something of a conversation is asked for that no capture has.
func (s *Sums) Captured() error {
	for i := range s.By {
		if s.By[i].Live {
			return fmt.Errorf("no capture has the %s of a conversation: 'tcptrace live' on its host asks the kernel for it, unless --kernel is off", s.By[i].Name)
		}
	}
	return nil
}

func suggest(name string, names []string) string {
	return cmp.Or(human.Nearest(name, names), "there are "+strings.Join(names, ", "))
}

// Key reads what to sort by: the name of a column or of a dimension of s. Numbers rise; - before it reverses the order.
func (s *Sums) Key(name string) (Key, error) {
	name, reverse := strings.CutPrefix(name, "-")
	var names []string
	for i := range s.By {
		if s.By[i].Name == name {
			return Key{by: i + 1, reverse: reverse}, nil
		}
		names = append(names, s.By[i].Name)
	}
	for i := range Columns {
		if Columns[i].Name == name {
			return Key{column: &Columns[i], reverse: reverse}, nil
		}
	}
	return Key{}, fmt.Errorf("there is no column %q: %s", name, suggest(name, append(names, ColumnNames()...)))
}

// sortable is the value of a column in one of three kinds.
type sortable struct {
	count  uint64
	number float64
	text   string
}

func sortableOf(v reflect.Value) sortable {
	switch v.Kind() {
	case reflect.String:
		return sortable{text: v.String()}
	case reflect.Float64:
		return sortable{number: v.Float()}
	}
	return sortable{count: v.Uint()}
}

func (a *sortable) compare(b *sortable) int {
	return cmp.Or(cmp.Compare(a.count, b.count), cmp.Compare(a.number, b.number), strings.Compare(a.text, b.text))
}

// row is a group with its keys.
type row struct {
	label  string // of those that are not of one group: "others", "all"
	values []string
	group  *group
	by     sortable // the column that rows are sorted by
}

// rows are all groups in the order of key, what is equal in that of the dimensions, and the others last; at most limit groups, 0 for
// all. hidden is how many groups that leaves out.
func (s *Sums) rows(key Key, limit int) (list []row, hidden int) {
	list = make([]row, 0, len(s.groups)+1)
	for k, g := range s.groups {
		r := row{values: split(k), group: g}
		if key.column != nil {
			record := g.record()
			r.by = sortableOf(key.column.of(&record))
		}
		list = append(list, r)
	}
	slices.SortFunc(list, func(a, b row) int {
		c := s.compare(key, &a, &b)
		for i := 0; i < len(s.By) && c == 0; i++ {
			c = s.By[i].Compare(a.values[i], b.values[i])
		}
		return c
	})
	if limit > 0 && len(list) > limit {
		list, hidden = list[:limit], len(list)-limit
	}
	if s.others.conversations > 0 {
		list = append(list, row{label: others, values: make([]string, len(s.By)), group: &s.others})
	}
	return list, hidden
}

// others is the label of the groups that found no room.
const others = "others"

// compare orders two rows by key.
func (s *Sums) compare(key Key, a, b *row) int {
	if key.reverse {
		a, b = b, a
	}
	switch {
	case key.column != nil:
		return a.by.compare(&b.by)
	case key.by > 0:
		return s.By[key.by-1].Compare(a.values[key.by-1], b.values[key.by-1])
	}
	return cmp.Compare(b.group.conversations, a.group.conversations)
}
