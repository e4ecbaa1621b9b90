// Package thorough is the switch between what `go test` tests while one works and what CI tests with every change.
//
// A test that goes through all golden captures, or plays whole attacks, does so where TCPTRACE_TEST=full asks for it, as
// `make test-full` and .ci/run do. Without it the test takes some of them, with -short fewer, and says what it left out.
//
// Not its job: which ones a test takes.
package thorough

import (
	"os"
	"testing"
)

// Asked reports whether everything is to be tested. With -short it never is.
func Asked() bool { return os.Getenv("TCPTRACE_TEST") == "full" && !testing.Short() }

// Only skips a test, unless everything is to be tested.
func Only(t testing.TB) {
	t.Helper()
	if !Asked() {
		t.Skip("left out: TCPTRACE_TEST=full runs it, as .ci/run does")
	}
}

// short is how many times fewer are taken with -short.
const short = 8

// Some is one of so many of a list, and all of it where everything is to be tested.
func Some[T any](t testing.TB, list []T, every int) []T {
	t.Helper()
	if testing.Short() {
		every *= short
	}
	if Asked() || every <= 1 {
		return list
	}
	some := make([]T, 0, len(list)/every+1)
	for i := 0; i < len(list); i += every {
		some = append(some, list[i])
	}
	t.Logf("%d of %d: TCPTRACE_TEST=full takes all, as .ci/run does", len(some), len(list))
	return some
}
