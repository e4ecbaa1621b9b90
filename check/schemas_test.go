package check_test

import (
	"bytes"
	"encoding/xml"
	"fmt"
	"io"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"tcptrace/check"
)

// TestSchemas: JUnit reports and SARIF logs are as their schemas say. Those in testdata are our own transcriptions of the parts that are
// written, since the official ones are not part of this tree; JUnit's has none but what Ant and Jenkins read.
func TestSchemas(t *testing.T) {
	some, err := check.Run(t.Context(), []string{mixed(t)}, check.Options{})
	if err != nil {
		t.Fatal(err)
	}
	sarif, junit := schema(t, "testdata/sarif-2.1.0-part.schema.json"), schema(t, "testdata/junit-part.schema.json")
	for _, rs := range []check.Results{some, nil} {
		var b bytes.Buffer
		if err := check.WriteSARIF(&b, rs); err != nil {
			t.Fatal(err)
		}
		text := b.String()
		valid(t, sarif, text, true)
		for _, bad := range [][2]string{{`"version": "2.1.0"`, `"version": "2.0.0"`}, {`"driver"`, `"drivers"`}, {`"name"`, `"names"`}, {`"runs"`, `"run"`}} {
			valid(t, sarif, strings.Replace(text, bad[0], bad[1], 1), false)
		}
		if len(rs) > 0 {
			for _, bad := range [][2]string{{`"level": "error"`, `"level": "fatal"`}, {`"startLine": `, `"startLine": -`}, {`"message": {`, `"text": {`}, {`"uri": "`, `"uri": "%`}} {
				if !strings.Contains(text, bad[0]) {
					t.Fatalf("no %s in the log", bad[0])
				}
				valid(t, sarif, strings.Replace(text, bad[0], bad[1], 1), false)
			}
		}
		b.Reset()
		if err := check.WriteJUnit(&b, rs); err != nil {
			t.Fatal(err)
		}
		text = b.String()
		validXML(t, junit, text, true)
		for _, bad := range [][2]string{{"<testsuites ", `<testsuites x="" `}, {`tests="`, `tests="-`}, {"testsuite>", "suite>"}, {`<testsuite name`, `<testsuite nam`}} {
			if bad[0] == "testsuite>" {
				validXML(t, junit, strings.NewReplacer("<testsuite ", "<suite ", "</testsuite>", "</suite>").Replace(text), false)
				continue
			}
			validXML(t, junit, strings.Replace(text, bad[0], bad[1], 1), false)
		}
		if len(rs) > 0 {
			validXML(t, junit, strings.Replace(text, "<testcase classname", "<testcase class", 1), false)
			validXML(t, junit, strings.Replace(text, "<failure message", "<failure type", 1), false)
		}
	}
}

func schema(t *testing.T, path string) *jsonschema.Schema {
	t.Helper()
	c := jsonschema.NewCompiler()
	c.AssertFormat()
	s, err := c.Compile(path)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func valid(t *testing.T, s *jsonschema.Schema, text string, want bool) {
	t.Helper()
	value, err := jsonschema.UnmarshalJSON(strings.NewReader(text))
	if err != nil {
		if want {
			t.Error(err)
		}
		return
	}
	if err := s.Validate(value); (err == nil) != want {
		t.Errorf("valid: %v, want %v: %v", err == nil, want, err)
	}
}

func validXML(t *testing.T, s *jsonschema.Schema, text string, want bool) {
	t.Helper()
	d := xml.NewDecoder(strings.NewReader(text))
	root := map[string]any{}
	if err := children(d, root); err != nil {
		t.Fatal(err)
	}
	if err := s.Validate(root); (err == nil) != want {
		t.Errorf("valid: %v, want %v: %v\n%s", err == nil, want, err, text)
	}
}

// children adds what is within an element to it.
func children(d *xml.Decoder, to map[string]any) error {
	for {
		token, err := d.Token()
		if err == io.EOF {
			return nil
		} else if err != nil {
			return err
		}
		switch token := token.(type) {
		case xml.StartElement:
			in := map[string]any{}
			for _, a := range token.Attr {
				name := "@" + a.Name.Local
				if _, twice := in[name]; twice {
					return fmt.Errorf("two attributes %s", name)
				}
				in[name] = a.Value
			}
			if err := children(d, in); err != nil {
				return err
			}
			list, _ := to[token.Name.Local].([]any)
			to[token.Name.Local] = append(list, in)
		case xml.CharData:
			if text := strings.TrimSpace(string(token)); text != "" {
				to["text"] = text
			}
		case xml.EndElement:
			return nil
		}
	}
}
