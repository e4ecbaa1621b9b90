package expect

import (
	"maps"
	"reflect"
	"slices"

	"tcptrace/report"
)

var eventType = reflect.TypeFor[report.EventRecord]()

// eventSchema describes a line of the event stream: one of its events.
func eventSchema(closed bool) object {
	var events []any
	for _, name := range slices.Sorted(maps.Keys(report.EventFields)) {
		fields := report.EventFields[name]
		required := append([]string{"schema", "event", "time"}, fields.Always...)
		properties := object{}
		for _, f := range fieldsOf[eventType] {
			if slices.Contains(required, f.name) || slices.Contains(fields.Known, f.name) {
				properties[f.name] = valueSchema(f.typ, f.words, closed)
			}
		}
		properties["schema"], properties["event"] = object{"const": "tcptrace.event.v1"}, object{"const": name}
		event := object{"title": name, "type": "object", "properties": properties, "required": required}
		if closed {
			event["additionalProperties"] = false
		}
		events = append(events, event)
	}
	return object{"oneOf": events}
}
