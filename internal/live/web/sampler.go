package web

import (
	"cmp"
	"net/netip"
	"slices"
	"time"

	"tcptrace/analyzer"
	"tcptrace/internal/live"
	"tcptrace/internal/live/recent"
	"tcptrace/internal/page"
	"tcptrace/report"
)

const (
	mostOpen     = 1024 // conversations that go on, in the table: the most active
	mostFinished = 1024 // conversations that are over, the latest
)

// sampler observes the loop, and copies what the page needs. All but take is called by the goroutine of the loop.
type sampler struct {
	loop     *live.Loop
	served   netip.AddrPort // connections to the page are not shown
	ring     *recent.Ring
	past     page.Past
	where    *report.Where // nil: all
	finished []analyzer.Conversation
	next     int                    // of finished: the oldest
	gone     uint64                 // conversations that are over and not kept
	ends     map[uint64]page.Ending // what was counted of the ends of conversations that are not over, by stream
	watched  map[uint64]*analyzer.Conversation
}

// snapshot is a copy.
type snapshot struct {
	over    bool          // the loop has ended
	took    time.Duration // of the loop's time
	sum     analyzer.Summary
	past    page.Past
	ended   map[uint64]bool         // by stream: they are in list, and their ends counted in past
	list    []analyzer.Conversation // the first n are valid
	n       int
	hidden  uint64 // conversations that are not in it
	watched []watched
}

// watched is a conversation that is shown segment by segment.
type watched struct {
	c        analyzer.Conversation
	segments []recent.Entry
}

func newSampler(loop *live.Loop, where *report.Where) *sampler {
	s := &sampler{loop: loop, where: where, ring: recent.New(), ends: map[uint64]page.Ending{}, watched: map[uint64]*analyzer.Conversation{}}
	loop.Monitor().Watch(s.ring.Read)
	loop.OnPacket(func(p *analyzer.Numbered) { s.past.Add(analyzer.Time(p.Time), p.WireLen) })
	loop.OnEvent(s.event)
	return s
}

// event counts, and keeps conversations that are over.
func (s *sampler) event(e *analyzer.Event) {
	if !s.isOurs(e.Conversation) {
		s.count(e)
	}
	if e.Kind != analyzer.EventConversation || e.Over == analyzer.NotOver {
		return
	}
	if c := s.watched[e.Conversation.Stream]; c != nil {
		e.Conversation.CopyTo(c)
	}
	if len(s.finished) < mostFinished {
		s.finished = append(s.finished, analyzer.Conversation{})
		e.Conversation.CopyTo(&s.finished[len(s.finished)-1])
		return
	}
	e.Conversation.CopyTo(&s.finished[s.next])
	s.next = (s.next + 1) % mostFinished
	s.gone++
}

// count adds an event to what has passed. A condition is asked when a conversation is over: before that it is not known whether it holds.
func (s *sampler) count(e *analyzer.Event) {
	c := e.Conversation
	over := e.Kind == analyzer.EventConversation && e.Over != analyzer.NotOver
	if s.where != nil {
		if over && matches(s.where, c) {
			s.past.Open(c, 1)
			s.past.End(c, e.Judgment, page.Ending{})
		}
		return
	}
	switch {
	case e.Kind == analyzer.EventOpened:
		s.past.Open(c, 1)
	case e.Kind == analyzer.EventCorrection && e.Correction.Of == analyzer.EventOpened:
		s.past.Open(c, -1)
	case e.Kind == analyzer.EventClosed:
		s.ends[c.Stream] = s.past.End(c, e.Judgment, s.ends[c.Stream])
	case e.Kind == analyzer.EventCorrection && e.Correction.Of == analyzer.EventClosed:
		s.ends[c.Stream] = s.past.Reopen(s.ends[c.Stream])
	case over:
		s.past.End(c, e.Judgment, s.ends[c.Stream])
		delete(s.ends, c.Stream)
	}
}

