package analyzer

import (
	"tcptrace/fsm"
	"tcptrace/internal/wire"
)

// Course is what became of the endpoints of a conversation: their trajectories, and how the connection ended. The zero value is ready; use it
// again to spare allocations.
type Course struct {
	State      [2]fsm.State // at the end of what was captured, by Side; the last of Trajectory
	Trajectory [2][]Step    // by Side
	Close      Close        // how the connection ended

	mind  mind
	steps []Step
	view  view
}

// follow works out the trajectories and the close.
func (j *Course) follow(c *Conversation) {
	m := &j.mind
	*m = mind{facts: append(m.facts[:0], c.facts...), scratch: m.scratch, sides: c.sides, now: c.now, msl2: c.msl2, firstFrame: c.FirstFrame}
	m.regard(c.marks)
	m.standIn()
	m.standInSYNACK()
	for dir := range uint8(2) {
		m.sides[dir].firstFIN = m.firstFIN(dir)
	}
	cl := c.clientDir
	j.steps = m.infer(cl, j.steps[:0])
	n := len(j.steps)
	j.steps = m.infer(1-cl, j.steps)
	j.Trajectory[Client], j.Trajectory[Server] = j.steps[:n:n], j.steps[n:]
	for side, steps := range j.Trajectory {
		j.State[side] = fsm.Unknown
		if len(steps) > 0 {
			j.State[side] = steps[len(steps)-1].State
		}
	}
	if c.Self() {
		j.unite()
	}
	j.view = view{m, c, j}
	j.Close = j.view.explain()
}

// firstFIN is the index of the first FIN of a direction, -1 if there is none. One without ACK, which nobody
// takes, is it if the FIN comes again with ACK.
func (m *mind) firstFIN(dir uint8) int {
	self := &m.sides[dir]
	return m.first(dir, 0, func(f *fact) bool {
		bare := f.has(wire.FIN) && !f.any(wire.ACK|wire.SYN|wire.RST) && self.knowsFIN && f.seq+uint32(f.len) == self.fin
		return isFIN(f) || bare
	})
}

// regard takes from the marks what bears on the trajectories.
func (m *mind) regard(marks []mark) {
	for i := range marks {
		switch k := &marks[i]; k.kind {
		case markSucceeded:
			m.successor = k
		case markChallenge:
			m.sides[k.dir].challenged = true
		case markHole:
			m.sides[k.dir].holed = k.hole.from < k.hole.to && !k.hole.passed
		case markUnseen:
			m.lacks = m.lacks || k.amount > 0
		case markStrange:
			if betrays(k) && k.amount != badTiming { // the way may be shorter than any that was measured
				m.disown(k.dir, k.ahead)
			}
		}
	}
}

// disown takes an RST from its supposed sender, who did not send it. Its receiver may have taken it all the same.
func (m *mind) disown(dir uint8, ahead uint32) {
	for i := range m.facts {
		if f := &m.facts[i]; f.dir() == dir && f.ahead == ahead && isRST(f) {
			f.bits |= factForeign
		}
	}
}

