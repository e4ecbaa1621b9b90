package segment

import (
	"tcptrace/analyzer/internal/bulk"
	"tcptrace/analyzer/internal/conn"
)

// fullOptions is the most room that the options of a segment take: what has less payload than that leaves of the MSS is not full.
const fullOptions = 40

// takesTurn begins the turn of the sender of new bytes, if they are the first, or the answer to what its peer sent.
func (r *Reader) takesTurn() {
	a := r.A
	a.flags &^= statsAsked
	if a.LastData != 0 && r.now-r.b.LastData < r.Tx.Distance/4*3 {
		return // it cannot have heard that yet
	}
	a.turn = uint32(r.pos)
	if a.flags.has(statsTransfer) {
		a.flags &^= statsTransfer
		r.p.transfers.At(a.transfer).End(a.landed(r.now), a.held(r.now))
	}
}

// landed is since when all that the sender sent is acknowledged; now if it is not.
func (a *SenderStats) landed(now conn.Time) conn.Time {
	if a.mode == modeIdle {
		return a.since
	}
	return now
}

// held is for how long it was held up, up to now.
func (a *SenderStats) held(now conn.Time) bulk.Held {
	return bulk.Held{Window: a.in(modeWindow, now), Recovery: a.in(modeRecovery, now)}
}

// hands notes that the peer, all of whose bytes are acknowledged, is sent data: it may answer.
func (r *Reader) hands() {
	if b := r.b; b.LastData != 0 && !b.flags.has(statsAsked) && (r.S.Ack == uint32(r.Rx.End) || r.Tx.Acked >= r.Rx.End) {
		b.flags |= statsAsked
	}
}

// transfer takes new bytes of a transfer, which is the m-th mode of their sender.
func (r *Reader) transfer(m mode) {
	a, b := r.A, r.b
	if a.transfer == 0 {
		a.transfer = r.p.transfers.Get()
		*r.p.transfers.At(a.transfer) = bulk.Transfer{}
	}
	a.flags |= statsTransfer
	s := bulk.Segment{Now: r.now, Pos: r.pos, Una: r.una, Loop: r.loop(), Size: r.S.Len, Full: a.segmentMax, Window: b.window,
		Held: a.held(r.now)}
	if b.mss > 2*fullOptions {
		s.Full = min(s.Full, uint32(b.mss-fullOptions))
	}
	for _, sign := range [...]struct {
		set bool
		of  bulk.Signs
	}{
		{a.mode == modeRecovery, bulk.Lossy},
		{m == modeWindow, bulk.Full},
		{r.Tx.HadNoMore(r.now), bulk.Paused},
		{!conn.KnowsScale(r.Tx, r.Rx), bulk.Unscaled},
		{r.Tx.Distance == 0, bulk.Unplumbed},
	} {
		if sign.set {
			s.Signs |= sign.of
		}
	}
	r.p.transfers.At(a.transfer).Send(&s)
}

// loses notes that something of a's had to be sent again, or was marked.
func (r *Reader) loses(a *SenderStats) {
	if a.flags.has(statsTransfer) {
		r.p.transfers.At(a.transfer).Lose()
	}
}
