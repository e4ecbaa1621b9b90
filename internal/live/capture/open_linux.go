//go:build !cgo

package capture

func open(name string, opts Options) (handle, error) { return openRing(name, opts) }
