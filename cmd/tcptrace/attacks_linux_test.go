package main

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"tcptrace/internal/testutil/thorough"
	"tcptrace/report"
)

// attack is a capture made to take memory or time, and how much it may take.
type attack struct {
	name     string
	capture  func(n int) []byte
	n        int      // of what the capture has many of; 0: it is one and the same always
	code     int      // exit code
	says     string   // what the report, or the error, shows of it, with %s for n: that it is what it should be
	peak     int      // MB of memory that each command may have
	seconds  float64  // of processor time that each may take
	commands []string // beside the report; CAPTURE is the file
}

// attacks are what they say. The bounds are twice what they take, and more where that is little.
//
// Unless everything is to be tested, as it is in CI, only the report is made, of those that there can be less of: a sixteenth as many, in a sixteenth
// of the time and of the memory beyond what any run may take. What grows faster than its input is found by either.
var attacks = []attack{
	{"SYNs from 200,000 addresses", synFlood, 200_000, exitDone, "in %s conversations", 300, 20,
		[]string{"CAPTURE --format ndjson", "CAPTURE --max-flows 1000", "replay CAPTURE --speed max --format ndjson", "summary CAPTURE --by client,server,port",
			"findings CAPTURE", "plot CAPTURE --kind connections -o DIR/drawn.svg"}},
	{"SYNs from 200,000 addresses, on a page", synFlood, 200_000, exitDone, "in %s conversations", 450, 20,
		[]string{"report CAPTURE -o DIR/page.html"}},
	{"SYNs from 130,000 addresses, checked or sorted", synFlood, 130_000, exitDone, "in %s conversations", 900, 20,
		[]string{"check CAPTURE --deny error", "CAPTURE --format ndjson --sort -bytes", "CAPTURE --sort -bytes --limit 0"}},
	{"300,000 holes in a stream", holes, 300_000, exitDone, "in 1 conversation\n", 200, 10, []string{"follow CAPTURE --stream 0 --as hex", "timeline CAPTURE",
		"report CAPTURE -o DIR/page.html", "plot CAPTURE --stream 0 --kind sequence -o DIR/drawn.png"}},
	{"300,000 ACKs with SACK blocks anywhere", sackStorm, 300_000, exitDone, "in 1 conversation\n", 200, 10, []string{"timeline CAPTURE", "replay CAPTURE --speed max --format ndjson",
		"report CAPTURE -o DIR/page.html", "plot CAPTURE --stream 0 --kind sequence -o DIR/drawn.svg"}},
	{"a port used again 100,000 times", portReuse, 100_000, exitDone, "in %s conversations", 250, 10, []string{"CAPTURE --format ndjson", "states CAPTURE --every 10ms"}},
	{"tunnels in tunnels, up to 70 deep", always(nestedTunnels), 0, exitDone, "52,278 packets: encapsulation without a readable inner packet", 120, 10, nil},
	{"200,000 fragments without a last one", fragments, 200_000, exitDone, "fragment", 150, 10, []string{"timeline CAPTURE --format ndjson"}},
	{"256 MB of zeros in 256 kB of gzip", always(gzipBomb), 0, exitDone, "packets", 120, 10, nil},
	{"1 TB of zeros in 32 MB of zstd", always(zstdBomb), 0, exitBadInput, "not a capture", 120, 10, nil},
	{"a window of 2 GB for zstd", always(zstdWindow), 0, exitBadInput, "window", 120, 10, nil},
	{"100,000 interfaces", always(interfaces), 0, exitBadInput, "more than 65536 interfaces", 450, 15, []string{"extract CAPTURE -w DIR/extracted.pcapng --where true"}},
	{"64 MB of options", always(options), 0, exitDone, "in 1 conversation\n", 250, 10, []string{"extract CAPTURE -w DIR/extracted.pcapng --where true"}},
	{"200,000 anomalies in a conversation", anomalyStorm, 200_000, exitDone, "in 1 conversation\n", 180, 10,
		[]string{"CAPTURE --format json", "timeline CAPTURE", "replay CAPTURE --speed max --format ndjson", "check CAPTURE --deny note",
			"report CAPTURE -o DIR/page.html", "plot CAPTURE --stream 0 --kind ladder -o DIR/drawn.pdf"}},
	{"200,000 ICMP errors about arbitrary connections", icmpFlood, 200_000, exitDone, "in 1 conversation\n", 120, 10,
		[]string{"timeline CAPTURE", "replay CAPTURE --speed max --format ndjson", "findings CAPTURE"}},
	{"names of 50,000 servers, by DNS and HTTP", nameFlood, 50_000, exitDone, "in %s conversations", 650, 20,
		[]string{"summary CAPTURE --by client,server,port", "findings CAPTURE", "report CAPTURE -o DIR/page.html", "replay CAPTURE --speed max --format ndjson"}},
	{"5,000 connections in which everything goes wrong", heaviest, 5_000, exitDone, " conversations", 1300, 20,
		[]string{"findings CAPTURE", "report CAPTURE -o DIR/page.html", "CAPTURE --format json", "replay CAPTURE --speed max --format ndjson",
			"diff CAPTURE CAPTURE", "plot CAPTURE --kind connections -o DIR/drawn.svg", "states CAPTURE --every 1ms", "check CAPTURE --deny note"}},
	{"15,000 connections in which everything goes wrong, with room for 8,000", heaviest, 15_000, exitDone, " conversations", 350, 20,
		[]string{"CAPTURE --max-flows 8000 --format ndjson", "replay CAPTURE --max-flows 8000 --speed max --format ndjson"}},
	{"VLANs, MPLS, GRE and VXLAN, up to 90 deep", always(nestedLinks), 0, exitDone, "encapsulation without a readable inner packet", 120, 10,
		[]string{"plot CAPTURE --kind connections -o DIR/drawn.svg"}},
	{"100,000 sections", always(sections), 0, exitDone, "in 100,000 conversations", 250, 15, []string{"extract CAPTURE -w DIR/extracted.pcapng --where true"}},
	{"a block of 4 GB", always(hugeBlock), 0, exitBadInput, "block", 120, 10, nil},
	{"packets of random bytes, followed by garbage", always(garbage), 0, exitBadInput, "beyond any snap length", 150, 10,
		[]string{"replay CAPTURE --speed max --format ndjson", "findings CAPTURE", "report CAPTURE -o DIR/page.html"}},
}

