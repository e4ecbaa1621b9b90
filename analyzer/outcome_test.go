package analyzer

import (
	"io"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/gopacket/pcapgo"
)

// outcomes is a sink that holds the outcome of each conversation against its trajectories.
type outcomes struct {
	t        *testing.T
	file     string
	judgment Judgment
	count    [NumOutcomes]int
}

func (o *outcomes) Conversation(c *Conversation) error {
	o.judgment.follow(c)
	if want := o.judgment.scene.outcome(); c.Outcome != want {
		o.t.Errorf("%s, stream %d: %s, by its trajectories %s", o.file, c.Stream, c.Outcome, want)
	}
	o.count[c.Outcome]++
	return nil
}

// TestPlainOutcome has every golden and kernel capture analyzed: what is plain at a glance is what following
// the endpoints says.
func TestPlainOutcome(t *testing.T) {
	var files []string
	for _, pattern := range []string{"../testdata/pcaps/*.pcap", "../testdata/kernel/*.pcap"} {
		found, err := filepath.Glob(pattern)
		if err != nil {
			t.Fatal(err)
		}
		files = append(files, found...)
	}
	sink := outcomes{t: t}
	for _, sink.file = range files {
		analyzeFile(t, sink.file, &sink)
	}
	for o, n := range sink.count {
		if n == 0 {
			t.Errorf("no conversation of %d files is %s", len(files), Outcome(o))
		}
	}
}

// analyzeFile has the packets of a pcap file analyzed, without the help of the packages that use this one.
func analyzeFile(t *testing.T, path string, sink Sink) {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	r, err := pcapgo.NewReader(f)
	if err != nil {
		t.Fatalf("%s: %v", path, err)
	}
	a := New(Options{Quick: true}, sink)
	for {
		data, ci, err := r.ReadPacketData()
		if err == io.EOF {
			break
		}
		if err != nil {
			t.Fatalf("%s: %v", path, err)
		}
		if err := a.Frame(r.LinkType(), ci, data); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := a.Close(); err != nil {
		t.Fatal(err)
	}
}
