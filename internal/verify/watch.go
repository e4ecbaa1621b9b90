package verify

import (
	"cmp"
	"net/netip"
	"slices"
	"time"

	"tcptrace/analyzer"
	"tcptrace/analyzer/host"
	"tcptrace/internal/live"
	"tcptrace/internal/live/capture"
	"tcptrace/internal/live/ends"
	"tcptrace/internal/live/kernel"
)

const snapLen = 256 // of each packet: all headers, with options

// watch is an analysis at a tap, beside the kernel.
type watch struct {
	tap     *tap
	kernel  *shared
	capture *capture.Capture
	loop    *live.Loop
	ends    *ends.Ends
	heard   map[uint64]*said             // by stream
	newest  map[[2]netip.AddrPort]uint64 // streams of those that are not over, by their sockets
	taken   map[uint64]bool              // streams whose sockets another has
	to      *comparison
	until   analyzer.Time // all that the kernel said up to then was heard
	err     error
}

// said is what the kernel said of both ends of a conversation.
type said struct {
	between [2]netip.AddrPort // by Side
	ends    [2]heard          // by Side
}

// as has the sides be those of a conversation between these sockets: its client may turn out to be the server.
func (s *said) as(between [2]netip.AddrPort) {
	if s.between != between {
		slices.Reverse(s.ends[:])
	}
	s.between = between
}

// heard is what the kernel said of an end.
type heard struct {
	words   []host.Word
	process host.Process
}

// newWatch begins to capture at a tap.
func newWatch(t *tap, k *shared, to *comparison) (*watch, error) {
	v := &watch{tap: t, kernel: k, heard: map[uint64]*said{}, newest: map[[2]netip.AddrPort]uint64{}, taken: map[uint64]bool{}, to: to}
	err := t.at.do(func() (err error) {
		v.capture, err = capture.Open(capture.Options{Interfaces: []string{t.device}, Filter: t.filter, BufferSize: t.buffer, SnapLen: snapLen})
		return err
	})
	if err != nil {
		return nil, err
	}
	v.loop = live.New(v.capture, live.Options{
		Live: true, Clock: func() analyzer.Time { return analyzer.Time(time.Now().UnixNano()) },
		Dropped: func() uint64 { return v.capture.Stats().Drops },
		Idle:    analyzer.Idle{Opening: time.Hour, Established: time.Hour, Closing: time.Hour},
	})
	again := func(uint64) {}
	if t.shows {
		again = v.loop.Monitor().Again
	}
	v.ends = ends.New(k.view(t.hears...), v.told, again, func(*kernel.Change) {})
	if t.shows {
		v.loop.Monitor().Ask(v.ends.Hosts)
	}
	v.loop.OnEvent(func(ev *analyzer.Event) { v.ends.Event(ev, v.told) })
	v.loop.OnEvent(v.event)
	v.loop.OnTelling(func() {
		now := analyzer.Time(time.Now().UnixNano())
		v.err = cmp.Or(v.err, v.ends.Flush())
		v.until = now
	})
	return v, nil
}

func (v *watch) told(t *ends.Told) {
	h := v.heard[t.Stream]
	if h == nil {
		h = &said{between: *t.Between}
		v.heard[t.Stream] = h
	}
	h.as(*t.Between)
	end := &h.ends[t.Side()]
	*end = heard{ends.AppendWord(end.words, &t.Change), t.Process}
}

// follow knows which conversation has its sockets to itself. Who asks now and then does not hear how one ended whose sockets the next one took.
func (v *watch) follow(ev *analyzer.Event) {
	c := ev.Conversation
	key := c.Addr
	if key[0].Compare(key[1]) > 0 {
		slices.Reverse(key[:])
	}
	switch {
	case ev.Kind == analyzer.EventOpened:
		if older, ok := v.newest[key]; ok && older != c.Stream {
			v.taken[older] = true
		}
		v.newest[key] = c.Stream
	case ev.Kind == analyzer.EventConversation && ev.Over != analyzer.NotOver && v.newest[key] == c.Stream:
		delete(v.newest, key)
	}
}

// event compares the ends of a conversation that is over.
func (v *watch) event(ev *analyzer.Event) {
	v.follow(ev)
	if ev.Kind != analyzer.EventConversation || ev.Over == analyzer.NotOver {
		return
	}
	c := ev.Conversation
	h, taken := v.heard[c.Stream], v.taken[c.Stream] && v.kernel.watcher.Source() == kernel.Diag
	delete(v.heard, c.Stream)
	delete(v.taken, c.Stream)
	if h == nil || v.to.hosts != nil && c.Completeness&analyzer.SawSYN == 0 { // an earlier run left it
		return
	}
	h.as(c.Addr)
	for side, h := range h.ends {
		if len(h.words) == 0 {
			continue
		}
		e := end{
			side: analyzer.Side(side), addr: c.Addr, steps: ev.Judgment.Trajectory[side], words: h.words, process: h.process, heard: ev.Time,
		}
		e.leftOut = taken || c.Dropped > 0 || e.isBehind(v.until) || v.kernel.stalled(time.Unix(0, int64(c.Start)), e.settled())
		v.to.take(v.tap, &e)
	}
}
