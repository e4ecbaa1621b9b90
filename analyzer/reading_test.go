package analyzer_test

import (
	"io"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/google/gopacket"
	"github.com/google/gopacket/layers"

	"tcptrace/analyzer"
	"tcptrace/analyzer/internal/conn"
	"tcptrace/analyzer/packet"
	"tcptrace/internal/input"
	"tcptrace/internal/truth/invariant"
	"tcptrace/internal/wire"
	"tcptrace/report"
)

// readings checks, of every segment of a capture, what must hold of its reading, and keeps account of the
// bytes in the plainest way there is.
type readings struct {
	t        testing.TB
	name     string
	analyzer *analyzer.Analyzer
	kinds    map[uint64]analyzer.Kind // by frame
	filled   map[uint64]bool          // by frame: a retransmission of what was not captured
	sent     map[direction]*account
	last     int64
	back     bool                    // the clock went back
	client   map[uint64]uint8        // direction of the client, by the conversation's first frame
	late     map[uint64]wire.Segment // by frame, what its receiver may take all the same: FINs with an old timestamp, and SYNs with another ISN
}

// direction is one of a conversation.
type direction struct {
	first uint64 // frame of the conversation
	dir   uint8
}

func newReadings(t testing.TB, name string) *readings {
	r := &readings{t: t, name: name, kinds: map[uint64]analyzer.Kind{}, filled: map[uint64]bool{}, sent: map[direction]*account{}, client: map[uint64]uint8{}, late: map[uint64]wire.Segment{}}
	r.analyzer = analyzer.New(analyzer.Options{MaxFlows: 1 << 10}, invariant.Sink(t, r, report.Story))
	r.analyzer.Watch(r.take)
	return r
}

func (r *readings) feed(link wire.LinkType, data []byte, wireLen int, at int64) {
	if err := r.analyzer.Frame(layers.LinkType(link), gopacket.CaptureInfo{Timestamp: time.Unix(0, at), Length: wireLen}, data); err != nil {
		r.t.Fatal(err)
	}
}

// close ends the capture.
func (r *readings) close() {
	sum, err := r.analyzer.Close()
	if err != nil {
		r.t.Fatal(err)
	}
	if uint64(len(r.kinds)) != sum.TCP {
		r.t.Errorf("%s: %d of %d segments were read", r.name, len(r.kinds), sum.TCP)
	}
}

func (r *readings) take(x *analyzer.Reading) {
	s := x.Segment
	r.client[x.First] = x.Client
	if x.Amends != 0 {
		before, ok := r.kinds[x.Amends]
		synack := func(k analyzer.Kind) bool { // of several, the one that the client took, or another
			return k == analyzer.KindSYN || k == analyzer.KindSYNACK || k == analyzer.KindUnacceptable || k == analyzer.KindRetransmission || k == analyzer.KindOutOfOrder
		}
		if late, ok := r.late[x.Amends]; ok && (x.Kind == analyzer.KindFIN || synack(x.Kind) && x.Kind != analyzer.KindUnacceptable) {
			a := r.sent[direction{x.First, late.Dir}]
			a.dropped -= uint64(late.Len)
			a.enter(&late)
			if late.Flags.Any(wire.FIN) {
				return
			}
		}
		opener := r.account(x.First, s.Dir) // if it is about a SYN-ACK
		if x.Kind == analyzer.KindUnacceptable {
			r.sent[direction{x.First, 1 - s.Dir}].beginAnew()
		}
		switch {
		case x.RTT < 0:
			opener.samples, opener.longest = 0, 0
		case x.RTT > 0:
			opener.samples, opener.longest = opener.samples+1, max(opener.longest, x.RTT)
		}
		if before == analyzer.KindUnacceptable && x.Kind == analyzer.KindData {
			return // its timestamp was old, and its receiver took it
		}
		if r.filled[x.Amends] && x.Kind == analyzer.KindData {
			return // it filled a hole in front of a FIN that its sender did not send
		}
		if !ok || x.Amends >= s.Frame || x.Kind != analyzer.KindRetransmission && (!synack(before) || !synack(x.Kind)) {
			r.t.Errorf("%s: frame %d amends %d, a %v, to a %v", r.name, s.Frame, x.Amends, before, x.Kind)
		}
		return
	}
	if before, ok := r.kinds[s.Frame]; ok {
		r.t.Errorf("%s: frame %d is read twice, as %v and %v", r.name, s.Frame, before, x.Kind)
	}
	r.kinds[s.Frame] = x.Kind
	if x.Kind == analyzer.KindRetransmission && slices.Contains(slices.Collect(x.Notes.All()), "lost-before-tap") {
		r.filled[s.Frame] = true
	}
	r.back = r.back || s.Time < r.last
	r.last = s.Time
	again := x.Kind == analyzer.KindRetransmission
	if x.Kind >= analyzer.NumKinds || again != (x.Cause != analyzer.CauseNone) || x.Spurious && !again {
		r.t.Errorf("%s: frame %d: %v, cause %q, spurious %v", r.name, s.Frame, x.Kind, x.Cause, x.Spurious)
	}
	if s.SeqLen() == 0 && (again || x.Kind == analyzer.KindData) {
		r.t.Errorf("%s: frame %d takes no positions and is a %v", r.name, s.Frame, x.Kind)
	}
	r.count(x)
	r.measure(x)
}

