// Package build says which build of the program this is.
//
// Not its job: to make it.
package build

import (
	"cmp"
	"fmt"
	"runtime/debug"
	"strings"
)

// Describe describes this build, as --version prints it. release is its version if it is one; else "".
func Describe(release string) string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return "tcptrace (no build information)\n"
	}
	info.Main.Version = cmp.Or(release, info.Main.Version)
	return describe(info)
}

// Name is the first line of Describe: the program and its version.
func Name(release string) string {
	line, _, _ := strings.Cut(Describe(release), "\n")
	return line
}

// describe describes a build: its version, the commit it was built from, and how it was built.
func describe(info *debug.BuildInfo) string {
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
