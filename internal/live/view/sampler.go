package view

import (
	"math"
	"runtime/metrics"
	"slices"
	"time"

	"tcptrace/analyzer"
	"tcptrace/fsm"
	"tcptrace/internal/findings"
	"tcptrace/internal/live"
	"tcptrace/internal/live/kernel"
	"tcptrace/internal/live/recent"
	"tcptrace/report"
)

const (
	mostRows     = 1024 // conversations in the table
	mostFinished = 1024 // conversations that are over and kept, for when all are
	mostNews     = 512  // anomalies that can be looked at

	rateTime = float64(time.Second) // over which rates are averaged
)

// sampler copies from a loop what is shown. Its methods but take run on the loop's goroutine.
type sampler struct {
	loop    *live.Loop
	capture func() (received, dropped uint64)
	memory  func() uint64
	buffers uint64                                                                     // beside memory
	kernel  func(c *analyzer.Conversation, side analyzer.Side) (kernel.Endpoint, bool) // nil: not known
	silent  func() []*analyzer.Conversation                                            // without packets; nil: not known

	ring     *recent.Ring
	now      analyzer.Time
	news     []told // the latest last
	finished []ended
	next     int // of finished, the oldest, when there is no room
	watched  ended
	ear      *listener // nil: nobody is heard
	gone     uint64    // bytes of payload that earlier ones did not keep
	services func(port uint16) string
	times    report.Times
	found    *findings.Collector // of what is over
	wrong    []string            // what was found when so many were over as told says
	told     uint64

	rates, before map[uint64][2]float64 // by stream
	at            analyzer.Time         // of before
	judgment      analyzer.Judgment
}

// ended is a conversation that is over.
type ended struct {
	c    analyzer.Conversation
	over analyzer.Over
}

// request is what to copy.
type request struct {
	into    *snapshot // whose memory is used again
	counts  bool      // nothing but the status
	ranking analyzer.Ranking
	filter  filter
	ladder  uint64 // first frame of the conversation to watch; 0: not one
	payload uint64 // that of the conversation to hear; with neither the table is wanted
}

// status is what the last lines say.
type status struct {
	now      analyzer.Time
	sum      analyzer.Summary
	followed int    // conversations
	open     int    // of these, those that are not over
	silent   int    // connections without a packet, which are not among them
	resent   uint64 // packets, of all
	memory   uint64
	received uint64 // by the capture, valid with counted
	dropped  uint64 // by the kernel, valid with counted
	counted  bool
	over     bool // the loop has ended
	took     time.Duration
}

// snapshot is what was copied.
type snapshot struct {
	status
	rows     []row
	filtered string // the condition that they meet
	looked   int    // conversations that were asked whether they do
	whereErr error  // the first
	news     []told
	wrong    []string // what was found in the conversations that are over, the worst first

	ladder   ended // the conversation that is watched, valid with found
	found    bool
	segments []recent.Entry
	heard    []analyzer.Piece // what its sides send
	cutOff   bool             // some of the first of it are not kept
}

func newSampler(o *Options) *sampler {
	s := &sampler{loop: o.Loop, capture: o.Capture, kernel: o.Kernel, silent: o.Silent, services: o.Services, times: o.Times, memory: memoryInUse, buffers: o.Buffers, ring: recent.New(), found: findings.New(), rates: map[uint64][2]float64{}, before: map[uint64][2]float64{}}
	s.loop.Monitor().Watch(s.ring.Read)
	s.loop.OnPacket(s.packet)
	s.loop.OnEvent(s.event)
	s.loop.OnFlush(func(now analyzer.Time) { s.now = now })
	return s
}

// event keeps anomalies, and conversations that are over.
func (s *sampler) event(e *analyzer.Event) {
	switch {
	case e.Kind == analyzer.EventAnomaly:
		if len(s.news) == mostNews {
			s.news = s.news[:copy(s.news, s.news[1:])]
		}
		s.news = append(s.news, told{e.Conversation.FirstFrame, e.Conversation.Stream, e.Conversation.Dropped, *e.Anomaly})
	case e.Kind == analyzer.EventCorrection && e.Correction.Of == analyzer.EventAnomaly:
		s.news = slices.DeleteFunc(s.news, func(t told) bool { return t.of(e) })
	case e.Kind == analyzer.EventCorrection && e.Correction.Of == analyzer.EventOpened: // all is told again
		s.news = slices.DeleteFunc(s.news, func(t told) bool { return t.stream == e.Conversation.Stream })
	case e.Kind == analyzer.EventConversation && e.Over != analyzer.NotOver:
		s.found.Conversation(e.Conversation, e.Judgment)
		s.finish(e)
	}
}

