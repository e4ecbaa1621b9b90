package filterlang

import (
	"fmt"
	"net/netip"
	"slices"
	"strconv"
	"strings"
)

// Error says what of an expression is not understood.
type Error struct {
	Token  string // where it stands; "" at the end
	Reason string
}

func (e *Error) Error() string {
	where := "at the end"
	if e.Token != "" {
		where = fmt.Sprintf("at %q", e.Token)
	}
	return fmt.Sprintf("%s: %s. Without libpcap there are only tcp, udp, ip, ip6, host, net, port and portrange, "+
		"src, dst, and, or, not and parentheses; a build with libpcap has its whole language", where, e.Reason)
}

// maxDepth bounds how deep parentheses and nots may be nested.
const maxDepth = 100

// words are the operators, by how they are written.
var words = map[string]string{"&&": "and", "||": "or", "!": "not"}

// quals are the words before a value.
type quals struct {
	proto string // tcp, udp, ip, ip6 or ""
	dir   string // src, dst, and (both), or (either)
	kind  string // host, net, port, portrange
}

// protocolsOf are the protocols that may stand before a kind.
var protocolsOf = map[string][]string{
	"host":      {"", "ip", "ip6"},
	"net":       {"", "ip", "ip6"},
	"port":      {"", "tcp", "udp"},
	"portrange": {"", "tcp", "udp"},
}

type parser struct {
	tokens []string
	layout Layout
	last   quals // of the last value, for one that stands alone
	depth  int
}

func (p *parser) peek(ahead int) string {
	if ahead < len(p.tokens) {
		return p.tokens[ahead]
	}
	return ""
}

func (p *parser) next() string {
	t := p.peek(0)
	if t != "" {
		p.tokens = p.tokens[1:]
	}
	return t
}

func (p *parser) accept(t string) bool {
	if t == "" || p.peek(0) != t {
		return false
	}
	p.next()
	return true
}

func (p *parser) fail(reason string) error { return &Error{p.peek(0), reason} }

// tokenize splits at blanks; parentheses and operators need none around them.
func tokenize(expr string) []string {
	for _, t := range []string{"(", ")", "&&", "||", "!"} {
		expr = strings.ReplaceAll(expr, t, " "+t+" ")
	}
	tokens := strings.Fields(expr)
	for i, t := range tokens {
		if word, ok := words[t]; ok {
			tokens[i] = word
		}
	}
	return tokens
}

// parse reads a whole expression.
func parse(expr string, layout Layout) (node, error) {
	p := &parser{tokens: tokenize(expr), layout: layout}
	n, err := p.expression()
	if err == nil && len(p.tokens) > 0 {
		err = p.fail("and, or or the end is expected")
	}
	return n, err
}

func (p *parser) expression() (node, error) {
	left, err := p.term()
	for err == nil {
		var join func(...node) node
		switch {
		case p.accept("and"):
			join = and
		case p.accept("or"):
			join = or
		default:
			return left, nil
		}
		var right node
		right, err = p.term()
		left = join(left, right)
	}
	return nil, err
}

func (p *parser) term() (node, error) {
	if p.depth++; p.depth > maxDepth {
		return nil, p.fail(fmt.Sprintf("more than %d levels", maxDepth))
	}
	defer func() { p.depth-- }()
	switch {
	case p.accept("not"):
		n, err := p.term()
		return not(n), err
	case p.accept("("):
		n, err := p.expression()
		if err == nil && !p.accept(")") {
			err = p.fail("a closing parenthesis is expected")
		}
		return n, err
	}
	return p.primitive()
}

// primitive reads a protocol, or a value with the words before it.
func (p *parser) primitive() (node, error) {
	q := quals{dir: "or"}
	if slices.Contains([]string{"tcp", "udp", "ip", "ip6"}, p.peek(0)) {
		q.proto = p.next()
	}
	directed := p.direction(&q)
	_, ok := protocolsOf[p.peek(0)]
	switch {
	case ok:
		q.kind = p.next()
	case directed:
		q.kind = "host"
	case q.proto != "":
		return p.layout.protocol(q.proto), nil
	case p.last.kind == "":
		return nil, p.fail("this is not known")
	default:
		q = p.last
	}
	if !slices.Contains(protocolsOf[q.kind], q.proto) {
		return nil, p.fail(fmt.Sprintf("%s cannot stand before %s", q.proto, q.kind))
	}
	n, err := p.value(q)
	if err == nil {
		p.next()
		p.last = q
	}
	return n, err
}

// direction reads src, dst, src or dst, src and dst.
func (p *parser) direction(q *quals) bool {
	first := p.peek(0)
	if first != "src" && first != "dst" {
		return false
	}
	p.next()
	q.dir = first
	joint, second := p.peek(0), p.peek(1)
	if (joint == "or" || joint == "and") && first == "src" && second == "dst" {
		p.tokens = p.tokens[2:]
		q.dir = joint
	}
	return true
}

// value makes what the words say of the value that comes next.
func (p *parser) value(q quals) (node, error) {
	text := p.peek(0)
	switch q.kind {
	case "port", "portrange":
		from, to, ok := text, text, true
		if q.kind == "portrange" {
			from, to, ok = strings.Cut(text, "-")
		}
		low, err1 := strconv.ParseUint(from, 10, 16)
		high, err2 := strconv.ParseUint(to, 10, 16)
		if !ok || err1 != nil || err2 != nil || low > high {
			return nil, p.fail("the number of a " + q.kind + " is expected")
		}
		return p.layout.ports(q, uint32(low), uint32(high)), nil
	}
	prefix, ok := parsePrefix(text, q.kind)
	switch {
	case !ok:
		return nil, p.fail("an address is expected for " + q.kind + ", in numbers")
	case prefix.Masked() != prefix:
		return nil, p.fail("the address has bits behind the prefix")
	case q.proto == "ip" && prefix.Addr().Is6() || q.proto == "ip6" && prefix.Addr().Is4():
		return nil, p.fail(q.proto + " does not have this address")
	}
	return p.layout.addresses(q, prefix), nil
}

// parsePrefix reads an address, or for a net a prefix. An address is a prefix of all its bits.
func parsePrefix(text, kind string) (netip.Prefix, bool) {
	if kind == "net" && strings.Contains(text, "/") {
		p, err := netip.ParsePrefix(text)
		return p, err == nil
	}
	a, err := netip.ParseAddr(text)
	return netip.PrefixFrom(a, a.BitLen()), err == nil && a.Zone() == "" && !a.Is4In6()
}
