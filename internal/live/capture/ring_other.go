//go:build cgo && !linux

package capture

import "errors"

func openRing(string, Options) (handle, error) { return nil, errors.ErrUnsupported }
