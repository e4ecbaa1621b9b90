package names

import "tcptrace/internal/wire"

// Observer finds names in what passes. It belongs to one goroutine, which shows it the packets in the order of the capture.
type Observer struct{}

// New returns an Observer that has seen nothing.
func New() *Observer { return &Observer{} }

// Datagram looks at a datagram.
func (o *Observer) Datagram(g *wire.Datagram) {}

// Segment looks at a segment, of which payload was captured, and returns what is found with it, which is valid until the next call.
func (o *Observer) Segment(s *wire.Segment, payload []byte) []Found { return nil }
