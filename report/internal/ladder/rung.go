package ladder

import (
	"math"
	"slices"
	"time"

	"tcptrace/analyzer"
	"tcptrace/fsm"
)

// rungKind says what a rung shows.
type rungKind uint8

const (
	rungSegment rungKind = iota
	rungRun              // ordinary segments, folded
	rungPause            // a time without segments
	rungStep             // steps that no segment of the conversation shows
	rungRemark           // anomalies of a frame that is not shown
	rungRepeat           // pauses and what followed each, like those before, folded
)

// rung is one event of a conversation, for renderers that people read. It is valid until the next.
type rung struct {
	kind    rungKind
	frame   uint64
	time    analyzer.Time
	view    *analyzer.SegmentView // of rungSegment
	run     *run                  // of rungRun
	repeat  *repeat               // of rungRepeat
	pause   time.Duration         // of rungPause
	toEnd   bool                  // of rungPause: to the end of the capture
	steps   [2][]analyzer.Step    // by Side: what is entered here
	notable []analyzer.Anomaly    // what is raised here
}

// run sums up segments.
type run struct {
	firstFrame  uint64
	lastFrame   uint64
	first, last analyzer.Time
	packets     [2]uint64 // by Side
	bytes       [2]uint64 // of payload
	repeated    [2]uint64 // ACKs that repeat the last
	copies      uint64    // made by the capture
}

const (
	// runLead segments of a run are shown, as they say what it is about; runLeast more fold.
	runLead  = 2
	runLeast = 6
	// In a conversation of onePage segments no run is folded.
	onePage = 40
	// A pause from pauseLeast on is shown: it is where time was lost.
	pauseLeast = time.Second
)

// rungMaker makes rungs of a conversation's segments. It holds runLeast segments at most, and those of three
// groups (series), of fewer than groupMost each.
type rungMaker struct {
	show      func(*rung)
	full      bool    // fold no run
	series    *series // nil: what repeats is shown as often
	end       analyzer.Time
	steps     [2][]analyzer.Step // to come
	state     [2]fsm.State       // at the end
	anomalies []analyzer.Anomaly // to come

	last    analyzer.Time // of the latest segment
	started bool
	length  int // segments of the current run
	held    []analyzer.SegmentView
	run     run // of more segments than can be held
	rung    rung

	longest      time.Duration // of the pauses between segments
	longestAfter uint64        // frame
	lastFrame    uint64
}

// newRungMaker makes rungs of c, of which j is the judgment. end is when the capture ended.
func newRungMaker(c *analyzer.Conversation, j *analyzer.Judgment, end analyzer.Time, full bool, show func(*rung)) *rungMaker {
	m := &rungMaker{show: show, full: full || c.Packets() <= onePage, end: end, state: j.State}
	for side, steps := range j.Trajectory {
		m.steps[side] = append(m.steps[side], steps...)
		if len(steps) > 0 && steps[0].State == fsm.Listen { // its SYN-ACK shows it, and that it was there before
			m.steps[side][0].Frame = c.FirstFrame
		}
	}
	m.anomalies = append(m.anomalies, j.Anomalies...)
	if !full {
		m.series = &series{show: show, oneSided: c.Sent[0].Packets == 0 || c.Sent[1].Packets == 0}
		m.show = m.series.add
	}
	return m
}

// skip leaves out what happened before a frame, but for the state that each endpoint had reached.
func (m *rungMaker) skip(frame uint64) {
	for side, steps := range m.steps {
		for i := range steps {
			if steps[i].Frame != 0 && steps[i].Frame < frame {
				m.steps[side] = steps[i:]
			}
		}
	}
	m.anomalies = slices.DeleteFunc(m.anomalies, func(a analyzer.Anomaly) bool { return a.Frame != 0 && a.Frame < frame })
}

// Segment takes the next Segment.
func (m *rungMaker) segment(v *analyzer.SegmentView) {
	m.remarks(v.Frame)
	pause := v.Time.Sub(m.last)
	if m.started && pause >= pauseLeast {
		m.unfold()
		m.emit(rung{kind: rungPause, time: m.last, pause: pause})
	}
	if m.started && pause > m.longest {
		m.longest, m.longestAfter = pause, m.lastFrame
	}
	m.started, m.last, m.lastFrame = true, v.Time, v.Frame
	m.silentSteps(v)
	r := rung{kind: rungSegment, frame: v.Frame, time: v.Time, view: v}
	for side := range m.steps {
		r.steps[side] = m.dueSteps(analyzer.Side(side), v.Frame)
	}
	r.notable = m.dueAnomalies(v.Frame)
	if !m.full && ordinary(v) && len(r.steps[0])+len(r.steps[1])+len(r.notable) == 0 {
		m.fold(&r)
		return
	}
	m.unfold()
	m.emit(r)
}

// remarks shows the anomalies of frames before one that are not shown: an ICMP error is none of the conversation's segments.
func (m *rungMaker) remarks(before uint64) {
	for len(m.anomalies) > 0 && m.anomalies[0].Frame < before && m.anomalies[0].Frame != 0 {
		m.unfold()
		first := &m.anomalies[0]
		m.emit(rung{kind: rungRemark, frame: first.Frame, time: first.Time, notable: m.dueAnomalies(first.Frame)})
	}
}

