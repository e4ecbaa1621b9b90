package feed

import (
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"tcptrace/analyzer/packet"
	"tcptrace/internal/shell"
)

const showcase = "../../../testdata/pcaps/showcase.pcap"

// TestSource: packets come when they are written, and time passes between them.
func TestSource(t *testing.T) {
	data, err := os.ReadFile(showcase)
	if err != nil {
		t.Fatal(err)
	}
	r, w := io.Pipe()
	s := New(t.Context(), r)
	defer s.Close()
	defer w.Close()
	var b packet.Batch
	if err := s.Next(&b); err != nil || len(b.Packets) > 0 {
		t.Fatalf("%d packets and %v of a pipe that is silent", len(b.Packets), err)
	}
	if at := s.Clock(); at != 0 {
		t.Errorf("the clock is at %d before the first packet", at)
	}
	next := func() int {
		for {
			if err := s.Next(&b); err != nil {
				if err != io.EOF {
					t.Fatal(err)
				}
				return -1
			}
			if len(b.Packets) > 0 {
				return len(b.Packets)
			}
		}
	}
	half := 24 + 16 + 74 // the first packet
	go func() { _, _ = w.Write(data[:half]) }()
	if n := next(); n != 1 {
		t.Fatalf("%d packets, not one", n)
	}
	at := b.Packets[0].Time
	if d := s.Clock() - at; d < 0 || d > int64(time.Minute) {
		t.Errorf("the clock is %v behind the packet that came", time.Duration(d))
	}
	go func() { _, _ = w.Write(data[half:]); w.Close() }()
	n := 1
	for {
		more := next()
		if more < 0 {
			break
		}
		n += more
	}
	if n != 31 {
		t.Errorf("%d packets, want 31", n)
	}
	if err := s.Next(&b); err != io.EOF {
		t.Errorf("%v after the end", err)
	}
}

// TestSourceEnds: the end of the context ends what waits.
func TestSourceEnds(t *testing.T) {
	cause := errors.New("enough")
	ctx, cancel := context.WithCancelCause(t.Context())
	r, w := io.Pipe()
	defer w.Close()
	s := New(ctx, r)
	cancel(cause)
	var b packet.Batch
	if err := s.Next(&b); !errors.Is(err, cause) {
		t.Errorf("%v", err)
	}
	if err := s.Close(); err != nil {
		t.Error(err)
	}
}

func TestParseRemote(t *testing.T) {
	for name, want := range map[string]Remote{
		"ssh://host/eth0":           {Host: "host", Interface: "eth0"},
		"ssh://host":                {Host: "host", Interface: "any"},
		"ssh://me@10.0.0.1:2222/lo": {User: "me", Host: "10.0.0.1", Port: "2222", Interface: "lo"},
		"ssh://[2001:db8::1]/eth0":  {Host: "2001:db8::1", Interface: "eth0"},
	} {
		if got, err := ParseRemote(name); err != nil || *got != want {
			t.Errorf("%s: %+v, %v", name, got, err)
		}
	}
	for _, name := range []string{"ssh:///eth0", "ssh://-oProxyCommand=x/eth0", "ssh://-l@host/eth0", "ssh://host/-eth0", "ssh://me:secret@host/eth0", "ssh://host/a/b",
		"http://host/eth0", "ssh://host:99x/eth0", "ssh://host/eth0?x", "ssh://host/eth0#x"} {
		if got, err := ParseRemote(name); err == nil {
			t.Errorf("%s is taken: %+v", name, got)
		}
	}
}