// findings are what was found so far.
func (s *sampler) findings(sum *analyzer.Summary) []string {
	if n := s.found.Conversations(); n != s.told {
		s.told, s.wrong = n, nil // who has the old ones keeps them
		for _, f := range s.found.Report(sum, findings.Options{Services: s.services, Times: s.times}).Findings {
			s.wrong = append(s.wrong, f.Text)
		}
	}
	return s.wrong
}

func (s *sampler) finish(e *analyzer.Event) {
	if s.ring.Wants(e.Conversation.FirstFrame) {
		s.watched.set(e.Conversation, e.Over)
	}
	if len(s.finished) < mostFinished {
		s.finished = append(s.finished, ended{})
		s.finished[len(s.finished)-1].set(e.Conversation, e.Over)
		return
	}
	s.finished[s.next].set(e.Conversation, e.Over)
	s.next = (s.next + 1) % mostFinished
}

func (f *ended) set(c *analyzer.Conversation, over analyzer.Over) {
	c.CopyTo(&f.c)
	f.over = over
}

// take copies what q asks for, between two batches if the loop runs. It is called by another goroutine than the loop's.
func (s *sampler) take(q *request) *snapshot {
	shot := q.into
	shot.over = !s.loop.Do(func() {
		began := time.Now()
		s.copy(q, shot, true)
		shot.took = time.Since(began)
	})
	if shot.over { // its goroutine touches nothing any more
		s.copy(q, shot, false)
		shot.took = 0
	}
	if !q.counts && q.ladder == 0 && q.payload == 0 {
		shot.choose(&q.filter)
	}
	if s.capture != nil {
		shot.received, shot.dropped = s.capture()
		shot.counted = true
	}
	shot.memory = s.memory() + s.buffers
	return shot
}

func (s *sampler) copy(q *request, shot *snapshot, running bool) {
	shot.now, shot.sum = max(s.now, s.loop.Summary().End), s.loop.Summary()
	var silent []*analyzer.Conversation
	if shot.followed, shot.open = 0, 0; running {
		shot.followed, shot.open = s.loop.Monitor().Open(), open(s.loop.Monitor())
		if s.silent != nil {
			silent = s.silent()
		}
	}
	shot.silent = len(silent)
	shot.resent = 0
	for _, n := range s.loop.Monitor().Retransmissions() {
		shot.resent += n
	}
	if q.counts {
		return
	}
	shot.news = append(shot.news[:0], s.news...)
	shot.wrong = s.findings(&shot.sum)
	s.want(max(q.ladder, q.payload))
	if first := max(q.ladder, q.payload); first != 0 {
		s.copyLadder(first, shot, running)
		if q.payload != 0 {
			s.copyPayload(first, shot, running)
		}
		return
	}
	s.watched, s.ear = ended{}, nil
	shot.rows = shot.rows[:0]
	if !running {
		for i := range s.finished {
			s.judgment.Judge(&s.finished[i].c)
			shot.add(&s.finished[i].c, &s.judgment, [2]float64{})
			shot.rows[len(shot.rows)-1].kernel = [2]kernel.Endpoint{}
		}
		return
	}
	s.loop.Monitor().Survey(q.ranking, func(seen *analyzer.Seen) bool {
		shot.add(seen.Conversation, seen.Judgment, s.rate(seen))
		s.ask(&shot.rows[len(shot.rows)-1])
		return q.filter.loop != nil || len(shot.rows) < mostRows
	})
	s.rates, s.before = s.before, s.rates
	clear(s.rates)
	s.at = s.now
	s.addSilent(q, shot, silent)
}

