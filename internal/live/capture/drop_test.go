package capture

import (
	"errors"
	"testing"
)

// TestDropped: what a system does not have is told; what fails is a failure.
func TestDropped(t *testing.T) {
	failed, missing := errors.New("operation not permitted"), &unsupportedError{"no Landlock"}
	for _, test := range []struct {
		d               Dropped
		failed, missing string
	}{
		{Dropped{}, "", ""},
		{Dropped{Files: missing, Network: missing}, "", "not in force: files are written where they were asked for only (no Landlock); no network but the port asked for (no Landlock)"},
		{Dropped{Capabilities: failed}, "not in force: no capabilities (operation not permitted)", ""},
		{Dropped{NoNewPrivs: failed, Files: missing}, "not in force: no new privileges (operation not permitted)", "not in force: files are written where they were asked for only (no Landlock)"},
		{Dropped{Capabilities: failed, Kept: "cap_dac_override"}, "not in force: no capability but cap_dac_override (operation not permitted)", ""},
	} {
		if got := textOf(test.d.Failed()); got != test.failed {
			t.Errorf("%+v failed: %q, want %q", test.d, got, test.failed)
		}
		if got := textOf(test.d.Missing()); got != test.missing {
			t.Errorf("%+v is missing: %q, want %q", test.d, got, test.missing)
		}
	}
}

func textOf(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}
