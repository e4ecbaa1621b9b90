package check

import (
	"cmp"
	"encoding/json"
	"io"
	"maps"
	"net/url"
	"path/filepath"
	"slices"

	"tcptrace/check/expect"
)

// The document of WriteSARIF: SARIF 2.1.0 as far as it is needed.
type (
	sarifLog struct {
		Schema  string     `json:"$schema"`
		Version string     `json:"version"`
		Runs    []sarifRun `json:"runs"`
	}
	sarifRun struct {
		Tool    sarifTool     `json:"tool"`
		Results []sarifResult `json:"results"`
	}
	sarifTool struct {
		Driver sarifDriver `json:"driver"`
	}
	sarifDriver struct {
		Name  string      `json:"name"`
		Rules []sarifRule `json:"rules"`
	}
	sarifRule struct {
		ID   string    `json:"id"`
		Text sarifText `json:"shortDescription"`
	}
	sarifText struct {
		Text string `json:"text"`
	}
	sarifResult struct {
		Rule      string          `json:"ruleId"`
		Level     string          `json:"level"`
		Message   sarifText       `json:"message"`
		Locations []sarifLocation `json:"locations"`
	}
	sarifLocation struct {
		Physical sarifPhysical `json:"physicalLocation"`
	}
	sarifPhysical struct {
		Artifact sarifArtifact `json:"artifactLocation"`
		Region   *sarifRegion  `json:"region,omitempty"`
	}
	sarifArtifact struct {
		URI string `json:"uri"`
	}
	sarifRegion struct {
		Line int `json:"startLine"`
	}
)

// Rules of results that are no failures of a capture.
const (
	ruleMalformed  = "malformed-expectation"
	ruleUnreadable = "unreadable-capture"
)

var sarifRules = func() map[string]string {
	rules := maps.Clone(expect.Rules)
	rules[ruleMalformed] = "An expectation cannot be used."
	rules[ruleUnreadable] = "A capture cannot be read to its end."
	return rules
}()

// WriteSARIF writes what is not as expected in the format that code scanners use.
func WriteSARIF(w io.Writer, rs Results) error {
	run := sarifRun{Tool: sarifTool{sarifDriver{Name: "tcptrace check"}}, Results: []sarifResult{}}
	for _, id := range slices.Sorted(maps.Keys(sarifRules)) {
		run.Tool.Driver.Rules = append(run.Tool.Driver.Rules, sarifRule{id, sarifText{sarifRules[id]}})
	}
	for i := range rs {
		r := &rs[i]
		for j := range r.Failures {
			f := &r.Failures[j]
			file, line := r.location(f)
			run.Results = append(run.Results, newSARIFResult(f.Rule, r.message(f), file, line))
		}
		for j, p := range r.Problems {
			rule := ruleMalformed
			if r.Status == Unreadable {
				rule = ruleUnreadable
			}
			file, line := r.problemLocation(j)
			run.Results = append(run.Results, newSARIFResult(rule, p, file, line))
		}
	}
	enc := json.NewEncoder(w)
	enc.SetIndent("", "  ")
	enc.SetEscapeHTML(false)
	return enc.Encode(sarifLog{"https://json.schemastore.org/sarif-2.1.0.json", "2.1.0", []sarifRun{run}})
}

func newSARIFResult(rule, text, file string, line int) sarifResult {
	physical := sarifPhysical{Artifact: sarifArtifact{(&url.URL{Path: file}).EscapedPath()}}
	if line > 0 {
		physical.Region = &sarifRegion{line}
	}
	return sarifResult{Rule: rule, Level: "error", Message: sarifText{text}, Locations: []sarifLocation{{physical}}}
}

// problemLocation is where the i-th problem stands.
func (r *Result) problemLocation(i int) (file string, line int) {
	if i < len(r.lines) {
		line = r.lines[i]
	}
	if r.Status == Malformed {
		return filepath.ToSlash(cmp.Or(r.Expectation, r.Capture)), line
	}
	return filepath.ToSlash(r.Name()), line
}
