package condition

import (
	"errors"
	"fmt"
	"net/netip"
	"reflect"
	"slices"
	"strings"

	"github.com/expr-lang/expr"
	"github.com/expr-lang/expr/ast"
	"github.com/expr-lang/expr/parser"

	"tcptrace/report/internal/record"
)

// ourFunctions are those that expr has not. Some are written with less than they take: see shorthand.
var ourFunctions = []string{"has", "cidr", "host", "port", "either"}

// functionOptions are the options of a compiler for ourFunctions, but for either, which is none when it is compiled.
func functionOptions() []expr.Option {
	return []expr.Option{
		expr.Patch(shorthand{}),
		expr.Function("has", func(args ...any) (any, error) {
			id := args[1].(string)
			return slices.ContainsFunc(args[0].([]record.AnomalyRecord), func(a record.AnomalyRecord) bool { return a.ID == id }), nil
		}, new(func([]record.AnomalyRecord, string) bool)),
		expr.Function("cidr", func(args ...any) (any, error) {
			return inNetwork(args[0].(string), args[1].(string))
		}, new(func(string, string) bool)),
		expr.Function("host", func(args ...any) (any, error) {
			for _, h := range args[1:] {
				if in, err := isHost(args[0].(string), h.(record.Host)); in || err != nil {
					return in, err
				}
			}
			return false, nil
		}, new(func(string, record.Host, record.Host) bool)),
		expr.Function("port", func(args ...any) (any, error) {
			n := args[0].(int)
			return n == int(args[1].(record.Host).Port) || n == int(args[2].(record.Host).Port), nil
		}, new(func(int, record.Host, record.Host) bool)),
	}
}

// parseNetwork reads a network, 10.0.0.0/8, or an address, which is a network of one.
func parseNetwork(text string) (netip.Prefix, error) {
	if p, err := netip.ParsePrefix(text); err == nil {
		return p.Masked(), nil
	}
	a, err := netip.ParseAddr(text)
	if err != nil {
		return netip.Prefix{}, fmt.Errorf("%q is neither a network, such as 10.0.0.0/8, nor an address", text)
	}
	return netip.PrefixFrom(a, a.BitLen()), nil
}

func inNetwork(ip, network string) (bool, error) {
	p, err := parseNetwork(network)
	if err != nil {
		return false, err
	}
	a, err := netip.ParseAddr(ip)
	if err != nil {
		return false, fmt.Errorf("%q is no address", ip)
	}
	return p.Contains(a.WithZone("")), nil
}

// isHost reports whether h is the host that text says: by its address, its network or its name.
func isHost(text string, h record.Host) (bool, error) {
	if _, err := parseNetwork(text); err == nil {
		return inNetwork(h.IP, text)
	}
	return strings.EqualFold(text, h.Name), nil
}

// shorthand writes out what calls of ourFunctions leave to be understood: has("no-answer") is has(anomalies, "no-answer"), host and port are
// about both sides, and either(X) is X for the client or for the server.
type shorthand struct{}

// Visit implements ast.Visitor.
func (shorthand) Visit(node *ast.Node) {
	call, ok := (*node).(*ast.CallNode)
	if !ok {
		return
	}
	switch name, n := callee(call), len(call.Arguments); {
	case name == "has" && n == 1:
		call.Arguments = append([]ast.Node{&ast.IdentifierNode{Value: "anomalies"}}, call.Arguments...)
	case (name == "host" || name == "port") && n == 1:
		call.Arguments = append(call.Arguments, &ast.IdentifierNode{Value: "client"}, &ast.IdentifierNode{Value: "server"})
	case name == "either" && n == 1:
		client, err := ofSide(call.Arguments[0], "client")
		server, err2 := ofSide(call.Arguments[0], "server")
		if err == nil && err2 == nil {
			ast.Patch(node, &ast.BinaryNode{Operator: "||", Left: client, Right: server})
		}
	}
}

func callee(call *ast.CallNode) string {
	if f, ok := call.Callee.(*ast.IdentifierNode); ok {
		return f.Value
	}
	return ""
}

// ofSide is a copy of an expression in which the fields of an endpoint, of what it sent and of its host are those of a side.
func ofSide(node ast.Node, side string) (ast.Node, error) {
	tree, err := parser.Parse(node.String())
	if err != nil {
		return nil, err
	}
	ast.Walk(&tree.Node, &sided{side})
	return tree.Node, nil
}

type sided struct{ side string }

// Visit implements ast.Visitor.
func (s *sided) Visit(node *ast.Node) {
	id, ok := (*node).(*ast.IdentifierNode)
	if !ok {
		return
	}
	for _, in := range []struct {
		t    reflect.Type
		path []string
	}{
		{reflect.TypeFor[record.SentRecord](), []string{"endpoints", s.side, "sent"}},
		{reflect.TypeFor[record.Endpoint](), []string{"endpoints", s.side}},
		{reflect.TypeFor[record.Host](), []string{s.side}},
	} {
		if record.IndexOf(in.t, id.Value) < 0 {
			continue
		}
		var n ast.Node = &ast.IdentifierNode{Value: in.path[0]}
		for _, part := range append(in.path[1:], id.Value) {
			n = &ast.MemberNode{Node: n, Property: &ast.StringNode{Value: part}}
		}
		ast.Patch(node, n)
		return
	}
}

// eithers counts calls of either: each writes out what is in it twice.
type eithers int

// Visit implements ast.Visitor.
func (e *eithers) Visit(node *ast.Node) {
	if call, ok := (*node).(*ast.CallNode); ok && callee(call) == "either" {
		*e++
	}
}

// checkCall finds what is wrong with a call before types are looked at.
func checkCall(call *ast.CallNode) error {
	name := callee(call)
	if name == "" {
		return nil
	}
	if !slices.Contains(ourFunctions, name) {
		return noFunction(name)
	}
	literal := func(i int) (string, bool) {
		if i >= len(call.Arguments) {
			return "", false
		}
		s, ok := call.Arguments[i].(*ast.StringNode)
		if !ok {
			return "", false
		}
		return s.Value, true
	}
	switch text, ok := literal(1); {
	case name == "cidr" && len(call.Arguments) != 2:
		return fmt.Errorf(`cidr takes an address and a network: cidr(client.ip, "10.0.0.0/8")`)
	case name == "cidr" && ok:
		_, err := parseNetwork(text)
		return err
	case name != "cidr" && name != "has" && len(call.Arguments) != 1:
		return fmt.Errorf(`%s takes one argument: host("10.0.0.1"), port(443), either(rst_packets > 0)`, name)
	case name == "has" && (len(call.Arguments) == 0 || len(call.Arguments) > 2):
		return fmt.Errorf(`has takes the id of an anomaly: has("no-answer")`)
	}
	if name == "either" {
		var inner eithers
		ast.Walk(&call.Arguments[0], &inner)
		if inner > 0 {
			return errors.New("either cannot be within either")
		}
	}
	if text, ok := literal(0); name == "port" && ok {
		return fmt.Errorf("a port is a number, without quotes: port(%s)", text)
	} else if name == "host" && ok && strings.Contains(text, "/") {
		_, err := parseNetwork(text)
		return err
	}
	return nil
}
