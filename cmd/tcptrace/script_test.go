package main

import (
	"bytes"
	"context"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"flag"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"regexp"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
	"github.com/pierrec/lz4/v4"
	"github.com/rogpeppe/go-internal/testscript"

	"tcptrace/internal/input"
	"tcptrace/internal/testutil/golden"
)

var update = golden.Update

// goldenDir holds the captures that ship with the project.
const goldenDir = "../../testdata/pcaps"

// programs are what tests run in processes of their own, by name.
var programs = map[string]func(){"tcptrace": main}

// TestMain lets scripts run this program under its own name.
func TestMain(m *testing.M) {
	testscript.Main(tests{m}, programs)
}

// tests run the command thousands of times in one process, each with little that it keeps and much that it drops: a heap that looks large,
// though nothing of it is touched, makes collecting garbage rare. Those that run beside each other mostly wait, for processes and clocks.
type tests struct{ *testing.M }

func (t tests) Run() int {
	flag.Parse()
	if n := flag.Lookup("test.parallel"); n.Value.String() == n.DefValue {
		_ = n.Value.Set("6")
	}
	if signal.Ignored(syscall.SIGHUP) { // as under nohup: what is started would ignore it, too
		signal.Notify(make(chan os.Signal, 1), syscall.SIGHUP)
	}
	untouched := make([]byte, 64<<20)
	defer runtime.KeepAlive(untouched)
	return t.M.Run()
}

// TestScript runs testdata/script: command lines as users type them.
//
// Beside testscript's own commands there are
//
//	exit CODE tcptrace...    runs tcptrace in this process, with the time zone of the script; it must return exactly this code
//	exit CODE exec COMMAND   the same in a process of its own: for what is about standard input, the environment or signals
//	compress FORMAT IN OUT   gzip, zstd or lz4
//	cut BYTES IN OUT         the first BYTES bytes of IN
//	deal IN OUT OUT          the packets of a little-endian pcap, alternately to two
//	unhex IN OUT             bytes written as hexadecimal; # starts a comment
//	without FIELD IN OUT     records of ndjson without a field that is text
//
// and the condition [libpcap]: in this build -f has the whole language.
func TestScript(t *testing.T) {
	pcaps, err := filepath.Abs(goldenDir)
	if err != nil {
		t.Fatal(err)
	}
	testscript.RunT(inTurn{t}, testscript.Params{
		Dir:                 "testdata/script",
		UpdateScripts:       *update,
		RequireExplicitExec: true,
		RequireUniqueNames:  true,
		Setup: func(e *testscript.Env) error {
			e.Setenv("PCAPS", pcaps)
			return nil
		},
		Condition: func(cond string) (bool, error) {
			if cond != "libpcap" {
				return false, errors.New("unknown condition " + cond)
			}
			_, err := input.NewFilter("ether broadcast")
			return err == nil, nil
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"exit":     exitCmd,
			"compress": compressCmd,
			"cut":      cutCmd,
			"deal":     dealCmd,
			"unhex":    unhexCmd,
			"without":  withoutCmd,
		},
	})
}

// inTurn runs scripts one after the other, since each has its own working directory, of which a process has one.
type inTurn struct{ *testing.T }

func (t inTurn) Run(name string, f func(testscript.T)) {
	t.T.Run(name, func(t *testing.T) { f(inTurn{t}) })
}

func (inTurn) Parallel()     {}
func (inTurn) Verbose() bool { return testing.Verbose() }

func exitCmd(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: exit CODE tcptrace...|exec COMMAND...")
	}
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	got := 0
	switch command := args[1]; {
	case command == "tcptrace":
		got = runHere(ts, args[2:])
	case command == "exec" && len(args) > 2:
		if err := ts.Exec(args[2], args[3:]...); err != nil {
			exit, ok := errors.AsType[*exec.ExitError](err)
			if !ok {
				ts.Fatalf("%v", err)
			}
			got = exit.ExitCode()
		}
	default:
		ts.Fatalf("%s runs only in a process of its own: exit %d exec %s", command, want, command)
	}
	if got != want {
		ts.Fatalf("exit code %d, want %d", got, want)
	}
}

// runHere runs a command line of a script, in its directory and its time zone, and returns the exit code.
func runHere(ts *testscript.TestScript, args []string) int {
	before, err := os.Getwd()
	ts.Check(err)
	ts.Check(os.Chdir(ts.MkAbs(".")))
	defer func() { ts.Check(os.Chdir(before)) }()
	if zone := ts.Getenv("TZ"); zone != "" {
		local, err := time.LoadLocation(zone)
		ts.Check(err)
		defer func(before *time.Location) { time.Local = before }(time.Local)
		time.Local = local
	}
	return run(context.Background(), args, env{in: strings.NewReader(""), out: ts.Stdout(), err: ts.Stderr()})
}

func compressCmd(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 3 {
		ts.Fatalf("usage: compress FORMAT IN OUT")
	}
	var out bytes.Buffer
	var w io.WriteCloser
	switch args[0] {
	case "gzip":
		w = gzip.NewWriter(&out)
	case "zstd":
		z, err := zstd.NewWriter(&out)
		ts.Check(err)
		w = z
	case "lz4":
		w = lz4.NewWriter(&out)
	default:
		ts.Fatalf("unknown format %s", args[0])
	}
	_, err := io.WriteString(w, ts.ReadFile(args[1]))
	ts.Check(err)
	ts.Check(w.Close())
	ts.Check(os.WriteFile(ts.MkAbs(args[2]), out.Bytes(), 0o644))
}

func cutCmd(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 3 {
		ts.Fatalf("usage: cut BYTES IN OUT")
	}
	n, err := strconv.Atoi(args[0])
	ts.Check(err)
	data := ts.ReadFile(args[1])
	if n > len(data) {
		ts.Fatalf("%s has only %d bytes", args[1], len(data))
	}
	ts.Check(os.WriteFile(ts.MkAbs(args[2]), []byte(data[:n]), 0o644))
}

func dealCmd(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 3 {
		ts.Fatalf("usage: deal IN OUT OUT")
	}
	const header, record = 24, 16
	data := []byte(ts.ReadFile(args[0]))
	hands := [2][]byte{bytes.Clone(data[:header]), bytes.Clone(data[:header])}
	for i, at := 0, header; at < len(data); i++ {
		end := at + record + int(binary.LittleEndian.Uint32(data[at+8:]))
		hands[i%2] = append(hands[i%2], data[at:end]...)
		at = end
	}
	for i, hand := range hands {
		ts.Check(os.WriteFile(ts.MkAbs(args[1+i]), hand, 0o644))
	}
}

func unhexCmd(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: unhex IN OUT")
	}
	var digits strings.Builder
	for line := range strings.Lines(ts.ReadFile(args[0])) {
		line, _, _ = strings.Cut(line, "#")
		digits.WriteString(strings.Join(strings.Fields(line), ""))
	}
	data, err := hex.DecodeString(digits.String())
	ts.Check(err)
	ts.Check(os.WriteFile(ts.MkAbs(args[1]), data, 0o644))
}

func withoutCmd(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 3 {
		ts.Fatalf("usage: without FIELD IN OUT")
	}
	field := regexp.MustCompile(`"` + args[0] + `":"[^"]*",?`)
	ts.Check(os.WriteFile(ts.MkAbs(args[2]), []byte(field.ReplaceAllString(ts.ReadFile(args[1]), "")), 0o644))
}
