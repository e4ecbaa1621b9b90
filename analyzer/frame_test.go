package analyzer_test

import (
	"io"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/gopacket"
	"github.com/google/gopacket/layers"

	"tcptrace/analyzer"
	"tcptrace/analyzer/packet"
	"tcptrace/internal/truth/invariant"
	"tcptrace/internal/truth/lab"
	"tcptrace/report"
)

// nothing is a sink that takes everything.
type nothing struct{ packets, conversations uint64 }

func (n *nothing) Conversation(c *analyzer.Conversation) error {
	n.conversations++
	n.packets += c.Packets()
	return nil
}

// TestFrameAllocations: a data segment and its ACK on a known connection cost no memory.
func TestFrameAllocations(t *testing.T) {
	s, err := lab.Parse("script", []byte(preamble+on("", open, exchange)))
	if err != nil {
		t.Fatal(err)
	}
	frames, err := s.Frames()
	if err != nil {
		t.Fatal(err)
	}
	a := analyzer.New(analyzer.Options{}, &nothing{})
	at := time.Unix(1, 0)
	feed := func(f lab.Frame) {
		at = at.Add(time.Microsecond)
		if err := a.Frame(layers.LinkType(f.Link), gopacket.CaptureInfo{Timestamp: at, Length: f.WireLen}, f.Data); err != nil {
			t.Fatal(err)
		}
	}
	for _, f := range frames {
		feed(f)
	}
	data, ack := frames[len(frames)-2], frames[len(frames)-1]
	if n := testing.AllocsPerRun(1000, func() { feed(data); feed(ack) }); n != 0 {
		t.Errorf("%v allocations for a data segment and its ACK", n)
	}
}

// Whatever the times of packets, and of Flush: a Monitor ends, and so does an Analyzer, and nothing lasts less than no time.
func TestFrameTimes(t *testing.T) {
	captures := goldenFrames(t)
	times := []int64{math.MaxInt64, math.MinInt64, -1, 0, packet.MaxTime, packet.MaxTime + 1, 1e18}
	var batch packet.Batch
	for i, frames := range captures {
		for j, f := range frames {
			batch.Add(packet.Packet{Time: times[(i+j)%len(times)], Link: packet.LinkType(f.Link), WireLen: uint32(f.WireLen)}, f.Data)
		}
	}
	times = append(times, math.MaxInt64)
	check := func(c *analyzer.Conversation) {
		if c.Start < 0 || c.End < c.Start || c.End > packet.MaxTime || c.TwoMSL != 48*3600e9 {
			t.Errorf("a conversation from %d to %d, 2 MSL %d", c.Start, c.End, c.TwoMSL)
		}
	}
	m := analyzer.NewMonitor(analyzer.Options{MSL: math.MaxInt64}, analyzer.Idle{Established: math.MaxInt64}, func(e *analyzer.Event) {
		check(e.Conversation)
	})
	m.Batch(&batch, nil)
	for _, at := range times {
		m.Flush(analyzer.Time(at))
		m.Flush(analyzer.Time(at)) // what is judged again now waits from now on
	}
	sum := m.Finish()
	if sum.Start != 0 || sum.End != packet.MaxTime || sum.Conversations == 0 {
		t.Errorf("%+v", sum)
	}
	count := 0
	for c, err := range analyzer.Read(t.Context(), &oneBatch{batch: batch}, analyzer.Options{MSL: math.MaxInt64}) {
		if err != nil {
			t.Fatal(err)
		}
		check(c)
		count++
	}
	if count == 0 {
		t.Error("no conversations")
	}
}

// oneBatch is a source of one batch.
type oneBatch struct {
	batch packet.Batch
	read  bool
}

func (o *oneBatch) Next(b *packet.Batch) error {
	if o.read {
		return io.EOF
	}
	*b, o.read = o.batch, true
	return nil
}

