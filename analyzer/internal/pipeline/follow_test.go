package pipeline_test

import (
	"bytes"
	"fmt"
	"runtime"
	"strings"
	"testing"

	"tcptrace/analyzer"
	"tcptrace/analyzer/packet"
	"tcptrace/internal/input"
	"tcptrace/internal/testutil/scripts"
	"tcptrace/internal/truth/lab"
	"tcptrace/internal/wire"
)

// follow reads a capture twice and tells what the sides of one of its streams said. It checks that the pieces of each
// side follow each other.
func follow(t testing.TB, data []byte, stream uint64, hear func(p *analyzer.Piece)) *analyzer.Follower {
	t.Helper()
	var f *analyzer.Follower
	var next [2]int64
	checked := func(p *analyzer.Piece) error {
		if p.Kind == analyzer.PieceConflict {
			hear(p)
			return nil
		}
		if p.Offset != next[p.From] || p.Len <= 0 || p.Kind == analyzer.PieceData && int64(len(p.Bytes)) != p.Len {
			t.Fatalf("stream %d: after %d bytes of the %s: %+v", stream, next[p.From], p.From, p)
		}
		next[p.From] += p.Len
		hear(p)
		return nil
	}
	p := &pick{Choice: analyzer.Choice{Options: analyzer.Options{}}, want: func(c *analyzer.Conversation) bool {
		if c.Stream != stream {
			return false
		}
		f = analyzer.NewFollower(c, checked)
		return true
	}}
	open := func() input.Source { return input.Open([]string{"-"}, input.Options{Stdin: bytes.NewReader(data)}) }
	if _, err := analyzer.Run(t.Context(), open(), analyzer.Options{}, p); err != nil {
		t.Fatal(err)
	}
	err := p.Watch(t.Context(), open(), func(s *analyzer.Frame) error {
		if s.Reading.Kind == analyzer.KindCaptureDuplicate {
			return nil
		}
		return f.Segment(s.Segment, s.Payload)
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	return f
}

const opened = `client 10.0.0.1:40000
server 10.0.0.2:80
isn 4294967290 4294967200
+0      > S   0:0(0)
+20ms   < S.  0:0(0)
+70us   > .
`

func TestFollow(t *testing.T) {
	for _, c := range []struct{ name, script, want string }{
		{"in turn, across both wraps", opened + `
+0 > P. "hello "
+0 > P. "world"
+20ms < P. "yes"
+1ms > F. "bye"
+20ms < F.
+0 > .`, "c:hello world s:yes c:bye"},
		{"sent again, in parts", opened + `
+0 > P. 1:6(5) "hello"
+300ms > P. 1:3(2) "he"
+0 > P. 3:9(6) "llo yo"
+20ms < .`, "c:hello yo"},
		{"overtaken", opened + `
+0 > P. 4:7(3) "two"
+0 > P. 1:4(3) "one"
+20ms < . ack 7`, "c:onetwo"},
		{"not captured, and given up before the answer", opened + `
+0 > . 1:4(3) "one"
+0 > . 4:9(5) unseen
+0 > P. 9:12(3) "two"
+20us < P. "answer"
+0 > . `, "c:one c[5 missing] c:two s:answer"},
		{"captured behind its ACK", opened + `
+0 > . 1:4(3) "one"
+0 > . 9:12(3) "two"
+20us < . ack 12
+20us > . 4:9(5) "and a"
+20ms < P. "answer"`, "c:oneand atwo s:answer"},
		{"nobody acknowledges it", opened + `
+0 > . 1:4(3) "one"
+0 > P. 9:12(3) "two"
+20ms < P. ack 4 "answer"`, "c:one s:answer c[5 missing] c:two"},
		{"the end is not captured, the FIN neither", opened + `
+0 > . 1:4(3) "one"
+0 < . ack 4
+0 > . 4:9(5) unseen
+0 < . ack 9`, "c:one c[5 missing]"},
		{"only the FIN is not captured", opened + `
+0 > . 1:4(3) "one"
+0 > F. 4:4(0) unseen
+0 < F. ack 5
+0 > . `, "c:one"},
		{"cut by the snap length", opened + `
+0 > . 1:7(6) "cutoff" cap 57
+0 > . 7:11(4) "cut2" cap 56
+0 < P. "answer"
+0 > . 11:14(3) "end"`, "c:cut c[3 cut] c:cu c[2 cut] s:answer c:end"},
		{"cut behind a hole", opened + `
+0 > . 4:8(4) "late" cap 56
+0 > . 8:11(3) "end"
+0 > . 1:4(3) "one"`, "c:onela c[2 cut] c:end"},
		{"cut, then whole", opened + `
+0 > . 4:8(4) "late" cap 56
+1s > . 4:8(4) "late"
+0 > . 1:4(3) "one"`, "c:onelate"},
		{"keep-alives are not of the stream", opened + `
+0 > . 1:4(3) "one"
+0 < . ack 4
+9 > . 3:4(1) hex 00
+0 < . ack 4
+9 > . 4:7(3) "two"`, "c:onetwo"},
		{"other content", opened + `
+0 > . 1:7(6) "attack"
+1s > . 1:7(6) "at-ack"
+0 > . 7:10(3) "end"`, "c:attack c[1 conflict] c:end"},
		{"what an RST says is for people", opened + `
+0 > . 1:4(3) "one"
+0 > R. 4:10(6) "reason"`, "c:one"},
		{"a blind SYN", opened + `
+0 > . 1:4(3) "one"
+0 > S raw 77:80(3) "xyz" forged
+0 > . 4:7(3) "two"`, "c:onetwo"},
		{"far away", opened + `
+0 > . 1:4(3) "one"
+0 > . 2000000000:2000000003(3) "far" forged
+0 > . 4:7(3) "two"`, "c:onetwo"},
		{"began before the capture", `client 10.0.0.1:40000
server 10.0.0.2:80
+0 > P. 5000:5003(3) ack 9000 "one"
+0 < P. 9000:9003(3) "two"`, "c:one s:two"},
		{"numbers from 0", `client 10.0.0.1:40000
server 10.0.0.2:80
isn 4294967295 4294967295
+0 > P. 1:4(3) ack 1 "one"
+0 < P. 1:4(3) ack 4 "two"
+0 > P. 4:9(5) ack 4 "three"`, "c:one s:two c:three"},
		{"numbers from 1 of one side, nothing of the other but an RST", `client 10.0.0.1:40000
server 10.0.0.2:80
isn 0 4294967294
+0 > P. 1:4(3) ack 1 "one"
+0 < R 1:1(0)`, "c:one"},
		{"data in the SYN", `client 10.0.0.1:40000
server 10.0.0.2:80
+0 > S 0:3(3) "one" <mss 1460,tfo 0102030405060708>
+20ms < S. 0:0(0) ack 4
+0 > . 4:7(3) "two"`, "c:onetwo"},
		{"a wrong checksum", opened + `
+0 > . 1:4(3) "one"
+0 > F. 4:7(3) "???" badsum
+1 > . 4:7(3) "two"`, "c:onetwo"},
		{"a wrong header checksum", opened + `
+0 > . 1:4(3) "one"
+0 > F. 4:7(3) "???" badipsum
+1 > . 4:7(3) "two"`, "c:onetwo"},
		{"header checksums left to the network card", `client 10.0.0.1:40000
server 10.0.0.2:80
+0 > S 0:0(0) badipsum
+20ms < S. 0:0(0) ack 1
+0 > . 1:4(3) "one" badipsum
+0 > F. 4:7(3) "two" badipsum`, "c:onetwo"},
		{"fragments", opened + `
+0 > . 1:33(32) "fragments are read to the first." frag 0:40
+0 > . 33:36(3) "end"
+20us < P. ack 36 "answer"`, "c[32 missing] c:end s:answer"},
		{"fragments, of which the last comes first", opened + `
+0 > . 1:33(32) "fragments are read to the first." ipid 7 frag 40:
+0 > . 1:33(32) "fragments are read to the first." ipid 7 frag 0:40
+0 > . 33:36(3) "end"
+20us < P. ack 36 "answer"`, "c:fragments are read to the first.end s:answer"},
	} {
		t.Run(c.name, func(t *testing.T) {
			script, err := lab.Parse(c.name, []byte(c.script+"\n"))
			if err != nil {
				t.Fatal(err)
			}
			data, err := script.Capture()
			if err != nil {
				t.Fatal(err)
			}
			var said strings.Builder
			last := ""
			follow(t, data, 0, func(p *analyzer.Piece) {
				who := p.From.String()[:1] + ":"
				switch {
				case p.Kind != analyzer.PieceData:
					kinds := map[analyzer.PieceKind]string{analyzer.PieceMissing: "missing", analyzer.PieceCut: "cut", analyzer.PieceConflict: "conflict"}
					fmt.Fprintf(&said, " %s[%d %s]", who[:1], p.Len, kinds[p.Kind])
					last = ""
					return
				case who != last:
					said.WriteString(" " + who)
				}
				said.Write(p.Bytes)
				last = who
			})
			if got := strings.TrimSpace(said.String()); got != c.want {
				t.Errorf("\n got %s\nwant %s", got, c.want)
			}
		})
	}
}

// TestFollowGoldens: in every capture the pieces of each stream follow each other, and as many bytes are data as were
// captured, no more than were sent.
func TestFollowGoldens(t *testing.T) {
	for _, c := range captures(t) {
		if len(c.data) > 1<<18 {
			continue
		}
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			cs, _ := framesOf(t, c.data, analyzer.Options{}, func(*analyzer.Conversation) bool { return true })
			for i := range cs {
				var bytes [2]int64
				f := follow(t, c.data, cs[i].stream, func(p *analyzer.Piece) {
					if p.Kind == analyzer.PieceData {
						bytes[p.From] += p.Len
					}
				})
				for side := range analyzer.Server + 1 {
					s := f.Stats(side)
					if s.Data != bytes[side] || uint64(s.Data) > cs[i].payload[side] {
						t.Errorf("stream %d: %d bytes of the %s, %d in its pieces, %d sent", cs[i].stream, s.Data, side, bytes[side], cs[i].payload[side])
					}
				}
			}
		})
	}
}

