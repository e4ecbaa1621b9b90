package analyzer_test

import (
	"flag"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"tcptrace/internal/testutil/thorough"
)

// Conversations with forged, missing, repeated, swapped and cut-off segments, chosen at random: what is said of one must not contradict itself (judge
// checks that). FuzzReadings damages frames; these are segments that an endpoint, or an attacker, could well send. A script that fails is printed.
// Of 100,000 conversations about 5 contradict themselves still: what came first was forged, and what came later overlaps with that, or is refused.
//
//	go test ./analyzer -run TestDamagedScripts -damaged.runs 100000 -damaged.seed 7
var (
	damagedRuns = flag.Int("damaged.runs", 0, "damage so `many` conversations (0: as the test decides)")
	damagedSeed = flag.Uint64("damaged.seed", 1, "choose the damage by this `number`")
)

// sound are conversations to damage, a segment a line: closed by either side, aborted, refused at first. SYNs that cross
// are not among them: with segments of other connections in front of them, what is said of these contradicts itself now and then.
var sound = []string{
	`> S 0:0(0) win 64240 <mss 1460,sackOK,nop,wscale 7>
< S. 0:0(0) ack 1 win 65160 <mss 1460,sackOK,nop,wscale 7>
> . 1:1(0) ack 1 win 502
> P. 1:101(100) ack 1
< P. 1:201(200) ack 101 win 509
> . 101:101(0) ack 201
> F. 101:101(0) ack 201
< . 201:201(0) ack 102
< F. 201:201(0) ack 102
> . 102:102(0) ack 202`,
	`> S 0:0(0) win 64240 <mss 1460>
< S. 0:0(0) ack 1 win 65160 <mss 1460>
> . 1:1(0) ack 1
> P. 1:101(100) ack 1
< P. 1:201(200) ack 101
> . 101:101(0) ack 201
< F. 201:201(0) ack 101
> F. 101:101(0) ack 202
< . 202:202(0) ack 102`,
	`> S 0:0(0) win 64240 <mss 1460>
< S. 0:0(0) ack 1 win 65160 <mss 1460>
> . 1:1(0) ack 1
> P. 1:101(100) ack 1
< P. 1:201(200) ack 101
< R. 201:201(0) ack 101 win 0
> . 101:101(0) ack 201
< R 201:201(0) win 0`,
	`> S 0:0(0) win 64240 <mss 1460>
< R. raw 0:0(0) ack 1 win 0
> S 0:0(0) win 64240 <mss 1460>
< S. 0:0(0) ack 1 win 65160 <mss 1460>
> . 1:1(0) ack 1
> P. 1:101(100) ack 1
> F. 101:101(0) ack 1
< R 1:1(0) win 0`,
}

func TestDamagedScripts(t *testing.T) {
	runs := *damagedRuns
	if runs == 0 {
		if runs = 300; thorough.Asked() {
			runs = 900
		}
	}
	for run := range uint64(runs) {
		script := damaged(rand.New(rand.NewPCG(*damagedSeed, run)))
		if !t.Run(fmt.Sprint(run), func(t *testing.T) { judge(t, script) }) {
			t.Logf("run %d:\n%s", run, script)
		}
	}
}

// damaged is a script of one conversation or two, on the same sockets or others, with up to five damages.
func damaged(r *rand.Rand) string {
	lines := strings.Split(sound[r.IntN(len(sound))], "\n")
	switch second := strings.Split(sound[r.IntN(len(sound))], "\n"); r.IntN(8) {
	case 0:
		lines = append(lines, second...)
	case 1:
		for _, line := range second {
			lines = append(lines, "b"+line)
		}
	}
	for range 1 + r.IntN(5) {
		lines = damage(lines, r)
	}
	var b strings.Builder
	switch r.IntN(4) {
	case 0:
		b.WriteString("isn 4294967295 4294967196\n")
	case 1:
		b.WriteString("isn 0 0\n")
	}
	b.WriteString("conn b isn 900000 50000000\n")
	for _, line := range lines {
		fmt.Fprintf(&b, "+%s %s\n", one(r, "50us", "1ms", "10ms", "20ms", "300ms", "600ms", "1s", "3s", "70s"), line)
	}
	return b.String()
}

func one(r *rand.Rand, of ...string) string { return of[r.IntN(len(of))] }

// damage does one thing to a conversation of which something is left.
func damage(lines []string, r *rand.Rand) []string {
	at := r.IntN(len(lines))
	switch r.IntN(7) {
	case 0, 1:
		return slices.Insert(lines, at, forged(r))
	case 2:
		if len(lines) > 1 {
			return slices.Delete(lines, at, at+1)
		}
	case 3:
		return slices.Insert(lines, at, lines[at])
	case 4:
		return lines[at:]
	case 5:
		return lines[:at+1]
	case 6:
		if at+1 < len(lines) {
			lines[at], lines[at+1] = lines[at+1], lines[at]
		}
	}
	return lines
}

// forged is a segment that somebody sends into a conversation: numbers near those that it has, or far away.
func forged(r *rand.Rand) string {
	numbers := []int{-500, 0, 1, 100, 101, 102, 103, 200, 201, 202, 203, 301, 1000, 70000, 2000000000}
	flags, size := one(r, "R", "R.", "F.", "S.", ".", "P."), 0
	if flags == "P." {
		size = []int{0, 1, 50, 100}[r.IntN(4)]
	}
	seq := numbers[r.IntN(len(numbers))]
	line := fmt.Sprintf("%s %s %d:%d(%d)", one(r, ">", "<"), flags, seq, seq+size, size)
	if strings.Contains(flags, ".") {
		line += fmt.Sprintf(" ack %d", numbers[r.IntN(len(numbers))])
	}
	return line + " win " + one(r, "0", "1000", "64240") + one(r, "", "", " ttl 40", " ttl 60", " ttl 62", " ttl 128") + " forged"
}
