//go:build !linux

package verify

// morePlays are for Linux.
var morePlays []play
