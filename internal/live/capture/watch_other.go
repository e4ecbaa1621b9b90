//go:build !linux

package capture

import "errors"

// watch is not needed where reading fails when an interface goes down.
type watch struct{}

func newWatch(string) (*watch, error) { return &watch{}, nil }

func (*watch) down() error { return nil }

func (*watch) interfaceName(uint32) (string, error) { return "", errors.ErrUnsupported }

func (*watch) close() {}
