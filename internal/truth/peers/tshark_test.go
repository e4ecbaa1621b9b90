package peers

import (
	"cmp"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"tcptrace/analyzer"
	"tcptrace/internal/input"
	"tcptrace/report"
)

// tsharkFlags are Wireshark's tcp.analysis fields that we compare, in the order in which one of them is taken
// for a segment that has several.
var tsharkFlags = []string{
	"spurious_retransmission", "fast_retransmission", "retransmission", "out_of_order", "keep_alive", "keep_alive_ack",
	"zero_window_probe", "zero_window_probe_ack", "window_update", "duplicate_ack",
}

// tsharkNotes are those that stand beside a kind, with ours.
var tsharkNotes = map[string]string{
	"lost_segment": "previous-segment-missing", "ack_lost_segment": "ack-of-unseen",
	"zero_window": "zero-window", "window_full": "window-full", "reused_ports": "port-reused",
}

// sameKind is what we call what Wireshark's flag says.
var sameKind = map[string]analyzer.Kind{
	"spurious_retransmission": analyzer.KindRetransmission, "fast_retransmission": analyzer.KindRetransmission, "retransmission": analyzer.KindRetransmission,
	"out_of_order": analyzer.KindOutOfOrder, "keep_alive": analyzer.KindKeepAlive, "keep_alive_ack": analyzer.KindKeepAliveACK,
	"zero_window_probe": analyzer.KindZeroWindowProbe, "zero_window_probe_ack": analyzer.KindZeroWindowProbeACK,
	"window_update": analyzer.KindWindowUpdate, "duplicate_ack": analyzer.KindDuplicateACK,
}

// tshark is what it says of each frame: the flags it sets.
func tshark(t *testing.T, path string) map[uint64]map[string]bool {
	t.Helper()
	args := []string{"-n", "-r", path, "-Y", "tcp", "-T", "fields", "-e", "frame.number"}
	names := append(slices.Clone(tsharkFlags), slices.Sorted(maps.Keys(tsharkNotes))...)
	for _, name := range names {
		args = append(args, "-e", "tcp.analysis."+name)
	}
	out, err := exec.Command("tshark", args...).Output()
	if err != nil {
		t.Fatalf("tshark %s: %v", path, err)
	}
	says := map[uint64]map[string]bool{}
	for line := range strings.Lines(string(out)) {
		fields := strings.Split(strings.TrimSuffix(line, "\n"), "\t")
		n, err := strconv.ParseUint(fields[0], 10, 64)
		if err != nil {
			t.Fatal(err)
		}
		says[n] = map[string]bool{}
		for i, name := range names {
			if fields[i+1] != "" {
				says[n][name] = true
			}
		}
	}
	return says
}

// readings is what we say of each frame.
func readings(t *testing.T, path string) map[uint64]analyzer.Reading {
	t.Helper()
	src := input.Open([]string{path}, input.Options{})
	defer src.Close()
	a := analyzer.New(analyzer.Options{}, ignored{})
	says := map[uint64]analyzer.Reading{}
	a.Watch(func(r *analyzer.Reading) {
		if r.Amends == 0 {
			says[r.Segment.Frame] = *r
		}
	})
	if _, err := a.Run(t.Context(), src); err != nil {
		t.Fatal(err)
	}
	return says
}

// ignored is a sink that takes no notice.
type ignored struct{}

func (ignored) Conversation(*analyzer.Conversation) error { return nil }

// TestTshark compares every segment's kind with Wireshark's flags. Every pair of answers that differ is in
// report.WiresharkDifferences, with the reason.
func TestTshark(t *testing.T) {
	if os.Getenv("TCPTRACE_PEERS") == "" {
		t.Skip("it takes a minute: set TCPTRACE_PEERS=1 to compare with tshark")
	}
	if _, err := exec.LookPath("tshark"); err != nil {
		t.Skip("tshark is not installed")
	}
	reasons := reasonsByPair()
	for _, dir := range []string{"../../../testdata/pcaps", os.Getenv("TCPTRACE_CAPTURES")} {
		if dir == "" {
			continue
		}
		paths, err := filepath.Glob(filepath.Join(dir, "*.pcap"))
		if err != nil || len(paths) == 0 {
			t.Fatalf("no captures in %s: %v", dir, err)
		}
		count, example := map[string]int{}, map[string]string{}
		same := 0
		for _, path := range paths {
			theirs := tshark(t, path)
			for frame, r := range readings(t, path) {
				for _, pair := range compare(&r, theirs[frame]) {
					if pair == "" {
						same++
						continue
					}
					count[pair]++
					example[pair] = fmt.Sprintf("%s frame %d", filepath.Base(path), frame)
				}
			}
		}
		t.Logf("%s: %d the same", dir, same)
		for _, pair := range slices.Sorted(maps.Keys(count)) {
			reason, known := reasons[pair]
			if !known {
				t.Errorf("%5d %s: no reason is known, such as %s", count[pair], pair, example[pair])
				continue
			}
			t.Logf("%5d %s (such as %s): %s", count[pair], pair, example[pair], reason)
		}
	}
}

// reasonsByPair are the reasons that the documentation names ('tcptrace fields'), by pairs as compare has them.
func reasonsByPair() map[string]string {
	reasons := map[string]string{}
	for _, d := range report.WiresharkDifferences {
		theirs, ours := cmp.Or(d.Wireshark, "none"), d.Ours
		for flag, note := range tsharkNotes {
			switch {
			case d.Wireshark == flag && ours == "":
				ours = "not " + note
			case d.Wireshark == "" && ours == note:
				theirs = "not " + flag
			}
		}
		reasons[theirs+" / "+ours] = d.Why
	}
	return reasons
}

// compare lists where the two differ, as "Wireshark's flag / our kind"; an empty string is an agreement.
func compare(r *analyzer.Reading, flags map[string]bool) (pairs []string) {
	flag := "none"
	for _, name := range tsharkFlags {
		if flags[name] {
			flag = name
			break
		}
	}
	ours := r.Kind.String()
	agrees := flag != "none" && sameKind[flag] == r.Kind
	if flag == "none" {
		agrees = !slices.ContainsFunc(tsharkFlags, func(f string) bool { return sameKind[f] == r.Kind })
	}
	if agrees {
		pairs = append(pairs, "")
	} else {
		pairs = append(pairs, flag+" / "+ours)
	}
	notes := map[string]bool{}
	for n := range r.Notes.All() {
		notes[n] = true
	}
	for theirs, mine := range tsharkNotes {
		switch {
		case flags[theirs] && !notes[mine]:
			pairs = append(pairs, theirs+" / not "+mine)
		case !flags[theirs] && notes[mine]:
			pairs = append(pairs, "not "+theirs+" / "+mine)
		}
	}
	return pairs
}
