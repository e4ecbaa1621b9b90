package main

import (
	"strings"

	"tcptrace/internal/build"
)

// release is the version that .ci/release has the linker set: Go knows the module's only at a commit that has its tag.
var release string

// version describes this build, as --version prints it.
func version() string { return build.Describe(release) }

// firstLine is a text up to the end of its first line.
func firstLine(text string) string {
	line, _, _ := strings.Cut(text, "\n")
	return line
}
