package human

import (
	"strings"
	"unicode/utf8"

	"tcptrace/analyzer"
)

// mostNear is how many names Nearest asks for at most of those that only contain what was asked for.
const mostNear = 4

// Nearest asks for the names whose last part is spelled most like name, or else contains it; "" if none does.
func Nearest(name string, names []string) string {
	limit := max(1, utf8.RuneCountInString(name)/3)
	var near, containing []string
	for _, path := range names {
		last := path[strings.LastIndexByte(path, '.')+1:]
		d := editDistance(name, last)
		if d < limit {
			limit, near = d, nil
		}
		if d == limit {
			near = append(near, path)
		}
		if part := letters(name); len(part) >= leastPart && strings.Contains(letters(last), part) {
			containing = append(containing, path)
		}
	}
	if near == nil && len(containing) <= mostNear {
		near = containing
	}
	if near == nil {
		return ""
	}
	return "did you mean " + strings.Join(near, " or ") + "?"
}

const leastPart = 3 // bytes of a name that is looked for in others

// letters is a name without what separates its words.
func letters(name string) string {
	return strings.NewReplacer("-", "", "_", "", " ", "").Replace(strings.ToLower(name))
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

// SuggestAnomaly says which ids are like id, also among other words that would do, or else how to find them.
func SuggestAnomaly(id string, others ...string) string {
	ids := others
	for _, section := range analyzer.Catalogue() {
		for _, kind := range section.Kinds {
			ids = append(ids, kind.ID)
		}
	}
	if near := Nearest(id, ids); near != "" {
		return near
	}
	return "'tcptrace anomalies' lists them"
}
