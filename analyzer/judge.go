package analyzer

import (
	"tcptrace/internal/wire"
)

// judgment holds what inferring needs beside a connection, reused from one to the next.
type judgment struct {
	facts []fact
	steps []Step
}

// trajectories infers both endpoints' steps, by direction. They are valid until the next call.
func (t *Tracker) trajectories(c *conv) (out [2][]Step) {
	j := &t.judgment
	j.facts = c.facts.appendTo(&t.facts, j.facts[:0])
	m := mind{facts: j.facts, now: t.now, msl2: t.linger}
	for dir := range uint8(2) {
		h, o := &c.half[dir], &c.half[1-dir]
		m.sides[dir] = side{
			isn: h.isn(), knowsISN: h.flags.has(isnKnown),
			fin: uint32(h.fin), knowsFIN: h.flags.has(sentFIN),
			unseen: h.packets == 0, distance: h.distance, last: h.last,
			firstFIN: -1,
		}
		_ = o
	}
	m.standIn()
	for dir := range uint8(2) {
		m.sides[dir].firstFIN = m.first(dir, 0, isFIN)
	}
	j.steps = m.infer(0, j.steps[:0])
	n := len(j.steps)
	j.steps = m.infer(1, j.steps)
	out[0], out[1] = j.steps[:n:n], j.steps[n:]
	return out
}

// standIn puts facts in the place of a direction that was not captured: what the
// seen side acknowledged, the unseen side sent. A last advance of exactly one octet is its FIN.
func (m *mind) standIn() {
	u := 0
	if m.sides[1].unseen {
		u = 1
	}
	unseen, seen := &m.sides[u], &m.sides[1-u]
	if !unseen.unseen || len(m.facts) == 0 {
		return
	}
	dir := uint8(u)
	var out []fact
	for i := range m.facts {
		f := m.facts[i]
		opening := f.flags.Any(wire.SYN)
		if i > 0 && f.dir != dir && ordinary(&f) && seen.knowsISN && len(out) > 0 && isSYN(&out[len(out)-1]) {
			out = append(out, fact{time: f.time, frame: f.frame, seq: f.ack - 1, ack: seen.isn + 1, flags: wire.SYN | wire.ACK, dir: dir, bits: factStandIn})
			unseen.isn, unseen.knowsISN = f.ack-1, true
		}
		if opening && f.flags.Has(wire.ACK) && len(out) == 0 {
			out = append(out, fact{time: f.time, frame: f.frame, seq: f.ack - 1, flags: wire.SYN, dir: dir, bits: factStandIn})
		}
		out = append(out, f)
	}
	m.facts = out
	last := -1
	for i := range out {
		if f := &out[i]; f.dir != dir && f.bits.has(factAdvance) && !isRST(f) {
			last = i
		}
	}
	m.standInClose(dir, last)
}

// standInClose adds the unseen side's part of the close: its ACK of the FIN that was seen,
// and its own FIN, acknowledged by fact i.
func (m *mind) standInClose(dir uint8, i int) {
	unseen, seen := &m.sides[dir], &m.sides[1-dir]
	fin := m.first(1-dir, 0, isFIN)
	var own *fact
	if i >= 0 && m.facts[i].len == 1 {
		f := m.facts[i]
		own = &fact{time: f.time, frame: f.frame, seq: f.ack - 1, flags: wire.FIN | wire.ACK, dir: dir, bits: factStandIn}
		unseen.fin, unseen.knowsFIN = f.ack-1, true
		if fin >= 0 && m.facts[fin].frame < f.frame {
			own.ack = seen.fin + 1
		} else {
			own.ack = m.facts[i].seq
		}
	}
	if fin < 0 && own == nil {
		return
	}
	var out []fact
	for k := range m.facts {
		if own != nil && k == i {
			out = append(out, *own)
		}
		out = append(out, m.facts[k])
		if k == fin && own == nil || k == fin && own.ack != seen.fin+1 {
			f := m.facts[k]
			out = append(out, fact{time: f.time, frame: f.frame, seq: f.ack, ack: seen.fin + 1, flags: wire.ACK, dir: dir, bits: factStandIn})
		}
	}
	m.facts = out
}
