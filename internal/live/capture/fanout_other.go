//go:build !linux

package capture

import "errors"

// openRings is for Linux only.
func openRings(string, Options) ([]handle, error) { return nil, errors.ErrUnsupported }
