package expect

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/goccy/go-yaml/ast"

	"tcptrace/analyzer"
	"tcptrace/report"
)

// RuleSet is rules about all conversations of a capture. They stand in an expectation, in .tcptrace.yaml, or
// on the command line.
type RuleSet struct {
	Complete *bool // there are no conversations but those listed; nil: not said
	asserts  []assertRule
	denials  []denyRule
	budgets  []budgetRule
}

type assertRule struct {
	Origin
	*report.Assertion
}

type denyRule struct {
	Origin
	text  string
	fails *report.FailOn
}

type budgetRule struct {
	Origin
	id   string
	most uint64
}

func (s *RuleSet) empty() bool { return len(s.asserts)+len(s.denials)+len(s.budgets) == 0 }

func (s *RuleSet) complete() bool { return s.Complete != nil && *s.Complete }

// Some reports whether a capture without an expectation can break one of the rules.
func (s *RuleSet) Some() bool { return s != nil && !s.empty() }

// AddAssert, AddDeny and AddBudget add a rule of the command line.
func (s *RuleSet) AddAssert(o Origin, source string) error {
	a, err := report.CompileAssertion(source)
	if err != nil {
		return fmt.Errorf("%s: %w", o, err)
	}
	s.asserts = append(s.asserts, assertRule{o, a})
	return nil
}

// AddDeny takes a severity, which stands for all that is as bad or worse, or an anomaly's id.
func (s *RuleSet) AddDeny(o Origin, condition string) error {
	f, err := report.ParseFailOn([]string{condition})
	if err != nil {
		return fmt.Errorf("%s: %w", o, err)
	}
	s.denials = append(s.denials, denyRule{o, condition, f})
	return nil
}

// AddBudget takes ID=N: a capture may have N anomalies of that kind.
func (s *RuleSet) AddBudget(o Origin, text string) error {
	id, n, ok := strings.Cut(text, "=")
	most, err := strconv.ParseUint(n, 10, 64)
	if !ok || err != nil {
		return fmt.Errorf("%s: %q is not ID=N, as in syn-retransmit=2", o, text)
	}
	if _, err := report.ParseFailOn([]string{id}); err != nil || analyzer.FindAnomalyKind(id) == nil {
		if err == nil {
			err = fmt.Errorf("%q is a severity, not an anomaly", id)
		}
		return fmt.Errorf("%s: %w", o, err)
	}
	s.budgets = append(s.budgets, budgetRule{o, id, most})
	return nil
}

// top reads a document whose fields are those of others, and the rules.
func (r *reader) top(body ast.Node, s *RuleSet, others map[string]func(ast.Node)) {
	known := maps.Clone(others)
	at := func(n ast.Node) Origin { return Origin{r.file, lineOf(n)} }
	known["complete"] = func(n ast.Node) {
		complete := r.truth(n, "complete")
		s.Complete = &complete
	}
	known["assert"] = func(n ast.Node) {
		r.rules(n, "assert", func(n ast.Node, text string) error { return s.AddAssert(at(n), text) })
	}
	known["deny"] = func(n ast.Node) {
		r.rules(n, "deny", func(n ast.Node, text string) error { return s.AddDeny(at(n), text) })
	}
	known["budget"] = func(n ast.Node) {
		for _, v := range r.mapping(n, "budget") {
			if most, ok := r.scalar(v.Value, "a budget"); ok {
				r.rule(v.Key, s.AddBudget(at(v.Key), scalarText(v.Key)+"="+most))
			}
		}
	}
	for _, v := range r.mapping(body, "an expectation") {
		name := scalarText(v.Key)
		read, ok := known[name]
		if !ok {
			hint := report.Suggest(name, slices.Sorted(maps.Keys(known)))
			if _, isRecords := findField(recordType, name); isRecords && others["conversations"] != nil {
				hint = "it stands in an entry of conversations"
			}
			r.complain(v.Key, "unknown field %q: %s", name, hint)
			continue
		}
		read(v.Value)
	}
}

// rules reads one rule or a list of them.
func (r *reader) rules(n ast.Node, what string, add func(n ast.Node, text string) error) {
	items := []ast.Node{n}
	if list, ok := n.(*ast.SequenceNode); ok {
		items = list.Values
	}
	for _, item := range items {
		if text, ok := r.scalar(item, what); ok {
			text = strings.TrimSpace(text)
			err := add(item, text)
			if err != nil && cut(text) != text { // an error of an expression shows it all, below the first line
				first, _, _ := strings.Cut(err.Error(), "\n")
				err = errors.New(first)
			}
			r.rule(item, err)
		}
	}
}

// rule complains if a rule could not be added; the error names the place, as complain does.
func (r *reader) rule(n ast.Node, err error) {
	if err != nil {
		at := Origin{r.file, lineOf(n)}.String() + ": "
		r.complain(n, "%s", strings.TrimPrefix(err.Error(), at))
	}
}
