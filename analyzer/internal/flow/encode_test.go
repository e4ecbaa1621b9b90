package flow

import "testing"

// TestRecordsRoom: room for the records of a batch is kept for the next one, unless one batch had far more of them than others.
func TestRecordsRoom(t *testing.T) {
	for _, c := range []struct {
		size int
		kept bool
	}{{mostText, true}, {mostText + 1, false}} {
		r := Records{text: make([]byte, 0, c.size)}
		for _, text := range []string{"one", "", "three"} {
			r.text = append(r.text, text...)
			r.list = append(r.list, written{end: len(r.text)})
		}
		for i, want := range []string{"one", "", "three"} {
			if _, got := r.at(uint32(i)); string(got) != want {
				t.Errorf("record %d is %q, want %q", i, got, want)
			}
		}
		r.reset()
		if kept := cap(r.text) > 0; kept != c.kept || len(r.text) != 0 || len(r.list) != 0 {
			t.Errorf("room for %d bytes: kept %v, want %v", c.size, kept, c.kept)
		}
	}
}
