// Package where puts conditions on conversations together, as short as they can be and with no more parentheses than they need: people read them, and
// change them.
//
// Not its job: what conditions mean, or whether they are right (report.CompileWhere).
package where

import (
	"slices"
	"strings"
)

// And is the expression for which all are true.
func And(of ...string) string {
	parts := make([]string, len(of))
	for i, expr := range of {
		if parts[i] = expr; joins(expr, " || ") {
			parts[i] = "(" + expr + ")"
		}
	}
	return strings.Join(parts, " && ")
}

// Or is the expression for which at least one is true. && binds stronger than ||.
func Or(of ...string) string { return strings.Join(of, " || ") }

// Not is the expression that is true if expr is not.
func Not(expr string) string {
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

// But is the expression for which expr is true and other is not. Of other there is only what expr leaves open.
func But(expr, other string) string {
	given := split(expr, " && ")
	if joins(expr, " || ") {
		given = nil
	}
	alternatives := split(other, " || ")
	for i, one := range alternatives {
		open := slices.DeleteFunc(split(one, " && "), func(part string) bool { return slices.Contains(given, part) })
		if len(open) == 0 {
			return And(expr, Not(other)) // it is never true
		}
		alternatives[i] = strings.Join(open, " && ")
	}
	return And(expr, Not(Or(alternatives...)))
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
