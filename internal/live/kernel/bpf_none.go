//go:build linux && !amd64 && !arm64

package kernel

import "errors"

// program is not compiled for this processor.
type program struct {
	lacks []lack
	list  *struct{} // nil
}

func load() (*program, error)             { return nil, errors.New("not on this processor") }
func (*program) close() error             { return nil }
func (*program) read(func(*record)) error { return nil }
func (*program) lost() uint64             { return 0 }

func (*program) look(sought) (holding, error) { return holding{}, nil }

func listsWithoutRights() bool { return false }
