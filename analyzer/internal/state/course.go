package state

import (
	"slices"

	"tcptrace/analyzer/internal/conn"
	"tcptrace/fsm"
	"tcptrace/internal/wire"
)

// Course is what became of the endpoints of a conversation: their trajectories, and how the connection ended. The zero value is ready; use it
// again to spare allocations.
type Course struct {
	State      [2]fsm.State // at the end of what was captured, by Side; the last of Trajectory
	Trajectory [2][]Step    // by Side
	Close      Close        // how the connection ended

	Inference Inference
	steps     []Step
	heard     [2][]Step
	inferred  [2][]Step // what Trajectory was before Hear; valid where hears
	hears     [2]bool
	View      View
}

// Follow works out the trajectories and the close. It leaves c as it is.
func (j *Course) Follow(c *conn.Conversation) {
	m := &j.Inference
	*m = Inference{Facts: append(m.Facts[:0], c.Facts...), scratch: m.scratch, Sides: c.Sides, Now: c.Now, TwoMSL: c.TwoMSL, FirstFrame: c.FirstFrame}
	m.Facts = slices.DeleteFunc(m.Facts, func(f conn.Fact) bool { return isFalseACK(&f) })
	m.takeIncidents(c.Incidents)
	m.lacks = m.lacks || m.beganUnseen(0) || m.beganUnseen(1)
	m.standIn()
	m.standInSYNACK()
	m.standInFIN()
	for dir := range uint8(2) {
		m.Sides[dir].FirstFIN = m.firstFIN(dir)
	}
	cl := c.ClientDir
	j.steps = m.infer(cl, j.steps[:0])
	n := len(j.steps)
	j.steps = m.infer(1-cl, j.steps)
	j.hears = [2]bool{}
	j.Trajectory[conn.Client], j.Trajectory[conn.Server] = j.steps[:n:n], j.steps[n:]
	for side, steps := range j.Trajectory {
		j.State[side] = fsm.Unknown
		if len(steps) > 0 {
			j.State[side] = steps[len(steps)-1].State
		}
	}
	if c.Self() {
		j.unite()
	}
	j.View = View{m, c, j}
	j.Close = j.View.explain()
}

// firstFIN is the index of the first FIN of a direction, -1 if there is none. One without ACK, which nobody
// takes, is it if the FIN comes again with ACK, unless it is hardly from its sender.
func (m *Inference) firstFIN(dir uint8) int {
	self := &m.Sides[dir]
	return m.first(dir, 0, func(f *conn.Fact) bool {
		bare := f.Has(wire.FIN) && !f.Any(wire.ACK|wire.SYN|wire.RST) && self.KnowsFIN && f.Seq+uint32(f.Len) == self.FIN &&
			!f.Bits.Has(conn.FactOnPath)
		return conn.IsFIN(f) || bare
	})
}

// Succeeded says who began another connection on the sockets, and in which frame.
func (j *Course) Succeeded() (by conn.Side, frame uint64, ok bool) {
	syn := j.Inference.successor
	if syn == nil {
		return 0, 0, false
	}
	return j.View.Side(syn.Dir), j.Inference.FirstFrame + uint64(syn.Ahead), true
}

// takeIncidents takes from the incidents what bears on the trajectories.
func (m *Inference) takeIncidents(incidents []conn.Incident) {
	for i := range incidents {
		switch k := &incidents[i]; k.Kind {
		case conn.IncidentSucceeds:
			m.succeeds = true
		case conn.IncidentOldAnswer:
			m.oldAnswer = true
		case conn.IncidentSucceeded:
			m.successor = k
		case conn.IncidentChallenge:
			m.Sides[k.Dir].Challenged, m.challenged[k.Dir] = true, k.Last
		case conn.IncidentHole:
			m.Sides[k.Dir].Holed = k.Hole.From < k.Hole.To && !k.Hole.Passed
		case conn.IncidentUnseen:
			m.lacks = m.lacks || k.Amount > 0
		case conn.IncidentStrange:
			switch {
			case conn.Betrays(k):
				m.disown(k.Dir, k.Ahead, wire.RST|wire.FIN)
			case k.Amount&conn.BadEnd != 0: // BadTiming alone: the way may be shorter than any that was measured
				m.disown(k.Dir, k.Ahead, wire.RST)
			}
		}
	}
}

// beganUnseen reports whether the first that a direction sent behind its SYN was not captured: its peer acknowledged that before anything else of it
// passed, and it goes on there.
func (m *Inference) beganUnseen(dir uint8) bool {
	self, first := &m.Sides[dir], m.first(dir, 0, conn.IsOrdinary)
	if !self.KnowsISN || first < 0 {
		return false
	}
	goesOn := &m.Facts[first]
	return goesOn.Seq != self.ISN+1 && m.first(1-dir, 0, func(f *conn.Fact) bool {
		return conn.IsOrdinary(f) && f.Ahead < goesOn.Ahead && f.Ack-self.ISN-2 < goesOn.Seq-self.ISN-1
	}) >= 0
}

