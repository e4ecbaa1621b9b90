package output

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
)

// Dir is an output of several files in a directory of its own, which is there once it is closed.
type Dir struct {
	path string
	part string // its name until it is whole; empty: it has its own, or is discarded
}

// CreateDir begins a directory, which must not be there yet, or be empty: nothing in it is overwritten.
func (s *Files) CreateDir(flag, path string) (*Dir, error) {
	path = filepath.Clean(path)
	if entries, err := os.ReadDir(path); err == nil && len(entries) > 0 {
		return nil, &conflictError{fmt.Sprintf("%s %s is a directory that is not empty: name one that is not there yet", flag, path)}
	} else if err != nil && !errors.Is(err, os.ErrNotExist) {
		return nil, err
	}
	if err := s.take(flag+" "+path, useOf(flag, path)); err != nil {
		return nil, err
	}
	d := &Dir{path: path}
	for d.part == "" {
		part := filepath.Join(filepath.Dir(path), fmt.Sprintf(".%.100s.%08x.part", filepath.Base(path), rand.Uint32()))
		if err := os.Mkdir(part, 0o777); err == nil {
			d.part = part
		} else if !errors.Is(err, os.ErrExist) {
			return nil, err
		}
	}
	s.dirs = append(s.dirs, d)
	return d, nil
}

// Create opens a new file of the directory. name is its path in there, with slashes; it must lead nowhere else.
func (d *Dir) Create(name string) (*os.File, error) {
	if !filepath.IsLocal(name) {
		return nil, fmt.Errorf("%q is not the name of a file within a directory", name)
	}
	path := filepath.Join(d.part, filepath.FromSlash(name))
	if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
		return nil, err
	}
	return os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o666)
}

// Close gives the directory its name.
func (d *Dir) Close() error {
	if err := os.Remove(d.path); err != nil && !errors.Is(err, os.ErrNotExist) { // it is empty, unless somebody has put something there
		d.Discard()
		return err
	}
	if err := os.Rename(d.part, d.path); err != nil {
		d.Discard()
		return err
	}
	d.part = ""
	return nil
}

// Discard removes the directory, unless it has its name already.
func (d *Dir) Discard() {
	if d.part != "" {
		os.RemoveAll(d.part)
		d.part = ""
	}
}
