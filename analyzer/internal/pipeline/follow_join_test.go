package pipeline_test

import (
	"fmt"
	"strings"
	"testing"

	"tcptrace/analyzer"
	"tcptrace/analyzer/packet"
	"tcptrace/internal/testutil/scripts"
)

// joined is what a Follower hears that joins a conversation behind so many of its frames.
func joined(t *testing.T, script string, behind uint64) string {
	t.Helper()
	var heard []string
	var f *analyzer.Follower
	m := analyzer.NewMonitor(analyzer.Options{}, analyzer.Idle{}, func(*analyzer.Event) {})
	join := func(seen *analyzer.Seen) {
		f = analyzer.NewFollower(seen.Conversation, func(p *analyzer.Piece) error {
			heard = append(heard, fmt.Sprintf("%c@%d:%s%s", p.From.String()[0], p.Offset, p.Bytes, map[analyzer.PieceKind]string{analyzer.PieceMissing: fmt.Sprintf("[%d]", p.Len)}[p.Kind]))
			return nil
		})
		f.Join()
	}
	for i, frame := range scripts.Frames(t, script) {
		if uint64(i) == behind {
			m.Find(1, join)
		}
		b := packet.Batch{Buf: frame.Data, Packets: []packet.Packet{{Link: packet.LinkType(frame.Link), Time: frame.Time, CapLen: uint32(len(frame.Data)), WireLen: uint32(frame.WireLen)}}}
		m.Batch(&b, func(p *analyzer.Numbered) {
			if f != nil && p.TCP {
				if err := f.Segment(p.Segment, p.Payload()); err != nil {
					t.Fatal(err)
				}
			}
		})
	}
	return strings.Join(heard, " ")
}

// TestFollowJoin: who joins hears what is sent from then on, counted from there, and misses nothing of what was before; what is lost later it misses.
func TestFollowJoin(t *testing.T) {
	const (
		talk = opened + `
+1ms > P. "hello"
+20ms < P. "yes"
+1ms > .
`
		bye = "+1s > P. \"bye\"\n+20ms < P. \"so long\"\n"
	)
	for _, c := range []struct {
		name, script string
		behind       uint64
		want         string
	}{
		{"from the SYN on", talk, 0, ""},
		{"behind the SYN", talk, 1, "c@0:hello s@0:yes"},
		{"in the middle", talk + bye, 6, "c@0:bye s@0:so long"},
		{"before an answer", talk + bye, 4, "s@0:yes c@0:bye s@3:so long"},
		{"the side that is silent until its peer's ACK", talk + "+1s < P. \"so\"\n+1ms > .\n+1s > P. \"bye\"\n", 6, "s@0:so c@0:bye"},
		{"what was sent before comes again", talk + "+1s > P. 1:6(5) \"hello\"\n+20ms < .\n" + bye, 6, "c@0:hello c@5:bye s@0:so long"},
		{"what was acknowledged comes again", talk + "+1s < .\n+0 > P. 1:6(5) \"hello\"\n+20ms < .\n" + bye, 6, "c@0:bye s@0:so long"},
		{"a loss of the capture", talk + bye + "+1s > P. 9:13(4) unseen\n+0 > P. 13:15(2) \"ab\"\n+20ms < .\n+1s < .\n", 6, "c@0:bye s@0:so long c@3:[4] c@7:ab"},
	} {
		if got := joined(t, c.script, c.behind); got != c.want {
			t.Errorf("%s: %q, want %q", c.name, got, c.want)
		}
	}
}
