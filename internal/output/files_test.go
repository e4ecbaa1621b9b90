package output

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"testing"
)

// names are what is in a directory.
func names(t *testing.T, dir string) (list []string) {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		list = append(list, e.Name())
	}
	return list
}

func mustWrite(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

func content(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// TestWhole: a file is there when it is closed, and as it was when it is discarded.
func TestWhole(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "out")
	for _, test := range []struct {
		old  bool
		end  func(*Files, *File) error
		want string
	}{
		{false, func(_ *Files, f *File) error { return f.Close() }, "new"},
		{true, func(_ *Files, f *File) error { return f.Close() }, "new"},
		{true, func(_ *Files, f *File) error { f.Discard(); return nil }, "old"},
		{true, func(s *Files, _ *File) error { s.Discard(); return nil }, "old"},
		{true, func(s *Files, f *File) error { err := s.Show(); s.Discard(); return err }, "new"},
		{true, func(s *Files, f *File) error { return errors.Join(s.Show(), f.Close()) }, "new"},
	} {
		os.Remove(path)
		if test.old {
			mustWrite(t, path, "old")
		}
		var s Files
		f, err := s.Create("-o", path)
		if err != nil {
			t.Fatal(err)
		}
		f.Write([]byte("new"))
		if got := len(names(t, dir)); test.old && content(t, path) != "old" || !test.old && got != 1 {
			t.Errorf("%d files before the end", got)
		}
		if err := test.end(&s, f); err != nil {
			t.Error(err)
		}
		if got := content(t, path); got != test.want || !slices.Equal(names(t, dir), []string{"out"}) {
			t.Errorf("%q, want %q: %v", got, test.want, names(t, dir))
		}
	}
}

// TestNotWhole: a file of which something could not be written does not take the place of the old one, unless it has it already.
func TestNotWhole(t *testing.T) {
	for _, shown := range []bool{false, true} {
		dir := t.TempDir()
		path := filepath.Join(dir, "out")
		mustWrite(t, path, "old")
		var s Files
		f, err := s.Create("-w", path)
		if err != nil {
			t.Fatal(err)
		}
		f.Write([]byte("part"))
		want := "old"
		if shown {
			want = "part"
			if err := s.Show(); err != nil {
				t.Fatal(err)
			}
		}
		f.file.Close() // as good as a full disk
		if _, err := f.Write([]byte("rest")); err == nil {
			t.Fatal("it took what it cannot write")
		}
		var unkept interface{ Unkept() }
		if err := f.Close(); errors.As(err, &unkept) == shown {
			t.Errorf("shown %v: %v", shown, err)
		}
		if got := content(t, path); got != want || !slices.Equal(names(t, dir), []string{"out"}) {
			t.Errorf("shown %v: %q, want %q: %v", shown, got, want, names(t, dir))
		}
	}
}

// TestConflicts: what is an input or another output is not written, be it that it becomes so only afterwards.
func TestConflicts(t *testing.T) {
	dir := t.TempDir()
	at := func(name string) string { return filepath.Join(dir, name) }
	mustWrite(t, at("in"), "in")
	mustWrite(t, at("free"), "free")
	if err := os.Link(at("in"), at("hard")); err != nil {
		t.Skip(err)
	}
	var s Files
	s.Input(at("in"))
	s.Input(at("missing"))
	for path, conflict := range map[string]bool{"in": true, "hard": true, "free": false, "new": false, "missing": false} {
		if err := s.Check("-o", at(path)); errors.Is(err, ErrConflict) != conflict {
			t.Errorf("%s: %v", path, err)
		}
	}
	f, err := s.Create("-o", at("late"))
	if err != nil {
		t.Fatal(err)
	}
	for path, conflict := range map[string]bool{"late": true, "free": false} {
		if err := s.Check("-w", at(path)); errors.Is(err, ErrConflict) != conflict {
			t.Errorf("%s: %v", path, err)
		}
	}
	if err := os.Rename(at("hard"), at("late")); err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); !errors.Is(err, ErrConflict) || content(t, at("late")) != "in" {
		t.Errorf("an input that took the name meanwhile: %v, %q", err, content(t, at("late")))
	}
	null, err := os.OpenFile(os.DevNull, os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer null.Close()
	if err := errors.Join(s.Output("standard output", null), s.Check("-w", os.DevNull)); err != nil {
		t.Errorf("a device may be used twice: %v", err)
	}
}

// TestProtected: a file that may not be written is not replaced either.
func TestProtected(t *testing.T) {
	if os.Geteuid() == 0 {
		t.Skip("root may write anything")
	}
	path := filepath.Join(t.TempDir(), "out")
	mustWrite(t, path, "old")
	if err := os.Chmod(path, 0o444); err != nil {
		t.Fatal(err)
	}
	if f, err := new(Files).Create("-o", path); !errors.Is(err, os.ErrPermission) {
		t.Error(f, err)
	}
}
