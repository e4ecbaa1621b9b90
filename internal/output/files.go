package output

import (
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
)

// Files are the files that one run reads and writes. No output ever overwrites an input or another output, whatever names they have:
// what is open has a device and an inode. And none is half there: a regular file is written under another name beside its own, which it
// gets when it is whole. The zero value is ready.
type Files struct {
	// Stdout is what the name of an output may lead to, as /dev/stdout does; nil: it is not known.
	Stdout *os.File

	uses []use
	open []*File // that are not whole yet
	dirs []*Dir
}

// use is a file in use.
type use struct {
	input bool
	what  string      // of an output: that it is the same file
	file  fs.FileInfo // nil: there is none of this name yet
	dir   fs.FileInfo // and it will be in this directory
	name  string
}

// ErrConflict is why an output is not written: it is an input, or another output.
var ErrConflict = errors.New("conflict")

type conflictError struct{ text string }

func (e *conflictError) Error() string        { return e.text }
func (e *conflictError) Is(target error) bool { return target == ErrConflict }

// Input notes that the file of this name is read. One that is not there is not.
func (s *Files) Input(path string) {
	if info, err := os.Stat(path); err == nil {
		s.uses = append(s.uses, use{input: true, file: info})
	}
}

// InputOpen is Input for what is open, such as standard input.
func (s *Files) InputOpen(f *os.File) {
	if info, err := f.Stat(); err == nil {
		s.uses = append(s.uses, use{input: true, file: info})
	}
}

// Output notes that what is open is written, as standard output is, and fails if it is in use already.
func (s *Files) Output(what string, f *os.File) error {
	info, err := f.Stat()
	if err != nil {
		return nil // it is not open: writing says so
	}
	return s.take(what, use{what: "the same file as " + what, file: info})
}

// Check fails if the output of this name and flag would be an input or another output.
func (s *Files) Check(flag, path string) error {
	return s.conflict(flag+" "+path, useOf(flag, path))
}

// Create opens an output, which is there once it is closed. What is not a regular file, such as a pipe or a device, is written directly.
// A symbolic link to a regular file is replaced.
func (s *Files) Create(flag, path string) (*File, error) {
	u := useOf(flag, path)
	if err := s.take(flag+" "+path, u); err != nil {
		return nil, err
	}
	f := &File{path: path, set: s, is: u}
	if u.file != nil && !u.file.Mode().IsRegular() {
		var err error
		f.file, err = os.OpenFile(path, os.O_WRONLY, 0)
		return f, err
	}
	link := isLink(path)
	if link && s.Stdout != nil && sameOpen(u.file, s.Stdout) {
		f.file, f.foreign = s.Stdout, true
		return f, nil
	}
	if err := f.begin(!link); err != nil {
		return nil, err
	}
	s.open = append(s.open, f)
	return f, nil
}

// Show gives all outputs their names now, for those that others read while they grow.
func (s *Files) Show() error {
	var errs error
	for _, f := range s.open {
		errs = errors.Join(errs, f.name())
	}
	return errs
}

// Discard removes what is not whole. It is for the end of a run.
func (s *Files) Discard() {
	for _, f := range s.open {
		f.Discard()
	}
	for _, d := range s.dirs {
		d.Discard()
	}
	s.open, s.dirs = nil, nil
}

func useOf(flag, path string) use {
	u := use{what: "the same file as " + flag, name: filepath.Base(path)}
	if info, err := os.Stat(path); err == nil {
		u.file = info
	}
	if info, err := os.Stat(filepath.Dir(path)); err == nil {
		u.dir = info
	}
	return u
}

func (s *Files) take(output string, u use) error {
	if err := s.conflict(output, u); err != nil {
		return err
	}
	s.uses = append(s.uses, u)
	return nil
}

