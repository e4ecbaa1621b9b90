package check

import (
	"os"
	"path/filepath"

	"tcptrace/check/expect"
	"tcptrace/internal/remote"
)

// projects finds the project file of a capture: the nearest one above it, and of a URL the nearest one above the current directory. Above the top
// of a repository nobody looks.
type projects struct {
	fixed  string // for all captures; "": look for it
	byDir  map[string]*project
	broken []Result
	trees  trees
}

// project is a project file, or why there is none.
type project struct {
	file            string // empty: there is none
	*expect.Project        // nil: there is none, or it cannot be used
	dir             string // of the file
}

var none = &project{}

// of is the project of a capture.
func (p *projects) of(capture string) *project {
	if p.byDir == nil {
		p.byDir = map[string]*project{}
	}
	if p.fixed != "" {
		return p.load(p.fixed, filepath.Dir(p.fixed))
	}
	beside := "."
	if !remote.Is(capture) {
		beside = filepath.Dir(capture)
	}
	dir, err := filepath.Abs(beside)
	if err != nil {
		return none
	}
	return p.above(dir)
}

func (p *projects) above(dir string) *project {
	if known := p.byDir[dir]; known != nil {
		return known
	}
	result := none
	file := filepath.Join(dir, expect.ProjectFile)
	if exists(file) {
		result = p.load(relative(file), dir)
	} else if !exists(filepath.Join(dir, ".git")) && filepath.Dir(dir) != dir {
		result = p.above(filepath.Dir(dir))
	}
	p.byDir[dir] = result
	return result
}

func (p *projects) load(file, dir string) *project {
	if known := p.byDir[file]; known != nil {
		return known
	}
	result := &project{dir: dir, file: file}
	text, err := readText(p.open(file))
	if err != nil {
		p.broken = append(p.broken, Result{Expectation: file, Status: Malformed, Problems: []string{plain(file, err)}})
	} else if loaded, problems := expect.ParseProject(filepath.ToSlash(file), text); problems != nil {
		p.broken = append(p.broken, malformed("", file, problems))
	} else {
		result.Project = loaded
	}
	p.byDir[file] = result
	return result
}

// open opens a project file: the one that the user named, or one that was found.
func (p *projects) open(file string) (*os.File, error) {
	if p.fixed != "" {
		return openNamed(file)
	}
	return p.trees.of(filepath.Dir(file)).open(file)
}

// relative is a path as seen from here, where that is shorter.
func relative(path string) string {
	here, err := os.Getwd()
	if err != nil {
		return path
	}
	rel, err := filepath.Rel(here, path)
	if err != nil || len(rel) > len(path) {
		return path
	}
	return rel
}

// suppressions are those about a capture: by its path as seen from the project file, or its URL.
func (p *project) suppressions(capture string) []expect.Suppression {
	if p.Project == nil {
		return nil
	}
	if remote.Is(capture) {
		return p.For(capture)
	}
	abs, err := filepath.Abs(capture)
	dir, err2 := filepath.Abs(p.dir)
	if err != nil || err2 != nil {
		return p.For(filepath.ToSlash(capture))
	}
	name, err := filepath.Rel(dir, abs)
	if err != nil {
		name = capture
	}
	return p.For(filepath.ToSlash(name))
}

func (p *project) rules() *expect.RuleSet {
	if p.Project == nil {
		return nil
	}
	return p.Rules
}
