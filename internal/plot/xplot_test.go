package plot

import (
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"tcptrace/internal/testutil/golden"
	"tcptrace/internal/testutil/thorough"
)

// TestXplotGoldens holds the commands for xplot against what they were. Ostermann's program writes the same of these captures.
func TestXplotGoldens(t *testing.T) {
	for _, name := range []string{"close-client", "sack-retransmit", "zero-window"} {
		path := goldens + name + ".pcap"
		if _, err := os.Stat(path); err != nil {
			t.Fatal(err)
		}
		golden.Compare(t, name+".xpl", []byte(plotted(t, path, Options{Kind: "sequence", From: "client", Format: "xplot"}, true)))
	}
}

// commands are those of an xplot file, each with its colour, and how often. Their order does not matter.
func commands(text string) map[string]int {
	all := map[string]int{}
	lines := strings.Split(text, "\n")
	color, i := "", slices.Index(lines, "sequence number")+1
	for ; i > 0 && i < len(lines); i++ {
		words := strings.Fields(lines[i])
		switch {
		case len(words) == 0 || words[0] == "go":
			continue
		case len(words) == 1:
			color = words[0]
			continue
		}
		own, last := color, words[len(words)-1]
		if strings.Trim(last, "abcdefghijklmnopqrstuvwxyz") == "" {
			own, words = last, words[:len(words)-1]
		}
		command := strings.Join(words, " ") + " " + own
		if strings.HasSuffix(words[0], "text") {
			i++
			command += " " + lines[i]
		}
		all[command]++
	}
	return all
}

// TestXplotAgrees compares with what Ostermann's tcptrace writes of every golden capture. testdata/xplot-differences.txt has the graphs that are
// not the same, and why; docs/plots.md explains.
func TestXplotAgrees(t *testing.T) {
	theirs, err := exec.LookPath("tcptrace")
	if err == nil {
		var out []byte
		if out, err = exec.Command(theirs, "-v").CombinedOutput(); !strings.Contains(string(out), "Ostermann") {
			t.Skip("the tcptrace that is installed is not Ostermann's")
		}
	}
	if err != nil {
		t.Skip("Ostermann's tcptrace is not installed (Debian: apt-get install tcptrace)")
	}
	paths, err := filepath.Glob(goldens + "*.pcap")
	if err != nil || len(paths) < 100 {
		t.Fatalf("%d captures, %v", len(paths), err)
	}
	known, looked, differ := differences(t), map[string]bool{}, map[string]bool{}
	for _, path := range thorough.Some(t, paths, 4) {
		dir := t.TempDir()
		absolute, _ := filepath.Abs(path)
		cmd := exec.Command(theirs, "-S", "-n", absolute)
		cmd.Dir = dir
		_ = cmd.Run() // what it cannot read it says nothing of
		for side, file := range map[string]string{"client": "a2b_tsg.xpl", "server": "b2a_tsg.xpl"} {
			text, _ := os.ReadFile(filepath.Join(dir, file))
			ours, err := tryPlot(t, path, Options{Kind: "sequence", From: side, Format: "xplot"}, true)
			if err != nil {
				continue // no conversation
			}
			graph := strings.TrimSuffix(filepath.Base(path), ".pcap") + " " + side
			looked[graph] = true
			if same := maps.Equal(commands(ours), commands(string(text))); !same {
				differ[graph] = true
				if known[graph] == "" {
					t.Errorf("%s is not what Ostermann's tcptrace writes", graph)
				}
			}
		}
	}
	for graph := range known {
		if !differ[graph] && (looked[graph] || thorough.Asked()) {
			t.Errorf("%s is the same now: take it from the list", graph)
		}
	}
}

// differences are the reasons by graph.
func differences(t *testing.T) map[string]string {
	text, err := os.ReadFile("testdata/xplot-differences.txt")
	if err != nil {
		t.Fatal(err)
	}
	list := map[string]string{}
	for line := range strings.Lines(string(text)) {
		if words := strings.Fields(line); len(words) == 3 && words[0] != "#" {
			list[words[0]+" "+words[1]] = words[2]
		}
	}
	return list
}
