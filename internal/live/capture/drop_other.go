//go:build !linux

package capture

var errUnsupported = &unsupportedError{"this system cannot do that"}

// Drop is for Linux only.
func Drop(DropOptions) Dropped {
	return Dropped{NoNewPrivs: errUnsupported, Capabilities: errUnsupported, Files: errUnsupported, Network: errUnsupported}
}