// measure enters what a reading says that statistics add up.
func (r *readings) measure(x *analyzer.Reading) {
	a, peer := r.account(x.First, x.Segment.Dir), r.account(x.First, 1-x.Segment.Dir)
	if x.Third {
		a.triples++
	}
	if x.RTT > 0 {
		peer.samples++
		peer.longest = max(peer.longest, x.RTT)
	}
}

// account is that of a direction.
func (r *readings) account(first uint64, dir uint8) *account {
	id := direction{first, dir}
	if r.sent[id] == nil {
		r.sent[id] = &account{seen: map[uint32]bool{}, repeated: map[uint32]bool{}}
	}
	return r.sent[id]
}

// count enters the payload of a segment.
func (r *readings) count(x *analyzer.Reading) {
	s := x.Segment
	a := r.account(x.First, s.Dir)
	a.packets++
	if s.Flags.Any(wire.RST) {
		if x.Kind == analyzer.KindCaptureDuplicate {
			a.copies++
		}
		// SYN_SENT resets what it is sent without a SYN: that is of an older connection. One with a wrong checksum says nothing.
		if peer := r.account(x.First, 1-s.Dir); s.Bits&(wire.BadSum|wire.BadHeader) == 0 && !s.Flags.Any(wire.ACK) && a.syn && !a.hasSpoken() && !peer.syn && s.Seq-a.isn-1 > conn.Slack {
			peer.beginAnew()
		}
		return // a text for people
	}
	if x.Kind != analyzer.KindUnacceptable && x.Kind != analyzer.KindCaptureDuplicate {
		if s.Flags&(wire.SYN|wire.ACK) == wire.SYN {
			a.synFIN = s.Flags.Any(wire.FIN) // until it comes again without
		}
		a.spoke = a.spoke || s.Flags.Any(wire.ACK) || s.Flags&(wire.SYN|wire.FIN) == wire.FIN
		if s.Flags.Any(wire.SYN) && !a.syn {
			a.syn, a.isn = true, s.Seq
		}
	}
	if s.Flags.Has(wire.SYN|wire.ACK) && x.Kind != analyzer.KindUnacceptable && a.isOlder(s.Seq) && !r.account(x.First, 1-s.Dir).hasSpoken() { // as above
		a.beginAnew()
	}
	switch x.Kind {
	case analyzer.KindKeepAlive, analyzer.KindZeroWindowProbe:
		a.probes += uint64(s.Len)
		return
	case analyzer.KindCaptureDuplicate:
		a.copies++
		a.dropped += uint64(s.Len)
		return
	case analyzer.KindUnacceptable:
		if !x.Notes.Has("paws") || x.Notes.Has("previous-segment-missing") || s.Flags.Any(wire.FIN) { // else its sender did send them
			a.dropped += uint64(s.Len)
			if x.Notes.Has("paws") || s.Flags.Any(wire.SYN) {
				r.late[s.Frame] = *s
			}
			return
		}
	}
	a.enter(s)
}

