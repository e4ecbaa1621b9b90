package metrics

import "tcptrace/analyzer"

// Bound is one of what holds a live analysis, and the files and the view beside it, within its memory and time. What the analyzer bounds has names of its own.
type Bound uint8

// The bounds. docs/live.md says what each is.
const (
	BoundKernel    Bound = iota // words of the kernel, that it had no room for or that have none in our table
	BoundWords                  // words of the kernel that wait for packets
	BoundHeld                   // events that are held back until it is known whose their conversation is
	BoundHolders                // processes that have a socket of connections whose process is looked for
	BoundDisk                   // packets that wait for the disk
	BoundRotation               // packets in files of a series
	BoundKeepOne                // packets held of a conversation that may be wanted
	BoundKeepAll                // packets held of all of them
	BoundKeepOrder              // packets that wait for older ones of conversations that are wanted
	BoundFollow                 // bytes of payload that is followed in the view
	NumBounds
)

var boundNames = [NumBounds]string{
	BoundKernel: "kernel-words", BoundWords: "waiting-words", BoundHeld: "held-events", BoundHolders: "socket-holders", BoundDisk: "write", BoundRotation: "max-files", BoundKeepOne: "keep-conversation",
	BoundKeepAll: "keep-memory", BoundKeepOrder: "keep-order", BoundFollow: "follow",
}

// String is its label.
func (b Bound) String() string { return boundNames[b] }

// Counts are what did not fit, by Bound.
type Counts [NumBounds]uint64

// leftOut counts what did not fit.
func (m *Metrics) leftOut() (counts Counts) {
	if m.opts.LeftOut != nil {
		counts = m.opts.LeftOut()
	}
	return counts
}

// analyzerBounds are the names of the analyzer's bounds, in the order of Summary.Bounds.
var analyzerBounds = func() (names []string) {
	var all analyzer.Summary
	for b := range all.Bounds {
		all.Bounds[b] = 1
	}
	for _, s := range all.Shortfalls() {
		names = append(names, s.Bound)
	}
	return names
}()

func readLeftOut(s *moment, emit emit) {
	for b, n := range s.leftOut {
		emit(float64(n), Bound(b).String())
	}
	for b, n := range s.summary.Bounds {
		emit(float64(n), analyzerBounds[b])
	}
}
