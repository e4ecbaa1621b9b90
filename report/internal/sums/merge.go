package sums

import (
	"encoding/binary"
	"maps"
	"slices"
	"time"

	"tcptrace/analyzer"
	"tcptrace/internal/octets"
)

// Append appends all that s summed up, for Merge, in an order.
func (s *Sums) Append(b []byte) []byte {
	b = s.total.append(b)
	b = s.others.append(b)
	b = binary.AppendUvarint(b, uint64(len(s.groups)))
	for _, key := range slices.Sorted(maps.Keys(s.groups)) {
		b = s.groups[key].append(octets.AppendText(b, key))
	}
	return b
}

// Merge adds sums by the same dimensions that were appended elsewhere. The result is the same in whatever order they come, and however the conversations
// were divided, as long as there is room for all groups. Where there is not, a conversation that belongs to several of the groups without room may be
// counted more than once among the others.
func (s *Sums) Merge(b []byte) error {
	r := &octets.Reader{Left: b}
	for _, g := range [...]*group{&s.total, &s.others} {
		var o group
		o.read(r)
		g.merge(&o)
	}
	for range r.Count(1) {
		key := r.Bytes(r.Uvarint())
		var o group
		o.read(r)
		if r.Bad || !s.isKey(key) {
			return errNote
		}
		if g := s.group(key); g != nil {
			g.merge(&o)
		} else {
			s.others.merge(&o)
		}
	}
	if !r.Done() {
		return errNote
	}
	return nil
}

// isKey reports whether split makes so many values of a key as there are dimensions.
func (s *Sums) isKey(key []byte) bool {
	r := octets.Reader{Left: key}
	for range s.By {
		r.Bytes(r.Uvarint())
	}
	return r.Done()
}

// numbers are those of g that are added up.
func (g *group) numbers() (list []*uint64) {
	list = []*uint64{&g.conversations, &g.failures, &g.packets, &g.payload[0], &g.payload[1], &g.lost, &g.sent}
	for i := range g.retransmissions {
		list = append(list, &g.retransmissions[i])
	}
	return list
}

func (g *group) sketches() [4]*sketch {
	return [...]*sketch{&g.handshake, &g.think, &g.rtt[0], &g.rtt[1]}
}

// merge adds the sums of other conversations, and keeps what they are in.
func (g *group) merge(o *group) {
	of := o.numbers()
	for i, n := range g.numbers() {
		*n += *of[i]
	}
	g.zeroWindow = time.Duration(analyzer.Time(g.zeroWindow).Add(o.zeroWindow))
	sketches := o.sketches()
	for i, s := range g.sketches() {
		s.merge(sketches[i])
	}
	for _, k := range o.resets {
		g.resets = count(g.resets, k.what, k.n)
	}
	for _, k := range o.anomalies {
		g.anomalies = count(g.anomalies, k.what, k.n)
	}
}

func (g *group) append(b []byte) []byte {
	for _, n := range g.numbers() {
		b = binary.AppendUvarint(b, *n)
	}
	b = binary.AppendVarint(b, int64(g.zeroWindow))
	for _, s := range g.sketches() {
		b = s.append(b)
	}
	b = binary.AppendUvarint(b, uint64(len(g.resets)))
	for _, k := range g.resets {
		b = binary.AppendUvarint(append(b, uint8(k.what)), k.n)
	}
	b = binary.AppendUvarint(b, uint64(len(g.anomalies)))
	for _, k := range g.anomalies {
		b = binary.AppendUvarint(appendKind(b, k.what), k.n)
	}
	return b
}

func (g *group) read(r *octets.Reader) {
	for _, n := range g.numbers() {
		*n = r.Uvarint()
	}
	g.zeroWindow = time.Duration(r.Varint())
	for _, s := range g.sketches() {
		s.read(r)
	}
	for range r.Count(2) {
		cause := readCause(r)
		g.resets = count(g.resets, cause, r.Uvarint())
	}
	for range r.Count(leastKind + 1) {
		kind := readKind(r)
		g.anomalies = count(g.anomalies, kind, r.Uvarint())
	}
}
