package condition

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/expr-lang/expr"
	"github.com/expr-lang/expr/ast"
	"github.com/expr-lang/expr/patcher/value"
	"github.com/expr-lang/expr/vm"

	"tcptrace/analyzer"
	"tcptrace/report/internal/human"
	"tcptrace/report/internal/record"
)

// Where is a condition on conversations, which report.Where explains.
type Where struct {
	source   string
	program  *vm.Program
	vm       vm.VM
	steps    steps
	judges   bool
	owners   bool
	judgment analyzer.Judgment
	record   record.Record // reused
}

// CompileWhere checks an expression against the fields of a record. An unknown field is an
// error that names the nearest ones.
func CompileWhere(source string) (*Where, error) {
	if strings.TrimSpace(source) == "" {
		return nil, errors.New("empty expression")
	}
	w := &Where{source: source}
	var r reads
	var err error
	if w.program, r, err = compile(source, &w.steps, expr.Env(&record.Record{}), expr.AsBool()); err != nil {
		return nil, err
	}
	w.judges, w.owners = r.judged || r.endpoints > r.sent, r.owners
	return w, nil
}

// compile makes the program of an expression, whose steps s counts, and says what it reads.
func compile(source string, s *steps, as ...expr.Option) (program *vm.Program, r reads, err error) {
	if err = checkExpression(source); err != nil {
		return nil, r, err
	}
	program, err = expr.Compile(source, slices.Concat(as, functionOptions(), s.bounds(), []expr.Option{value.ValueGetter, expr.Patch(recheckCalls{})})...)
	if err != nil {
		return nil, r, explainCompile(source, err)
	}
	node := program.Node()
	var a additions
	ast.Walk(&node, &a)
	ast.Walk(&node, &r)
	if r.unknown != "" && a.err == nil {
		a.err = fmt.Errorf("unknown anomaly %q: %s", r.unknown, human.SuggestAnomaly(r.unknown))
	}
	return program, r, a.err
}

// Until has runs end when ctx does; Match returns its cause then.
func (w *Where) Until(ctx context.Context) { w.steps.ctx = ctx }

// recheckCalls makes expr look at the arguments of calls in its last check of the types. It takes
// a call whose type is known for checked, but of the checks that it makes between visitors it
// drops the errors.
type recheckCalls struct{}

// Visit implements ast.Visitor.
func (recheckCalls) Visit(node *ast.Node) {
	if call, ok := (*node).(*ast.CallNode); ok {
		call.SetType(nil)
	}
}

// Reset and ShouldRepeat make it one of the visitors that expr runs last.
func (recheckCalls) Reset() {}

// ShouldRepeat says that once is enough.
func (recheckCalls) ShouldRepeat() bool { return false }

// reads finds out whether an expression may read what a judgment says: of the endpoints
// anything but what they sent, the anomalies, the close, or all fields at once.
type reads struct {
	judged    bool
	owners    bool   // the processes of endpoints
	endpoints int    // how often the field is named
	sent      int    // how often as endpoints.*.sent
	unknown   string // an anomaly that is asked for, but not in the catalogue
}

// Visit implements ast.Visitor.
func (r *reads) Visit(node *ast.Node) {
	switch n := (*node).(type) {
	case *ast.IdentifierNode:
		r.owners = r.owners || n.Value == "process"
		switch n.Value {
		case "endpoints":
			r.endpoints++
		case "anomalies", "close", "failure", "$env":
			r.judged = true
		}
	case *ast.CallNode:
		if f, ok := n.Callee.(*ast.IdentifierNode); ok && f.Value == "has" {
			for _, a := range n.Arguments[1:] {
				if id, ok := a.(*ast.StringNode); ok && analyzer.FindAnomalyKind(id.Value) == nil {
					r.unknown = id.Value
				}
			}
		}
	case *ast.MemberNode:
		field, ok := n.Property.(*ast.StringNode)
		r.owners = r.owners || ok && field.Value == "process"
		if !ok || field.Value != "sent" {
			return
		}
		if side, ok := n.Node.(*ast.MemberNode); ok {
			if id, ok := side.Node.(*ast.IdentifierNode); ok && id.Value == "endpoints" {
				r.sent++
			}
		}
	}
}

// AsksProcess reports whether the condition may depend on whose the conversation is.
func (w *Where) AsksProcess() bool { return w.owners }

// Match reports whether c meets the condition. The error says what went wrong while
// the expression ran, such as an index beyond the end of a string.
func (w *Where) Match(c *analyzer.Conversation) (bool, error) {
	record.Fill(&w.record, c)
	if w.judges {
		w.judgment.Judge(c)
		record.FillJudgment(&w.record, c, &w.judgment)
	}
	w.steps.begin()
	result, err := w.vm.Run(w.program, &w.record)
	if err != nil {
		return false, fmt.Errorf("stream %d: %w", c.Stream, &ExpressionError{w.source, err})
	}
	matched, ok := result.(bool)
	if !ok {
		return false, fmt.Errorf("stream %d: %q gives %v, want true or false", c.Stream, w.source, result)
	}
	return matched, nil
}
