package analyzer

import "tcptrace/fsm"

// telling is a step or an anomaly that was told, as small as it can be: a flood of SYNs has two of them for each.
type telling struct {
	time Time
	what uint64 // the frame, and below it which of both it is, its side, and its state or kind
}

// tellings are some of one conversation, which are read together: a list of them one by one would be a cache miss for each. Those behind the last are zero.
type tellings [2]telling

// The bits of telling.what. 52 are left for the frame: those of a hundred million frames a second, for a year.
const (
	tellingIs      = 1 << 11 // there is one
	tellingStep    = 1 << 10
	tellingHasSide = 1 << 9
	tellingServer  = 1 << 8
	tellingFrame   = 12 // from this bit on
)

func tell(frame uint64, time Time, of uint8, side Side, is uint64) telling {
	return telling{time, frame<<tellingFrame | tellingIs | is | uint64(side&1)<<8 | uint64(of)}
}

func (s *announcedStep) telling(side Side) telling {
	return tell(s.frame, s.time, uint8(s.state), side, tellingStep)
}

func (a *announcedAnomaly) telling() telling {
	is := uint64(0)
	if a.hasSide {
		is = tellingHasSide
	}
	return tell(a.frame, a.time, a.kind, a.side, is)
}

func (w *telling) isStep() bool { return w.what&tellingStep != 0 }

func (w *telling) side() Side { return Side(w.what & tellingServer >> 8) }

func (w *telling) step() (Side, announcedStep) {
	return w.side(), announcedStep{w.what >> tellingFrame, w.time, fsm.State(w.what & 0xff)}
}

func (w *telling) anomaly() announcedAnomaly {
	return announcedAnomaly{w.what >> tellingFrame, w.time, uint8(w.what & 0xff), w.side(), w.what&tellingHasSide != 0}
}
