package findings

import (
	"slices"
	"strings"

	"tcptrace/report"
)

// Expressions over records are put together here, as short as they can be and with no more parentheses than they need: people read them, and change them.

func init() {
	named := map[string]string{}
	for _, d := range Descriptions() {
		if d.Where != "" {
			named[d.ID] = d.Where
		}
	}
	report.DefineFindings(named)
}

// typed is the longest condition that a finding writes out. What is longer nobody types, nor reads.
const typed = 50

// expr is the expression that is true of all conversations that the kind affects, be it told of them or another in its place.
func (k *kind) expr() string {
	if len(k.when.expr) <= typed {
		return k.when.expr
	}
	return `finding("` + k.id + `")`
}

// and is the expression for which all are true.
func and(of ...string) string {
	parts := make([]string, len(of))
	for i, expr := range of {
		if parts[i] = expr; joins(expr, " || ") {
			parts[i] = "(" + expr + ")"
		}
	}
	return strings.Join(parts, " && ")
}

// or is the expression for which at least one is true. && binds stronger than ||.
func or(of ...string) string { return strings.Join(of, " || ") }

// not is the expression that is true if expr is not.
func not(expr string) string {
	if !joins(expr, " || ") && !joins(expr, " && ") {
		if strings.HasPrefix(expr, "has(") || strings.HasPrefix(expr, "finding(") {
			return "!" + expr
		}
		if sides := split(expr, " == "); len(sides) == 2 {
			return sides[0] + " != " + sides[1]
		}
	}
	return "!(" + expr + ")"
}

// but is the expression for which expr is true and other is not. Of other there is only what expr leaves open.
func but(expr, other string) string {
	given := split(expr, " && ")
	if joins(expr, " || ") {
		given = nil
	}
	alternatives := split(other, " || ")
	for i, one := range alternatives {
		open := slices.DeleteFunc(split(one, " && "), func(part string) bool { return slices.Contains(given, part) })
		if len(open) == 0 {
			return and(expr, not(other)) // it is never true
		}
		alternatives[i] = strings.Join(open, " && ")
	}
	return and(expr, not(or(alternatives...)))
}

// joins reports whether the operator stands in expr outside of parentheses and texts.
func joins(expr, operator string) bool { return len(split(expr, operator)) > 1 }

// split is what the operator joins in expr, outside of parentheses and texts.
func split(expr, operator string) (parts []string) {
	deep, quoted, from := 0, false, 0
	for i := 0; i < len(expr); i++ {
		switch c := expr[i]; {
		case quoted && c == '\\':
			i++
		case c == '"':
			quoted = !quoted
		case quoted:
		case c == '(' || c == '[':
			deep++
		case c == ')' || c == ']':
			deep--
		case deep == 0 && strings.HasPrefix(expr[i:], operator):
			parts = append(parts, expr[from:i])
			from = i + len(operator)
		}
	}
	return append(parts, expr[from:])
}
