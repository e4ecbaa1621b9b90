//go:build !linux

package capture

import "errors"

var errUnsupported = errors.New("this system cannot do that")

// Drop is for Linux only.
func Drop(DropOptions) Dropped {
	return Dropped{NoNewPrivs: errUnsupported, Capabilities: errUnsupported, Files: errUnsupported, Network: errUnsupported}
}