// TestRemote runs a stand-in for ssh, which runs its command here, with one for tcpdump, which says how it was called.
func TestRemote(t *testing.T) {
	dir := t.TempDir()
	file, err := filepath.Abs(showcase)
	if err != nil {
		t.Fatal(err)
	}
	script := func(name, text string) {
		if err := os.WriteFile(filepath.Join(dir, name), []byte("#!/bin/sh\n"+text), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	script("ssh", `for last; do :; done; echo "ssh $1 $2 $3 $4 $5" >&2; SSH_CONNECTION="192.0.2.1 5555 192.0.2.2 22" exec sh -c "$last"`)
	script("tcpdump", `printf '<%s>' "$@" >&2; case "$*" in *unknown*) echo no such device >&2; exit 1;; esac; cat `+shell.Words(file)+`; case "$*" in *broken*) exit 3;; esac`)
	t.Setenv("PATH", dir+string(os.PathListSeparator)+os.Getenv("PATH"))
	capture := func(r *Remote) (said string, n int, err error) {
		var told strings.Builder
		p, err := r.Start(t.Context(), &told)
		if err != nil {
			t.Fatal(err)
		}
		if err := p.Await(); err != nil {
			return told.String(), 0, err
		}
		all, err := io.ReadAll(p)
		if e := p.Close(); e != nil {
			t.Error(e)
		}
		return told.String(), len(all), err
	}
	whole, err := os.Stat(file)
	if err != nil {
		t.Fatal(err)
	}
	said, n, err := capture(&Remote{User: "me", Host: "host", Port: "2222", Interface: "it's $(x)", Filter: `port 443 or host 'a"`, SnapLen: 128})
	if err != nil || int64(n) != whole.Size() {
		t.Errorf("%d of %d bytes: %v", n, whole.Size(), err)
	}
	for _, want := range []string{"ssh -T -p 2222 -- me@host\n", `<-i><it's $(x)><-s><128><-w><->`, `<not (tcp and host 192.0.2.1 and port 5555) and (port 443 or host 'a")>`} {
		if !strings.Contains(said, want) {
			t.Errorf("%q lacks %q", said, want)
		}
	}
	if said, n, err = capture(&Remote{Host: "host", Interface: "unknown"}); err == nil || n > 0 || !strings.Contains(said, "no such device") {
		t.Errorf("%d bytes, %v and %q of a program that does not begin", n, err, said)
	}
	if _, n, err = capture(&Remote{Host: "host", Interface: "broken"}); err == nil || int64(n) != whole.Size() {
		t.Errorf("%d bytes and no error of a program that failed: %v", n, err)
	}
}

// TestTold: what is said while it is held comes later, and not without bound.
func TestTold(t *testing.T) {
	var b strings.Builder
	told := Told{To: &b}
	say := func(text string) {
		if n, err := io.WriteString(&told, text); n != len(text) || err != nil {
			t.Errorf("%d, %v", n, err)
		}
	}
	say("a")
	told.Hold()
	say("b")
	if b.String() != "a" {
		t.Errorf("%q while it is held", b.String())
	}
	say(strings.Repeat("c", mostHeld))
	told.Release()
	say("d")
	if got := b.String(); !strings.HasPrefix(got, "abc") || !strings.HasSuffix(got, "cc... and 1 bytes more\nd") {
		t.Errorf("%d bytes: %.10q ... %q", len(got), got, got[len(got)-30:])
	}
	if _, lines := told.Heard(); lines > 0 || len(told.line) > mostLine {
		t.Errorf("%d lines without an end, and %d bytes of one", lines, len(told.line))
	}
}

// TestHeard: the latest line that has ended and is not blank is shown; a carriage return in front of its end is none of it, in pieces as well.
func TestHeard(t *testing.T) {
	var b strings.Builder
	told := Told{To: &b}
	for i, step := range []struct {
		say, last string
		lines     int
	}{
		{"one", "", 0}, {"\r\n", "one", 1}, {"two\r", "one", 1}, {"\nthr", "two", 2}, {"ee\rfour\n\r\n", "three\rfour", 3}, {" \n", "three\rfour", 3}, {"five\nsix\n", "six", 5},
	} {
		_, _ = io.WriteString(&told, step.say)
		if last, lines := told.Heard(); last != step.last || lines != step.lines {
			t.Errorf("%d: %q, %d", i, last, lines)
		}
	}
	if want := "one\ntwo\nthree\rfour\n\n \nfive\nsix\n"; b.String() != want {
		t.Errorf("passed on %q", b.String())
	}
}
