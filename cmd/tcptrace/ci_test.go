package main

import (
	"encoding/binary"
	"os"
	"path/filepath"
	"regexp"
	"testing"
)

// TestCommandsOfCI: in a log in which a CI system looks for commands there are those of --format github, and none that a capture or the name of a
// file holds.
func TestCommandsOfCI(t *testing.T) {
	command := regexp.MustCompile(`(?m)^\s*::[a-z]|##[a-z]*\[`)
	b := manySYNs(1, true)
	said := "\n::add-mask::a\n ##[group]b\n"
	p := append([]byte(nil), b[24:24+16+40]...) // the SYN, with data
	binary.LittleEndian.PutUint32(p[8:], uint32(40+len(said)))
	binary.LittleEndian.PutUint32(p[12:], uint32(40+len(said)))
	binary.BigEndian.PutUint16(p[16+2:], uint16(40+len(said)))
	binary.BigEndian.PutUint32(p[16+20+4:], 2)
	p[16+20+13] = 0x18
	b = append(append(b, p...), said...)
	path := filepath.Join(t.TempDir(), "a\n::error::b.pcap")
	if err := os.WriteFile(path, b, 0o600); err != nil {
		t.Skip(err)
	}
	for _, test := range []struct {
		args    []string
		obeyed  bool // there is a command, which is meant
		written bool // of what a capture holds, there is one where nobody looks for it
	}{
		{[]string{path}, false, false}, {[]string{"findings", path}, false, false}, {[]string{"timeline", path, "--stream", "0"}, false, false},
		{[]string{"follow", path, "--stream", "0"}, false, true}, {[]string{"check", path, "--deny", "note"}, false, false},
		{[]string{"check", path, "--deny", "note", "--format", "github"}, true, true},
	} {
		_, stdout, stderr := tcptrace(t, env{commands: true}, test.args...)
		if got := command.MatchString(stdout + stderr); got != test.obeyed {
			t.Errorf("%q: a command is %v:\n%s%s", test.args, got, stdout, stderr)
		}
		_, stdout, stderr = tcptrace(t, env{}, test.args...)
		if got := command.MatchString(stdout + stderr); got != test.written {
			t.Errorf("%q, where nobody looks for commands: a command is %v:\n%s%s", test.args, got, stdout, stderr)
		}
	}
}
