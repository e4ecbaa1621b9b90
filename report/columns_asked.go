package report

import (
	"errors"
	"slices"
	"strings"
)

// Columns are the columns of a table or CSV: exactly these, or the usual ones with some added and some dropped.
type Columns struct {
	only bool     // list is all
	list []*Field // each once
	drop []*Field
}

// ParseColumns parses names of fields ([ParseField]): either all without a sign, or all with "+" to add one or "-" to drop one.
func ParseColumns(names []string) (*Columns, error) {
	var c Columns
	signed := 0
	for _, name := range names {
		name = strings.TrimSpace(name)
		bare := strings.TrimLeft(name, "+-")
		if len(name)-len(bare) > 1 {
			bare = name[1:]
		}
		f, err := ParseField(bare)
		if err != nil {
			return nil, err
		}
		same := func(g *Field) bool { return g.path == f.path }
		list := &c.list
		if bare != name {
			signed++
			if name[0] == '-' {
				list = &c.drop
			}
		}
		if !slices.ContainsFunc(*list, same) {
			*list = append(*list, f)
		}
	}
	if signed > 0 && signed < len(names) {
		return nil, errors.New("either all columns have a sign, + to add one to the usual ones and - to drop one, or none has, and they are all that is shown")
	}
	c.only = signed == 0
	return &c, nil
}

// extra are the fields that are no usual column of a table.
func (c *Columns) extra() []*Field {
	if c == nil {
		return nil
	}
	var extra []*Field
	for _, f := range c.list {
		if !slices.ContainsFunc(columns[:], func(t tableColumn) bool { return t.names[0] == f.path }) {
			extra = append(extra, f)
		}
	}
	return extra
}

// head is what stands above the column of a field in a table: its name with what tells it from others, but without where it is in a record.
func (f *Field) head() string {
	head := strings.NewReplacer("endpoints.", "", "sent.", "").Replace(f.Name)
	return strings.NewReplacer("_", " ", ".", " ").Replace(strings.TrimSuffix(head, "_s"))
}
