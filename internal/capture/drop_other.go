//go:build !linux

package capture

// Drop is for Linux only.
func Drop(DropOptions) Dropped {
	return Dropped{NoNewPrivs: errUnsupported, Capabilities: errUnsupported, Files: errUnsupported, Network: errUnsupported}
}
