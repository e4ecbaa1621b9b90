package main

import (
	"errors"
	"strings"
	"testing"

	"tcptrace/internal/live/capture"
)

// TestSandbox: a capture that cannot give up its privileges ends, unless it was to keep them; what the system does not have is told.
func TestSandbox(t *testing.T) {
	defer func() { drop = capture.Drop }()
	result, dropped := capture.Dropped{}, 0
	drop = func(capture.DropOptions) capture.Dropped { dropped++; return result }
	run := func(args ...string) (code int, stderr string) {
		code, _, stderr = tcptrace(t, env{}, append([]string{"live", "-i", "lo", "--kernel", "off", "--duration", "10ms", "--format", "ndjson"}, args...)...)
		if code == exitBadInput {
			t.Skip(stderr)
		}
		return code, stderr
	}
	if code, stderr := run(); code != exitDone || dropped != 1 {
		t.Errorf("%d, %d times: %s", code, dropped, stderr)
	}
	if _, stderr := run(); strings.Contains(stderr, "rights") {
		t.Errorf("without --verbose: %s", stderr)
	}
	const rights = "note: rights from here on: no new privileges; no capabilities; files are written where they were asked for only; no network but the port asked for\n"
	if _, stderr := run("--verbose"); !strings.Contains(stderr, rights) {
		t.Errorf("--verbose: %s", stderr)
	}
	if _, stderr := run("--verbose", "--no-sandbox"); !strings.Contains(stderr, "note: rights from here on: all privileges are kept\n") {
		t.Errorf("--verbose --no-sandbox: %s", stderr)
	}
	dropped = 1
	result.Capabilities = errors.New("operation not permitted")
	const want = "tcptrace: privileges could not be given up: not in force: no capabilities (operation not permitted); --no-sandbox captures with all of them\n"
	if code, stderr := run(); code != exitFailedCheck || stderr != want {
		t.Errorf("%d: %s", code, stderr)
	}
	if code, stderr := run("--no-sandbox"); code != exitDone || dropped != 2 {
		t.Errorf("%d, %d times: %s", code, dropped, stderr)
	}
	result = capture.Dropped{Files: errors.ErrUnsupported}
	if code, stderr := run(); code != exitDone || !strings.Contains(stderr, "note: not in force: files are written where they were asked for only") {
		t.Errorf("%d: %s", code, stderr)
	}
}