// standInSYNACK puts a SYN-ACK in the place of one that was not captured, although other segments of its sender were: who
// sent a SYN and then acknowledges anything has received it.
func (m *mind) standInSYNACK() {
	for dir := range uint8(2) {
		syn, self := m.first(dir, 0, isSYN), &m.sides[dir]
		if syn < 0 || m.first(1-dir, 0, isSYNACK) >= 0 || m.first(1-dir, 0, isSYN) >= 0 {
			continue
		}
		i := m.first(dir, syn, func(f *fact) bool { return ordinary(f) && int32(f.seq-self.isn) > 0 })
		if i < 0 {
			continue
		}
		ack, flags := m.facts[i], uint8(wire.SYN|wire.ACK)
		if j := m.first(dir, syn, isSYNACK); j >= 0 { // a simultaneous open
			i, flags = j, uint8(wire.SYN)
		} else if j := m.first(1-dir, syn, func(f *fact) bool { return ordinary(f) && f.ack-self.isn-1 <= uint32(m.facts[syn].len) }); j >= 0 && j < i {
			i = j
		}
		out := append(m.scratch[:0], m.facts[:i]...)
		out = append(out, fact{
			time: m.facts[i].time, ahead: m.facts[i].ahead, seq: ack.ack - 1, ack: self.isn + 1,
			flags: flags, bits: factStandIn | factBits(1-dir),
		})
		m.facts, m.scratch = append(out, m.facts[i:]...), m.facts
		m.sides[1-dir].isn, m.sides[1-dir].knowsISN = ack.ack-1, true
		return
	}
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
	out := m.scratch[:0]
	for i := range m.facts {
		f := m.facts[i]
		opening := f.any(wire.SYN)
		if i > 0 && f.dir() != dir && ordinary(&f) && seen.knowsISN && len(out) > 0 && isSYN(&out[len(out)-1]) {
			out = append(out, fact{time: f.time, ahead: f.ahead, seq: f.ack - 1, ack: seen.isn + 1, flags: uint8(wire.SYN | wire.ACK), bits: factStandIn | factBits(dir)})
			unseen.isn, unseen.knowsISN = f.ack-1, true
		}
		if i > 0 && f.dir() != dir && ordinary(&f) && isSYNACK(&m.facts[i-1]) { // the handshake's ACK
			out = append(out, fact{time: f.time, ahead: f.ahead, seq: unseen.isn + 1, ack: seen.isn + 1, flags: uint8(wire.ACK), bits: factStandIn | factBits(dir)})
		}
		if opening && f.has(wire.ACK) && len(out) == 0 {
			out = append(out, fact{time: f.time, ahead: f.ahead, seq: f.ack - 1, flags: uint8(wire.SYN), bits: factStandIn | factBits(dir)})
		}
		out = append(out, f)
	}
	m.facts, m.scratch = out, m.facts
	last := -1
	for i := range out {
		if f := &out[i]; f.dir() != dir && f.bits.has(factAdvance) && !isRST(f) {
			last = i
		}
	}
	m.standInClose(dir, last)
}

// finTimeout is the least time after which a socket is given up in FIN_WAIT_2 (Linux: tcp_fin_timeout).
const finTimeout Time = 1e9

// standInClose adds the unseen side's part of the close: its ACK of the FIN that was seen,
// and its own FIN, acknowledged by fact i.
func (m *mind) standInClose(dir uint8, i int) {
	unseen, seen := &m.sides[dir], &m.sides[1-dir]
	fin := m.first(1-dir, 0, func(f *fact) bool { return isFIN(f) && !f.any(wire.SYN) }) // that of a SYN nobody may have answered
	if fin < 0 {
		return // one octet may be data
	}
	var own *fact
	// A socket that answers by a plain RST behind its own FIN is closed, so the peer's FIN was
	// in what it acknowledged last, be it with data. Much later it may have timed out in FIN_WAIT_2.
	closed := m.first(1-dir, 0, func(f *fact) bool {
		return fin >= 0 && isPlainRST(f) && seen.knowsFIN && f.seq == seen.fin+1 && f.time < m.facts[fin].time+finTimeout
	})
	if i >= 0 && (m.facts[i].len == 1 || closed >= 0) {
		f := m.facts[i]
		own = &fact{time: f.time, ahead: f.ahead, seq: f.ack - 1, flags: uint8(wire.FIN | wire.ACK), bits: factStandIn | factBits(dir)}
		unseen.fin, unseen.knowsFIN = f.ack-1, true
		if fin >= 0 && m.facts[fin].ahead < f.ahead {
			own.ack = seen.fin + 1
		} else {
			own.ack = m.facts[i].seq
		}
	}
	out := m.scratch[:0]
	for k := range m.facts {
		if own != nil && k == i {
			out = append(out, *own)
		}
		out = append(out, m.facts[k])
		if k == fin && own == nil || k == fin && own.ack != seen.fin+1 {
			f := m.facts[k]
			out = append(out, fact{time: f.time, ahead: f.ahead, seq: f.ack, ack: seen.fin + 1, flags: uint8(wire.ACK), bits: factStandIn | factBits(dir)})
		}
	}
	m.facts, m.scratch = out, m.facts
}

// unite makes what is said of both sides of a socket that is connected to itself one: the RST that it sends it gets.
func (j *Course) unite() {
	steps := j.Trajectory[Server]
	if n := len(steps); n > 0 && steps[n-1].Cause == fsm.SendRST {
		j.Trajectory[Client], j.State[Client] = steps, j.State[Server]
	}
}
