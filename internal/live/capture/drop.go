package capture

import (
	"errors"
	"fmt"
	"strings"
)

// DropOptions say what is still needed once the interfaces are open.
type DropOptions struct {
	Write  []string // directories that files are made, renamed and removed in; "" is the current one
	Listen uint16   // TCP port that may still be listened on, 0: none
}

// Dropped says which restrictions are in force: those whose error is nil. What a system does not have is
// errors.ErrUnsupported.
type Dropped struct {
	NoNewPrivs   error // no program started from here gets more rights than this one
	Capabilities error // none but Kept, in any thread
	Files        error // only the directories of DropOptions.Write can be written to
	Network      error // no TCP connections, and no listening but on DropOptions.Listen

	// Kept is the capability that writing needs: root without it may not make files in a directory of
	// somebody else. "" if none was kept.
	Kept string
}

// Failed is why restrictions are not in force that this system has; nil if all are.
func (d *Dropped) Failed() error {
	return d.not(func(err error) bool { return !errors.Is(err, errors.ErrUnsupported) })
}

// Missing is which restrictions this system does not have; nil if it has all.
func (d *Dropped) Missing() error {
	return d.not(func(err error) bool { return errors.Is(err, errors.ErrUnsupported) })
}

func (d *Dropped) not(because func(error) bool) error {
	var list []string
	for _, p := range d.parts() {
		if p.err != nil && because(p.err) {
			list = append(list, fmt.Sprintf("%s (%v)", p.what, p.err))
		}
	}
	if list == nil {
		return nil
	}
	return errors.New("not in force: " + strings.Join(list, "; "))
}

// unsupportedError says what a system does not have.
type unsupportedError struct{ reason string }

func (e *unsupportedError) Error() string        { return e.reason }
func (e *unsupportedError) Is(target error) bool { return target == errors.ErrUnsupported }

// part is one restriction.
type part struct {
	what string
	err  error
}

func (d *Dropped) parts() []part {
	capabilities := "no capabilities"
	if d.Kept != "" {
		capabilities = "no capability but " + d.Kept
	}
	return []part{
		{"no new privileges", d.NoNewPrivs},
		{capabilities, d.Capabilities},
		{"files are written where they were asked for only", d.Files},
		{"no network but the port asked for", d.Network},
	}
}

// String tells it in a sentence for each restriction.
func (d *Dropped) String() string {
	var parts []string
	for _, p := range d.parts() {
		if p.err != nil {
			p.what = fmt.Sprintf("not in force: %s (%v)", p.what, p.err)
		}
		parts = append(parts, p.what)
	}
	return strings.Join(parts, "; ")
}
