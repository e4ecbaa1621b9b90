// Package condition evaluates the expressions of users over records: a condition on a conversation ([Where]), and one on all conversations of a
// capture ([Assertion]). The language is that of github.com/expr-lang/expr, with functions of ours and with bounds: expressions come from strangers.
//
// Non-goals: the records themselves (package record), and what is done with the conversations that fulfil a condition.
package condition
