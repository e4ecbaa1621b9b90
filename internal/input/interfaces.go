package input

import (
	"fmt"
	"slices"
	"sync"

	"tcptrace/internal/wire"
)

// Interface is where packets were captured, as the capture describes it.
type Interface struct {
	Name        string // "" if the capture does not say
	Description string
	Link        wire.LinkType
	SnapLen     uint32 // of a packet at most so many bytes are captured; 0: no limit
}

const (
	maxInterfaces = 1 << 16 // in a section, and in a trace
	maxName       = 256     // bytes of a name that are kept
)

// interfaces numbers the interfaces of a trace. Sections and files that describe the same interface
// share its number, so that the files of a ring buffer do not multiply the interfaces.
type interfaces struct {
	mu   sync.Mutex
	list []Interface
	ids  map[described]uint16
}

// described is an interface and its number in the section that describes it: two of a section are not
// the same, however alike.
type described struct {
	Interface
	number int
}

// id returns the number of an interface; bad says why it has none.
func (t *interfaces) id(d described) (id uint16, bad string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if id, ok := t.ids[d]; ok {
		return id, ""
	}
	if len(t.list) >= maxInterfaces {
		return 0, fmt.Sprintf("the inputs describe more than %d interfaces", maxInterfaces)
	}
	if t.ids == nil {
		t.ids = map[described]uint16{}
	}
	id = uint16(len(t.list))
	t.list = append(t.list, d.Interface)
	t.ids[d] = id
	return id, ""
}

// all lists the interfaces. Numbers assigned later do not change the returned list.
func (t *interfaces) all() []Interface {
	t.mu.Lock()
	defer t.mu.Unlock()
	return slices.Clip(t.list)
}

// at is the interface with a number; the zero one if there is none.
func (t *interfaces) at(id uint16) Interface {
	t.mu.Lock()
	defer t.mu.Unlock()
	if int(id) >= len(t.list) {
		return Interface{}
	}
	return t.list[id]
}

// cutName shortens a name from a file to the length that is kept.
func cutName(b []byte) string { return string(b[:min(len(b), maxName)]) }