// silentSteps shows the steps before v that no segment shows.
func (m *rungMaker) silentSteps(v *analyzer.SegmentView) {
	for side := range m.steps {
		for len(m.steps[side]) > 0 && m.steps[side][0].Frame == 0 && m.steps[side][0].Time <= v.Time {
			m.unfold()
			m.step(analyzer.Side(side))
		}
	}
}

// step shows the next step of side on a rung of its own.
func (m *rungMaker) step(side analyzer.Side) {
	r := rung{kind: rungStep, frame: m.steps[side][0].Frame, time: m.steps[side][0].Time}
	r.steps[side], m.steps[side] = m.steps[side][:1], m.steps[side][1:]
	m.emit(r)
}

func (m *rungMaker) dueSteps(side analyzer.Side, frame uint64) []analyzer.Step {
	n := 0
	for list := m.steps[side]; n < len(list) && list[n].Frame <= frame && list[n].Frame != 0; {
		n++
	}
	due := m.steps[side][:n]
	m.steps[side] = m.steps[side][n:]
	return due
}

func (m *rungMaker) dueAnomalies(frame uint64) []analyzer.Anomaly {
	n := 0
	for n < len(m.anomalies) && m.anomalies[n].Frame <= frame {
		n++
	}
	due := m.anomalies[:n]
	m.anomalies = m.anomalies[n:]
	return due
}

// fold takes a segment that may be part of a run.
func (m *rungMaker) fold(r *rung) {
	m.length++
	switch {
	case m.length <= runLead:
		m.emit(*r)
	case m.length <= runLead+runLeast:
		v := *r.view
		v.Notes = append([]string(nil), v.Notes...) // the view's are used again
		m.held = append(m.held, v)
	default:
		for i := range m.held {
			m.run.add(&m.held[i])
		}
		m.held = m.held[:0]
		m.run.add(r.view)
	}
}

// unfold ends the current run.
func (m *rungMaker) unfold() {
	m.length = 0
	for i := range m.held {
		v := &m.held[i]
		m.emit(rung{kind: rungSegment, frame: v.Frame, time: v.Time, view: v})
	}
	m.held = m.held[:0]
	if m.run.firstFrame != 0 {
		m.emit(rung{kind: rungRun, frame: m.run.firstFrame, time: m.run.first, run: &m.run})
		m.run = run{}
	}
}

// finish shows what comes after the last segment.
func (m *rungMaker) finish() {
	m.unfold()
	end, over := m.over()
	if !over {
		end = m.end
	}
	if rest := end.Sub(m.last); m.started && rest >= pauseLeast {
		m.emit(rung{kind: rungPause, time: m.last, pause: rest, toEnd: !over})
	}
	for side := range m.steps {
		for len(m.steps[side]) > 0 {
			m.step(analyzer.Side(side))
		}
	}
	m.remarks(math.MaxUint64)
	if m.series != nil {
		m.series.finish()
	}
}

// over is when nobody had the connection any more, by what is to come, if the hosts of the endpoints say so: nobody waits for a packet then.
func (m *rungMaker) over() (at analyzer.Time, over bool) {
	for side, steps := range m.steps {
		state := m.state[side]
		if n := len(steps); n > 0 && steps[n-1].Frame == 0 && steps[n-1].Evidence == analyzer.EvidenceKernel && steps[n-1].Time <= m.end {
			at, over = max(at, steps[n-1].Time), true
		}
		if state != fsm.Closed && state != fsm.Unknown {
			return 0, false
		}
	}
	return at, over
}

func (m *rungMaker) emit(r rung) {
	m.rung = r
	m.show(&m.rung)
}

func (r *run) add(v *analyzer.SegmentView) {
	if r.firstFrame == 0 {
		r.firstFrame, r.first = v.Frame, v.Time
	}
	r.last, r.lastFrame = v.Time, v.Frame
	r.packets[v.From&1]++
	switch v.Kind {
	case analyzer.KindCaptureDuplicate:
		r.copies++
		return
	case analyzer.KindDuplicateACK:
		r.repeated[v.From&1]++
	}
	r.bytes[v.From&1] += uint64(v.Len)
}

// join adds what o sums up, which comes later.
func (r *run) join(o *run) {
	if r.firstFrame == 0 {
		r.firstFrame, r.first = o.firstFrame, o.first
	}
	r.last, r.lastFrame = o.last, o.lastFrame
	for side := range o.packets {
		r.packets[side] += o.packets[side]
		r.bytes[side] += o.bytes[side]
		r.repeated[side] += o.repeated[side]
	}
	r.copies += o.copies
}

// foldable are the kinds of which a transfer is made.
var foldable = map[string]bool{
	analyzer.KindData.String(): true, analyzer.KindACK.String(): true, analyzer.KindWindowUpdate.String(): true,
	analyzer.KindDuplicateACK.String(): true, analyzer.KindCaptureDuplicate.String(): true,
}

// quietNotes are the notes that a segment of a run may have: they come with many segments, and say little of one.
var quietNotes = map[string]bool{"super-segment": true, "truncated": true, "stale-ack": true, "ecn-ece": true}

// ordinary reports whether v may fold.
func ordinary(v *analyzer.SegmentView) bool { return foldable[v.Kind.String()] && unremarkable(v) }

// unremarkable reports whether there is nothing to say of v beside its kind.
func unremarkable(v *analyzer.SegmentView) bool {
	return v.Window != 0 && len(v.Comments) == 0 && !slices.ContainsFunc(v.Notes, func(note string) bool { return !quietNotes[note] })
}
