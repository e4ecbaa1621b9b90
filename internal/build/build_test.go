package build

import (
	"runtime/debug"
	"testing"
)

func TestDescribe(t *testing.T) {
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
			if got := describe(&test.info); got != test.want {
				t.Errorf("got\n%swant\n%s", got, test.want)
			}
		})
	}
}
