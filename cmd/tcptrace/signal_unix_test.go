//go:build unix

package main

import (
	"bytes"
	"encoding/binary"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// blockedCommand is one whose input keeps silent, or whose output is full.
type blockedCommand struct {
	name  string
	args  []string
	stdin bool   // a capture comes by standard input, and then nothing more
	want  string // on standard output when it has ended; "": anything
}

// blockedCommands are all commands that read captures, or write much. FIFO has no writer.
var blockedCommands = []blockedCommand{
	{"silent pipe", []string{"-"}, true, "TCP "},
	{"silent pipe, ndjson", []string{"-", "--format", "ndjson"}, true, `"schema"`},
	{"silent pipe, several inputs", []string{"-", "CAPTURE"}, true, "TCP "},
	{"states over time", []string{"states", "-", "--every", "1s"}, true, "connections"},
	{"findings", []string{"findings", "-"}, true, "no-answer"},
	{"summary", []string{"summary", "-"}, true, "10.0.0.2"},
	{"replay", []string{"replay", "-", "--speed", "max"}, true, `"event":"summary"`},
	{"replay, paced", []string{"replay", "CAPTURE", "--speed", "0.001x"}, false, `"event":"summary"`},
	{"FIFO", []string{"FIFO"}, false, ""},
	{"FIFO, second", []string{"CAPTURE", "FIFO"}, false, ""},
	{"states, FIFO", []string{"states", "FIFO", "--every", "1s"}, false, ""},
	{"replay, FIFO", []string{"replay", "FIFO"}, false, ""},
	{"hosts", []string{"CAPTURE", "--hosts", "FIFO"}, false, ""},
	{"replay, hosts", []string{"replay", "CAPTURE", "--hosts", "FIFO"}, false, ""},
	{"diff, FIFO", []string{"diff", "CAPTURE", "FIFO"}, false, ""},
	{"diff, FIFO first", []string{"diff", "FIFO", "CAPTURE"}, false, ""},
}

// fullCommands write more than a pipe holds.
var fullCommands = [][]string{
	{"MANY", "--format", "json"},
	{"MANY", "--limit", "0"},
	{"MANY", "--format", "csv"},
	{"summary", "MANY", "--by", "client,second", "--format", "ndjson"},
	{"timeline", "MANY", "--format", "ndjson"},
	{"states", "MANY", "--every", "1us", "--format", "ndjson"},
	{"replay", "MANY", "--speed", "max"},
	{"check", "MANY", "--deny", "note", "--format", "json"},
	{"extract", "MANY", "-w", "-", "--where", "true"},
	{"follow", "LONG", "--stream", "0", "--as", "raw"},
	{"follow", "LONG", "--stream", "0", "--as", "hex"},
	{"diff", "MANY", "LONG"},
}

// signalFiles are the inputs by the names that the tables have for them.
func signalFiles(t *testing.T) map[string]string {
	dir := t.TempDir()
	files := map[string]string{
		"CAPTURE": filepath.Join(goldenDir, "showcase.pcap"), "FIFO": filepath.Join(dir, "fifo"), "MANY": filepath.Join(dir, "many.pcap"),
		"LONG": filepath.Join(dir, "long.pcap"),
	}
	if err := unix.Mkfifo(files["FIFO"], 0o600); err != nil {
		t.Skip(err)
	}
	if err := os.WriteFile(files["MANY"], manySYNs(2000, true), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(files["LONG"], longStream(200), 0o600); err != nil {
		t.Fatal(err)
	}
	return files
}

// longStream is a capture of n segments of 1,000 bytes.
func longStream(n int) []byte {
	b := manySYNs(1, false)
	header := b[24:]
	for i := range n {
		p := append(bytes.Clone(header), bytes.Repeat([]byte{'x'}, 1000)...)
		binary.LittleEndian.PutUint32(p[4:], uint32(i+1))
		binary.LittleEndian.PutUint32(p[8:], 1040)
		binary.LittleEndian.PutUint32(p[12:], 1040)
		binary.BigEndian.PutUint16(p[16+2:], 1040)
		binary.BigEndian.PutUint32(p[16+20+4:], uint32(2+1000*i))
		p[16+20+13] = 0x18 // PSH, ACK
		b = append(b, p...)
	}
	return b
}

// manySYNs is a capture of n SYNs from as many ports; with answers each is refused.
func manySYNs(n int, answers bool) []byte {
	o := binary.LittleEndian
	b := o.AppendUint32(nil, 0xa1b2c3d4)
	b = o.AppendUint32(b, 2|4<<16)
	b = o.AppendUint32(append(b, make([]byte, 8)...), 65535)
	b = o.AppendUint32(b, 101)
	add := func(at int, source, destination [4]byte, from, to uint16, flags byte) {
		b = o.AppendUint32(o.AppendUint32(b, uint32(1_700_000_000+at/1_000_000)), uint32(at%1_000_000))
		b = o.AppendUint32(o.AppendUint32(b, 40), 40)
		b = append(b, 0x45, 0, 0, 40, 0, 1, 0x40, 0, 64, 6, 0, 0)
		b = append(append(b, source[:]...), destination[:]...)
		b = binary.BigEndian.AppendUint16(binary.BigEndian.AppendUint16(b, from), to)
		b = append(b, 0, 0, 0, 1, 0, 0, 0, 2, 5<<4, flags, 0xff, 0xff, 0, 0, 0, 0)
	}
	for i := range n {
		client, server, port := [4]byte{10, byte(i >> 16), byte(i >> 8), byte(i)}, [4]byte{192, 0, 2, 1}, uint16(1024+i%60000)
		add(10*i, client, server, port, 80, 2)
		if answers {
			add(10*i+5, server, client, 80, port, 0x14)
		}
	}
	return b
}

func blocked(t *testing.T, files map[string]string, args []string) *exec.Cmd {
	args = append([]string(nil), args...)
	for i, arg := range args {
		if path, ok := files[arg]; ok {
			args[i] = path
		}
	}
	cmd := exec.Command("tcptrace", args...)
	cmd.Env = append(os.Environ(), "GORACE=exitcode=66")
	return cmd
}

// within is how soon a command ends after a signal. Tests run beside each other, on machines that are busy.
const within = 200 * time.Millisecond

// endsSoon sends the signal, and another one as timeout does, and waits.
func endsSoon(t *testing.T, cmd *exec.Cmd, sig syscall.Signal, slack time.Duration) {
	t.Helper()
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	select {
	case err := <-ended:
		t.Fatalf("it ended before the signal: %v", err)
	case <-time.After(slack):
	}
	sent := time.Now()
	_ = cmd.Process.Signal(sig)
	_ = cmd.Process.Signal(sig)
	select {
	case <-ended:
		if took := time.Since(sent); took > within+slack {
			t.Errorf("it took %v to end", took)
		}
	case <-time.After(20 * time.Second):
		_ = cmd.Process.Kill()
		<-ended
		t.Fatal("it does not end")
	}
	if code := cmd.ProcessState.ExitCode(); code != exitInterrupted {
		t.Errorf("exit code %d", code)
	}
}

// TestSignalEndsBlocked: the first signal ends every command, whatever it waits for, and what was seen until then is told.
func TestSignalEndsBlocked(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("starts processes and waits")
	}
	files := signalFiles(t)
	capture, err := os.ReadFile(files["CAPTURE"])
	if err != nil {
		t.Fatal(err)
	}
	signals := []syscall.Signal{syscall.SIGTERM, syscall.SIGINT, syscall.SIGHUP}
	for i, c := range blockedCommands {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			cmd := blocked(t, files, c.args)
			var out, notes bytes.Buffer
			cmd.Stdout, cmd.Stderr = &out, &notes
			if c.stdin {
				w, err := cmd.StdinPipe()
				if err != nil {
					t.Fatal(err)
				}
				defer w.Close()
				go func() { _, _ = w.Write(capture) }()
			}
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			endsSoon(t, cmd, signals[i%len(signals)], signalSlack(t))
			if !strings.Contains(out.String(), c.want) {
				t.Errorf("want %s in\n%s", c.want, &out)
			}
			if text := notes.String(); strings.Contains(text, "cancel") || strings.Contains(text, "interrupt") || strings.Contains(text, "panic") {
				t.Errorf("it says: %s", text)
			}
		})
	}
}

func TestSignalEndsFull(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("starts processes and waits")
	}
	files := signalFiles(t)
	for _, args := range fullCommands {
		t.Run(strings.Join(args, " "), func(t *testing.T) {
			t.Parallel() // it is waited for most of the time
			cmd := blocked(t, files, args)
			r, w, err := os.Pipe()
			if err != nil {
				t.Fatal(err)
			}
			defer r.Close()
			cmd.Stdout = w
			var notes bytes.Buffer
			cmd.Stderr = &notes
			err = cmd.Start()
			w.Close()
			if err != nil {
				t.Fatal(err)
			}
			endsSoon(t, cmd, syscall.SIGTERM, 2*signalSlack(t))
			if text := notes.String(); strings.Contains(text, "panic") {
				t.Errorf("it says: %s", text)
			}
			if text, _ := io.ReadAll(r); len(text) == 0 {
				t.Error("it wrote nothing")
			}
		})
	}
}

// signalSlack is how long it takes here to start a process and end it, at the least a little.
func signalSlack(t *testing.T) time.Duration {
	began := time.Now()
	if err := exec.Command("tcptrace", "--version").Run(); err != nil {
		t.Fatal(err)
	}
	return max(500*time.Millisecond, 5*time.Since(began))
}
