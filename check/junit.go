package check

import (
	"encoding/xml"
	"fmt"
	"io"
	"path"
	"path/filepath"
	"strings"
)

// The document of WriteJUnit, as CI systems read it.
type (
	junitSuites struct {
		XMLName  xml.Name   `xml:"testsuites"`
		Tests    int        `xml:"tests,attr"`
		Failures int        `xml:"failures,attr"`
		Errors   int        `xml:"errors,attr"`
		Skipped  int        `xml:"skipped,attr"`
		Suite    junitSuite `xml:"testsuite"`
	}
	junitSuite struct {
		Name     string      `xml:"name,attr"`
		Tests    int         `xml:"tests,attr"`
		Failures int         `xml:"failures,attr"`
		Errors   int         `xml:"errors,attr"`
		Skipped  int         `xml:"skipped,attr"`
		Cases    []junitCase `xml:"testcase"`
	}
	junitCase struct {
		Class   string        `xml:"classname,attr"`
		Name    string        `xml:"name,attr"`
		File    string        `xml:"file,attr"`
		Failure *junitMessage `xml:"failure,omitempty"`
		Error   *junitMessage `xml:"error,omitempty"`
		Skipped *junitMessage `xml:"skipped,omitempty"`
	}
	junitMessage struct {
		Message string `xml:"message,attr"`
		Text    string `xml:",chardata"`
	}
)

// WriteJUnit writes results as JUnit's XML: a capture is a test case.
func WriteJUnit(w io.Writer, rs Results) error {
	suite := junitSuite{Name: "tcptrace check", Tests: len(rs)}
	for i := range rs {
		c := rs[i].junit()
		switch {
		case c.Failure != nil:
			suite.Failures++
		case c.Error != nil:
			suite.Errors++
		case c.Skipped != nil:
			suite.Skipped++
		}
		suite.Cases = append(suite.Cases, c)
	}
	doc := junitSuites{Tests: suite.Tests, Failures: suite.Failures, Errors: suite.Errors, Skipped: suite.Skipped, Suite: suite}
	text, err := xml.MarshalIndent(doc, "", "  ")
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(w, "%s%s\n", xml.Header, text)
	return err
}

func (r *Result) junit() junitCase {
	name := filepath.ToSlash(r.Name())
	c := junitCase{Class: path.Dir(name), Name: path.Base(name), File: name}
	switch r.Status {
	case Failed:
		var text strings.Builder
		r.writeFailures(&text)
		c.Failure = &junitMessage{r.headline(), text.String()}
	case Malformed, Unreadable:
		c.Error = &junitMessage{r.Problems[0], strings.Join(r.Problems, "\n")}
	case Unchecked:
		c.Skipped = &junitMessage{Message: "nothing is expected of it"}
	}
	return c
}

// headline is the first failure, and how many there are.
func (r *Result) headline() string {
	text := r.Failures[0].Text
	if n := len(r.Failures) - 1; n > 0 {
		text += fmt.Sprintf(" (and %d more)", n)
	}
	return text
}