// addSilent adds the rows of connections of which no packet has come. They have no first frame to be told apart by; their numbers are above all frames'.
func (s *sampler) addSilent(q *request, shot *snapshot, silent []*analyzer.Conversation) {
	for _, c := range silent {
		if q.filter.loop == nil && len(shot.rows) >= mostRows {
			return
		}
		s.judgment.Judge(c)
		shot.add(c, &s.judgment, [2]float64{})
		r := &shot.rows[len(shot.rows)-1]
		r.c.FirstFrame = c.Stream
		s.ask(r)
	}
}

// open counts the conversations that are followed and not over.
func open(m *analyzer.Monitor) int {
	n := m.Open()
	for state, clients := range m.States()[analyzer.Client] {
		if isOver(fsm.State(state)) {
			n -= int(clients)
		}
	}
	return max(0, n)
}

// add adds the row of c.
func (shot *snapshot) add(c *analyzer.Conversation, j *analyzer.Judgment, rate [2]float64) {
	if len(shot.rows) < cap(shot.rows) {
		shot.rows = shot.rows[:len(shot.rows)+1]
	} else {
		shot.rows = append(shot.rows, row{})
	}
	shot.rows[len(shot.rows)-1].set(c, j, rate, shot.now)
}

// ask adds to a row what the kernel says.
func (s *sampler) ask(r *row) {
	r.kernel = [2]kernel.Endpoint{}
	for side := range r.kernel {
		if s.kernel != nil {
			r.kernel[side], _ = s.kernel(&r.c, analyzer.Side(side))
		}
	}
}

// choose keeps the first rows that f lets through. It takes longer than to copy them, so it is not for the loop to do.
func (shot *snapshot) choose(f *filter) {
	shot.filtered, shot.looked, shot.whereErr = f.text, len(shot.rows), nil
	if f.loop == nil {
		return
	}
	n := 0
	for i := range shot.rows {
		matched, err := f.loop.Match(&shot.rows[i].c)
		if err != nil && shot.whereErr == nil {
			shot.whereErr = err
		}
		if matched && n < mostRows {
			shot.rows[n], shot.rows[i] = shot.rows[i], shot.rows[n] // the memory stays
			n++
		}
	}
	shot.rows = shot.rows[:n]
}

// rate is how many bytes of payload each endpoint sends a second, averaged so that one survey does not make it jump.
func (s *sampler) rate(seen *analyzer.Seen) (rate [2]float64) {
	stream := seen.Conversation.Stream
	before, known := s.before[stream]
	fresh := 1.0
	if known {
		fresh = 1 - math.Exp(-float64(s.now-s.at)/rateTime)
	}
	for side := range rate {
		rate[side] = before[side] + fresh*(seen.Rates[side]-before[side])
	}
	s.rates[stream] = rate
	return rate
}

// want has the ring keep the segments of the conversation that began with a frame, 0: of none.
func (s *sampler) want(first uint64) {
	if first == 0 {
		s.ring.Want()
	} else {
		s.ring.Want(first)
	}
}

// copyLadder copies the conversation that is watched and its segments.
func (s *sampler) copyLadder(first uint64, shot *snapshot, running bool) {
	shot.found = running && s.loop.Monitor().Find(first, func(seen *analyzer.Seen) {
		shot.ladder.set(seen.Conversation, analyzer.NotOver)
	})
	if !shot.found && s.watched.over == analyzer.NotOver {
		for i := range s.finished {
			if f := &s.finished[i]; f.c.FirstFrame == first {
				s.watched.set(&f.c, f.over)
			}
		}
	}
	if !shot.found && s.watched.over != analyzer.NotOver && s.watched.c.FirstFrame == first {
		shot.found = true
		shot.ladder.set(&s.watched.c, s.watched.over)
	}
	shot.segments = s.ring.CopyTo(shot.segments, first)
}

// memoryInUse is what the program holds of the system's memory, as far as Go's runtime knows.
func memoryInUse() uint64 {
	samples := []metrics.Sample{{Name: "/memory/classes/total:bytes"}, {Name: "/memory/classes/heap/released:bytes"}}
	metrics.Read(samples)
	return samples[0].Value.Uint64() - samples[1].Value.Uint64()
}
