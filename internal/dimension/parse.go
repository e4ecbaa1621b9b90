package dimension

import (
	"errors"
	"fmt"
	"slices"
	"strings"
)

// Most is by how many dimensions conversations are grouped at once.
const Most = 3

// UnknownError is a name that no dimension has. Names has those that there are.
type UnknownError struct{ Name string }

func (e *UnknownError) Error() string { return fmt.Sprintf("there is no key %q", e.Name) }

// Row is what people are told of a dimension.
type Row struct{ Name, Help string }

// Rows are all dimensions, in order.
func Rows() (rows []Row) {
	for i := range table {
		rows = append(rows, Row{table[i].Name, table[i].Help})
		if table[i].Name == "pair" {
			for _, n := range networkRows {
				rows = append(rows, Row{n.name, n.help})
			}
		}
	}
	return append(rows, Row{"minute", "when it began; also second, hour, day, or any duration such as 10s"})
}

// Help is a line for each of them, with its name.
func Help() string {
	var b strings.Builder
	for _, row := range Rows() {
		fmt.Fprintf(&b, "  %-15s %s\n", row.Name, row.Help)
	}
	return b.String()
}

// Names are the names that Parse takes, without arguments.
func Names() (names []string) {
	for _, row := range Rows() {
		names = append(names, row.Name)
	}
	for _, s := range spans {
		if !slices.Contains(names, s.name) {
			names = append(names, s.name)
		}
	}
	return names
}

// Parse reads the names of one to three dimensions, with commas between them. A name that there is not is an *UnknownError.
func Parse(by string) ([]Dimension, error) {
	names := strings.Split(by, ",")
	if len(names) > Most {
		return nil, fmt.Errorf("at most %d keys, not %d", Most, len(names))
	}
	var list []Dimension
	for _, name := range names {
		name = strings.TrimSpace(name)
		if name == "" {
			return nil, errors.New("a key is missing, such as server or server,outcome")
		}
		d, err := Find(name)
		if err != nil {
			return nil, err
		}
		if slices.ContainsFunc(list, func(other Dimension) bool { return other.Name == d.Name }) {
			return nil, fmt.Errorf("%s is there twice", name)
		}
		list = append(list, *d)
	}
	return list, nil
}

// Find is the dimension of that name, with its argument if it takes one.
func Find(name string) (*Dimension, error) {
	for i := range table {
		if table[i].Name == name {
			return &table[i], nil
		}
	}
	for _, find := range []func(string) (*Dimension, bool, error){network, span} {
		if d, ok, err := find(name); ok {
			return d, err
		}
	}
	return nil, &UnknownError{name}
}
