// Package dialogue hears what one or both sides of a conversation said, and tells what of that cannot be shown as it was sent.
//
// Not its job: the order of the bytes (analyzer.Follower), and what they look like (report.Transcripts).
package dialogue

import (
	"errors"
	"fmt"
	"strconv"

	"tcptrace/analyzer"
	"tcptrace/report"
)

// Sides are the sides that can be heard, by name: whether each is.
var Sides = map[string][2]bool{
	"client": {analyzer.Client: true},
	"server": {analyzer.Server: true},
	"both":   {true, true},
}

// Hearing hears one conversation, as the viewer of two passes.
type Hearing struct {
	Want    [2]bool                  // by side
	Options report.TranscriptOptions // after the first pass with whose conversation it is
	Out     report.Transcript        // set before the second pass

	follower  *analyzer.Follower
	conflicts []string
}

// quoted is the beginning of b, in characters that a terminal prints.
func quoted(b []byte) string {
	const most = 32
	if len(b) <= most {
		return strconv.QuoteToASCII(string(b))
	}
	return strconv.QuoteToASCII(string(b[:most])) + "..."
}

// maxConflicts is how many conflicts are told by name.
const maxConflicts = 10

// Take begins to follow c.
func (w *Hearing) Take(c *analyzer.Conversation) {
	w.follower = analyzer.NewFollower(c, w.hear)
	w.Options.Addr, w.Options.Start = c.Addr, c.Start
}

// See takes a frame, unless no receiver would have.
func (w *Hearing) See(f *analyzer.Frame) error {
	if f.Reading.Kind == analyzer.KindUnacceptable {
		return nil
	}
	return w.follower.Segment(f.Segment, f.Payload)
}

func (w *Hearing) hear(p *analyzer.Piece) error {
	if !w.Want[p.From] {
		return nil
	}
	if p.Kind == analyzer.PieceConflict && len(w.conflicts) < maxConflicts {
		w.conflicts = append(w.conflicts, fmt.Sprintf("frame %d: bytes %d to %d of the %s were sent before with other content, which is the one shown; these are %s",
			p.Frame, p.Offset, p.Offset+p.Len-1, p.From, quoted(p.Bytes)))
	}
	return w.Out.Piece(p)
}

// was is the verb for so many.
func was(n int64) string {
	if n == 1 {
		return "was"
	}
	return "were"
}

// Finish writes what still waits for bytes in front of it.
func (w *Hearing) Finish() error { return errors.Join(w.follower.Close(), w.Out.Finish()) }

// Notes say what is not in the output as it was sent.
func (w *Hearing) Notes() (notes []string) {
	say := func(n int64, format string, args ...any) {
		if n > 0 {
			notes = append(notes, fmt.Sprintf(format, args...))
		}
	}
	for _, c := range w.conflicts {
		say(1, "%s", c)
	}
	for side := range analyzer.Server + 1 {
		if !w.Want[side] {
			continue
		}
		s := w.follower.Stats(side)
		say(s.Conflicts-maxConflicts, "the %s sent bytes again with other content %s in all", side, report.Counted(uint64(s.Conflicts), "time"))
		say(s.Missing, "%s of the %s %s not in the capture", report.Counted(uint64(s.Missing), "byte"), side, map[bool]string{true: "is", false: "are"}[s.Missing == 1])
		say(s.Cut, "%s of the %s %s cut by the snap length", report.Counted(uint64(s.Cut), "byte"), side, was(s.Cut))
		say(s.Forced, "%s of the %s %s given up because too much had come behind", report.Counted(uint64(s.Forced), "byte"), side, was(s.Forced))
		say(s.Late, "%s of the %s came too late for the place, or from before the first one", report.Counted(uint64(s.Late), "byte"), side)
		say(s.Unchecked, "%s of the %s came again too late to be compared", report.Counted(uint64(s.Unchecked), "byte"), side)
		say(s.Segments, "%s of the %s %s left out: far from the others, or with a wrong checksum", report.Counted(uint64(s.Segments), "segment"), side, was(s.Segments))
	}
	return notes
}
