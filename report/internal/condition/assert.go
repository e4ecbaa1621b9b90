package condition

import (
	"errors"
	"fmt"
	"reflect"
	"strings"
	"sync"

	"github.com/expr-lang/expr"
	"github.com/expr-lang/expr/ast"
	"github.com/expr-lang/expr/parser"
	"github.com/expr-lang/expr/vm"

	"tcptrace/report/internal/record"
)

// Assertion is a condition on all conversations of a capture at once, which report.Assertion explains.
type Assertion struct {
	Source  string
	program *vm.Program
	explain *vm.Program // what to say when it does not hold; nil: nothing more is known
	says    string      // how

	mu    sync.Mutex
	steps steps // of the run
}

// allRecords is what an assertion sees.
type allRecords struct {
	Conversations []*record.Record `expr:"conversations"` // not values, of which a loop would make a copy each
}

// CompileAssertion checks an expression against the fields of records, as CompileWhere does.
func CompileAssertion(source string) (*Assertion, error) {
	if strings.TrimSpace(source) == "" {
		return nil, errors.New("empty expression")
	}
	if callsFinding(source) {
		return nil, errors.New("finding is for one conversation, as --where is; 'tcptrace findings --format json' has what is wrong with a capture")
	}
	a := &Assertion{Source: source}
	var err error
	if a.program, _, err = compile(source, &a.steps, expr.Env(&allRecords{}), expr.AsBool()); err != nil {
		return nil, err
	}
	if why, says := counterexample(source); why != "" {
		if a.explain, _, err = compile(why, &a.steps, expr.Env(&allRecords{})); err == nil {
			a.says = says
		} else {
			a.explain = nil
		}
	}
	return a, nil
}

// counterexample is an expression that tells why one like source does not hold: the streams that
// break a rule for all, or the number that is compared. It is empty if source is neither.
func counterexample(source string) (why, says string) {
	tree, err := parser.Parse(source)
	if err != nil {
		return "", ""
	}
	switch n := tree.Node.(type) {
	case *ast.BuiltinNode:
		if (n.Name != "all" && n.Name != "none") || n.Arguments[0].String() != "conversations" {
			return "", ""
		}
		broken := strings.TrimSpace(n.Arguments[1].String())
		if n.Name == "all" {
			broken = "!(" + strings.Trim(broken, "{}") + ")"
		}
		return "map(filter(conversations, " + broken + "), .stream)", "it fails for stream"
	case *ast.BinaryNode:
		switch n.Operator {
		case "==", "!=", "<", "<=", ">", ">=":
			return n.Left.String(), "found"
		}
	}
	return "", ""
}

// Check reports whether the condition holds for these records. If not, why says what the
// expression found, and streams are the conversations to blame, as far as that is known.
func (a *Assertion) Check(records []record.Record) (holds bool, why string, streams []uint64, err error) {
	env := &allRecords{make([]*record.Record, len(records))}
	for i := range records {
		env.Conversations[i] = &records[i]
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	a.steps.begin()
	result, err := vm.Run(a.program, env)
	if err != nil {
		return false, "", nil, &ExpressionError{a.Source, err}
	}
	if result == true || a.explain == nil {
		return result == true, "", nil, nil
	}
	a.steps.begin()
	found, err := vm.Run(a.explain, env)
	if err != nil {
		return false, "", nil, nil // the explanation is a courtesy
	}
	list, ok := found.([]any)
	if !ok {
		return false, explained(a.says, found), nil, nil
	}
	for _, v := range list {
		if n, ok := v.(uint64); ok {
			streams = append(streams, n)
		}
	}
	return false, explained(a.says, found), streams, nil
}

const maxExplained = 10 // values of a list that an explanation shows

func explained(says string, found any) string {
	list, ok := found.([]any)
	if !ok {
		if k := reflect.ValueOf(found).Kind(); k > reflect.Float64 && k != reflect.String {
			return "" // too much to show
		}
		return fmt.Sprintf("%s %v", says, found)
	}
	words := make([]string, 0, maxExplained)
	for _, v := range list[:min(len(list), maxExplained)] {
		words = append(words, fmt.Sprint(v))
	}
	more := ""
	if n := len(list) - len(words); n > 0 {
		more = fmt.Sprintf(" and %d more", n)
	}
	return says + " " + strings.Join(words, ", ") + more
}
