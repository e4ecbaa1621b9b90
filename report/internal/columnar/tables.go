package columnar

import (
	"reflect"
	"sync"
	"unsafe"

	"tcptrace/report/internal/record"
)

// The tables of the records of tcptrace.
var (
	Conversations = sync.OnceValue(func() *Table { return Of[record.Record]("conversation") })
	Segments      = sync.OnceValue(func() *Table { return Of[record.SegmentRecord]("segment") })
	States        = sync.OnceValue(func() *Table { return Of[record.StateRecord]("state") })
	StateCounts   = sync.OnceValue(func() *Table { return Of[record.StateCountsRecord]("state_counts") })

	// Events are of several kinds, each with fields of its own.
	Events = sync.OnceValue(func() *Table {
		return newTable("event", reflect.TypeFor[record.EventRecord](), []string{"schema", "event", "time"})
	})
)

// eventFields says by event which fields are there even if they are zero, by their place in the table.
var eventFields = sync.OnceValue(func() map[string][]bool {
	there := map[string][]bool{}
	for event, fields := range record.EventFields {
		there[event] = Events().marks(fields.Always)
	}
	return there
})

// marks marks fields of a table by their places.
func (t *Table) marks(names []string) []bool {
	marks := make([]bool, len(t.root.children))
	for i, n := range t.root.children {
		for _, name := range names {
			marks[i] = marks[i] || n.name == name
		}
	}
	return marks
}

// AppendEvent appends an event as a packed row of Events.
func AppendEvent(b []byte, e *record.EventRecord) []byte {
	there := eventFields()[e.Event]
	for i, n := range Events().root.children {
		if field := unsafe.Add(unsafe.Pointer(e), n.offset); there[i] {
			b = n.value(b, field, 0)
		} else {
			b = n.append(b, field, 0)
		}
	}
	return append(b, 0)
}
