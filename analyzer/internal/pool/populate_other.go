//go:build !linux

package pool

import "unsafe"

// populate leaves it to the first touch of each page.
func populate(unsafe.Pointer, uintptr) {}
