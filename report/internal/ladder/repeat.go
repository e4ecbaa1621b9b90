package ladder

import (
	"fmt"
	"slices"
	"time"

	"tcptrace/analyzer"
	"tcptrace/report/internal/human"
)

const (
	// repeatLeast groups that are like the one before them fold.
	repeatLeast = 2
	// A group of more than groupMost rungs is no part of a pattern that anybody would recognize.
	groupMost = 12
	// Times that differ by less than sameTime are the same to who looks at pauses of pauseLeast and more.
	sameTime = pauseLeast / 10
)

// group is a pause, and what comes until the next one.
type group struct {
	rungs []rung
	views []analyzer.SegmentView // of the rungs, which point to them
	runs  []run
}

// begin makes g one that begins with a pause.
func (g *group) begin(pause *rung) {
	if g.rungs == nil {
		g.rungs, g.views, g.runs = make([]rung, 0, groupMost), make([]analyzer.SegmentView, 0, groupMost), make([]run, 0, groupMost)
	}
	g.rungs, g.views, g.runs = append(g.rungs[:0], *pause), g.views[:0], g.runs[:0]
}

// add adds r if it may be part of what repeats, and reports whether it did.
func (g *group) add(r *rung) bool {
	if len(g.rungs) == groupMost || len(r.steps[0])+len(r.steps[1])+len(r.notable) > 0 {
		return false
	}
	own := *r
	switch {
	case r.kind == rungSegment && (ordinary(r.view) || keepAlive(r.view)):
		g.views = append(g.views, *r.view)
		own.view = &g.views[len(g.views)-1]
		own.view.Notes = slices.Clone(r.view.Notes) // the view's are used again
	case r.kind == rungRun:
		g.runs = append(g.runs, *r.run)
		own.run = &g.runs[len(g.runs)-1]
	default:
		return false
	}
	g.rungs = append(g.rungs, own)
	return true
}

// keepAlive reports whether v is a keep-alive probe or an answer to one of which there is nothing to say.
func keepAlive(v *analyzer.SegmentView) bool {
	return (v.Kind == analyzer.KindKeepAlive || v.Kind == analyzer.KindKeepAliveACK) && unremarkable(v)
}

// first and last are the times of its first and last packets.
func (g *group) first() analyzer.Time { return g.rungs[1].time }
func (g *group) last() analyzer.Time {
	r := &g.rungs[len(g.rungs)-1]
	if r.kind == rungRun {
		return r.run.last
	}
	return r.time
}

// idle is how many probes the sides sent, and how many answers, if it is made of them alone.
func (g *group) idle() (probes, answers [2]int, all bool) {
	for i := range g.views {
		switch v := &g.views[i]; v.Kind {
		case analyzer.KindKeepAlive:
			probes[v.From&1]++
		case analyzer.KindKeepAliveACK:
			answers[v.From&1]++
		}
	}
	return probes, answers, probes[0]+probes[1]+answers[0]+answers[1] == len(g.rungs)-1
}

// like reports whether g is what the first of a series is: the same sides send the same in the same order, at the same times. Of keep-alives
// only the pauses matter, and those only if they are longer: both sides may send them, each by its own clock.
func (g *group) like(first *group) bool {
	pause, span := g.rungs[0].pause-first.rungs[0].pause, g.last().Sub(g.first())-first.last().Sub(first.first())
	if pause > tolerance(first.rungs[0].pause) || span.Abs() > tolerance(first.last().Sub(first.first())) || len(g.rungs) != len(first.rungs) {
		return false
	}
	_, _, idle := g.idle()
	if _, _, too := first.idle(); idle && too {
		return true
	}
	return -pause <= tolerance(first.rungs[0].pause) && slices.EqualFunc(g.rungs[1:], first.rungs[1:], alike)
}

// tolerance is by how much a time may differ from d.
func tolerance(d time.Duration) time.Duration { return max(d/4, sameTime) }

