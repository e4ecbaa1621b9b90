package main

import (
	"errors"
	"os/exec"
	"strings"
	"testing"
)

func TestVersionFlag(t *testing.T) {
	for _, args := range [][]string{{"--version"}, {"-v"}, {"--version", "x.pcap"}} {
		code, stdout, stderr := tcptrace(t, env{}, args...)
		if code != exitDone || stderr != "" || !strings.HasPrefix(stdout, "tcptrace ") || !strings.Contains(stdout, "\ncommit  ") {
			t.Errorf("%v: exit code %d: %s%s", args, code, stdout, stderr)
		}
	}
}

// TestRelease: a release says its version, which its recipe sets, and what the recipes are written in is sound.
func TestRelease(t *testing.T) {
	defer func(before string) { release = before }(release)
	release = "v9.8.7"
	if got := version(); !strings.HasPrefix(got, "tcptrace v9.8.7\n") {
		t.Errorf("a release says %q", got)
	}
	if !strings.Contains(readDoc(t, ".ci/release"), "-X main.release=v$version") {
		t.Error(".ci/release does not set the version")
	}
	for _, name := range []string{"deps", "fuzz", "pgo", "release", "rename-module", "run", "vulnerabilities"} {
		if out, err := exec.Command("sh", "-n", rootDir+"/.ci/"+name).CombinedOutput(); errors.Is(err, exec.ErrNotFound) {
			t.Skip("there is no sh")
		} else if err != nil {
			t.Errorf(".ci/%s: %v: %s", name, err, out)
		}
	}
}
