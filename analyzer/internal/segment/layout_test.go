package segment

import (
	"reflect"
	"testing"
	"unsafe"

	"tcptrace/analyzer/internal/conn"
)

func TestConvLayout(t *testing.T) {
	const line = 64
	if n := unsafe.Sizeof(conn.Conn{}); n%line != 0 || n > 7*line {
		t.Errorf("a conv takes %d bytes: want a multiple of the cache line, at most 448", n)
	}
	if off := unsafe.Offsetof(conn.Conn{}.Half); off != line {
		t.Errorf("what every packet touches takes %d bytes before the halves, want a cache line", off)
	}
	if n := unsafe.Sizeof(conn.Half{}); n != 2*line {
		t.Errorf("what an ordinary segment touches of a half takes %d bytes, want two cache lines", n)
	}
	if n := unsafe.Sizeof(SenderStats{}); n%line != 0 {
		t.Errorf("a SenderStats takes %d bytes: want a multiple of the cache line", n)
	}
	var a SenderStats
	for _, begins := range []struct {
		what string
		line uintptr
		at   uintptr
	}{
		{"what a sender's segments touch", 1, unsafe.Offsetof(a.IdleMax)},
		{"what data touches", 2, unsafe.Offsetof(a.firstData)},
		{"what ACKs touch", 3, unsafe.Offsetof(a.RTT)},
		{"the rest of that", 4, unsafe.Offsetof(a.full)},
		{"what turns touch", 5, unsafe.Offsetof(a.since)},
		{"what few touch", 6, unsafe.Offsetof(a.codes)},
	} {
		if begins.at != begins.line*line {
			t.Errorf("%s begins at byte %d of a SenderStats, not with cache line %d", begins.what, begins.at, begins.line)
		}
	}
	if p := pointerIn(reflect.TypeFor[conn.Conn]()); p != "" {
		t.Errorf("conv holds a pointer in %s: the garbage collector would visit every connection", p)
	}
}

// pointerIn names a field of t that the garbage collector would have to follow.
func pointerIn(t reflect.Type) string {
	switch t.Kind() {
	case reflect.Struct:
		for i := range t.NumField() {
			if p := pointerIn(t.Field(i).Type); p != "" {
				return t.Field(i).Name + " " + p
			}
		}
	case reflect.Array:
		return pointerIn(t.Elem())
	case reflect.Pointer, reflect.Slice, reflect.String, reflect.Map, reflect.Chan, reflect.Func, reflect.Interface, reflect.UnsafePointer:
		return t.String()
	}
	return ""
}
