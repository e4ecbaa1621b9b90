package report

import (
	"reflect"
	"strings"
	"unicode/utf8"

	"tcptrace/analyzer"
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
	if near := nearest(name, fieldPaths); near != "" {
		return near
	}
	return "the fields are " + strings.Join(fieldPaths, ", ")
}

// SuggestAnomaly says which ids are spelled most like id, or else which exist.
func SuggestAnomaly(id string) string {
	var ids []string
	for _, section := range analyzer.Catalogue() {
		for _, kind := range section.Kinds {
			ids = append(ids, kind.ID)
		}
	}
	if near := nearest(id, ids); near != "" {
		return near
	}
	return "there are " + strings.Join(ids, ", ")
}

// nearest asks for the names whose last part is spelled most like name; "" if none is like it.
func nearest(name string, names []string) string {
	limit := max(1, utf8.RuneCountInString(name)/3)
	var near []string
	for _, path := range names {
		d := editDistance(name, path[strings.LastIndexByte(path, '.')+1:])
		if d < limit {
			limit, near = d, nil
		}
		if d == limit {
			near = append(near, path)
		}
	}
	if near == nil {
		return ""
	}
	return "did you mean " + strings.Join(near, " or ") + "?"
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
