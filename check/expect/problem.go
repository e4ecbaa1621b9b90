package expect

import (
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"
)

// Problem is what is wrong with an expectation itself.
type Problem struct {
	File string
	Line int // from 1; 0: the file as a whole
	Text string
}

func (p Problem) Error() string {
	if p.Line == 0 {
		return fmt.Sprintf("%s: %s", p.File, p.Text)
	}
	return fmt.Sprintf("%s:%d: %s", p.File, p.Line, p.Text)
}

// reader walks a YAML document and collects what is wrong with it.
type reader struct {
	file     string
	problems []Problem
}

func (r *reader) complain(n ast.Node, format string, args ...any) {
	r.problem(lineOf(n), fmt.Sprintf(format, args...))
}

func (r *reader) problem(line int, text string) {
	r.problems = append(r.problems, Problem{r.file, line, brief(text)})
}

// maxQuote is how many characters of a file a text quotes: enough to find them there, and no way to print what else the file holds.
const maxQuote = 60

var (
	anyQuote = regexp.MustCompile(`"(?:[^"\\]|\\.)*"`)
	longWord = regexp.MustCompile(fmt.Sprintf(`[^\s"]{%d,}`, maxQuote+1))
)

// brief is text with every quotation and every word in it cut.
func brief(text string) string {
	text = anyQuote.ReplaceAllStringFunc(text, func(quote string) string {
		if plain, err := strconv.Unquote(quote); err == nil {
			return strconv.Quote(cut(plain))
		}
		return cut(quote)
	})
	return longWord.ReplaceAllStringFunc(text, cut)
}

// cut is s, or its beginning.
func cut(s string) string {
	if utf8.RuneCountInString(s) <= maxQuote {
		return s
	}
	return string([]rune(s)[:maxQuote]) + "..."
}

func lineOf(n ast.Node) int {
	// The token of a block mapping or sequence is its first colon or dash.
	if m, ok := n.(*ast.MappingNode); ok && len(m.Values) > 0 && !m.IsFlowStyle {
		n = m.Values[0].Key
	}
	if t := n.GetToken(); t != nil && t.Position != nil {
		return t.Position.Line
	}
	return 0
}

// document is the one document of text; nil if it is empty or is none.
func (r *reader) document(text []byte) ast.Node {
	if line, why := tooLarge(text); why != "" {
		r.problems = append(r.problems, Problem{r.file, line, "too large: " + why})
		return nil
	}
	file, err := parser.ParseBytes(text, 0)
	if err != nil {
		at := syntaxProblem(r.file, err)
		r.problem(at.Line, at.Text)
		return nil
	}
	var body ast.Node
	for _, doc := range file.Docs {
		switch {
		case doc.Body == nil || doc.Body.Type() == ast.CommentType:
		case body != nil:
			r.complain(doc.Body, "a second document begins: there may be only one")
		default:
			body = doc.Body
		}
	}
	return body
}

func syntaxProblem(file string, err error) Problem {
	p := Problem{File: file, Text: "not YAML: " + err.Error()}
	var at yaml.Error
	if !errors.As(err, &at) {
		return p
	}
	p.Text = "not YAML: " + at.GetMessage()
	if strings.Contains(at.GetMessage(), "header option") {
		p.Text += `: a value that begins with > needs quotes, as in ">=3"`
	}
	if t := at.GetToken(); t != nil && t.Position != nil {
		p.Line = t.Position.Line
	}
	return p
}

// mapping is the fields of n, which must be a record. what says what it stands for.
func (r *reader) mapping(n ast.Node, what string) []*ast.MappingValueNode {
	switch n := n.(type) {
	case *ast.MappingNode:
		return n.Values
	case *ast.MappingValueNode:
		return []*ast.MappingValueNode{n}
	}
	r.complain(n, "%s is a record of fields, not %s", what, describe(n))
	return nil
}

func isMapping(n ast.Node) bool {
	return n.Type() == ast.MappingType || n.Type() == ast.MappingValueType
}

func (r *reader) sequence(n ast.Node, what string) []ast.Node {
	if s, ok := n.(*ast.SequenceNode); ok {
		return s.Values
	}
	r.complain(n, "%s is a list, not %s", what, describe(n))
	return nil
}

func describe(n ast.Node) string {
	switch n.(type) {
	case *ast.MappingNode, *ast.MappingValueNode:
		return "a record"
	case *ast.SequenceNode:
		return "a list"
	case *ast.NullNode:
		return "nothing"
	case *ast.AnchorNode, *ast.AliasNode, *ast.TagNode:
		return "an anchor, alias or tag (which expectations do not have)"
	}
	return fmt.Sprintf("%q", scalarText(n))
}

// scalarText is what stands there, without quotes.
func scalarText(n ast.Node) string {
	switch n := n.(type) {
	case *ast.StringNode:
		return n.Value
	case *ast.LiteralNode:
		return n.Value.Value
	}
	return n.GetToken().Value
}

// scalar is the text of n, which must be a single value.
func (r *reader) scalar(n ast.Node, what string) (text string, ok bool) {
	switch n.(type) {
	case *ast.StringNode, *ast.LiteralNode, *ast.IntegerNode, *ast.FloatNode, *ast.BoolNode, *ast.InfinityNode, *ast.NanNode:
		return scalarText(n), true
	}
	r.complain(n, "%s is a single value, not %s", what, describe(n))
	return "", false
}

// truth is the value of n, which must be true or false.
func (r *reader) truth(n ast.Node, what string) bool {
	if b, ok := n.(*ast.BoolNode); ok {
		return b.Value
	}
	r.complain(n, "%s is true or false, not %s", what, describe(n))
	return false
}
