package flow

import (
	"tcptrace/analyzer/internal/conn"
	"tcptrace/analyzer/internal/latest"
	"tcptrace/internal/wire"
)

// conflicts reports whether the payload of s, of the connection in slot, differs from what was sent in its place before. It is asked only of
// who computes checksums: what others leave in their place says nothing.
func (t *Tracker) conflicts(slot uint32, c *conn.Conn, s *wire.Segment) (with latest.Conflict, found bool) {
	if !latest.HasPayload(s) || !c.Half[s.Dir&1].Flags.Has(conn.GoodSum) {
		return with, false
	}
	if t.known != nil {
		k, ok := t.known[s.Frame]
		return k.with, ok
	}
	if with, found = t.payloads.Differs(latest.Owner{Slot: slot, Gen: c.Gen}, s); found && t.keeps {
		t.noteConflict(s, with)
	}
	return with, found
}
