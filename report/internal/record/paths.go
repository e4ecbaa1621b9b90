package record

import "reflect"

// Paths are the fields of Record as an expression spells them: "packets",
// "client", "client.ip", "anomalies[].id" ...
var Paths = appendPaths(nil, "", reflect.TypeFor[Record]())

func appendPaths(paths []string, prefix string, t reflect.Type) []string {
	for i := range t.NumField() {
		f := t.Field(i)
		path := prefix + f.Tag.Get("expr")
		paths = append(paths, path)
		switch f.Type.Kind() {
		case reflect.Struct:
			paths = appendPaths(paths, path+".", f.Type)
		case reflect.Slice:
			paths = appendPaths(paths, path+"[].", f.Type.Elem())
		}
	}
	return paths
}

// IndexOf is which field of a record, or of a part of one, has that name in expressions; -1 if none has.
func IndexOf(t reflect.Type, name string) int {
	for i := range t.NumField() {
		if t.Field(i).Tag.Get("expr") == name {
			return i
		}
	}
	return -1
}
