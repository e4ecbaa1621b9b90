package condition

import (
	"reflect"
	"strings"
	"unicode"

	"tcptrace/report/internal/human"
	"tcptrace/report/internal/record"
)

// columnNames are names of columns that no record has a field for, and how a condition asks for the same.
var columnNames = map[string]string{
	"duration":      "duration_s",
	"loss":          "either(loss_ratio > 0.01)",
	"loss_ratio":    "either(loss_ratio > 0.01)",
	"rtt":           "either(rtt_min_s > 0.1)",
	"rtt_s":         "either(rtt_min_s > 0.1)",
	"bytes":         "either(payload_bytes > 1000)",
	"data":          "either(payload_bytes > 1000)",
	"payload_bytes": "either(payload_bytes > 1000)",
	"ended":         `close.first == "client" or close.by == "server"`,
	"ended_by":      `close.first == "client" or close.by == "server"`,
	"anomaly":       `has("no-answer")`,
	"worst_anomaly": `has("no-answer")`,
	"finding":       `finding("loss")`,
	"findings":      `finding("loss")`,
	"cause":         "close.cause",
	"name":          "client.name or server.name",
	"state":         "endpoints.client.state or endpoints.server.state",
}

// perSide are the parts of a record that there are of either side, and where they are.
var perSide = []struct {
	t    reflect.Type
	path func(side string) string
}{
	{reflect.TypeFor[record.Host](), func(side string) string { return side }},
	{reflect.TypeFor[record.Endpoint](), func(side string) string { return "endpoints." + side }},
	{reflect.TypeFor[record.SentRecord](), func(side string) string { return "endpoints." + side + ".sent" }},
}

// parentOf is what stands before a field in a condition: process of process.nam; "" if nothing does.
func parentOf(source string, column int, field string) string {
	runes := []rune(source)
	if column > len(runes) || !strings.HasPrefix(string(runes[column:]), field) {
		return ""
	}
	before, ok := strings.CutSuffix(string(runes[:column]), ".")
	if !ok {
		return ""
	}
	return before[strings.LastIndexFunc(before, func(r rune) bool { return r != '_' && r != '.' && !unicode.IsLetter(r) && !unicode.IsDigit(r) })+1:]
}

// suggestField says which field or expression was meant by name, which stands behind a parent or none, or else which fields exist.
func suggestField(name, parent string) string {
	if parent != "" {
		var inside []string
		for _, path := range record.Paths {
			if i := strings.LastIndexByte(path, '.'); i == len(parent) && path[:i] == parent {
				inside = append(inside, path)
			}
		}
		if near := human.Nearest(name, inside); near != "" {
			return near
		}
	}
	if is, ok := columnNames[name]; ok {
		return "did you mean " + is + "?"
	}
	for _, side := range []string{"client", "server"} {
		field, ok := strings.CutPrefix(name, side+"_")
		if !ok {
			continue
		}
		for _, in := range perSide {
			if record.IndexOf(in.t, field) >= 0 {
				return "did you mean " + in.path(side) + "." + field + "?"
			}
		}
	}
	near := human.Nearest(name, record.Paths)
	switch {
	case near != "" && record.IndexOf(reflect.TypeFor[record.SentRecord](), name) >= 0:
		return near + " either(" + name + " > 0) asks of either side"
	case near != "" && record.IndexOf(reflect.TypeFor[record.Host](), name) >= 0:
		return near + " either(" + name + ` == "...") asks of either side`
	case near != "":
		return near
	}
	return "'tcptrace fields' explains those of endpoints.client.sent, 'tcptrace schema conversation' has all"
}