// TestFollowBounded: a long stream needs no more memory than a short one, with a hole that nobody acknowledges.
func TestFollowBounded(t *testing.T) {
	frames := scripts.Frames(t, opened+"+0 < . 1:1449(1448)\n+0 < . 2897:4345(1448)\n")
	var k keeper
	a := analyzer.Options{Workers: 1}
	data, err := lab.WriteCapture(frames, lab.Format{})
	if err != nil {
		t.Fatal(err)
	}
	src := input.Open([]string{"-"}, input.Options{Stdin: bytes.NewReader(data)})
	if _, err := analyzer.Run(t.Context(), src, a, &k); err != nil {
		t.Fatal(err)
	}
	got := int64(0)
	f := analyzer.NewFollower(&k.list[0], func(p *analyzer.Piece) error {
		got += p.Len
		return nil
	})
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	segment := downloadSegment(t, data)
	segment.Bits &^= wire.FewOptions // its checksum is that of other bytes
	payload := make([]byte, segment.Len)
	const total = 400 << 20
	for sent := int64(2 * 1448); sent < total; sent += 1448 {
		segment.Seq += segment.Len
		segment.Frame++
		if err := f.Segment(&segment, payload); err != nil {
			t.Fatal(err)
		}
	}
	runtime.ReadMemStats(&after)
	if n := after.TotalAlloc - before.TotalAlloc; n > 128<<20 {
		t.Errorf("%d MB were allocated for a stream of 400 MB", n>>20)
	}
	if err := f.Close(); err != nil || got < total-3000 {
		t.Errorf("%d bytes, %v", got, err)
	}
}

// downloadSegment is the last segment of a capture.
func downloadSegment(t *testing.T, data []byte) (s wire.Segment) {
	t.Helper()
	src := input.Open([]string{"-"}, input.Options{Stdin: bytes.NewReader(data)})
	var b packet.Batch
	if err := src.Next(&b); err != nil {
		t.Fatal(err)
	}
	var d wire.Decoder
	for i, p := range b.Packets {
		d.Decode(p.Link, b.Data(i), p.WireLen, &s)
	}
	return s
}
