package report

import (
	"reflect"

	"tcptrace/analyzer"
	"tcptrace/report/internal/human"
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
	if near := human.Nearest(name, fieldPaths); near != "" {
		return near
	}
	return "'tcptrace fields' explains those of endpoints.client.sent, 'tcptrace schema conversation' has all"
}

// SuggestAnomaly says which ids are like id, also among other words that would do, or else how to find them.
func SuggestAnomaly(id string, others ...string) string {
	ids := others
	for _, section := range analyzer.Catalogue() {
		for _, kind := range section.Kinds {
			ids = append(ids, kind.ID)
		}
	}
	if near := human.Nearest(id, ids); near != "" {
		return near
	}
	return "'tcptrace anomalies' lists them"
}
