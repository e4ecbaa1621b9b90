package check

import (
	"context"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"tcptrace/internal/remote"
)

// ExpectationExt ends the name of an expectation.
const ExpectationExt = ".expect.yaml"

var (
	captureExts    = []string{".pcap", ".pcapng", ".cap"}
	compressedExts = []string{".gz", ".zst", ".lz4"}
)

// stem is a capture's path without what says that it is one; "" if it is none by its name.
func stem(path string) string {
	for _, ext := range compressedExts {
		path = strings.TrimSuffix(path, ext)
	}
	for _, ext := range captureExts {
		if s, ok := strings.CutSuffix(path, ext); ok && filepath.Base(path) != ext {
			return s
		}
	}
	return ""
}

// ExpectationOf is where the expectation of a capture stands, or would: beside it, and of a URL in the current directory.
func ExpectationOf(capture string) string {
	if remote.Is(capture) {
		capture = path.Base(capture)
	}
	if s := stem(capture); s != "" {
		return s + ExpectationExt
	}
	return capture + ExpectationExt
}

// target is a capture to check, and the expectation beside it.
type target struct {
	capture     string
	expectation string // "" if there is none
	named       bool   // by its own path, not by a directory, a pattern or its expectation
	shares      string // the capture before it whose expectation it has, too; ""
	tree        *tree  // in which both are
	anything    bool   // the capture may be a pipe or whatever else the user names
}

// open opens the capture.
func (t *target) open(string) (*os.File, error) {
	switch {
	case t.anything:
		return os.Open(t.capture)
	case t.named:
		return openNamed(t.capture)
	}
	return t.tree.open(t.capture)
}

// found is what there is to check, in the order of the arguments, each once.
type found struct {
	targets []target
	broken  []Result // what cannot be checked
	seen    map[string]bool
	owners  map[string]string // captures by their expectations
	trees   trees
}

// find looks for captures: files, directories with all below them, patterns and URLs.
func find(ctx context.Context, paths []string) *found {
	f := &found{seen: map[string]bool{}, owners: map[string]string{}, trees: trees{}}
	for _, path := range paths {
		if remote.Is(path) {
			f.remote(ctx, path)
			continue
		}
		info, err := os.Stat(path)
		if err != nil && strings.ContainsAny(path, "*?[") {
			f.pattern(path)
			continue
		}
		switch {
		case err != nil:
			f.fail(Result{Capture: path, Status: Unreadable, Problems: []string{plain(path, err)}})
		case info.IsDir():
			f.directory(path)
		default:
			f.file(path, filepath.Dir(path), true)
		}
	}
	return f
}

// remote adds what a URL stands for. Only the user names URLs: what is found in directories and by patterns are files, whatever they are called.
func (f *found) remote(ctx context.Context, url string) {
	names, err := remote.Expand(ctx, url)
	if err != nil {
		f.fail(Result{Capture: url, Status: Unreadable, Problems: []string{plain(url, err)}})
	}
	for _, name := range names {
		f.capture(name, ".", true)
	}
}

func (f *found) pattern(pattern string) {
	matches, err := filepath.Glob(pattern)
	if err != nil || len(matches) == 0 {
		f.fail(Result{Capture: pattern, Status: Unreadable, Problems: []string{pattern + ": nothing has a name like this"}})
	}
	dir := fixed(pattern)
	for _, path := range matches {
		if info, err := os.Lstat(path); err == nil && info.IsDir() {
			f.directory(path)
		} else if stem(path) != "" || strings.HasSuffix(path, ExpectationExt) {
			f.file(path, dir, false)
		}
	}
}

// fixed is the directory of a pattern that has a name: what is below it is not named.
func fixed(pattern string) string {
	dir := filepath.Dir(pattern)
	for strings.ContainsAny(dir, "*?[") {
		dir = filepath.Dir(dir)
	}
	return dir
}

func (f *found) directory(dir string) {
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			f.fail(Result{Capture: path, Status: Unreadable, Problems: []string{plain(path, err)}})
		case d.IsDir():
			if path != dir && strings.HasPrefix(d.Name(), ".") {
				return fs.SkipDir
			}
		case stem(path) != "" || strings.HasSuffix(path, ExpectationExt):
			f.file(path, dir, false)
		}
		return nil
	})
	if err != nil {
		f.fail(Result{Capture: dir, Status: Unreadable, Problems: []string{plain(dir, err)}})
	}
}

// file adds a capture below dir, or the captures of an expectation.
func (f *found) file(path, dir string, named bool) {
	base, isExpectation := strings.CutSuffix(path, ExpectationExt)
	if !isExpectation {
		f.capture(path, dir, named)
		return
	}
	captures := capturesOf(base)
	if len(captures) == 0 && !f.seen[filepath.Clean(path)] {
		f.seen[filepath.Clean(path)] = true
		f.fail(Result{Expectation: path, Status: Malformed, Problems: []string{
			fmt.Sprintf("%s: its capture is missing: there is no %s, nor any other %s.*", path, base+captureExts[0], filepath.Base(base)),
		}})
	}
	for _, c := range captures {
		f.capture(c, dir, false)
	}
}

// capturesOf are the captures of an expectation, whose names begin with base.
func capturesOf(base string) (list []string) {
	for _, ext := range captureExts {
		for _, packed := range append([]string{""}, compressedExts...) {
			if info, err := os.Stat(base + ext + packed); err == nil && !info.IsDir() {
				list = append(list, base+ext+packed)
			}
		}
	}
	if info, err := os.Stat(base); err == nil && !info.IsDir() && stem(base) == "" {
		list = append(list, base)
	}
	return list
}

func (f *found) capture(path, dir string, named bool) {
	key := path
	if !remote.Is(path) {
		key = filepath.Clean(path)
	}
	if f.seen[key] {
		return
	}
	f.seen[key] = true
	t := target{capture: path, named: named, tree: f.trees.of(dir)}
	expectation := ExpectationOf(path)
	if exists(expectation) {
		t.expectation = expectation
	}
	key = filepath.Clean(expectation)
	if t.shares = f.owners[key]; t.shares == "" {
		f.owners[key] = path
	}
	f.targets = append(f.targets, t)
}

func (f *found) fail(r Result) {
	f.broken = append(f.broken, r)
}

// plain is err with the path in front once.
func plain(path string, err error) string {
	if p, ok := err.(*fs.PathError); ok {
		err = p.Err
	}
	return path + ": " + err.Error()
}

// sorted puts results in order of their names, so that the order never depends on who was ready first.
func sorted(results []Result) []Result {
	slices.SortStableFunc(results, func(a, b Result) int { return strings.Compare(a.Name(), b.Name()) })
	return results
}
