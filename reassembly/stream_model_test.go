package reassembly

import (
	"slices"
	"testing"
)

// model is a Stream byte by byte, without a bound.
type model struct {
	overlap   Overlap
	byteAt    [512]byte
	held      [512]bool
	next      int
	out       []byte // '.' for a gap
	conflicts []Range
	late      int64
}

func (m *model) add(pos int, b []byte) {
	var diff Range
	report := func() {
		if diff.Hi > 0 {
			m.conflicts = append(m.conflicts, diff)
		}
		diff = Range{}
	}
	for i, c := range b {
		at := pos + i
		if !m.held[at] {
			report() // a conflict is told for each stretch of held bytes
			if at < m.next {
				m.late++
				continue
			}
		} else if m.byteAt[at] != c {
			if diff.Hi == 0 {
				diff.Lo = Pos(at)
			}
			diff.Hi = Pos(at) + 1
		}
		if !m.held[at] || at >= m.next && m.overlap == LastWins {
			m.byteAt[at], m.held[at] = c, true
		}
	}
	report()
	m.deliver(0)
}

func (m *model) deliver(upTo int) {
	for ; m.next < upTo || m.held[m.next]; m.next++ {
		c := byte('.')
		if m.held[m.next] {
			c = m.byteAt[m.next]
		}
		m.out = append(m.out, c)
	}
}

// Forged and damaged copies included: the same bytes win, the same conflicts are told.
func FuzzStreamModel(f *testing.F) {
	f.Add([]byte{10, 5, 1, 12, 9, 2, 0, 15, 3, 30, 3, 0, 255, 20, 0, 0, 40, 9}, false)
	f.Add([]byte{10, 5, 1, 8, 9, 2, 5, 25, 3, 30, 3, 0, 35, 3, 1, 20, 40, 7, 254, 12, 0}, true)
	f.Fuzz(func(t *testing.T, ops []byte, last bool) {
		cfg := StreamConfig{}
		if last {
			cfg.Overlap = LastWins
		}
		s, r := newRecorder(t, cfg)
		m := &model{overlap: cfg.Overlap}
		for ; len(ops) >= 3; ops = ops[3:] {
			pos, n := int(ops[0]), int(ops[1]%64)
			if ops[0] >= 250 {
				s.Acked(r.start + Pos(ops[1]))
				m.deliver(int(ops[1]))
			} else {
				b := make([]byte, n)
				for i := range b {
					b[i] = 'a' + byte(pos+i)%3
				}
				if n > 0 && ops[2] > 0 { // differs in one or two places
					b[int(ops[2])%n] = 'X'
					b[int(ops[2])/2%n] = 'Y'
				}
				s.Add(r.start+Pos(pos), b)
				m.add(pos, b)
			}
			if r.String() != string(m.out) || s.Stats().Late != m.late {
				t.Fatalf("delivered %q, %d late; want %q, %d", r, s.Stats().Late, m.out, m.late)
			}
			if !slices.Equal(r.conflicts, m.conflicts) {
				t.Fatalf("conflicts %v, want %v", r.conflicts, m.conflicts)
			}
		}
	})
}