// always is an attack of one size.
func always(capture func() []byte) func(int) []byte { return func(int) []byte { return capture() } }

// part is the report of the attack, with a sixteenth of what it has many of.
func (a attack) part() attack {
	const parts = 16
	if a.n > 0 {
		a.n /= parts
		a.peak = leastPeak + (a.peak-leastPeak)/parts
		a.seconds = leastSeconds + a.seconds/parts
	}
	a.commands = nil
	return a
}

// What any run may take, however short it is.
const (
	leastPeak    = 120 // MB
	leastSeconds = 1
)

// quickAttacks are those of a short test.
const quickAttacks = 2

func init() { programs["tcptrace-measured"] = measured }

// measured runs tcptrace with a limit of memory, beyond which it is given none, and writes what it took. It is small itself: a process that is
// started counts the memory of the one that starts it.
func measured() {
	limit, err := strconv.ParseUint(os.Getenv("MEMORY_LIMIT"), 10, 64)
	if err == nil {
		err = unix.Setrlimit(unix.RLIMIT_DATA, &unix.Rlimit{Cur: limit, Max: limit})
	}
	if err != nil {
		panic(err)
	}
	cmd := exec.Command("tcptrace", os.Args[1:]...)
	cmd.Stdout, cmd.Stderr = os.Stdout, os.Stderr
	err = cmd.Run()
	if x := (*exec.ExitError)(nil); err != nil && !errors.As(err, &x) {
		panic(err)
	}
	took := cmd.ProcessState.SysUsage().(*syscall.Rusage)
	seconds := (cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()).Seconds()
	if err := os.WriteFile(os.Getenv("MEASURED"), fmt.Appendf(nil, "%d %f", took.Maxrss/1000, seconds), 0o600); err != nil {
		panic(err)
	}
	os.Exit(cmd.ProcessState.ExitCode())
}

// TestAttacks: what is sent to exhaust it does not take more memory or time than stated.
func TestAttacks(t *testing.T) {
	for i, a := range attacks {
		t.Run(a.name, func(t *testing.T) {
			if testing.Short() && i >= quickAttacks {
				t.Skip("-short: another attack stands for it")
			}
			if a.n == 0 {
				thorough.Only(t)
			}
			if !thorough.Asked() {
				a = a.part()
			}
			says := strings.Replace(a.says, "%s", report.HumanCount(uint64(a.n)), 1)
			dir := t.TempDir()
			path := filepath.Join(dir, "attack")
			if err := os.WriteFile(path, a.capture(a.n), 0o600); err != nil {
				t.Fatal(err)
			}
			for n, command := range slices.Concat([]string{"CAPTURE"}, a.commands) {
				args := strings.Fields(strings.NewReplacer("CAPTURE", path, "DIR", dir).Replace(command))
				said := a.run(t, args)
				if n == 0 && !strings.Contains(said, says) {
					t.Errorf("%q is not said: %s", says, said)
				}
			}
		})
	}
}

// run runs a command and returns the last of what it said.
func (a *attack) run(t *testing.T, args []string) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "measured")
	const spare = 512 << 20 // what is reserved, and not used
	cmd := exec.CommandContext(t.Context(), "tcptrace-measured", args...)
	cmd.Env = append(os.Environ(), "MEASURED="+file, fmt.Sprintf("MEMORY_LIMIT=%d", a.peak*1e6+spare))
	var said tail
	cmd.Stdout, cmd.Stderr = &said, &said
	cmd.WaitDelay = time.Second
	err := cmd.Run()
	text, readErr := os.ReadFile(file)
	if readErr != nil {
		t.Fatalf("%q: %v: %s", args, err, said.last)
	}
	var peak int
	var seconds float64
	if _, err := fmt.Sscan(string(text), &peak, &seconds); err != nil {
		t.Fatal(err)
	}
	code := cmd.ProcessState.ExitCode()
	t.Logf("%q: %d MB, %.1f s", args, peak, seconds)
	if code != a.code && (code != exitFailedCheck || args[0] != "check") {
		t.Errorf("%q: exit code %d: %s", args, code, said.last)
	}
	if peak > a.peak || seconds > a.seconds {
		t.Errorf("%q: %d MB, not %d, and %.1f s, not %.0f", args, peak, a.peak, seconds, a.seconds)
	}
	return string(said.last)
}

// tail keeps the last of what is written.
type tail struct{ last []byte }

func (w *tail) Write(p []byte) (int, error) {
	const kept = 4 << 10
	w.last = append(w.last, p[max(0, len(p)-kept):]...)
	w.last = w.last[max(0, len(w.last)-kept):]
	return len(p), nil
}

// TestAttacksAreDocumented: docs/security.md has the bounds.
func TestAttacksAreDocumented(t *testing.T) {
	text := readDoc(t, "docs/security.md")
	for _, a := range attacks {
		if row := fmt.Sprintf("| %s | %d MB | %.0f s |\n", a.name, a.peak, a.seconds); !strings.Contains(text, row) {
			t.Errorf("there is no row %s", row)
		}
	}
}
