package report

import (
	"errors"
	"fmt"
	"regexp"
	"strings"

	"github.com/expr-lang/expr"
	"github.com/expr-lang/expr/file"
	"github.com/expr-lang/expr/patcher/value"
	"github.com/expr-lang/expr/vm"

	"tcptrace/analyzer"
)

// Where is a condition on conversations: an expression of github.com/expr-lang/expr
// over the fields of Record, such as
//
//	packets > 100 && server.port in [80, 443]
//	outcome == "reset" || start > date("2026-11-21T01:00:00Z")
//
// It is not safe for concurrent use.
type Where struct {
	source  string
	program *vm.Program
	vm      vm.VM
	record  Record // reused
}

// CompileWhere checks an expression against Record's fields. An unknown field is an
// error that names the nearest ones.
func CompileWhere(source string) (*Where, error) {
	if strings.TrimSpace(source) == "" {
		return nil, errors.New("empty expression")
	}
	program, err := expr.Compile(source, expr.Env(&Record{}), expr.AsBool(), value.ValueGetter)
	if err != nil {
		return nil, explainCompile(err)
	}
	return &Where{source: source, program: program}, nil
}

// Match reports whether c meets the condition. The error says what went wrong while
// the expression ran, such as an index beyond the end of a string.
func (w *Where) Match(c *analyzer.Conversation) (bool, error) {
	w.record = NewRecord(c)
	result, err := w.vm.Run(w.program, &w.record)
	if err != nil {
		return false, fmt.Errorf("stream %d: %q: %w", c.Stream, w.source, err)
	}
	matched, ok := result.(bool)
	if !ok {
		return false, fmt.Errorf("stream %d: %q gives %v, want true or false", c.Stream, w.source, result)
	}
	return matched, nil
}

// unknownField picks the name out of the compiler's two complaints about unknown
// names. If their wording ever changes, only the suggestion is lost.
var unknownField = regexp.MustCompile(`(?:unknown name|has no field) (\w+)`)

// explainCompile turns the compiler's error into one about conversations.
func explainCompile(err error) error {
	var at *file.Error
	if !errors.As(err, &at) {
		return fmt.Errorf("the expression must be a condition, such as packets > 100: %w", err)
	}
	m := unknownField.FindStringSubmatch(at.Message)
	if m == nil {
		return err
	}
	return fmt.Errorf("unknown field %q: %s%s", m[1], suggestField(m[1]), at.Snippet)
}

// FilterReport passes on the conversations that meet a condition, and counts.
type FilterReport struct {
	next           Report
	where          *Where
	matched, total uint64
}

// Filter returns a report that passes on to next what where selects. Formats with a
// summary say how many that were.
func Filter(next Report, where *Where) *FilterReport {
	return &FilterReport{next: next, where: where}
}

// Conversation passes c on if it meets the condition.
func (f *FilterReport) Conversation(c *analyzer.Conversation) error {
	f.total++
	matched, err := f.where.Match(c)
	if err != nil || !matched {
		return err
	}
	f.matched++
	return f.next.Conversation(c)
}

// Selection is how many conversations met the condition so far.
func (f *FilterReport) Selection() Selection { return Selection{true, f.matched, f.total} }

// Finish passes on the summary.
func (f *FilterReport) Finish(s *analyzer.Summary) error {
	tell(f.next, f.Selection())
	return f.next.Finish(s)
}

// tell hands s to r if its output has a place for it.
func tell(r Report, s Selection) {
	if r, ok := r.(selectable); ok {
		r.selected(s)
	}
}