// FuzzFrames feeds damaged golden captures: bytes of frames change, frames are cut, dropped and repeated. Every
// packet is accounted for once, every TCP packet in one conversation.
func FuzzFrames(f *testing.F) {
	captures := goldenFrames(f)
	for i := range captures {
		f.Add(uint16(i), uint16(0), []byte{})
		f.Add(uint16(i), uint16(7), []byte{1, 47, 2, 3, 34, 200, 0, 255, 40, 2, 20, 1})
	}
	for _, golden := range []string{"half-open-discovered-once", "probe-scan"} { // an ACK with data, and an RST with a text
		f.Add(uint16(goldenIndex(f, golden)), uint16(0), []byte("2>02\xb20"))
	}
	f.Add(uint16(goldenIndex(f, "one-sided")), uint16(74), []byte("2(0"))                                                                     // a SYN of which what follows is not
	f.Add(uint16(goldenIndex(f, "refused-retries")), uint16(0), []byte("2/0"))                                                                // an RST that answers no SYN, in front of those that do
	f.Add(uint16(goldenIndex(f, "rst-injected-early")), uint16(4), []byte("\x04\x00\x00\x00.\x03\x02,\xc8\x02.\x10"))                         // data of an old connection, which the client resets
	f.Add(uint16(goldenIndex(f, "probe-scan")), uint16(44), []byte("\x04\x00\x00\x00/\xd7"))                                                  // an RST with SYN answers a probe
	f.Add(uint16(goldenIndex(f, "half-open-scan")), uint16(2), []byte("\x04\x00\x00\x02'\xcc\x00/\xee"))                                      // an RST with SYN alone
	f.Add(uint16(goldenIndex(f, "syn-fin-taken")), uint16(3), []byte("\x04\x00\x00\x00'\x80"))                                                // a SYN-ACK that is not acknowledged, and acknowledges a FIN
	f.Add(uint16(goldenIndex(f, "injected-data")), uint16(55), []byte("\x04\x00\x00\x02%\x00"+strings.Repeat("\x04\x00\x00", 6)+"\x00/\x19")) // a FIN with another TTL
	f.Add(uint16(goldenIndex(f, "data-after-fin")), uint16(7), []byte("8000000008000002X0"))                                                  // a FIN that is only known to be received, and another behind it
	f.Add(uint16(goldenIndex(f, "fin-without-ack-repeated")), uint16(8), []byte("\x1000\xaf\xa2\x15\x00ꠚ0002&\x15\x00ꠚ0"))                    // a FIN without ACK and with another TTL
	f.Fuzz(func(t *testing.T, which, room uint16, damage []byte) {
		var sink nothing
		a := analyzer.New(analyzer.Options{MaxFlows: 1 + int(room%64)}, invariant.Sink(t, &sink, report.Story))
		fed := uint64(0)
		feed := func(fr lab.Frame) {
			fed++
			ci := gopacket.CaptureInfo{Timestamp: time.Unix(0, fr.Time), Length: fr.WireLen}
			if err := a.Frame(layers.LinkType(fr.Link), ci, fr.Data); err != nil {
				t.Fatal(err)
			}
		}
		for _, fr := range captures[int(which)%len(captures)] {
			if len(damage) < 3 || len(fr.Data) == 0 {
				feed(fr)
				continue
			}
			kind, at, value := damage[0], int(damage[1])%len(fr.Data), damage[2]
			damage = damage[3:]
			switch kind % 5 {
			case 0:
				fr.Data = append([]byte(nil), fr.Data...)
				fr.Data[at] = value
			case 1:
				fr.Data = fr.Data[:at]
			case 2:
				continue
			case 3:
				feed(fr)
			}
			feed(fr)
		}
		sum, err := a.Close()
		if err != nil {
			t.Fatal(err)
		}
		other := sum.Filtered
		for _, n := range sum.NotAnalyzed() {
			other += n.Packets
		}
		if sum.Packets != fed || sum.TCP+other != fed {
			t.Errorf("%d packets: the summary has %d, %d TCP and %d others", fed, sum.Packets, sum.TCP, other)
		}
		if sink.packets != sum.TCP || sink.conversations != sum.Conversations {
			t.Errorf("%d TCP packets, of which %d in %d conversations; the summary has %d", sum.TCP, sink.packets, sink.conversations, sum.Conversations)
		}
	})
}

// goldenFrames are the frames of every golden capture.
func goldenFrames(tb testing.TB) (captures [][]lab.Frame) {
	scripts, err := filepath.Glob("../testdata/pcaps/*.txt")
	if err != nil || len(scripts) == 0 {
		tb.Fatalf("no scripts: %v", err)
	}
	for _, path := range scripts {
		text, err := os.ReadFile(path)
		if err != nil {
			tb.Fatal(err)
		}
		s, err := lab.Parse(path, text)
		if err != nil {
			tb.Fatal(err)
		}
		frames, err := s.Frames()
		if err != nil {
			tb.Fatal(err)
		}
		captures = append(captures, frames)
	}
	return captures
}

// goldenIndex is where goldenFrames has the golden capture of a name.
func goldenIndex(tb testing.TB, name string) int {
	scripts, err := filepath.Glob("../testdata/pcaps/*.txt")
	i := slices.Index(scripts, "../testdata/pcaps/"+name+".txt")
	if err != nil || i < 0 {
		tb.Fatalf("no script %s: %v", name, err)
	}
	return i
}
