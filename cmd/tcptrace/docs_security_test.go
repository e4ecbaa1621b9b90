package main

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// TestSecurityIsTested: every promise of docs/security.md names its tests, which exist.
func TestSecurityIsTested(t *testing.T) {
	var tests strings.Builder
	eachTestFile(t, func(_, text string) { tests.WriteString(text) })
	_, promised, _ := strings.Cut(readDoc(t, "docs/security.md"), "\n## What is promised\n")
	promised, _, found := strings.Cut(promised, "\n## ")
	if !found {
		t.Fatal("docs/security.md does not say what is promised")
	}
	script := regexp.MustCompile("`([a-z]+(?:-[a-z]+)*)`")
	for promise := range strings.SplitSeq(strings.TrimSpace(promised), "\n\n") {
		_, by, _ := strings.Cut(promise, "Tested by")
		names := regexp.MustCompile("`((?:Test|Fuzz)[A-Za-z]+)`").FindAllStringSubmatch(by, -1)
		if len(names) == 0 {
			t.Errorf("no test is named for: %s", promise)
		}
		for _, m := range names {
			if !strings.Contains(tests.String(), "\nfunc "+m[1]+"(") {
				t.Errorf("there is no %s", m[1])
			}
		}
		for _, m := range script.FindAllStringSubmatch(by, -1) {
			if _, err := os.Stat(filepath.Join("testdata", "script", m[1]+".txt")); err != nil {
				t.Error(err)
			}
		}
	}
}

// eachTestFile calls f with the files of tests, by their names below the root of the module.
func eachTestFile(t *testing.T, f func(name, text string)) {
	t.Helper()
	err := fs.WalkDir(os.DirFS(rootDir), ".", func(name string, d fs.DirEntry, err error) error {
		if err == nil && strings.HasSuffix(name, "_test.go") {
			f(name, readDoc(t, name))
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

// TestFuzzTargetsAreListed: make fuzz has every target that there is.
func TestFuzzTargetsAreListed(t *testing.T) {
	var want []string
	eachTestFile(t, func(name, text string) {
		for _, m := range regexp.MustCompile(`(?m)^func (Fuzz\w+)\(`).FindAllStringSubmatch(text, -1) {
			want = append(want, "./"+filepath.ToSlash(filepath.Dir(name))+":"+m[1])
		}
	})
	got := regexp.MustCompile(`\./\S+:Fuzz\w+`).FindAllString(fuzzLists(readDoc(t, "Makefile")), -1)
	slices.Sort(want)
	slices.Sort(got)
	if len(want) == 0 || !slices.Equal(got, want) {
		t.Errorf("the Makefile lists\n%v\nthere are\n%v", got, want)
	}
}

// fuzzLists is what the Makefile assigns to variables such as FUZZ_PARTS.
func fuzzLists(makefile string) (lists string) {
	for _, m := range regexp.MustCompile(`(?m)^FUZZ_\w+ = ((?:.*\\\n)*.*)`).FindAllStringSubmatch(makefile, -1) {
		lists += m[1] + "\n"
	}
	return lists
}

// TestRaceIsComplete: make race has every package that starts a goroutine or shares anything, but for this one, whose tests take too long with it, and
// what only tests use.
func TestRaceIsComplete(t *testing.T) {
	_, line, _ := strings.Cut(readDoc(t, "Makefile"), "\nrace:")
	_, line, _ = strings.Cut(line, "go test ")
	line, _, _ = strings.Cut(line, "\n")
	listed := strings.Fields(line)
	starts := regexp.MustCompile(`(?m)^\s*go [\w.]+\(|\.Go\(|\b(?:sync\.(?:Mutex|RWMutex|Pool|WaitGroup)|atomic\.)`)
	without := []string{"./cmd/tcptrace"}
	err := fs.WalkDir(os.DirFS(rootDir), ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || !strings.HasSuffix(name, ".go") || strings.HasSuffix(name, "_test.go") || strings.HasPrefix(name, "test/") || strings.HasPrefix(name, "internal/testutil/") {
			return err
		}
		dir := "./" + filepath.ToSlash(filepath.Dir(name))
		covers := func(pattern string) bool {
			under, all := strings.CutSuffix(pattern, "/...")
			return pattern == dir || all && (dir == under || strings.HasPrefix(dir, under+"/"))
		}
		if starts.MatchString(readDoc(t, name)) && !slices.Contains(without, dir) && !slices.ContainsFunc(listed, covers) {
			t.Errorf("make race lacks %s, for %s", dir, name)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}
