package condition

import (
	"cmp"
	"context"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"time"

	"github.com/expr-lang/expr"
	"github.com/expr-lang/expr/ast"
	"github.com/expr-lang/expr/parser"

	"tcptrace/report/internal/human"
)

// Expressions come from users, and from the files of a repository that nobody has read. So what one may take is bounded: its length, how
// deep it nests loops, the steps and the time of a run. Of expr's functions it has those whose results are no larger than what they are
// given; a run makes a million elements of arrays at most (expr's own bound).
const (
	maxExpression = 64 << 10 // bytes
	maxLoops      = 4        // within each other
	maxSteps      = 5_000_000
	maxTime       = 5 * time.Second
	stepsPerLook  = 64 // at the clock
)

// functions are those of expr that an expression may call.
var functions = strings.Fields(`all none any one filter map find findIndex findLast findLastIndex count sum
	len type abs ceil floor round int float trim trimPrefix trimSuffix indexOf lastIndexOf hasPrefix hasSuffix
	max min mean median now duration date timezone first last get bitand bitor bitxor bitnand bitnot bitshl bitshr bitushr`)

// ExpressionError is an expression that could not be evaluated.
type ExpressionError struct {
	Source string // the expression
	Err    error
}

func (e *ExpressionError) Error() string {
	return fmt.Sprintf("%.200q could not be evaluated: %s", e.Source, plainTypes(e.Err.Error()))
}

func (e *ExpressionError) Unwrap() error { return e.Err }

// checkExpression finds what an expression must not have. What is no expression at all is left to the compiler.
func checkExpression(source string) error {
	if len(source) > maxExpression {
		return fmt.Errorf("the expression is longer than %d bytes", maxExpression)
	}
	tree, err := parser.Parse(source)
	if err != nil {
		return nil
	}
	v := vetting{loops: map[ast.Node]int{}}
	ast.Walk(&tree.Node, &v)
	return v.err
}

// noFunction is the error for a function that there is not.
func noFunction(name string) error {
	if near := human.Nearest(name, slices.Concat(functions, ourFunctions)); near != "" {
		return fmt.Errorf("there is no function %s: %s", name, near)
	}
	return fmt.Errorf("there is no function %s: beside %s there are all, any, count, hasPrefix and others of expr-lang.org", name, strings.Join(ourFunctions, ", "))
}

// vetting looks for functions that are not there, and for loops in loops. Inner nodes come first.
type vetting struct {
	loops map[ast.Node]int // how many are within each other, by the outermost
	err   error
}

// Visit implements ast.Visitor.
func (v *vetting) Visit(node *ast.Node) {
	switch n := (*node).(type) {
	case *ast.BuiltinNode:
		if !slices.Contains(functions, n.Name) && v.err == nil {
			v.err = noFunction(n.Name)
		}
	case *ast.CallNode:
		v.err = cmp.Or(v.err, checkCall(n))
	case *ast.BinaryNode:
		v.err = cmp.Or(v.err, checkWords(n))
	case *ast.PredicateNode:
		inner := deepest{of: v.loops}
		ast.Walk(&n.Node, &inner)
		if v.loops[n] = inner.loops + 1; v.loops[n] > maxLoops {
			v.err = fmt.Errorf("more than %d loops are within each other", maxLoops)
		}
	}
}

// deepest finds the most loops that are within each other in a node.
type deepest struct {
	of    map[ast.Node]int
	loops int
}

// Visit implements ast.Visitor.
func (d *deepest) Visit(node *ast.Node) { d.loops = max(d.loops, d.of[*node]) }

// additions finds strings that are put together: again and again they grow without bound.
type additions struct{ err error }

// Visit implements ast.Visitor.
func (a *additions) Visit(node *ast.Node) {
	n, ok := (*node).(*ast.BinaryNode)
	if !ok || n.Operator != "+" || n.Type() == nil {
		return
	}
	if k := n.Type().Kind(); k == reflect.String || k == reflect.Interface {
		a.err = fmt.Errorf("%.60s: + is for numbers and times, not for strings", n.String())
	}
}

// steps counts those of a run.
type steps struct {
	ctx   context.Context // ends a run; nil: nothing does
	n     int
	began time.Time
}

// begin begins a run.
func (s *steps) begin() { s.n = 0 }

// take is called for every element of a loop.
func (s *steps) take() error {
	s.n++
	switch {
	case s.n > maxSteps:
		return fmt.Errorf("it takes more than %d steps", maxSteps)
	case s.n == 1:
		s.began = time.Now()
	case s.n%stepsPerLook == 0 && time.Since(s.began) > maxTime:
		return fmt.Errorf("it takes more than %v", maxTime)
	case s.n%stepsPerLook == 0 && s.ctx != nil && s.ctx.Err() != nil:
		return context.Cause(s.ctx)
	}
	return nil
}

// stepName is a function that no one can write a call of.
const stepName = "step()"

// bounds are the options of a compiler whose programs have the steps of loops counted by s.
func (s *steps) bounds() []expr.Option {
	return []expr.Option{
		expr.Function(stepName, func(...any) (any, error) { return true, s.take() }, new(func() bool)),
		expr.Patch(&stepping{}),
	}
}

// stepping puts a step in front of what a loop does for each element.
type stepping struct{ done map[ast.Node]bool }

// Visit implements ast.Visitor.
func (s *stepping) Visit(node *ast.Node) {
	loop, ok := (*node).(*ast.PredicateNode)
	if !ok || s.done[loop] {
		return
	}
	if s.done == nil {
		s.done = map[ast.Node]bool{}
	}
	s.done[loop] = true
	step := &ast.CallNode{Callee: &ast.IdentifierNode{Value: stepName}}
	loop.Node = &ast.ConditionalNode{Cond: step, Exp1: loop.Node, Exp2: loop.Node}
}
