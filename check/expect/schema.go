package expect

import (
	"encoding/json"
	"maps"
	"reflect"
	"slices"

	"tcptrace/internal/findings"
	verified "tcptrace/internal/verify/record"
	"tcptrace/report"
)

// object is a JSON Schema, or a part of one.
type object = map[string]any

const dialect = "https://json-schema.org/draft/2020-12/schema"

// schemas make the JSON Schemas by their names. Those of records are open, since fields may be added; with closed they
// are not, so that a test finds a field that is not described.
var schemas = map[string]func(closed bool) object{
	"conversation": func(closed bool) object { return recordSchema(recordType, "tcptrace.conversation.v1", closed) },
	"segment": func(closed bool) object {
		return recordSchema(reflect.TypeFor[report.SegmentRecord](), "tcptrace.segment.v1", closed)
	},
	"state": func(closed bool) object {
		return recordSchema(reflect.TypeFor[report.StateRecord](), "tcptrace.state.v1", closed)
	},
	"state-counts": func(closed bool) object {
		return recordSchema(reflect.TypeFor[report.StateCountsRecord](), "tcptrace.state-counts.v1", closed)
	},
	"sum": func(closed bool) object {
		return recordSchema(reflect.TypeFor[report.SumRecord](), "tcptrace.sum.v1", closed)
	},
	"finding": func(closed bool) object {
		return recordSchema(reflect.TypeFor[findings.Finding](), "tcptrace.finding.v1", closed)
	},
	"findings": func(closed bool) object {
		return recordSchema(reflect.TypeFor[findings.Report](), "tcptrace.findings.v1", closed)
	},
	"verify": func(closed bool) object {
		return recordSchema(reflect.TypeFor[verified.Report](), "tcptrace.verify.v1", closed)
	},
	"event":       eventSchema,
	"expectation": func(bool) object { return expectationSchema() },
	"project":     func(bool) object { return projectSchema() },
}

// SchemaNames are the names that Schema takes.
func SchemaNames() []string { return slices.Sorted(maps.Keys(schemas)) }

// Schema is the JSON Schema of a record or a file; nil if there is none of that name.
func Schema(name string) []byte { return schemaText(name, false) }

// ClosedSchema is Schema, but that nothing may be there which it does not describe.
func ClosedSchema(name string) []byte { return schemaText(name, true) }

func schemaText(name string, closed bool) []byte {
	make, ok := schemas[name]
	if !ok {
		return nil
	}
	s := make(closed)
	s["$schema"], s["title"] = dialect, "tcptrace "+name
	text, _ := json.MarshalIndent(s, "", "  ") // maps and slices of strings, numbers and truths
	return append(text, '\n')
}

// recordSchema describes a record as it is written.
func recordSchema(t reflect.Type, name string, closed bool) object {
	s := valueSchema(t, nil, closed)
	s["properties"].(object)["schema"] = object{"const": name}
	return s
}

func valueSchema(t reflect.Type, words []string, closed bool) object {
	switch {
	case words != nil:
		return object{"enum": words}
	case t == timeType:
		return object{"type": "string", "format": "date-time"}
	case t == decimalType:
		return object{"type": "number"}
	}
	switch t.Kind() {
	case reflect.Pointer:
		return valueSchema(t.Elem(), nil, closed)
	case reflect.Slice:
		return object{"type": "array", "items": valueSchema(t.Elem(), nil, closed)}
	case reflect.Map:
		return object{"type": "object", "additionalProperties": valueSchema(t.Elem(), nil, closed)}
	case reflect.Bool:
		return object{"type": "boolean"}
	case reflect.String:
		return object{"type": "string"}
	case reflect.Float64:
		return object{"type": "number"}
	case reflect.Struct:
		properties, required := object{}, []string{}
		for _, f := range fieldsOf[t] {
			properties[f.name] = valueSchema(f.typ, f.words, closed)
			if f.required {
				required = append(required, f.name)
			}
		}
		s := object{"type": "object", "properties": properties, "required": required}
		if closed {
			s["additionalProperties"] = false
		}
		return s
	}
	s := object{"type": "integer"}
	if reflect.Zero(t).CanUint() {
		s["minimum"] = 0
	}
	return s
}

// Parts of the schemas of files that people write.
const (
	digits        = `-?(\d+\.?\d*|\.\d+)([eE][-+]?\d+)?`
	numberPattern = `^\s*([<>]=?\s*` + digits + `|` + digits + `\s*\.\.(\s*` + digits + `)?|\.\.\s*` + digits + `|` +
		digits + `\s*(\+-|±)\s*` + digits + `\s*%?|` + digits + `)\s*$`
)

func ref(name string) object { return object{"$ref": "#/$defs/" + name} }