// disown takes an RST or FIN from its supposed sender, who did not send it. Its receiver may have taken it all the same.
func (m *Inference) disown(dir uint8, ahead uint32, flags wire.Flags) {
	for i := range m.Facts {
		if f := &m.Facts[i]; f.Dir() == dir && f.Ahead == ahead && f.Any(flags) {
			f.Bits |= conn.FactForeign
			if !f.Any(wire.ACK | wire.RST) {
				f.Bits |= conn.FactOnPath
			}
		}
	}
}

// standInSYNACK puts a SYN-ACK in the place of one that was not captured, although other segments of its sender were: who
// sent a SYN and then acknowledges anything has received it.
func (m *Inference) standInSYNACK() {
	for dir := range uint8(2) {
		syn, self := m.first(dir, 0, conn.IsSYN), &m.Sides[dir]
		if syn < 0 || m.first(1-dir, 0, conn.IsSYNACK) >= 0 || m.first(1-dir, 0, conn.IsSYN) >= 0 {
			continue
		}
		i := m.first(dir, syn, func(f *conn.Fact) bool { return conn.IsOrdinary(f) && int32(f.Seq-self.ISN) > 0 })
		if i < 0 {
			continue
		}
		ack, flags := m.Facts[i], uint8(wire.SYN|wire.ACK)
		if j := m.first(dir, syn, conn.IsSYNACK); j >= 0 { // a simultaneous open
			i, flags = j, uint8(wire.SYN)
		} else if j := m.first(1-dir, syn, func(f *conn.Fact) bool { return conn.IsOrdinary(f) && f.Ack-self.ISN-1 <= uint32(m.Facts[syn].Len) }); j >= 0 && j < i {
			i = j
		}
		other := &m.Sides[1-dir]
		if !other.KnowsISN {
			other.ISN, other.KnowsISN = ack.Ack-1, true
		}
		out := append(m.scratch[:0], m.Facts[:i]...)
		out = append(out, conn.Fact{
			Time: m.Facts[i].Time, Ahead: m.Facts[i].Ahead, Seq: other.ISN, Ack: self.ISN + 1,
			Flags: flags, Bits: conn.FactStandIn | conn.FactBits(1-dir),
		})
		m.Facts, m.scratch = append(out, m.Facts[i:]...), m.Facts
		m.lacks = true
		return
	}
}

// standInFIN puts a FIN behind a SYN that had one which the SYN-ACK acknowledged, if the handshake was done then.
func (m *Inference) standInFIN() {
	for dir := range uint8(2) {
		self, other := &m.Sides[dir], &m.Sides[1-dir]
		i := m.first(dir, 0, func(f *conn.Fact) bool {
			return conn.IsSYN(f) && f.Any(wire.FIN) && self.KnowsFIN && f.Seq+1+uint32(f.Len) == self.FIN
		})
		if i < 0 {
			continue
		}
		if m.first(dir, i, func(f *conn.Fact) bool { return conn.IsOrdinary(f) && f.Covers(other.ISN) }) < 0 {
			self.KnowsFIN = false
			continue
		}
		if m.sentAgain(dir, i) {
			continue
		}
		fin := m.Facts[i]
		fin.Seq, fin.Len, fin.Flags = self.FIN, 0, uint8(wire.FIN)
		m.Facts = slices.Insert(m.Facts, i+1, fin)
	}
}

// sentAgain reports whether the FIN of the SYN at i came again, by itself, because the SYN-ACK did not acknowledge it: it was not taken with
// the SYN.
func (m *Inference) sentAgain(dir uint8, i int) bool {
	fin := m.Sides[dir].FIN
	synack := m.first(1-dir, i, conn.IsSYNACK)
	return synack >= 0 && !m.Facts[synack].Covers(fin) && m.first(dir, synack, func(f *conn.Fact) bool { return conn.IsFIN(f) && f.Has(wire.ACK) }) >= 0
}

// isFINOnSYN tells the FIN that came with a SYN. Any other that is taken has an ACK.
func isFINOnSYN(f *conn.Fact) bool { return conn.IsFIN(f) && !f.Has(wire.ACK) }

