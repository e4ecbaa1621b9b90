package report

import (
	"reflect"
	"strings"
	"unicode/utf8"
)

// fieldPaths are the fields of Record as an expression spells them: "packets",
// "client", "client.ip", "anomalies[].id" ...
var fieldPaths = appendFieldPaths(nil, "", reflect.TypeFor[Record]())

func appendFieldPaths(paths []string, prefix string, t reflect.Type) []string {
	for i := range t.NumField() {
		f := t.Field(i)
		path := prefix + f.Tag.Get("expr")
		paths = append(paths, path)
		switch f.Type.Kind() {
		case reflect.Struct:
			paths = appendFieldPaths(paths, path+".", f.Type)
		case reflect.Slice:
			paths = appendFieldPaths(paths, path+"[].", f.Type.Elem())
		}
	}
	return paths
}

// suggestField says which fields are spelled most like name, or else which exist.
func suggestField(name string) string {
	limit := max(1, utf8.RuneCountInString(name)/3)
	var nearest []string
	for _, path := range fieldPaths {
		leaf := path[strings.LastIndexByte(path, '.')+1:]
		d := editDistance(name, leaf)
		if d < limit {
			limit, nearest = d, nil
		}
		if d == limit {
			nearest = append(nearest, path)
		}
	}
	if len(nearest) > 0 {
		return "did you mean " + strings.Join(nearest, " or ") + "?"
	}
	return "the fields are " + strings.Join(fieldPaths, ", ")
}

// editDistance is the number of runes to insert, delete or replace to make b of a
// (Levenshtein).
func editDistance(a, b string) int {
	target := []rune(b)
	row := make([]int, len(target)+1)
	for j := range row {
		row[j] = j
	}
	i := 0
	for _, x := range a {
		diagonal := row[0] // the row above, one column to the left
		i++
		row[0] = i
		for j, y := range target {
			above := row[j+1]
			cost := 1
			if x == y {
				cost = 0
			}
			row[j+1] = min(above+1, row[j]+1, diagonal+cost)
			diagonal = above
		}
	}
	return row[len(target)]
}
