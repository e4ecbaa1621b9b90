package main

import (
	"errors"
	"os/exec"
	"runtime/debug"
	"strings"
	"testing"
)

func TestVersionOf(t *testing.T) {
	for _, test := range []struct {
		name string
		info debug.BuildInfo
		want string
	}{
		{
			name: "a release",
			info: debug.BuildInfo{
				GoVersion: "go1.26.8", Main: debug.Module{Version: "v1.2.3"},
				Settings: []debug.BuildSetting{
					{Key: "CGO_ENABLED", Value: "1"}, {Key: "GOARCH", Value: "arm64"}, {Key: "GOOS", Value: "darwin"},
					{Key: "vcs.revision", Value: "0123abcd"}, {Key: "vcs.time", Value: "2026-11-28T21:00:00Z"}, {Key: "vcs.modified", Value: "false"},
				},
			},
			want: "tcptrace v1.2.3\ncommit  0123abcd (2026-11-28T21:00:00Z)\nbuilt   by go1.26.8 for darwin/arm64, with libpcap\n",
		},
		{
			name: "with changes that are not committed, and without libpcap",
			info: debug.BuildInfo{
				GoVersion: "go1.26.8", Main: debug.Module{Version: "(devel)"},
				Settings: []debug.BuildSetting{
					{Key: "CGO_ENABLED", Value: "0"}, {Key: "GOARCH", Value: "amd64"}, {Key: "GOOS", Value: "linux"},
					{Key: "vcs.revision", Value: "0123abcd"}, {Key: "vcs.modified", Value: "true"},
				},
			},
			want: "tcptrace (devel)\ncommit  0123abcd, modified\nbuilt   by go1.26.8 for linux/amd64, without libpcap\n",
		},
		{
			name: "outside a repository",
			info: debug.BuildInfo{GoVersion: "go1.26.8", Settings: []debug.BuildSetting{{Key: "GOARCH", Value: "amd64"}, {Key: "GOOS", Value: "linux"}}},
			want: "tcptrace (devel)\ncommit  unknown\nbuilt   by go1.26.8 for linux/amd64, without libpcap\n",
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			if got := versionOf(&test.info); got != test.want {
				t.Errorf("got\n%swant\n%s", got, test.want)
			}
		})
	}
}

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
	for _, name := range []string{"deps", "fuzz", "release", "rename-module", "run", "vulnerabilities"} {
		if out, err := exec.Command("sh", "-n", rootDir+"/.ci/"+name).CombinedOutput(); errors.Is(err, exec.ErrNotFound) {
			t.Skip("there is no sh")
		} else if err != nil {
			t.Errorf(".ci/%s: %v: %s", name, err, out)
		}
	}
}
