package report

import "tcptrace/report/internal/condition"

// Where is a condition on conversations: an expression of github.com/expr-lang/expr
// over the fields of Record, such as
//
//	packets > 100 && server.port in [80, 443]
//	outcome == "reset" || start > date("2026-11-21T01:00:00Z")
//	has("no-answer") && cidr(ip, "10.0.0.0/8") || host("www.example.com") && port(443) || either(rtt_p95_s > 0.2)
//	finding("loss") && server.port == 443
//	has(anomalies, "no-answer") || any(anomalies, .severity == "error")
//	endpoints.client.state == "TIME_WAIT" || close.cause == "refused"
//
// A conversation is judged only if the expression needs it. A Where is not safe for
// concurrent use.
//
// Its methods: go doc ./report/internal/condition Where
type Where = condition.Where

// CompileWhere checks an expression against Record's fields. An unknown field is an
// error that names the nearest ones.
func CompileWhere(source string) (*Where, error) { return condition.CompileWhere(source) }

// DefineFindings gives finding("loss") and the like their meaning in the expressions of CompileWhere: a condition for each name. It is to be called
// once, before any expression is compiled.
func DefineFindings(conditions map[string]string) { condition.Findings = conditions }

// Assertion is a condition on all conversations of a capture at once, in the language of Where:
//
//	all(conversations, .outcome == "closed")
//	count(conversations, has(.anomalies, "zero-window")) <= 2
//
// It may be used for many captures concurrently; it evaluates them one after another.
//
// Its methods: go doc ./report/internal/condition Assertion
type Assertion = condition.Assertion

// CompileAssertion checks an expression against Record's fields, as CompileWhere does.
func CompileAssertion(source string) (*Assertion, error) { return condition.CompileAssertion(source) }

// ExpressionError is an expression that could not be evaluated.
type ExpressionError = condition.ExpressionError