// compareMeasures holds what readings measured one by one against the statistics of a side. What a socket sends to itself is
// all its client's, and a damaged capture may be read otherwise than it is counted.
func (r *readings) compareMeasures(c *analyzer.Conversation, side analyzer.Side, sent *analyzer.Sent, a *account) {
	if r.name == "damaged" || c.Self() {
		return
	}
	for _, n := range []struct {
		what      string
		got, want uint64
	}{
		{"round trips", sent.RTT.Samples, a.samples},
		{"nanoseconds of the longest", uint64(max(sent.RTT.Max, time.Duration(min(a.samples, 1)))), uint64(a.longest)},
		{"third duplicate ACKs", uint64(sent.TripleDuplicateACKs), a.triples},
	} {
		if n.got != n.want {
			r.t.Errorf("%s, stream %d, %v: %d %s, the readings say %d", r.name, c.Stream, side, n.got, n.what, n.want)
		}
	}
}

// Conversation holds what a conversation says of its bytes against the account.
func (r *readings) Conversation(c *analyzer.Conversation) error {
	for side := range analyzer.Server + 1 {
		sent := &c.Sent[side]
		a := r.sent[direction{c.FirstFrame, uint8(side) ^ r.client[c.FirstFrame]}]
		if a == nil {
			a = &account{}
		}
		for _, n := range []struct {
			what      string
			got, want uint64
		}{
			{"packets", sent.Packets, a.packets},
			// Probes may have been taken; what lies before the stream is none of its bytes.
			{"unique bytes", sent.UniqueBytes, min(max(sent.UniqueBytes, a.unique), a.unique+a.probes, sent.StreamBytes)},
			{"retransmitted bytes", sent.RetransmittedBytes, a.again},
			{"bytes more than once", sent.RepeatedBytes, min(a.twice, sent.StreamBytes)}, // and here
			{"probe bytes", sent.ProbeBytes, a.probes},
			{"payload bytes", sent.PayloadBytes, a.unique + a.again + a.probes + a.dropped},
			{"duplicates", uint64(sent.Duplicates), a.copies},
		} {
			if n.got != n.want {
				r.t.Errorf("%s, stream %d, %v: %d %s, want %d", r.name, c.Stream, side, n.got, n.what, n.want)
			}
		}
		r.compareMeasures(c, side, sent, a)
		if side == analyzer.Client {
			for _, broken := range invariant.Numbers(c) {
				r.t.Errorf("%s, stream %d: %s", r.name, c.Stream, broken)
			}
		}
		if none := c.Self() && side == analyzer.Server; !r.back && !none && sent.Idle+sent.WindowLimited+sent.Recovering+sent.Transferring != c.Duration() {
			r.t.Errorf("%s, stream %d, %v: the times add up to %v of %v", r.name, c.Stream, side,
				sent.Idle+sent.WindowLimited+sent.Recovering+sent.Transferring, c.Duration())
		}
	}
	return nil
}

// TestReadingsAddUp reads every capture of the tree.
func TestReadingsAddUp(t *testing.T) {
	var paths []string
	for _, pattern := range []string{"../testdata/pcaps/*.pcap*", "../testdata/kernel/*.pcap"} {
		some, err := filepath.Glob(pattern)
		if err != nil || len(some) == 0 {
			t.Fatalf("%s: %d files, %v", pattern, len(some), err)
		}
		paths = append(paths, some...)
	}
	occurs := map[analyzer.Kind]bool{}
	for _, path := range paths {
		src := input.Open([]string{path}, input.Options{})
		r := newReadings(t, filepath.Base(path))
		var b packet.Batch
		for {
			if err := src.Next(&b); err == io.EOF {
				break
			} else if err != nil {
				t.Fatal(err)
			}
			for i, p := range b.Packets {
				r.feed(p.Link, b.Data(i), int(p.WireLen), p.Time)
			}
		}
		src.Close()
		r.close()
		for _, k := range r.kinds {
			occurs[k] = true
		}
	}
	for k := range analyzer.NumKinds {
		if !occurs[k] {
			t.Errorf("no capture shows a %v", k)
		}
	}
}
