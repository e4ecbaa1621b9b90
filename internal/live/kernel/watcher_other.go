//go:build !linux

package kernel

import (
	"errors"
	"iter"
	"time"
)

// Watcher exists on Linux only.
type Watcher struct{}

// Open says what this system lacks.
func Open() (*Watcher, error) {
	return nil, errors.New("what the kernel knows of connections is read on Linux only")
}

// OpenDiag says the same.
func OpenDiag() (*Watcher, error) { return Open() }

// Read, Lookup and the others are for watchers, of which there are none.
func (*Watcher) Read(func(Change)) error        { return nil }
func (*Watcher) Lookup(Key) (Endpoint, bool)    { return Endpoint{}, false }
func (*Watcher) Endpoints() iter.Seq[*Endpoint] { return func(func(*Endpoint) bool) {} }
func (*Watcher) Namespace() uint32              { return 0 }
func (*Watcher) Source() Source                 { return "" }
func (*Watcher) Lacks() error                   { return nil }
func (*Watcher) Notes() []string                { return nil }
func (*Watcher) Blind() string                  { return "" }
func (*Watcher) Stays() string                  { return "" }
func (*Watcher) Cookies() Cookies               { return Cookies{} }
func (*Watcher) Want(Key)                       {}
func (*Watcher) Lost() uint64                   { return 0 }
func (*Watcher) Add() error                     { return nil }
func (*Watcher) Listening() []Endpoint          { return nil }
func (*Watcher) Unlisted() uint64               { return 0 }
func (*Watcher) Asked() time.Time               { return time.Time{} }
func (*Watcher) AskEvery(time.Duration)         {}
func (*Watcher) Close() error                   { return nil }