func oneOrMore(item object) object {
	return object{"anyOf": []any{item, object{"type": "array", "items": item}}}
}

// wantSchema describes what an expectation may say of a value. defs collects the records.
func wantSchema(t reflect.Type, words []string, defs object) object {
	if t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	switch {
	case words != nil:
		values := []any{nil}
		for _, w := range words {
			values = append(values, w)
		}
		return object{"enum": values}
	case t == timeType:
		return object{"type": []string{"string", "null"}}
	case t == decimalType, t.Kind() >= reflect.Int && t.Kind() <= reflect.Float64:
		return ref("number")
	}
	switch t.Kind() {
	case reflect.Bool:
		return object{"type": []string{"boolean", "null"}}
	case reflect.String:
		return object{"type": []string{"string", "number", "boolean", "null"}}
	case reflect.Map:
		names := object{"enum": vocabulary(recordType, "outcome")}
		return object{"type": []string{"object", "null"}, "propertyNames": names, "additionalProperties": ref("number")}
	case reflect.Slice:
		return object{"type": []string{"array", "null"}, "items": itemSchema(t.Elem(), defs)}
	}
	name := t.Name()
	if defs[name] == nil {
		properties := object{}
		defs[name] = object{"type": []string{"object", "null"}, "properties": properties, "additionalProperties": false}
		for _, f := range fieldsOf[t] {
			properties[f.name] = wantSchema(f.typ, f.words, defs)
		}
	}
	return ref(name)
}

// itemSchema describes an entry of a list: steps and anomalies may be written in short.
func itemSchema(t reflect.Type, defs object) object {
	short := map[reflect.Type]string{stepType: "state", anomalyType: "id"}[t]
	if short == "" {
		return wantSchema(t, nil, defs)
	}
	f, _ := findField(t, short)
	return object{"anyOf": []any{object{"enum": f.words}, wantSchema(t, nil, defs)}}
}

func expectationSchema() object {
	defs := object{"number": object{
		"description": `a number, a range (<0.05, ">=3", 10..20) or a tolerance (0.02 +- 10%)`,
		"anyOf":       []any{object{"type": []string{"number", "null"}}, object{"type": "string", "pattern": numberPattern}},
	}}
	wantSchema(recordType, nil, defs)
	conversation := defs[recordType.Name()].(object)
	properties := conversation["properties"].(object)
	anomalies, states := object{"type": "array", "items": itemSchema(anomalyType, defs)}, object{"type": "array", "items": itemSchema(stepType, defs)}
	properties["stream"] = object{"type": "integer", "minimum": 0, "description": "which conversation it is, if client and server do not say so"}
	properties[fieldInclude], properties[fieldExclude] = anomalies, object{"type": "array", "items": object{"enum": anomalyIDs()}}
	for _, side := range []string{"client", "server"} {
		properties[side] = object{"description": "the socket, or the states that this side goes through", "anyOf": []any{ref("Host"), states}}
	}
	conversation["anyOf"] = []any{
		object{"required": []string{"stream"}}, object{"required": []string{"client"}}, object{"required": []string{"server"}},
	}
	fields := ruleSchemas()
	fields["conversations"] = object{"type": "array", "items": ref(recordType.Name())}
	fields["summary"] = wantSchema(reflect.TypeFor[report.SummaryRecord](), nil, defs)
	return object{"type": "object", "properties": fields, "additionalProperties": false, "$defs": defs}
}

// ruleSchemas describes the rules about all conversations.
func ruleSchemas() object {
	conditions := append(slices.Clone(vocabulary(anomalyType, "severity")), anomalyIDs()...)
	return object{
		"complete": object{"type": "boolean", "description": "there are no conversations but those listed"},
		"assert":   oneOrMore(object{"type": "string", "description": "an expression over conversations, in the language of --where"}),
		"deny":     oneOrMore(object{"enum": conditions}),
		"budget": object{
			"type": "object", "propertyNames": object{"enum": anomalyIDs()},
			"additionalProperties": object{"type": "integer", "minimum": 0},
		},
	}
}

func projectSchema() object {
	fields := ruleSchemas()
	endpoint, _ := findField(anomalyType, "endpoint")
	fields["suppress"] = object{"type": "array", "items": object{
		"type": "object", "required": []string{"anomaly", "reason"}, "additionalProperties": false,
		"properties": object{
			"anomaly":  object{"enum": anomalyIDs()},
			"reason":   object{"type": "string", "minLength": 1},
			"captures": object{"type": "string", "description": "a pattern of paths below this file, or of names"},
			"stream":   object{"type": "integer", "minimum": 0},
			"endpoint": object{"enum": endpoint.words},
		},
	}}
	return object{"type": "object", "properties": fields, "additionalProperties": false}
}
