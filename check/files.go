package check

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"

	"tcptrace/check/expect"
)

// tree is a directory whose content may be a stranger's, such as a repository that was cloned: what is read and written
// below it are regular files, and no symbolic link leads out of it.
type tree struct {
	dir  string
	root *os.Root
	err  error // why it cannot be opened
}

// trees are those that were opened, by their directories.
type trees map[string]*tree

func (t trees) of(dir string) *tree {
	known := t[dir]
	if known == nil {
		known = &tree{dir: dir}
		known.root, known.err = os.OpenRoot(dir)
		t[dir] = known
	}
	return known
}

func (t trees) close() {
	for _, one := range t {
		if one.root != nil {
			one.root.Close()
		}
	}
}

// open opens a regular file in the tree. path begins with the tree's directory.
func (t *tree) open(path string) (*os.File, error) {
	name, err := t.name(path)
	if err != nil {
		return nil, err
	}
	f, err := openRegular(name, t.root.Stat, t.root.OpenFile)
	return f, t.explain(path, err)
}

// openNamed opens a regular file that the user named, and follows symbolic links as the user does.
func openNamed(path string) (*os.File, error) {
	f, err := openRegular(path, os.Stat, os.OpenFile)
	return f, (*tree).explain(nil, path, err)
}

// openRegular opens a file unless that may wait, or has effects of its own: pipes, devices and sockets do.
func openRegular(name string, stat func(string) (fs.FileInfo, error), open func(string, int, fs.FileMode) (*os.File, error)) (*os.File, error) {
	info, err := stat(name)
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, errIrregular
	}
	f, err := open(name, os.O_RDONLY|syscall.O_NONBLOCK, 0)
	if err != nil {
		return nil, err
	}
	if info, err = f.Stat(); err == nil && !info.Mode().IsRegular() { // it was replaced in between
		err = errIrregular
	}
	if err != nil {
		f.Close()
		return nil, err
	}
	return f, nil
}

var errIrregular = errors.New("not a regular file")

// readText is the content of an expectation or a project file.
func readText(f *os.File, err error) ([]byte, error) {
	if err != nil {
		return nil, err
	}
	defer f.Close()
	b, err := io.ReadAll(io.LimitReader(f, expect.MaxText+1))
	if err == nil && len(b) > expect.MaxText {
		err = fmt.Errorf("larger than %d bytes: too large for an expectation or a project file", expect.MaxText)
	}
	return b, err
}

// replace writes a file so that at no time half of it is there. It replaces a symbolic link, not what that leads to.
func (t *tree) replace(path string, text []byte) error {
	name, err := t.name(path)
	if err != nil {
		return err
	}
	part := name + fmt.Sprintf(".%d.part", os.Getpid())
	f, err := t.root.OpenFile(part, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
	if err != nil {
		return t.explain(path, err)
	}
	defer t.root.Remove(part)
	if _, err = f.Write(text); err == nil {
		err = f.Chmod(0o644)
	}
	if err = errors.Join(err, f.Close()); err != nil {
		return err
	}
	return t.explain(path, t.root.Rename(part, name))
}

// name is a path as seen from the tree's directory.
func (t *tree) name(path string) (string, error) {
	if t.err != nil {
		return "", t.err
	}
	return filepath.Rel(t.dir, path)
}

// explain is an error about path, in words.
func (t *tree) explain(path string, err error) error {
	if err == nil {
		return nil
	}
	if p, ok := errors.AsType[*fs.PathError](err); ok {
		err = p.Err
	}
	if t != nil && strings.Contains(err.Error(), "escapes") { // package os has no name for this error
		err = fmt.Errorf("a symbolic link that leads out of %s, which is not followed", t.dir)
	}
	return &fs.PathError{Op: "open", Path: path, Err: err}
}

// exists reports whether there is something of this name, be it a symbolic link to nowhere.
func exists(path string) bool {
	_, err := os.Lstat(path)
	return err == nil
}
