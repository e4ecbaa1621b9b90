package condition

import (
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
var ourFunctions = []string{"has", "cidr", "host", "port", "either", "finding"}

// ofHosts is what functions are called that are about some of the sides of a conversation, which are their first arguments. Nobody can write a call of cidr
// so: it is what cidr(ip, "10.0.0.0/8") becomes.
const ofHosts = "cidr "

// functionOptions are the options of a compiler for ourFunctions, but for either and finding, which are none when they are compiled.
func functionOptions() []expr.Option {
	return []expr.Option{
		expr.Patch(findings{}),
		expr.Patch(sides{}),
		expr.Patch(shorthand{}),
		expr.Function("has", func(args ...any) (any, error) {
			return slices.ContainsFunc(args[0].([]record.AnomalyRecord), func(a record.AnomalyRecord) bool {
				return slices.Contains(args[1:], any(a.ID))
			}), nil
		}, new(func([]record.AnomalyRecord, ...string) bool)),
		expr.Function("cidr", func(args ...any) (any, error) {
			return anyOf(args[:1], args[1:], func(ip, network any) (bool, error) { return inNetwork(ip.(string), network.(string)) })
		}, new(func(string, ...string) bool)),
		expr.Function(ofHosts, func(args ...any) (any, error) {
			return anyOf(args[:2], args[2:], func(h, network any) (bool, error) { return inNetwork(h.(record.Host).IP, network.(string)) })
		}, new(func(record.Host, record.Host, ...string) bool)),
		expr.Function("host", func(args ...any) (any, error) {
			return anyOf(args[:2], args[2:], func(h, text any) (bool, error) { return isHost(text.(string), h.(record.Host)) })
		}, new(func(record.Host, record.Host, ...string) bool)),
		expr.Function("port", func(args ...any) (any, error) {
			return anyOf(args[:2], args[2:], func(h, n any) (bool, error) { return int(h.(record.Host).Port) == whole(n), nil })
		}, new(func(record.Host, record.Host, ...int) bool)),
	}
}

// anyOf reports whether is holds of any of these and any of those.
func anyOf(these, those []any, is func(this, that any) (bool, error)) (bool, error) {
	for _, this := range these {
		for _, that := range those {
			if ok, err := is(this, that); ok || err != nil {
				return ok, err
			}
		}
	}
	return false, nil
}

// whole is a number of any of Go's types of whole numbers.
func whole(n any) int {
	if v := reflect.ValueOf(n); v.CanUint() {
		return int(v.Uint())
	} else if v.CanInt() {
		return int(v.Int())
	}
	return -1
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
	text = unbracketed(text)
	if _, err := parseNetwork(text); err == nil {
		return inNetwork(h.IP, text)
	}
	return strings.EqualFold(text, h.Name), nil
}

// unbracketed is an address of IPv6 without the brackets that it has in front of a port.
func unbracketed(text string) string {
	if inner, ok := strings.CutPrefix(text, "["); ok && strings.HasSuffix(inner, "]") {
		return inner[:len(inner)-1]
	}
	return text
}

// sides writes out what is about either side: either(X) is X for the client or for the server. In it, and in no other place, ip is the address of that side,
// and cidr, host and port are about that side; cidr("10.0.0.0/8") is cidr(ip, "10.0.0.0/8").
type sides struct{}

// Visit implements ast.Visitor.
func (sides) Visit(node *ast.Node) {
	call, ok := (*node).(*ast.CallNode)
	if !ok || len(call.Arguments) == 0 {
		return
	}
	switch callee(call) {
	case "cidr":
		if _, ok := call.Arguments[0].(*ast.StringNode); ok {
			call.Arguments = slices.Insert(call.Arguments, 0, named("ip"))
		}
	case "either":
		client, err := ofSide(call.Arguments[0], "client")
		server, err2 := ofSide(call.Arguments[0], "server")
		if err == nil && err2 == nil {
			ast.Patch(node, &ast.BinaryNode{Operator: "||", Left: client, Right: server})
		}
	}
}

// shorthand writes out what calls of ourFunctions leave to be understood: has("no-answer") is has(anomalies, "no-answer"), and host, port and
// cidr(ip, "10.0.0.0/8") are about both sides.
type shorthand struct{}

// Visit implements ast.Visitor.
func (shorthand) Visit(node *ast.Node) {
	call, ok := (*node).(*ast.CallNode)
	if !ok || len(call.Arguments) == 0 {
		return
	}
	_, text := call.Arguments[0].(*ast.StringNode)
	switch name := callee(call); {
	case name == "has" && (text || len(call.Arguments) == 1):
		call.Arguments = slices.Insert(call.Arguments, 0, named("anomalies"))
	case (name == "host" || name == "port") && !aboutSides(call):
		call.Arguments = slices.Insert(call.Arguments, 0, named("client"), named("server"))
	case name == "cidr" && lastName(call.Arguments[0]) == "ip" && isIdentifier(call.Arguments[0]):
		call.Callee = named(ofHosts)
		call.Arguments = slices.Replace(call.Arguments, 0, 1, named("client"), named("server"))
	}
}

func named(name string) ast.Node { return &ast.IdentifierNode{Value: name} }

func isIdentifier(node ast.Node) bool {
	_, ok := node.(*ast.IdentifierNode)
	return ok
}

// aboutSides reports whether a call of host or port has the sides that it is about.
func aboutSides(call *ast.CallNode) bool {
	name := lastName(call.Arguments[0])
	return isIdentifier(call.Arguments[0]) && (name == "client" || name == "server")
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
	if call, ok := (*node).(*ast.CallNode); ok && len(call.Arguments) > 0 {
		name := lastName(call.Callee)
		if slices.Contains(ourFunctions, name) {
			call.Callee = named(name) // port is a field, too
		}
		if (name == "host" || name == "port") && !aboutSides(call) {
			call.Arguments = slices.Insert(call.Arguments, 0, named(s.side), named(s.side))
		}
		return
	}
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
