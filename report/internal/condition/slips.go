package condition

import (
	"fmt"
	"net/netip"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/expr-lang/expr"
	"github.com/expr-lang/expr/ast"
	"github.com/expr-lang/expr/parser"

	"tcptrace/analyzer"
	"tcptrace/internal/displayfilter"
	"tcptrace/report/internal/human"
	"tcptrace/report/internal/record"
)

// asFunctions is how hosts and ports are asked for.
const asFunctions = `host("10.0.0.1") and port(443) are functions; the fields are client.ip, client.port, server.ip and server.port`

var (
	quotedText  = regexp.MustCompile("\"(?:[^\"\\\\]|\\\\.)*\"|'(?:[^'\\\\]|\\\\.)*'|`[^`]*`")
	captureTerm = regexp.MustCompile(`\b(?:host|port|net)\s+([\w:]+)|^\s*(?:tcp|udp|ip6?)\s*$`)
	betweenOnes = regexp.MustCompile(`[^\w.:/]+`)
	withUnit    = regexp.MustCompile(`^\.?[0-9][0-9.]*[a-zA-Zµ]`)
)

// operators are those that are words.
var operators = []string{"in", "not", "and", "or", "contains", "matches", "startsWith", "endsWith"}

// slip is what somebody meant whose expression cannot be compiled; "" if it is none of the usual slips.
func slip(source string) string {
	if is := displayfilter.ForCondition(source); is != "" {
		return is
	}
	bare := quotedText.ReplaceAllString(source, `""`)
	if m := captureTerm.FindStringSubmatch(bare); m != nil && !slices.Contains(operators, m[1]) {
		return "that is a capture filter, which -f takes; in conditions " + asFunctions
	}
	if _, err := parser.Parse(source); err == nil {
		return "" // what follows is no syntax
	}
	for _, word := range betweenOnes.Split(bare, -1) {
		if _, err := netip.ParsePrefix(word); err == nil {
			return fmt.Sprintf(`networks have quotes, and a function: cidr(client.ip, %q), or cidr(ip, %q) for either side`, word, word)
		}
		if _, err := netip.ParseAddr(word); err == nil {
			return fmt.Sprintf("addresses have quotes: %q", word)
		}
		if !withUnit.MatchString(word) {
			continue
		}
		if d, err := time.ParseDuration(word); err == nil {
			return fmt.Sprintf("durations are in seconds: %s, not %s", strconv.FormatFloat(d.Seconds(), 'f', -1, 64), word)
		}
		if _, err := strconv.ParseInt(word, 0, 64); err != nil {
			return fmt.Sprintf("numbers have no unit: %s is written as in 1000000, or 1e6", word)
		}
	}
	return ""
}

// unquoted says that a name of no field is a word or the id of an anomaly, by where it stands; "" if it seems to be none.
func unquoted(source, name string) string {
	tree, err := parser.Parse(source)
	if err != nil {
		return ""
	}
	f := words{name: name}
	ast.Walk(&tree.Node, &f)
	return f.hint
}

// words finds what a name that is no field is compared with.
type words struct{ name, hint string }

// Visit implements ast.Visitor.
func (w *words) Visit(node *ast.Node) {
	switch n := (*node).(type) {
	case *ast.BinaryNode:
		if !slices.Contains([]string{"==", "!=", "in", "contains", "startsWith", "endsWith", "matches"}, n.Operator) {
			return
		}
		for _, pair := range [][2]ast.Node{{n.Left, n.Right}, {n.Right, n.Left}} {
			if w.names(pair[1]) {
				w.compared(pair[0])
			}
		}
	case *ast.CallNode:
		if callee(n) == "has" && len(n.Arguments) > 0 {
			id := strings.ReplaceAll(n.Arguments[len(n.Arguments)-1].String(), " ", "")
			if hyphened := strings.HasPrefix(id, w.name+"-"); !hyphened && id != w.name {
				return
			}
			w.hint = fmt.Sprintf("ids of anomalies have quotes: has(%q)", id)
			if analyzer.FindAnomalyKind(id) == nil {
				w.hint = fmt.Sprintf(`ids of anomalies have quotes, as in has("no-answer"), and there is no %q: %s`, id, human.SuggestAnomaly(id))
			}
		}
	}
}

// names reports whether a node is the name, or a list that has it.
func (w *words) names(node ast.Node) bool {
	switch n := node.(type) {
	case *ast.IdentifierNode:
		return n.Value == w.name
	case *ast.ArrayNode:
		return slices.ContainsFunc(n.Nodes, w.names)
	}
	return false
}

// compared says how the name is written if it is compared with text.
func (w *words) compared(with ast.Node) {
	set := closedSets[lastName(with)]
	switch {
	case slices.Contains(set, w.name):
		w.hint = fmt.Sprintf("words have quotes: %q", w.name)
	case set != nil:
		w.hint = fmt.Sprintf("words have quotes, and %s is never %q: %s", lastName(with), w.name, suggestWord(w.name, set))
	case lastName(with) != "" && isText(with.String()):
		w.hint = fmt.Sprintf("text has quotes: %q", w.name)
	}
}

// isText reports whether an expression is a text of a record.
func isText(source string) bool {
	_, err := expr.Compile(source+` == ""`, expr.Env(&record.Record{}))
	return err == nil
}

// functionAlone is what to say of a function that is named without a call, as if it were a field.
func functionAlone(name string) string {
	switch {
	case columnNames[name] != "":
		return fmt.Sprintf("unknown field %q: %s", name, suggestField(name, ""))
	case name == "host" || name == "port":
		return asFunctions
	}
	return name + " is a function: it takes what it is about in parentheses"
}

// alone finds the functions that are not called.
type alone struct {
	names []string
}

// Visit implements ast.Visitor. The callee of a call comes before it.
func (a *alone) Visit(node *ast.Node) {
	switch n := (*node).(type) {
	case *ast.CallNode:
		if name := callee(n); name != "" {
			a.names = slices.DeleteFunc(a.names, func(s string) bool { return s == name })
		}
	case *ast.IdentifierNode:
		if slices.Contains(functions, n.Value) || slices.Contains(ourFunctions, n.Value) {
			a.names = append(a.names, n.Value)
		}
	}
}

// functionsAlone is what to say of an expression that takes a function for a field; "" if that is not known.
func functionsAlone(source string) string {
	tree, err := parser.Parse(source)
	if err != nil {
		return ""
	}
	var a alone
	ast.Walk(&tree.Node, &a)
	if len(a.names) == 0 {
		return ""
	}
	return functionAlone(a.names[0])
}
