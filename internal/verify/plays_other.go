//go:build !linux

package verify

import (
	"context"
	"errors"
	"os/exec"
	"runtime"

	"tcptrace/internal/verify/record"
)

// morePlays are for Linux.
var morePlays []play

// bridge is for Linux.
type bridge struct{}

func newNamespaces() (*stage, error) { return nil, errors.New("Linux has them") }

func runInside(context.Context, *exec.Cmd, func(done, total int)) (*record.Report, error) {
	return nil, errors.New("Linux has them")
}

func system() string { return runtime.GOOS }