// standIn puts facts in the place of a direction that was not captured: what the
// seen side acknowledged, the unseen side sent. A last advance of exactly one octet is its FIN.
func (m *Inference) standIn() {
	u := 0
	if m.Sides[1].Unseen {
		u = 1
	}
	unseen, seen := &m.Sides[u], &m.Sides[1-u]
	if !unseen.Unseen || len(m.Facts) == 0 {
		return
	}
	dir := uint8(u)
	var synack *conn.Fact // that no ACK is known to have answered
	out := m.scratch[:0]
	for i := range m.Facts {
		f := m.Facts[i]
		if i > 0 && f.Dir() != dir && conn.IsOrdinary(&f) && seen.KnowsISN && int32(f.Seq-seen.ISN) > 0 && len(out) > 0 && conn.IsSYN(&out[len(out)-1]) {
			out = append(out, conn.Fact{Time: f.Time, Ahead: f.Ahead, Seq: f.Ack - 1, Ack: seen.ISN + 1, Flags: uint8(wire.SYN | wire.ACK), Bits: conn.FactStandIn | conn.FactBits(dir)})
			unseen.ISN, unseen.KnowsISN = f.Ack-1, true
		}
		if synack != nil && f.Dir() != dir && conn.IsOrdinary(&f) && (f.SeqLen() > 0 || f.Ack != synack.Ack) { // else SYN_RCVD may have sent it
			synack = nil // the handshake's ACK
			out = append(out, conn.Fact{Time: f.Time, Ahead: f.Ahead, Seq: unseen.ISN + 1, Ack: seen.ISN + 1, Flags: uint8(wire.ACK), Bits: conn.FactStandIn | conn.FactBits(dir)})
		}
		if f.Has(wire.SYN|wire.ACK) && !conn.IsRST(&f) && len(out) == 0 {
			out = append(out, conn.Fact{Time: f.Time, Ahead: f.Ahead, Seq: f.Ack - 1, Flags: uint8(wire.SYN), Bits: conn.FactStandIn | conn.FactBits(dir)})
		}
		switch out = append(out, f); {
		case conn.IsSYNACK(&f):
			synack = &m.Facts[i]
		case conn.IsRST(&f):
			synack = nil
		}
	}
	m.Facts, m.scratch = out, m.Facts
	last := -1
	for i := range out {
		if f := &out[i]; f.Dir() != dir && f.Bits.Has(conn.FactAdvance) && !conn.IsRST(f) {
			last = i
		}
	}
	m.standInClose(dir, last)
}

// finTimeout is the least time after which a socket is given up in FIN_WAIT_2 (Linux: tcp_fin_timeout).
const finTimeout conn.Time = 1e9

// standInClose adds the unseen side's part of the close: its ACK of the FIN that was seen,
// and its own FIN, acknowledged by fact i.
func (m *Inference) standInClose(dir uint8, i int) {
	unseen, seen := &m.Sides[dir], &m.Sides[1-dir]
	fin := m.first(1-dir, 0, func(f *conn.Fact) bool { return conn.IsFIN(f) && !f.Any(wire.SYN) }) // that of a SYN nobody may have answered
	if fin < 0 {
		return // one octet may be data
	}
	var own *conn.Fact
	// A socket that answers by a plain RST behind its own FIN is closed, so the peer's FIN was
	// in what it acknowledged last, be it with data. Much later it may have timed out in FIN_WAIT_2.
	closed := m.first(1-dir, 0, func(f *conn.Fact) bool {
		return fin >= 0 && conn.IsPlainRST(f) && seen.KnowsFIN && f.Seq == seen.FIN+1 && f.Time < m.Facts[fin].Time+finTimeout
	})
	if i >= 0 && (m.Facts[i].Len == 1 || closed >= 0) {
		f := m.Facts[i]
		own = &conn.Fact{Time: f.Time, Ahead: f.Ahead, Seq: f.Ack - 1, Flags: uint8(wire.FIN | wire.ACK), Bits: conn.FactStandIn | conn.FactBits(dir)}
		unseen.FIN, unseen.KnowsFIN = f.Ack-1, true
		if fin >= 0 && m.Facts[fin].Ahead < f.Ahead {
			own.Ack = seen.FIN + 1
		} else {
			own.Ack = m.Facts[i].Seq
		}
	}
	out := m.scratch[:0]
	for k := range m.Facts {
		if own != nil && k == i {
			out = append(out, *own)
		}
		out = append(out, m.Facts[k])
		if k == fin && own == nil || k == fin && own.Ack != seen.FIN+1 {
			f := m.Facts[k]
			out = append(out, conn.Fact{Time: f.Time, Ahead: f.Ahead, Seq: f.Ack, Ack: seen.FIN + 1, Flags: uint8(wire.ACK), Bits: conn.FactStandIn | conn.FactBits(dir)})
		}
	}
	m.Facts, m.scratch = out, m.Facts
}

// unite makes what is said of both sides of a socket that is connected to itself one: the RST that it sends it gets.
func (j *Course) unite() {
	steps := j.Trajectory[conn.Server]
	if n := len(steps); n > 0 && steps[n-1].Cause == fsm.SendRST {
		j.Trajectory[conn.Client], j.State[conn.Client] = steps, j.State[conn.Server]
	}
}
