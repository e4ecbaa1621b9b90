package expect

import (
	"path"
	"slices"

	"github.com/goccy/go-yaml/ast"

	"tcptrace/analyzer"
	"tcptrace/report"
)

// ProjectFile is where a project keeps what holds for all captures below.
const ProjectFile = ".tcptrace.yaml"

// Project is the content of a ProjectFile.
type Project struct {
	File         string
	Rules        *RuleSet
	Suppressions []Suppression
}

// Suppression says that an anomaly does not count, and why.
type Suppression struct {
	Origin
	Anomaly  string
	Reason   string
	Captures string  // a pattern of paths below the project file; empty: all
	Endpoint string  // client or server; empty: any
	stream   *uint64 // nil: any
}

var suppressionFields = []string{"anomaly", "reason", "captures", "stream", "endpoint"}

// ParseProject reads a project file.
func ParseProject(file string, text []byte) (*Project, []Problem) {
	r := &reader{file: file}
	p := &Project{File: file, Rules: &RuleSet{}}
	if body := r.document(text); body != nil {
		r.top(body, p.Rules, map[string]func(ast.Node){
			"suppress": func(n ast.Node) {
				for _, item := range r.sequence(n, "suppress") {
					p.Suppressions = append(p.Suppressions, r.suppression(item))
				}
			},
		})
	}
	if len(r.problems) > 0 {
		return nil, r.problems
	}
	return p, nil
}

func (r *reader) suppression(n ast.Node) Suppression {
	s := Suppression{Origin: Origin{r.file, lineOf(n)}}
	for _, v := range r.mapping(n, "a suppression") {
		name := scalarText(v.Key)
		if !slices.Contains(suppressionFields, name) {
			r.complain(v.Key, "unknown field %q: %s", name, report.Suggest(name, suppressionFields))
			continue
		}
		text, ok := r.scalar(v.Value, name)
		if !ok {
			continue
		}
		switch name {
		case "anomaly":
			s.Anomaly = text
			if analyzer.FindAnomalyKind(text) == nil {
				r.complain(v.Value, "unknown anomaly %q: %s", text, report.SuggestAnomaly(text))
			}
		case "reason":
			s.Reason = text
		case "captures":
			s.Captures = text
			if _, err := path.Match(text, ""); err != nil {
				r.complain(v.Value, "captures: %q is no pattern", text)
			}
		case "endpoint":
			s.Endpoint = text
			if f, _ := findField(anomalyType, "endpoint"); !slices.Contains(f.words, text) {
				r.complain(v.Value, "%s", unknownWord(name, text, f.words))
			}
		case "stream":
			q, err := parseNumber(text)
			stream, whole := q.whole()
			if err != nil || !whole {
				r.complain(v.Value, "stream is a number, not %q", text)
			}
			s.stream = &stream
		}
	}
	if s.Anomaly == "" || s.Reason == "" {
		r.complain(n, "a suppression names the anomaly and the reason")
	}
	return s
}

// For are the suppressions that are about a capture. name is its path below the project file, with
// slashes. A pattern without a slash is about names in any directory.
func (p *Project) For(name string) (list []Suppression) {
	for _, s := range p.Suppressions {
		whole, _ := path.Match(s.Captures, name)
		base, _ := path.Match(s.Captures, path.Base(name))
		if s.Captures == "" || whole || base {
			list = append(list, s)
		}
	}
	return list
}

func (s *Suppression) covers(stream uint64, a *report.AnomalyRecord) bool {
	return s.Anomaly == a.ID && (s.stream == nil || *s.stream == stream) && (s.Endpoint == "" || s.Endpoint == a.Endpoint)
}
