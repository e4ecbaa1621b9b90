package capture

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
)

// Permission says that an interface may not be opened, and what to do about it.
type Permission struct {
	Interface string
	Advice    string // what gives the right, "" if nobody here knows
	Err       error
}

func (e *Permission) Error() string {
	if e.Advice == "" {
		return fmt.Sprintf("%s: capturing is not permitted: %v", e.Interface, e.Err)
	}
	return fmt.Sprintf("%s: capturing is not permitted; %s", e.Interface, e.Advice)
}

func (e *Permission) Unwrap() error { return e.Err }

// refused is why an interface cannot be opened.
func refused(name string, err error) error {
	if errors.Is(err, os.ErrPermission) || errors.Is(permitted(), os.ErrPermission) {
		return &Permission{Interface: name, Advice: advice(), Err: err}
	}
	return fmt.Errorf("%s: %w", name, err)
}

// advice is what gives this program the right to capture. setcap takes the file itself, no link to it.
func advice() string {
	if runtime.GOOS != "linux" {
		return ""
	}
	exe, err := os.Executable()
	if err != nil {
		return "it needs the capability CAP_NET_RAW"
	}
	if real, err := filepath.EvalSymlinks(exe); err == nil {
		exe = real
	}
	return "to permit it: sudo setcap cap_net_raw+ep " + quote(exe)
}

// quote writes a path so that a shell takes it as one word.
func quote(path string) string {
	plain := func(r rune) bool {
		return r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune("/._-+=:,@%", r)
	}
	if strings.IndexFunc(path, func(r rune) bool { return !plain(r) }) < 0 {
		return path
	}
	return "'" + strings.ReplaceAll(path, "'", `'\''`) + "'"
}
