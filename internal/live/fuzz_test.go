package live_test

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"testing"
	"time"

	"tcptrace/analyzer"
	"tcptrace/internal/input"
	"tcptrace/internal/live"
	"tcptrace/internal/testutil/sources"
)

// fuzzedBytes is how long captures may be: larger ones are slow, and show nothing more.
const fuzzedBytes = 8 << 10

// FuzzEvents gives any bytes as a capture to a loop, in pieces, with room for few conversations and short patience: every conversation is opened before
// anything else is told of it, has one last record, and only what was told is taken back.
func FuzzEvents(f *testing.F) {
	for _, dir := range []string{"../../testdata/pcaps", "../../../shared/cases", "../../../shared/cases/hostile"} {
		paths, err := filepath.Glob(filepath.Join(dir, "*.pcap*"))
		if err != nil {
			f.Fatal(err)
		}
		if len(paths) == 0 {
			f.Logf("no captures in %s: skipped", dir)
		}
		for i, path := range paths {
			capture, err := os.ReadFile(path)
			if err != nil {
				f.Fatal(err)
			}
			if len(capture) <= 2<<10 {
				f.Add(capture, uint8(i), uint8(i/2), uint32(0))
			}
		}
	}
	f.Fuzz(func(t *testing.T, capture []byte, size, room uint8, idle uint32) {
		if len(capture) > fuzzedBytes {
			t.Skip()
		}
		src := input.Open([]string{"-"}, input.Options{Stdin: bytes.NewReader(capture)})
		defer src.Close()
		ears := listener{t: t, name: "damaged", beliefs: map[uint64]*belief{}, final: recordSink{}}
		l := live.New(sources.Pieces(src, 1+int(size)), live.Options{
			Options: analyzer.Options{MaxFlows: 1 + int(room)}, Prompt: room%2 == 0,
			Idle: analyzer.Idle{Opening: time.Duration(idle) * time.Microsecond, Established: time.Duration(idle) * time.Microsecond, Closing: time.Duration(idle) * time.Microsecond},
		})
		l.OnEvent(ears.hear)
		sum, err := l.Run(context.Background())
		if err != nil {
			t.Fatal(err)
		}
		if len(ears.final) != len(ears.beliefs) || uint64(len(ears.final)) != sum.Conversations {
			t.Errorf("%d conversations have a last record, %d were told of, the summary has %d", len(ears.final), len(ears.beliefs), sum.Conversations)
		}
		packets := uint64(0)
		for _, r := range ears.final {
			packets += r.Packets
		}
		if packets != sum.TCP {
			t.Errorf("%d packets in conversations, %d in the summary", packets, sum.TCP)
		}
	})
}
