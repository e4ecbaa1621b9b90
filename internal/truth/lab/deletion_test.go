package lab_test

import (
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"tcptrace/internal/input"
	"tcptrace/internal/testutil/thorough"
	"tcptrace/internal/truth/lab"
)

// deletionRuns is how often frames of each capture are deleted. Each run loses more of them than the one before.
const deletionRuns = 10

// TestDeletedFrames deletes frames of captures at random, as a tap that drops packets does. States may be
// missing then and evidence weaker; but what an endpoint showed by sending is still the truth: a step with evidence
// "sent" is one that the whole capture has, too.
func TestDeletedFrames(t *testing.T) {
	scripts, err := filepath.Glob(filepath.Join(goldenDir, "*.txt"))
	if err != nil || len(scripts) == 0 {
		t.Fatalf("no scripts in %s: %v", goldenDir, err)
	}
	for _, path := range thorough.Some(t, scripts, 4) {
		name := strings.TrimSuffix(filepath.Base(path), ".txt")
		t.Run(name, func(t *testing.T) {
			text, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			script, err := lab.Parse(filepath.Base(path), text)
			if err != nil {
				t.Fatal(err)
			}
			frames, err := script.Frames()
			if err != nil {
				t.Fatal(err)
			}
			whole := entered(analyzeFrames(t, frames, script.Format), false)
			for run := range deletionRuns {
				rest, deleted := withoutSome(frames, run)
				if len(rest) == 0 {
					continue
				}
				for step := range entered(analyzeFrames(t, rest, script.Format), true) {
					if !whole[step] {
						t.Errorf("without frames %v: %s, which sends to %s, is said to have shown that it is %s",
							deleted, step.endpoint, step.peer, step.state)
					}
				}
			}
		})
	}
}

func analyzeFrames(t *testing.T, frames []lab.Frame, f lab.Format) document {
	t.Helper()
	capture, err := lab.WriteCapture(frames, f)
	if err != nil {
		t.Fatal(err)
	}
	return analyzeBytes(t, capture, 1, input.Options{})
}

// withoutSome deletes frames; run decides which, and how many. It also returns the numbers, from 1, of those deleted.
func withoutSome(frames []lab.Frame, run int) (rest []lab.Frame, deleted []int) {
	rng := rand.New(rand.NewPCG(uint64(run), uint64(len(frames))))
	share := 0.05 + 0.6*float64(run)/deletionRuns
	for i, f := range frames {
		if rng.Float64() < share {
			deleted = append(deleted, i+1)
			continue
		}
		rest = append(rest, f)
	}
	return rest, deleted
}

// entry says that an endpoint entered a state. Sockets name it, not sides: without the handshake, who is the
// client is a guess.
type entry struct{ endpoint, peer, state string }

// entered is the set of the states that endpoints entered, in any of the conversations of their sockets.
func entered(doc document, sentOnly bool) map[entry]bool {
	out := make(map[entry]bool)
	for _, c := range doc.Conversations {
		for side, peer := range map[string]string{"client": "server", "server": "client"} {
			endpoint := c["endpoints"].(map[string]any)[side].(map[string]any)
			for _, step := range endpoint["trajectory"].([]any) {
				step := step.(map[string]any)
				if !sentOnly || step["evidence"] == "sent" {
					out[entry{socket(c[side]), socket(c[peer]), step["state"].(string)}] = true
				}
			}
		}
	}
	return out
}

// socket is an endpoint of a record without its name, which may be in a frame that was deleted.
func socket(host any) string {
	h := host.(map[string]any)
	return fmt.Sprintf("%v:%v", h["ip"], h["port"])
}
