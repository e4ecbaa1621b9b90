package report

import (
	"cmp"
	"strings"

	"tcptrace/report/internal/human"
	"tcptrace/report/internal/record"
)

// Suggest asks for those of names that are spelled most like name; if none is, it lists them all.
func Suggest(name string, names []string) string {
	return cmp.Or(human.Nearest(name, names), "there are "+strings.Join(names, ", "))
}

// Nearest asks for those of names that are spelled most like name; empty if none is.
func Nearest(name string, names []string) string { return human.Nearest(name, names) }

// SuggestField is where a record has a field that is spelled like name; empty if nowhere.
func SuggestField(name string) string { return human.Nearest(name, record.Paths) }

// SuggestAnomaly says which ids are like id, also among other words that would do, or else how to find them.
func SuggestAnomaly(id string, others ...string) string { return human.SuggestAnomaly(id, others...) }
