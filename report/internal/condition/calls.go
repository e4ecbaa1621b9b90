package condition

import (
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"github.com/expr-lang/expr/ast"
)

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
	if len(call.Arguments) == 0 {
		return errors.New(takes[name])
	}
	switch name {
	case "cidr":
		return checkNetworks(call)
	case "host", "port":
		return checkHosts(name, call)
	case "either":
		return checkEither(call)
	case "finding":
		return checkFindings(call)
	}
	return nil
}

// takes is what ourFunctions take.
var takes = map[string]string{
	"finding": `finding takes the id of a finding: finding("loss")`,
	"has":     `has takes the id of an anomaly: has("no-answer")`,
	"cidr":    `cidr takes an address and a network: cidr(client.ip, "10.0.0.0/8"), or cidr(ip, "10.0.0.0/8") for either side's`,
	"host":    `host takes an address, a network or a name: host("10.0.0.1")`,
	"port":    `port takes a number: port(443)`,
	"either":  `either takes a condition on one side: either(rst_packets > 0)`,
}

// checkNetworks finds what is wrong with the networks that cidr is given.
func checkNetworks(call *ast.CallNode) error {
	_, alone := call.Arguments[0].(*ast.StringNode)
	if len(call.Arguments) == 1 && !alone {
		return errors.New(takes["cidr"])
	}
	for i, a := range call.Arguments {
		switch a := a.(type) {
		case *ast.StringNode:
			if _, err := parseNetwork(a.Value); err != nil {
				return err
			}
		default:
			if i > 0 && alone {
				return fmt.Errorf(`cidr takes the address first: cidr(%s, %s)`, a, call.Arguments[0])
			}
			if name := lastName(a); i == 0 && (name == "client" || name == "server") {
				return fmt.Errorf(`cidr takes an address: %s.ip`, a)
			}
		}
	}
	return nil
}

// checkHosts finds what is wrong with what host and port are given.
func checkHosts(name string, call *ast.CallNode) error {
	for _, a := range call.Arguments {
		if aboutSides(&ast.CallNode{Arguments: []ast.Node{a}}) {
			return fmt.Errorf("%s; the %s's is %s.%s", takes[name], a, a, map[string]string{"host": "ip", "port": "port"}[name])
		}
		text, ok := a.(*ast.StringNode)
		if !ok {
			continue
		}
		if name == "port" {
			return fmt.Errorf("a port is a number, without quotes: port(%s)", text.Value)
		}
		if at, err := netip.ParseAddrPort(text.Value); err == nil {
			return fmt.Errorf("that is an address and a port: either(ip == %q && port == %d)", at.Addr(), at.Port())
		}
		if strings.Contains(text.Value, "/") {
			if _, err := parseNetwork(text.Value); err != nil {
				return err
			}
		}
	}
	return nil
}

// checkEither finds what is wrong with what either is given.
func checkEither(call *ast.CallNode) error {
	if text, ok := call.Arguments[0].(*ast.StringNode); ok {
		return fmt.Errorf("%s; host(%q) is for a host", takes["either"], text.Value)
	}
	if len(call.Arguments) > 1 {
		return errors.New(takes["either"])
	}
	var inner eithers
	if ast.Walk(&call.Arguments[0], &inner); inner > 0 {
		return errors.New("either cannot be within either")
	}
	return nil
}
