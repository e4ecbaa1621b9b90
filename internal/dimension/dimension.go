// Package dimension says by what conversations are grouped: by their server, by how they went, by the minute in which they
// began. A [Dimension] is a row of one table. The package also says, once, which conversations failed ([Failed]).
//
// Values are text as programs get it. Who shows one to people escapes it (internal/console), whatever it is made of.
//
// Not its job: to add anything up.
package dimension

import (
	"cmp"
	"net/netip"
	"strconv"
	"strings"
	"time"

	"tcptrace/analyzer"
)

// Dimension is something by which conversations are told apart.
type Dimension struct {
	Name    string // as it is asked for, with its argument: "server", "network/16", "10s"
	Help    string // what its values are
	Several bool   // a conversation may have several values, and belongs to the group of each
	Judged  bool   // its values need a judgment
	Live    bool   // its values are known to the kernel of an end's host: a capture has none

	values  func(v *Values, c *analyzer.Conversation, j *analyzer.Judgment)
	length  time.Duration                     // of the stretches of time that its values are; 0: they are something else
	compare func(a, b string) int             // orders values that are not ""
	port    func(value string) (uint16, bool) // of values that have the port of a service; nil: they have none
}

// Service is what the port of a value is meant for, "" if it has none or that is not known; named gives the names of ports, and may be nil.
func (d *Dimension) Service(value string, named func(port uint16) string) string {
	if named == nil || d.port == nil {
		return ""
	}
	if port, ok := d.port(value); ok {
		return named(port)
	}
	return ""
}

// Values appends to v the values that c has, of which j is the judgment; j may be nil if d is not Judged. There is one at least: what has
// no value has "". None is there twice.
func (d *Dimension) Values(v *Values, c *analyzer.Conversation, j *analyzer.Judgment) {
	n := v.Len()
	d.values(v, c, j)
	if v.Len() == n {
		v.end()
	}
}

// Compare orders two values as people expect it: numbers and addresses by what they are, times as they pass, "" last.
func (d *Dimension) Compare(a, b string) int {
	switch {
	case a == b:
		return 0
	case a == "":
		return 1
	case b == "":
		return -1
	}
	return cmp.Or(d.compare(a, b), strings.Compare(a, b))
}

// Values is a list of texts that share memory. The zero value is empty.
type Values struct {
	text []byte
	ends []int
}

// Reset empties v, and keeps its memory.
func (v *Values) Reset() { v.text, v.ends = v.text[:0], v.ends[:0] }

// Len is how many values there are.
func (v *Values) Len() int { return len(v.ends) }

// At is value i. It is valid until v is changed.
func (v *Values) At(i int) []byte {
	begin := 0
	if i > 0 {
		begin = v.ends[i-1]
	}
	return v.text[begin:v.ends[i]]
}

// end ends the value that was appended to v.text.
func (v *Values) end() { v.ends = append(v.ends, len(v.text)) }

// Add appends a value.
func (v *Values) Add(value []byte) {
	v.text = append(v.text, value...)
	v.end()
}

func (v *Values) add(text string) {
	v.text = append(v.text, text...)
	v.end()
}

func (v *Values) addAddr(a netip.Addr) {
	v.text = a.AppendTo(v.text)
	v.end()
}

// table is the dimensions that take no argument, in the order in which help shows them.
var table = []Dimension{
	{Name: "client", Help: "address of the client", values: address(analyzer.Client), compare: compareAddrs},
	{Name: "server", Help: "address of the server", values: address(analyzer.Server), compare: compareAddrs},
	{Name: "host", Help: "address of either", Several: true, values: hosts, compare: compareAddrs},
	{Name: "port", Help: "port of the server", values: port, compare: compareNumbers, port: portOf},
	{Name: "service", Help: "address and port of the server", values: service, compare: compareSockets, port: portOfSocket},
	{Name: "name", Help: "name of the server, as far as it is known", values: name, compare: strings.Compare},
	{Name: "client-ttl", Help: "least TTL, or hop limit, of the client at the tap", values: clientTTL, compare: compareNumbers},
	{Name: "backend", Help: "service, and the TTL, or hop limit, of its server at the tap, by which the hosts behind one address may differ", values: backend, compare: compareBackends, port: portOfBackend},
	{Name: "pair", Help: "addresses of client and server", values: pair, compare: comparePairs},
	{Name: "vlan", Help: "id of the VLAN, or of both: 100.20 is 20 in 100", values: vlan, compare: compareVLANs},
	{Name: "interface", Help: "name of the interface that captured it", values: captured, compare: strings.Compare},
	{Name: "process", Help: "name of the process it belongs to, which live knows", Live: true, values: process, compare: strings.Compare},
	{Name: "outcome", Help: "how it went: closed, reset, refused ...", values: outcome, compare: strings.Compare},
	{Name: "failure", Help: "why it failed; none if it did not", Judged: true, values: failure, compare: strings.Compare},
	{Name: "cause", Help: "what the RST that ended it was the answer to", Judged: true, values: cause, compare: strings.Compare},
	{Name: "limit", Help: "what limited its transfers, for the longest", values: limit, compare: strings.Compare},
	{Name: "anomaly", Help: "ids of its anomalies", Several: true, Judged: true, values: anomalies, compare: strings.Compare},
}

func address(side analyzer.Side) func(*Values, *analyzer.Conversation, *analyzer.Judgment) {
	return func(v *Values, c *analyzer.Conversation, _ *analyzer.Judgment) { v.addAddr(c.Addr[side].Addr()) }
}

func hosts(v *Values, c *analyzer.Conversation, _ *analyzer.Judgment) {
	client, server := c.Addr[analyzer.Client].Addr(), c.Addr[analyzer.Server].Addr()
	v.addAddr(client)
	if server != client {
		v.addAddr(server)
	}
}

