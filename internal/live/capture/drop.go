package capture

import (
	"fmt"
	"strings"
)

// DropOptions say what is still needed once the interfaces are open.
type DropOptions struct {
	Write  []string // directories that files are made, renamed and removed in; "" is the current one
	Listen uint16   // TCP port that may still be listened on, 0: none
}

// Dropped says which restrictions are in force: those whose error is nil. What a kernel does not have is no
// reason to stop, so nothing here need be fatal.
type Dropped struct {
	NoNewPrivs   error // no program started from here gets more rights than this one
	Capabilities error // none but Kept, in any thread
	Files        error // only the directories of DropOptions.Write can be written to
	Network      error // no TCP connections, and no listening but on DropOptions.Listen

	// Kept is the capability that writing needs: root without it may not make files in a directory of
	// somebody else. "" if none was kept.
	Kept string
}

// String tells it in a sentence for each restriction.
func (d *Dropped) String() string {
	capabilities := "no capabilities"
	if d.Kept != "" {
		capabilities = "no capability but " + d.Kept
	}
	var parts []string
	for _, p := range []struct {
		what string
		err  error
	}{
		{"no new privileges", d.NoNewPrivs},
		{capabilities, d.Capabilities},
		{"files are written where they were asked for only", d.Files},
		{"no network but the port asked for", d.Network},
	} {
		if p.err != nil {
			p.what = fmt.Sprintf("not in force: %s (%v)", p.what, p.err)
		}
		parts = append(parts, p.what)
	}
	return strings.Join(parts, "; ")
}
