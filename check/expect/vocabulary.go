package expect

import (
	"fmt"
	"reflect"
	"slices"
	"strings"

	"tcptrace/fsm"
	"tcptrace/internal/findings"
	verified "tcptrace/internal/verify/record"
	"tcptrace/report"
)

// field is a field of a record.
type field struct {
	name     string
	index    int
	typ      reflect.Type
	required bool     // it is in every record, whatever its value
	words    []string // all values that there are; nil: any
}

// fieldsOf lists the fields of the records, by their types.
var fieldsOf = func() map[reflect.Type][]field {
	all := map[reflect.Type][]field{}
	for _, t := range []reflect.Type{
		reflect.TypeFor[report.Record](), reflect.TypeFor[report.SummaryRecord](), reflect.TypeFor[report.SegmentRecord](), eventType,
		reflect.TypeFor[report.StateRecord](), reflect.TypeFor[report.StateCountsRecord](), reflect.TypeFor[report.SumRecord](),
		reflect.TypeFor[findings.Report](), reflect.TypeFor[verified.Report](),
	} {
		addFields(all, t)
	}
	return all
}()

func addFields(all map[reflect.Type][]field, t reflect.Type) {
	switch t.Kind() {
	case reflect.Pointer, reflect.Slice:
		addFields(all, t.Elem())
		return
	case reflect.Struct:
	default:
		return
	}
	if all[t] != nil {
		return
	}
	list := make([]field, 0, t.NumField())
	for i := range t.NumField() {
		f := t.Field(i)
		if !f.IsExported() {
			continue
		}
		name, options, _ := strings.Cut(f.Tag.Get("json"), ",")
		list = append(list, field{
			name: name, index: i, typ: f.Type, required: options == "",
			words: vocabulary(t, name),
		})
		addFields(all, f.Type)
	}
	all[t] = list
}

func findField(t reflect.Type, name string) (field, bool) {
	list := fieldsOf[t]
	i := slices.IndexFunc(list, func(f field) bool { return f.name == name })
	if i < 0 {
		return field{}, false
	}
	return list[i], true
}

// owned is a field by the type of its record and its name.
type owned struct {
	record reflect.Type
	name   string
}

// vocabulary is all values of a field that has fixed ones; nil: any.
func vocabulary(of reflect.Type, name string) []string {
	if of == reflect.TypeFor[findings.Finding]() {
		switch name {
		case "id":
			return findings.IDs()
		case "lies":
			return places()
		}
	}
	return report.Words(of, name)
}

// places are where the reason of a finding may lie.
func places() (names []string) {
	for _, p := range findings.Places {
		names = append(names, string(p))
	}
	return names
}

func anomalyIDs() []string { return vocabulary(reflect.TypeFor[report.AnomalyRecord](), "id") }

// unknownWord says that word is none of words, the values of the field called name.
func unknownWord(name, word string, words []string) string {
	hint := ""
	if slices.Contains(words, "TIME_WAIT") {
		name = "state"
		if s, err := fsm.ParseState(word); err == nil {
			hint = "did you mean " + s.String() + "?"
		}
	}
	if name == "id" {
		name = "anomaly"
	}
	if hint == "" {
		hint = report.Suggest(word, words)
	}
	return fmt.Sprintf("unknown %s %q: %s", name, word, hint)
}

// unknownField says that records of type t have no field called name. extra are names that may stand there, too.
func unknownField(t reflect.Type, name string, extra ...string) string {
	names := slices.Clone(extra)
	for _, f := range fieldsOf[t] {
		names = append(names, f.name)
	}
	hint := report.Suggest(name, names)
	if elsewhere := report.SuggestField(name); !strings.HasPrefix(hint, "did you mean") && elsewhere != "" {
		hint = elsewhere
	}
	return fmt.Sprintf("unknown field %q: %s", name, hint)
}