func (s *Files) conflict(output string, u use) error {
	for _, other := range s.uses {
		switch {
		case !u.same(&other):
		case other.input:
			return &conflictError{output + " would overwrite an input"}
		default:
			return &conflictError{fmt.Sprintf("%s is %s", output, other.what)}
		}
	}
	return nil
}

// same reports whether two are one file. A terminal or /dev/null may be used twice.
func (u *use) same(v *use) bool {
	if u.file != nil && v.file != nil && u.file.Mode()&fs.ModeCharDevice == 0 && os.SameFile(u.file, v.file) {
		return true
	}
	return u.dir != nil && v.dir != nil && u.name == v.name && os.SameFile(u.dir, v.dir) && u.file == nil
}

func isLink(path string) bool {
	info, err := os.Lstat(path)
	return err == nil && info.Mode()&fs.ModeSymlink != 0
}

func sameOpen(info fs.FileInfo, f *os.File) bool {
	other, err := f.Stat()
	return err == nil && info != nil && os.SameFile(info, other)
}

// File is an output.
type File struct {
	file    *os.File
	path    string
	part    string // its name until it is whole; empty: it has its own
	foreign bool   // it is not ours to close
	failed  bool   // something could not be written
	set     *Files
	is      use
}

// begin opens a new file beside the one of the right name. Where that may not be written, nor may it be replaced.
func (f *File) begin(may bool) error {
	if f.is.file != nil && may {
		old, err := os.OpenFile(f.path, os.O_WRONLY, 0)
		if err != nil {
			return err
		}
		old.Close()
	}
	for {
		part := filepath.Join(filepath.Dir(f.path), fmt.Sprintf(".%.100s.%08x.part", f.is.name, rand.Uint32()))
		file, err := os.OpenFile(part, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o666)
		if errors.Is(err, fs.ErrExist) {
			continue
		}
		if err != nil {
			return f.named(err)
		}
		f.file, f.part = file, part
		break
	}
	if f.is.file != nil {
		return f.file.Chmod(f.is.file.Mode().Perm())
	}
	return nil
}

// named is an error about the name that the user knows.
func (f *File) named(err error) error {
	if p, ok := errors.AsType[*fs.PathError](err); ok {
		return &fs.PathError{Op: p.Op, Path: f.path, Err: p.Err}
	}
	return err
}

// name gives the file its name, unless that has become an input's meanwhile.
func (f *File) name() error {
	if f.part == "" {
		return nil
	}
	if now, err := os.Stat(f.path); err == nil {
		for _, other := range f.set.uses {
			if other.input && other.file != nil && os.SameFile(now, other.file) {
				f.Discard()
				return &conflictError{f.path + " would overwrite an input"}
			}
		}
	}
	if err := os.Rename(f.part, f.path); err != nil {
		f.Discard()
		return err
	}
	f.part = ""
	return nil
}

// Write implements io.Writer.
func (f *File) Write(p []byte) (int, error) {
	n, err := f.file.Write(p)
	f.failed = f.failed || err != nil
	return n, f.named(err)
}

// Truncate cuts the file to a size. A device or a pipe keeps what it has.
func (f *File) Truncate(size int64) error { return f.file.Truncate(size) }

// notWholeError is that a file was not given its name, since not all of it could be written.
type notWholeError struct{ path string }

func (e *notWholeError) Error() string { return e.path + " is not whole, and is not kept" }

// Unkept marks the error for who counts what is in a file.
func (e *notWholeError) Unkept() {}

// Close ends the file, which is then there under its name, unless something could not be written.
func (f *File) Close() error {
	if f.part != "" && f.failed {
		f.Discard()
		return &notWholeError{f.path}
	}
	if !f.foreign {
		if err := f.file.Close(); err != nil {
			f.Discard()
			return f.named(err)
		}
	}
	return f.name()
}

// Discard ends the file and removes it, unless it has its name already.
func (f *File) Discard() {
	if f.part != "" {
		f.file.Close()
		os.Remove(f.part)
		f.part = ""
	}
}
