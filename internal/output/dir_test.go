package output

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"testing"
)

// TestDir: a directory is there when it is closed, and nothing is when it is discarded.
func TestDir(t *testing.T) {
	for _, discard := range []bool{false, true} {
		for _, there := range []bool{false, true} {
			top := t.TempDir()
			path := filepath.Join(top, "out")
			if there {
				os.Mkdir(path, 0o755)
			}
			var s Files
			d, err := s.CreateDir("-o", path)
			if err != nil {
				t.Fatal(err)
			}
			f, err := d.Create("day=1/part-0")
			if err != nil {
				t.Fatal(err)
			}
			f.WriteString("text")
			f.Close()
			if _, err := d.Create("day=1/part-0"); !errors.Is(err, os.ErrExist) {
				t.Errorf("a file twice: %v", err)
			}
			for _, name := range []string{"../up", "/etc/x", "a/../../b", ""} {
				if _, err := d.Create(name); err == nil {
					t.Errorf("%q was made", name)
				}
			}
			if _, err := os.Stat(filepath.Join(path, "day=1")); err == nil {
				t.Error("it is there before it is whole")
			}
			if discard {
				s.Discard()
			} else if err := d.Close(); err != nil || content(t, filepath.Join(path, "day=1", "part-0")) != "text" {
				t.Error(err)
			}
			if s.Discard(); slices.Contains(names(t, top), "out") != (!discard || there) || len(names(t, top)) > 1 {
				t.Errorf("discard %v: %q", discard, names(t, top))
			}
		}
	}
}

// TestDirKeeps: what is in a directory, or what is no directory, stays.
func TestDirKeeps(t *testing.T) {
	top := t.TempDir()
	full, file := filepath.Join(top, "full"), filepath.Join(top, "file")
	os.Mkdir(full, 0o755)
	mustWrite(t, filepath.Join(full, "old"), "old")
	mustWrite(t, file, "old")
	var s Files
	if _, err := s.CreateDir("-o", full); !errors.Is(err, ErrConflict) {
		t.Errorf("a directory with a file: %v", err)
	}
	if _, err := s.CreateDir("-o", file); err == nil {
		t.Error("a file")
	}
	empty := filepath.Join(top, "empty")
	d, err := s.CreateDir("-o", empty)
	if err != nil {
		t.Fatal(err)
	}
	os.Mkdir(empty, 0o755)
	mustWrite(t, filepath.Join(empty, "new"), "new") // meanwhile
	if err := d.Close(); err == nil || content(t, filepath.Join(empty, "new")) != "new" {
		t.Errorf("what came meanwhile: %v", err)
	}
	if got := names(t, top); !slices.Equal(got, []string{"empty", "file", "full"}) {
		t.Errorf("%q", got)
	}
}
