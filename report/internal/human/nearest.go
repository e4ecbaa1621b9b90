package human

import (
	"strings"
	"unicode/utf8"
)

// Nearest asks for the names whose last part is spelled most like name; "" if none is like it.
func Nearest(name string, names []string) string {
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
