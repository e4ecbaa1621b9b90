package record

import (
	"slices"
	"strings"
	"testing"
)

// TestWords: each field that has fixed words is there, and has some, none twice.
func TestWords(t *testing.T) {
	for field, words := range Words {
		found := false
		for i := range field.Record.NumField() {
			name, _, _ := strings.Cut(field.Record.Field(i).Tag.Get("json"), ",")
			found = found || name == field.Name
		}
		if !found {
			t.Errorf("%v has no field %s", field.Record, field.Name)
		}
		if sorted := slices.Sorted(slices.Values(words)); len(words) == 0 || len(slices.Compact(sorted)) != len(words) {
			t.Errorf("%v.%s: %q", field.Record, field.Name, words)
		}
	}
}

// TestWordsByName: a name has the words of all fields that have it, unless one of them has any text.
func TestWordsByName(t *testing.T) {
	all := WordsByName()
	for name, some := range map[string][]string{
		"cause": {"unread-data", "received RST"}, "state": {"TIME_WAIT"}, "kind": {"reset", "too-big"}, "endpoint": {"server"}, "by": {"client"}, "id": {"no-answer"},
	} {
		for _, word := range some {
			if !slices.Contains(all[name], word) {
				t.Errorf("%s: %q, want %s", name, all[name], word)
			}
		}
	}
	for _, name := range []string{"ip", "detail", "schema", "meaning"} {
		if all[name] != nil {
			t.Errorf("%s: %q, but any text may stand there", name, all[name])
		}
	}
}
