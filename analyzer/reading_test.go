package analyzer_test

import (
	"io"
	"path/filepath"
	"slices"
	"strings"
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

// account is the payload of one direction, by what it was.
type account struct {
	seen, repeated                        map[uint32]bool // sequence numbers of bytes
	unique, again, twice, probes, dropped uint64
	packets, copies                       uint64

	samples, triples uint64 // round trips and third duplicate ACKs that it got
	longest          time.Duration

	syn, spoke bool // a SYN was sent, and something else
	synFIN     bool // the latest SYN had a FIN
	isn        uint32
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

// beginAnew has all bytes so far be another stream's.
func (a *account) beginAnew() {
	*a = account{seen: map[uint32]bool{}, repeated: map[uint32]bool{}, packets: a.packets, copies: a.copies, probes: a.probes, dropped: a.dropped + a.unique + a.again,
		samples: a.samples, triples: a.triples, longest: a.longest, syn: a.syn, synFIN: a.synFIN, spoke: a.spoke, isn: a.isn}
}

// hasSpoken reports whether its sender sent more than a SYN.
func (a *account) hasSpoken() bool { return a.spoke || a.synFIN }

// isOlder reports whether bytes so far do not lie behind a SYN-ACK: they are of an older connection.
func (a *account) isOlder(isn uint32) bool {
	for seq := range a.seen {
		if int32(seq-isn) <= 0 {
			return true
		}
	}
	return false
}

// enter enters bytes that were sent.
func (a *account) enter(s *wire.Segment) {
	first := s.Seq
	if s.Flags.Any(wire.SYN) {
		first++
	}
	for i := range s.Len {
		if a.seen[first+i] {
			a.again++
			if !a.repeated[first+i] {
				a.repeated[first+i] = true
				a.twice++
			}
		} else {
			a.unique++
		}
		a.seen[first+i] = true
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

// breakers are damages that broke an invariant, and what did.
var breakers = []struct{ golden, damage, what string }{
	{"data-before-syn-ack", "0A00000000000!0", "an RST with a wrong checksum behind data of an older connection"},
	{"blind-syn", "08\x05X0C010010X0&", "a SYN that provoked an ACK, and the clock went back between them"},
	{"fast-retransmit-long-rtt", "0&09000/1X010000)0", "data behind a FIN that their sender did not send"},
	{"data-before-syn-ack", "X07", "data from before the first captured to behind the last"},
	{"sack-of-unsent", "0000000+ 000000000000000", "the handshake's ACK is below the SYN-ACK; what follows is not"},
	{"idle-hour", "0000002000002000000000&0", "a FIN with bytes, far below the stream"},
	{"port-reuse-after-reset", "000X0$", "an RST in front of the handshake's ACK, by a clock that steps back"},
	{"timewait-reuse", "000200000000000X0C", "a SYN-ACK that opens nothing, before the clock steps back"},
	{"aborted", "X0$", "a handshake behind what came of it"},
	{"simultaneous-open", "000X02", "a SYN behind its sender's SYN-ACK"},
	{"reboot-same-isn", "0'a200000000000X02200", "bytes before the stream, twice"},
	{"close-wait-keep-alive", "0/7000000000", "a lone RST with SYN"},
	{"cooked", "00000001C", "bytes in front of the FIN of a SYN"},
	{"close-server", "000000X0700000000000000X07", "both FINs late"},
	{"fin-wait-2-timeout-rst-ack", "000200200000X010*\xc8", "a FIN long behind its ACK"},
	{"probe-scan", "X01", "a probe behind an RST"},
	{"ipv6-extension-headers", "X02X07", "a SYN-ACK behind its sender's data"},
	{"qinq", "X02200000000000200", "data in front of what shows their sender's SYN-ACK"},
	{"capture-reordered", "X02X07", "a SYN-ACK behind all that followed"},
	{"simultaneous-open", "\x02&2\x01\x00\x00\x00/\x00", "a segment without flags in front of the handshake's ACK"},
	{"simultaneous-open-reordered", "\x01\x00\x00\x04/\x7f", "a SYN-ACK behind data of both"},
	{"split-handshake", "\x00\x1b\x7f\x01\x00\x00\x01\x00\x00\x04/\x8c", "a SYN-ACK behind data that do not acknowledge it"},
	{"timewait-rst-after-restart", strings.Repeat("\x01\x00\x00", 8) + "\x04/\x7f", "an RST behind the end of TIME_WAIT, in front of what restarts it"},
	{"paws-rejected", strings.Repeat("\x01\x00\x00", 5) + "\x02/2", "data in flight with an old timestamp, that come again"},
	{"paws-fin-taken", strings.Repeat("\x01\x00\x00", 6) + "\x04P\xcd", "a FIN with an old timestamp, behind which its sender goes on"},
	{"rst-outside-window", "\x01\x00\x00\x023\x01\x01\x00\x00\x00/2", "a SYN-ACK with the number of data"},
	{"overlap-conflict", "\x01\x00\x00\x02P\x12\x01\x00\x00\x00/c", "a SYN with FIN and the number of data"},
	{"own-syn-challenged", strings.Repeat("\x01\x00\x00", 7) + "\x00\x103", "a SYN with data into the open connection"},
	{"blind-syn", "0000000000000/2", "data of a SYN-ACK that was not accepted"},
	{"synack-first", "\x00'j\x01\x00\x00\x01\x00\x00\x01\x00\x00\x01\x00\x00\x00/\x05", "a SYN-ACK with a number beyond all that both sides go on with, and an RST with FIN"},
	{"synack-first", "\x00&\x01\t\x00\x00\x02/\x00\x03\x00\x00\x00*\x04", "the same, and an ACK far off"},
	{"self-connect", "\x00/\x12", "a SYN-ACK to itself at the start"},
	{"self-connect", "0!00001000000000000)0", "an ACK from before the stream behind the FIN of a socket that is connected to itself"},
	{"self-connect-reset", "\x00/\xff", "an RST with SYN to itself"},
	{"qinq", "\x01\x00\x00\x01\x00\x00\x004\x02\x002\b" + strings.Repeat("\x01\x00\x00", 4) + "\x02\x12\x18", "an ACK of much more than a FIN, long before it"},
	{"fin-without-ack-repeated", strings.Repeat("\x01\x00\x00", 10) + "\x00&=", "data behind a FIN that came without ACK and again with it"},
	{"rst-behind-challenge", "\x01\x00\x00\x04$\xe5\x01\x00\x00\x04$\x04\x01\x00\x00\x00/0", "a SYN-ACK behind its sender's RST"},
	{"syn-data-ignored", "\x04%\x02", "a SYN with data behind these"},
	{"split-handshake", "\x00&L", "a SYN with another ISN than its sender's SYN-ACK, which its peer had acknowledged"},
	{"split-handshake", "\x01\x00\x00\x01\x00\x00\x01\x00\x00\x00/0", "an ACK with the number of the SYN instead of a SYN-ACK"},
	{"split-handshake", "\x00'\x7f\x01\x00\x00\x01\x00\x00\x00(\x05", "a SYN and a SYN-ACK with another ISN than what follows"},
	{"simultaneous-open", "\x00'\x9a\x01\x00\x00\x01\x00\x00\x02n\x02", "the same of who opens at the same time"},
	{"half-open-discovered", "\x01\x00\x00\x01\x00\x00\x00/\x10", "an ACK far ahead in front of the SYN that comes again"},
	{"half-open-discovered-once", "\x01\x00\x00\x00/\x11", "a FIN of an older connection"},
	{"syn-fin-taken", "\x01\x00\x00\x00&B", "the ACK of another SYN-ACK than that which acknowledged a FIN"},
	{"simultaneous-open-lost", "0&0X01", "an ACK of a SYN that comes behind another: its sender is the client after all, which only the amendment says"},
	{"simultaneous-open-reset", "\x01\x00\x00\x042\x14\x05T\x14\x00/2", "a SYN-ACK behind the RST that refuses"},
	{"simultaneous-open-reordered", "\x04*\x02\x00/\x11\x01\x00\x00\x01\x00\x00\x02#\xe4\x00*\xfd", "data of both behind a SYN-ACK that nothing acknowledges"},
	{"retransmitted-fin", "0&\xfb2000000*\xc8", "data that acknowledge what a SYN does not begin"},
}

// FuzzReadings damages golden captures in their TCP headers: numbers, lengths and flags change, frames are dropped, repeated,
// swapped and late.
func FuzzReadings(f *testing.F) {
	captures := goldenFrames(f)
	for i := range captures {
		f.Add(uint16(i), []byte{})
		f.Add(uint16(i), []byte{0, 38, 1, 9, 0, 0, 2, 47, 0, 3, 0, 1, 4, 0, 9, 0, 42, 200, 5, 0, 3, 0, 41, 3})
	}
	for _, b := range breakers {
		f.Add(uint16(goldenIndex(f, b.golden)), []byte(b.damage))
	}
	f.Fuzz(func(t *testing.T, which uint16, damage []byte) {
		frames := slices.Clone(captures[int(which)%len(captures)])
		for i := 0; i < len(frames) && len(damage) >= 3; i++ {
			kind, at, value := damage[0], int(damage[1]), damage[2]
			damage = damage[3:]
			fr := frames[i]
			switch kind % 6 {
			case 0:
				if at < len(fr.Data) {
					frames[i].Data = slices.Clone(fr.Data)
					frames[i].Data[at] = value
				}
			case 2:
				frames = slices.Delete(frames, i, i+1)
			case 3:
				frames = slices.Insert(frames, i, fr)
				i++
			case 4:
				j := min(i+int(value%8), len(frames)-1)
				frames[i], frames[j] = frames[j], frames[i]
			case 5:
				for j := i; j < len(frames); j++ {
					frames[j].Time += int64(value) << (at % 32)
				}
			}
		}
		r := newReadings(t, "damaged")
		for _, fr := range frames {
			r.feed(wire.LinkType(fr.Link), fr.Data, fr.WireLen, fr.Time)
		}
		r.close()
	})
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
