package main

import (
	"cmp"
	"fmt"
	"runtime/debug"
	"strings"
)

// release is the version that .ci/release has the linker set: Go knows the module's only at a commit that has its tag.
var release string

// version describes this build, as --version prints it.
func version() string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return "tcptrace (no build information)\n"
	}
	info.Main.Version = cmp.Or(release, info.Main.Version)
	return versionOf(info)
}

// versionOf describes a build: its version, the commit it was built from, and how it was built.
func versionOf(info *debug.BuildInfo) string {
	settings := map[string]string{}
	for _, s := range info.Settings {
		settings[s.Key] = s.Value
	}
	commit := cmp.Or(settings["vcs.revision"], "unknown")
	if date := settings["vcs.time"]; date != "" {
		commit += " (" + date + ")"
	}
	if settings["vcs.modified"] == "true" {
		commit += ", modified"
	}
	libpcap := "without libpcap"
	if settings["CGO_ENABLED"] == "1" {
		libpcap = "with libpcap"
	}
	var b strings.Builder
	fmt.Fprintf(&b, "tcptrace %s\n", cmp.Or(info.Main.Version, "(devel)"))
	fmt.Fprintf(&b, "commit  %s\n", commit)
	fmt.Fprintf(&b, "built   by %s for %s/%s, %s\n", info.GoVersion, settings["GOOS"], settings["GOARCH"], libpcap)
	return b.String()
}

// firstLine is a text up to the end of its first line.
func firstLine(text string) string {
	line, _, _ := strings.Cut(text, "\n")
	return line
}
