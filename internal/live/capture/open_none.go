//go:build !cgo && !linux

package capture

import "fmt"

func open(name string, _ Options) (handle, error) {
	return nil, fmt.Errorf("%s: capturing is not available: this build has no libpcap", name)
}