// alike reports whether a and b show the same but for times and numbers.
func alike(a, b rung) bool {
	switch {
	case a.kind != b.kind:
		return false
	case a.kind == rungRun:
		return a.run.packets == b.run.packets && a.run.bytes == b.run.bytes && a.run.repeated == b.run.repeated && a.run.copies == b.run.copies
	}
	v, w := a.view, b.view
	return v.From == w.From && v.Kind == w.Kind && v.Flags == w.Flags && v.Len == w.Len && slices.Equal(v.Notes, w.Notes)
}

// repeat sums up groups.
type repeat struct {
	run
	times     uint64
	from      analyzer.Time // of the first packet of the latest group
	least     time.Duration // from one's first packet to the next one's
	most      time.Duration
	keepAlive bool // they are nothing else
}

// add adds g.
func (r *repeat) add(g *group) {
	_, _, idle := g.idle()
	apart := g.first().Sub(r.from)
	if r.times == 0 {
		r.least, r.most, r.keepAlive = apart, apart, idle
	}
	r.least, r.most = min(r.least, apart), max(r.most, apart)
	r.times++
	r.from = g.first()
	for i := range g.rungs {
		switch m := &g.rungs[i]; m.kind {
		case rungSegment:
			r.run.add(m.view)
		case rungRun:
			r.run.join(m.run)
		}
	}
}

// series passes rungs on, and folds groups of them that are like the one before.
type series struct {
	show     func(*rung)
	oneSided bool // nobody's answers are captured
	open     bool // now is a group that goes on
	now      group
	model    group // the first of those that are like now; it was shown. Empty: there is none
	held     group // the one behind it, which is shown if no other follows
	repeat   repeat
	rung     rung
}

// add takes the next rung.
func (s *series) add(r *rung) {
	switch {
	case r.kind == rungPause:
		s.close()
		if s.open = !r.toEnd; s.open {
			s.now.begin(r)
			return
		}
		s.unfold()
	case s.open && s.now.add(r):
		return
	default:
		s.drop()
	}
	s.show(r)
}

// close ends the group.
func (s *series) close() {
	switch {
	case !s.open || len(s.now.rungs) == 1 || !s.answered():
		s.drop()
	case len(s.model.rungs) > 0 && s.now.like(&s.model):
		s.repeat.add(&s.now)
		if s.repeat.times == 1 {
			s.now, s.held = s.held, s.now
		}
	default:
		s.unfold()
		s.showGroup(&s.now)
		s.now, s.model = s.model, s.now
		s.repeat.from = s.model.first()
	}
	s.open = false
}

// answered reports whether each probe of the group was: one that was not is no routine, unless no answer can be seen.
func (s *series) answered() bool {
	probes, answers, _ := s.now.idle()
	return s.oneSided || probes[0] == answers[1] && probes[1] == answers[0]
}

// drop shows a group that is no part of what repeats, so that the series ends.
func (s *series) drop() {
	s.unfold()
	if s.open {
		s.showGroup(&s.now)
	}
	s.open = false
}

// unfold ends the series.
func (s *series) unfold() {
	switch {
	case s.repeat.times >= repeatLeast:
		s.rung = rung{kind: rungRepeat, frame: s.repeat.firstFrame, time: s.repeat.run.first, repeat: &s.repeat}
		s.show(&s.rung)
	case s.repeat.times > 0:
		s.showGroup(&s.held)
	}
	s.repeat, s.model.rungs = repeat{}, s.model.rungs[:0]
}

func (s *series) showGroup(g *group) {
	for i := range g.rungs {
		s.show(&g.rungs[i])
	}
}

// finish shows what is held back.
func (s *series) finish() {
	s.close()
	s.unfold()
}

// repeatText says how often what was just shown came again; until is the time of the last, as the renderer shows it.
func repeatText(r *repeat, until string) string {
	what, apart := "the same", human.Duration(r.least)
	if r.keepAlive {
		what = "keep-alives"
	}
	if most := human.Duration(r.most); most != apart {
		apart += " to " + most
	}
	return fmt.Sprintf("%s %s more, %s apart, until %s (frame %d): %s", what, human.Counted(r.times, "time"), apart, until, r.lastFrame, runText(&r.run))
}
