package main

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// TestSecurityIsTested: every promise of docs/security.md names its tests, which exist.
func TestSecurityIsTested(t *testing.T) {
	var tests strings.Builder
	err := fs.WalkDir(os.DirFS(rootDir), ".", func(name string, d fs.DirEntry, err error) error {
		if err == nil && strings.HasSuffix(name, "_test.go") {
			tests.WriteString(readDoc(t, name))
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
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