// take copies what there is now, with the segments of some conversations, by stream. It is called by another goroutine than the loop's.
func (s *sampler) take(shot *snapshot, streams map[uint64]bool) {
	shot.over = !s.loop.Do(func() {
		began := time.Now()
		s.copy(shot, streams, true)
		shot.took = time.Since(began)
	})
	if shot.over { // its goroutine touches nothing any more
		s.copy(shot, streams, false)
	}
	for i := range shot.watched {
		shot.watched[i].segments = recent.Settle(shot.watched[i].segments)
	}
}

func (s *sampler) copy(shot *snapshot, streams map[uint64]bool, running bool) {
	shot.sum = s.loop.Summary()
	s.past.CopyTo(&shot.past)
	shot.n, shot.hidden, shot.ended = 0, s.gone, map[uint64]bool{}
	for i := range s.finished {
		shot.add(s, &s.finished[i])
		shot.ended[s.finished[i].Stream] = true
	}
	if running {
		m, visited := s.loop.Monitor(), 0
		shot.sum.Conversations += uint64(m.Open()) // those that are over are counted
		m.Survey(analyzer.ByActivity, func(seen *analyzer.Seen) bool {
			shot.add(s, seen.Conversation)
			if s.ends[seen.Conversation.Stream].Counted() {
				shot.ended[seen.Conversation.Stream] = true
			}
			visited++
			return visited < mostOpen
		})
		shot.hidden += uint64(max(0, m.Open()-visited))
	}
	s.watch(shot, streams, running)
}

// isOurs reports whether c is a connection to the page.
func (s *sampler) isOurs(c *analyzer.Conversation) bool {
	for side := range c.Addr {
		if at := c.Addr[side]; at.Port() == s.served.Port() && (s.served.Addr().IsUnspecified() || at.Addr().Unmap() == s.served.Addr()) {
			return true
		}
	}
	return false
}

// add adds c, unless it is a connection to the page.
func (shot *snapshot) add(s *sampler, c *analyzer.Conversation) {
	if s.isOurs(c) {
		return
	}
	if shot.n == len(shot.list) {
		shot.list = append(shot.list, analyzer.Conversation{})
	}
	c.CopyTo(&shot.list[shot.n])
	shot.n++
}

// has reports whether a conversation is in it.
func (shot *snapshot) has(stream uint64) bool {
	for i := range shot.list[:shot.n] {
		if shot.list[i].Stream == stream {
			return true
		}
	}
	return false
}

// inOrder is the conversations in order of their numbers.
func (shot *snapshot) inOrder() []*analyzer.Conversation {
	list := make([]*analyzer.Conversation, shot.n)
	for i := range list {
		list[i] = &shot.list[i]
	}
	slices.SortFunc(list, func(a, b *analyzer.Conversation) int { return cmp.Compare(a.Stream, b.Stream) })
	return list
}

// watch copies the conversations that are shown segment by segment, and their segments. Once found they are kept as long as somebody looks at them.
func (s *sampler) watch(shot *snapshot, streams map[uint64]bool, running bool) {
	for stream := range s.watched {
		if !streams[stream] {
			delete(s.watched, stream)
		}
	}
	for i := range shot.list[:shot.n] {
		c := &shot.list[i]
		if !streams[c.Stream] {
			continue
		}
		if s.watched[c.Stream] == nil {
			s.watched[c.Stream] = &analyzer.Conversation{}
		}
		c.CopyTo(s.watched[c.Stream])
	}
	var firsts []uint64
	for _, c := range s.watched {
		firsts = append(firsts, c.FirstFrame)
		goesOn := false
		if running {
			s.loop.Monitor().Find(c.FirstFrame, func(seen *analyzer.Seen) { goesOn = true; seen.Conversation.CopyTo(c) })
		}
		if !shot.has(c.Stream) { // who looks at it finds it in the table
			shot.add(s, c)
			shot.hidden -= min(shot.hidden, 1)
			shot.ended[c.Stream] = !goesOn || s.ends[c.Stream].Counted()
		}
	}
	s.ring.Want(firsts...)
	shot.watched = shot.watched[:0]
	for _, c := range s.watched {
		w := watched{segments: s.ring.CopyTo(nil, c.FirstFrame)}
		c.CopyTo(&w.c)
		shot.watched = append(shot.watched, w)
	}
}