func port(v *Values, c *analyzer.Conversation, _ *analyzer.Judgment) {
	v.text = strconv.AppendUint(v.text, uint64(c.Addr[analyzer.Server].Port()), 10)
	v.end()
}

func service(v *Values, c *analyzer.Conversation, _ *analyzer.Judgment) {
	v.text = c.Addr[analyzer.Server].AppendTo(v.text)
	v.end()
}

func portOf(value string) (uint16, bool) {
	n, err := strconv.ParseUint(value, 10, 16)
	return uint16(n), err == nil
}

func portOfSocket(value string) (uint16, bool) {
	a, err := netip.ParseAddrPort(value)
	return a.Port(), err == nil
}

func name(v *Values, c *analyzer.Conversation, _ *analyzer.Judgment) {
	v.add(c.Names[analyzer.Server].Text)
}

func clientTTL(v *Values, c *analyzer.Conversation, _ *analyzer.Judgment) {
	if ttl := c.Sent[analyzer.Client].TTLMin; ttl > 0 {
		v.text = strconv.AppendUint(v.text, uint64(ttl), 10)
	}
	v.end()
}

// WithTTL stands between the socket and the TTL of a backend.
const WithTTL = " with TTL "

// ServerTTL is the TTL, or hop limit, of all that the server sent; 0 if there are several, which are of several hosts, or none.
func ServerTTL(c *analyzer.Conversation) uint8 {
	if s := &c.Sent[analyzer.Server]; s.TTLMin == s.TTLMax {
		return s.TTLMin
	}
	return 0
}

func backend(v *Values, c *analyzer.Conversation, _ *analyzer.Judgment) {
	if n := ServerTTL(c); n > 0 {
		v.text = c.Addr[analyzer.Server].AppendTo(v.text)
		v.text = strconv.AppendUint(append(v.text, WithTTL...), uint64(n), 10)
	}
	v.end()
}

func portOfBackend(value string) (uint16, bool) {
	socket, _, _ := strings.Cut(value, WithTTL)
	return portOfSocket(socket)
}

func compareBackends(a, b string) int {
	socketA, ttlA, _ := strings.Cut(a, WithTTL)
	socketB, ttlB, _ := strings.Cut(b, WithTTL)
	return cmp.Or(compareSockets(socketA, socketB), compareNumbers(ttlA, ttlB))
}

// between stands between the two addresses of a pair.
const between = " > "

func pair(v *Values, c *analyzer.Conversation, _ *analyzer.Judgment) {
	v.text = c.Addr[analyzer.Client].Addr().AppendTo(v.text)
	v.text = append(v.text, between...)
	v.addAddr(c.Addr[analyzer.Server].Addr())
}

func vlan(v *Values, c *analyzer.Conversation, _ *analyzer.Judgment) {
	if c.VLAN[0] != 0 {
		v.text = strconv.AppendUint(v.text, uint64(c.VLAN[0]), 10)
	}
	if c.VLAN[1] != 0 {
		v.text = strconv.AppendUint(append(v.text, '.'), uint64(c.VLAN[1]), 10)
	}
	v.end()
}

func captured(v *Values, c *analyzer.Conversation, _ *analyzer.Judgment) { v.add(c.Interface) }

func process(v *Values, c *analyzer.Conversation, _ *analyzer.Judgment) {
	if end := c.Owner(); end != nil {
		v.text = append(v.text, strings.ToValidUTF8(end.Process.Name, "\ufffd")...)
	}
	v.end()
}

func outcome(v *Values, c *analyzer.Conversation, _ *analyzer.Judgment) { v.add(c.Outcome.String()) }

func failure(v *Values, c *analyzer.Conversation, j *analyzer.Judgment) {
	v.add(Failed(c, j).String())
}

func cause(v *Values, _ *analyzer.Conversation, j *analyzer.Judgment) { v.add(j.Close.Cause.String()) }

func limit(v *Values, c *analyzer.Conversation, _ *analyzer.Judgment) {
	_, limits := c.Limit()
	factor, _ := limits.Most()
	v.add(factor.String())
}

func anomalies(v *Values, _ *analyzer.Conversation, j *analyzer.Judgment) {
	first := v.Len()
	for i := range j.Anomalies {
		if id := j.Anomalies[i].Kind.ID; !v.has(first, id) {
			v.add(id)
		}
	}
}

// has reports whether text is one of the values from first on.
func (v *Values) has(first int, text string) bool {
	for i := first; i < v.Len(); i++ {
		if string(v.At(i)) == text {
			return true
		}
	}
	return false
}

func compareNumbers(a, b string) int {
	x, _ := strconv.ParseUint(a, 10, 64)
	y, _ := strconv.ParseUint(b, 10, 64)
	return cmp.Compare(x, y)
}

func compareVLANs(a, b string) int {
	outerA, innerA, _ := strings.Cut(a, ".")
	outerB, innerB, _ := strings.Cut(b, ".")
	return cmp.Or(compareNumbers(outerA, outerB), compareNumbers(innerA, innerB))
}

func compareAddrs(a, b string) int {
	x, _ := netip.ParseAddr(a)
	y, _ := netip.ParseAddr(b)
	return x.Compare(y)
}

func compareSockets(a, b string) int {
	x, _ := netip.ParseAddrPort(a)
	y, _ := netip.ParseAddrPort(b)
	return x.Compare(y)
}

func comparePairs(a, b string) int {
	fromA, toA, _ := strings.Cut(a, between)
	fromB, toB, _ := strings.Cut(b, between)
	return cmp.Or(compareAddrs(fromA, fromB), compareAddrs(toA, toB))
}
