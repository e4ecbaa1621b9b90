package sums

import (
	"encoding/binary"
	"errors"
	"slices"
	"time"

	"tcptrace/analyzer"
	"tcptrace/internal/octets"
)

// This file and merge.go are for conversations that are not all in one place. What a conversation adds to the sums is noted in a few octets where it
// is known, and read from them where the sums are; and whole sums are added to others.

const (
	noteFailed = 1 << iota
	noteThinks
)

// AppendNote appends what c adds to sums by the same dimensions, of which j is the judgment. It changes nothing that was summed up.
func (s *Sums) AppendNote(b []byte, c *analyzer.Conversation, j *analyzer.Judgment) []byte {
	s.look(c, j)
	for i := range s.By {
		v := &s.values[i]
		b = binary.AppendUvarint(b, uint64(v.Len()))
		for k := range v.Len() {
			b = octets.AppendText(b, v.At(k))
		}
	}
	t := take(c, j)
	return t.append(b)
}

func (t *taken) append(b []byte) []byte {
	flags := uint8(0)
	if t.failed {
		flags |= noteFailed
	}
	if t.thinks {
		flags |= noteThinks
	}
	b = append(b, flags)
	for _, v := range [...]uint64{t.packets, t.payload[0], t.payload[1], t.lost, t.sent} {
		b = binary.AppendUvarint(b, v)
	}
	for _, v := range t.retransmissions {
		b = binary.AppendUvarint(b, v)
	}
	for _, d := range [...]time.Duration{t.handshake, t.rtt[0], t.rtt[1], t.think, t.zeroWindow} {
		b = binary.AppendVarint(b, int64(d))
	}
	b = append(b, uint8(t.reset))
	var kinds []*analyzer.AnomalyKind
	for i := range t.anomalies {
		if kind := t.anomalies[i].Kind; !slices.Contains(kinds, kind) {
			kinds = append(kinds, kind)
		}
	}
	b = binary.AppendUvarint(b, uint64(len(kinds)))
	for _, kind := range kinds {
		b = appendKind(b, kind)
	}
	return b
}

func (t *taken) read(r *octets.Reader) {
	flags := r.Byte()
	*t = taken{failed: flags&noteFailed != 0, thinks: flags&noteThinks != 0, anomalies: t.anomalies[:0]}
	for _, v := range [...]*uint64{&t.packets, &t.payload[0], &t.payload[1], &t.lost, &t.sent} {
		*v = r.Uvarint()
	}
	for i := range t.retransmissions {
		t.retransmissions[i] = r.Uvarint()
	}
	for _, d := range [...]*time.Duration{&t.handshake, &t.rtt[0], &t.rtt[1], &t.think, &t.zeroWindow} {
		*d = time.Duration(r.Varint())
	}
	t.reset = readCause(r)
	for range r.Count(leastKind) {
		t.anomalies = append(t.anomalies, analyzer.Anomaly{Kind: readKind(r)})
	}
}

func readCause(r *octets.Reader) analyzer.ResetCause {
	c := r.Byte()
	if c >= uint8(analyzer.NumResetCauses) {
		r.Bad, c = true, 0
	}
	return analyzer.ResetCause(c)
}

// leastKind is how many octets a kind has at least.
const leastKind = 2

func appendKind(b []byte, k *analyzer.AnomalyKind) []byte {
	return octets.AppendText(append(b, uint8(k.Severity)), k.ID)
}

// anyKind stands for one that there is not.
var anyKind analyzer.AnomalyKind

func readKind(r *octets.Reader) *analyzer.AnomalyKind {
	severity, id := analyzer.Severity(r.Byte()), r.Text()
	if k := analyzer.FindAnomalyKind(id); k != nil {
		return k.As(severity)
	}
	r.Bad = true
	return &anyKind
}

var errNote = errors.New("what conversations add to the sums is damaged")

// Noted takes the conversation of which that is the note, as Conversation does.
func (s *Sums) Noted(note []byte) error {
	r := &octets.Reader{Left: note}
	groups := uint64(1)
	for i := range s.By {
		n := r.Count(1)
		if groups *= uint64(n); groups == 0 || groups > mostCombined {
			return errNote
		}
		s.values[i].Reset()
		for range n {
			s.values[i].Add(r.Bytes(r.Uvarint()))
		}
	}
	t := taken{anomalies: s.noted}
	t.read(r)
	s.noted = t.anomalies
	if !r.Done() {
		return errNote
	}
	s.take(&t)
	return nil
}

// mostCombined is in how many groups a conversation is at most: it may have all anomalies.
const mostCombined = 1 << 16
