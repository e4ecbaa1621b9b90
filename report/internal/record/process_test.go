package record

import (
	"reflect"
	"strings"
	"testing"
)

// TestProcessTerms: every field of a process is explained, by its name in records, and nothing else is.
func TestProcessTerms(t *testing.T) {
	is := reflect.TypeFor[ProcessRecord]()
	if is.NumField() != len(ProcessTerms) {
		t.Errorf("%d fields, %d terms", is.NumField(), len(ProcessTerms))
	}
	for i := range min(is.NumField(), len(ProcessTerms)) {
		name, _, _ := strings.Cut(is.Field(i).Tag.Get("json"), ",")
		if term := ProcessTerms[i]; term.Name != "process."+name || term.Text == "" {
			t.Errorf("the field %s is explained as %s: %q", name, term.Name, term.Text)
		}
	}
}
