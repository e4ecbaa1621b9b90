package condition

import (
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/expr-lang/expr/ast"
	"github.com/expr-lang/expr/parser"

	"tcptrace/analyzer"
	"tcptrace/report/internal/human"
)

// Findings are the conditions that have a name: finding("loss") is the one called loss. Whoever knows them sets them before the first expression is compiled.
var Findings map[string]string

// findings writes out the conditions that have a name. Those of several names are alternatives.
type findings struct{}

// Visit implements ast.Visitor.
func (findings) Visit(node *ast.Node) {
	call, ok := (*node).(*ast.CallNode)
	if !ok || callee(call) != "finding" {
		return
	}
	var all ast.Node
	for _, a := range call.Arguments {
		tree, err := parser.Parse(Findings[a.(*ast.StringNode).Value])
		switch {
		case err != nil:
			return // finding is no function then, as the compiler says
		case all == nil:
			all = tree.Node
		default:
			all = &ast.BinaryNode{Operator: "||", Left: all, Right: tree.Node}
		}
	}
	ast.Patch(node, all)
}

// callsFinding reports whether an expression has a condition by its name.
func callsFinding(source string) bool {
	tree, err := parser.Parse(source)
	if err != nil {
		return false
	}
	var f findingCalls
	ast.Walk(&tree.Node, &f)
	return f > 0
}

// findingCalls counts calls of finding.
type findingCalls int

// Visit implements ast.Visitor.
func (f *findingCalls) Visit(node *ast.Node) {
	if call, ok := (*node).(*ast.CallNode); ok && callee(call) == "finding" {
		*f++
	}
}

// checkFindings finds what is wrong with the names that finding is given.
func checkFindings(call *ast.CallNode) error {
	for _, a := range call.Arguments {
		id, ok := a.(*ast.StringNode)
		if !ok {
			return errors.New(takes["finding"])
		}
		if Findings[id.Value] != "" {
			continue
		}
		if analyzer.FindAnomalyKind(id.Value) != nil {
			return fmt.Errorf("there is no finding %q, but an anomaly: has(%q)", id.Value, id.Value)
		}
		hint := "'tcptrace findings --help' leads to all of them"
		if near := human.Nearest(id.Value, slices.Sorted(maps.Keys(Findings))); near != "" {
			hint = near
		}
		return fmt.Errorf("there is no finding %q: %s", id.Value, hint)
	}
	return nil
}
