package lab

import (
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Parse reads a script. name stands in errors, which are "name:line: reason".
func Parse(name string, text []byte) (*Script, error) {
	s := &Script{Name: name, start: defaultStart, link: link{kind: linkKinds["ethernet"]}}
	s.conns = []*conn{newConn("", 0)}
	ps := &parser{s: s}
	var story []string
	inStory := true
	for i, line := range strings.Split(string(text), "\n") {
		line = strings.TrimSpace(line)
		if inStory = inStory && strings.HasPrefix(line, "#"); inStory {
			story = append(story, strings.TrimSpace(strings.TrimPrefix(line, "#")))
		}
		words, err := split(line)
		if err == nil && len(words) > 0 {
			err = ps.line(i+1, words)
		}
		if err != nil {
			return nil, fmt.Errorf("%s:%d: %w", name, i+1, err)
		}
	}
	s.Story = strings.Join(story, "\n")
	return s, nil
}

// parser is what carries over from line to line.
type parser struct {
	s    *Script
	time int64 // of the last packet
}

// split makes words of a line. A quoted text is one word, and so is <...>; a lone < is a direction.
func split(line string) ([]string, error) {
	var words []string
	for {
		line = strings.TrimLeft(line, " \t")
		if line == "" || line[0] == '#' {
			return words, nil
		}
		var n int
		switch {
		case line[0] == '"':
			q, err := strconv.QuotedPrefix(line)
			if err != nil {
				return nil, errors.New("a quoted text has no end")
			}
			n = len(q)
		case line[0] == '<' && len(line) > 1 && line[1] != ' ' && line[1] != '\t':
			if n = strings.IndexByte(line, '>') + 1; n == 0 {
				return nil, errors.New("options have no end: > is missing")
			}
		default:
			if n = strings.IndexAny(line, " \t"); n < 0 {
				n = len(line)
			}
		}
		words, line = append(words, line[:n]), line[n:]
	}
}

// line reads a directive or a packet.
func (ps *parser) line(n int, words []string) error {
	if words[0] == "conn" {
		return ps.conn(words[1:])
	}
	directive, ok := directives[words[0]]
	if !ok {
		return ps.packet(n, words)
	}
	if len(ps.s.packets) > 0 {
		return fmt.Errorf("%s must stand before the first packet", words[0])
	}
	if len(words) < 2 {
		return fmt.Errorf("%s needs a value", words[0])
	}
	return directive(ps.s, words)
}

// directives get the words of their line, at least two.
var directives = map[string]func(s *Script, words []string) error{
	"client":     firstConn,
	"server":     firstConn,
	"isn":        firstConn,
	"timestamps": firstConn,
	"ttl":        firstConn,
	"link": func(s *Script, words []string) (err error) {
		s.link, err = parseLink(words[1:])
		return err
	},
	"interface": interfaceDirective,
	"tunnel":    tunnelDirective,
	"format":    formatDirective,
	"snaplen": func(s *Script, words []string) error {
		n, err := number(words[1], 18)
		s.Format.SnapLen = int(n)
		return err
	},
	"start": func(s *Script, words []string) error {
		t, err := time.Parse(time.RFC3339Nano, words[1])
		if err != nil || t.Year() < 1970 || t.Year() > 2100 {
			return fmt.Errorf("%q is not a time as 2026-03-02T09:30:00Z", words[1])
		}
		s.start = t.UnixNano()
		return nil
	},
}

func interfaceDirective(s *Script, words []string) error {
	if len(s.ifaces) == maxInterfaces {
		return fmt.Errorf("more than %d interfaces", maxInterfaces)
	}
	l, err := parseLink(words[1:])
	if err != nil {
		return err
	}
	s.ifaces = append(s.ifaces, l)
	s.Format.Interfaces = append(s.Format.Interfaces, Interface{Link: l.kind.number, Nano: l.nano})
	return nil
}

func tunnelDirective(s *Script, words []string) error {
	wrap, ok := tunnels[words[1]]
	if !ok {
		return fmt.Errorf("unknown tunnel %q", words[1])
	}
	s.tunnel = tunnel{wrap: wrap}
	if len(words) > 2 {
		vni, err := number(words[2], 24)
		if err != nil {
			return err
		}
		s.tunnel.vni = uint32(vni)
	}
	return nil
}

func formatDirective(s *Script, words []string) error {
	for _, w := range words[1:] {
		switch w {
		case "pcap", "pcapng":
			s.Format.PCAPNG = w == "pcapng"
		case "us", "ns":
			s.Format.Nano = w == "ns"
		case "big", "little":
			s.Format.BigEndian = w == "big"
		default:
			return fmt.Errorf("unknown format %q", w)
		}
	}
	return nil
}

func firstConn(s *Script, words []string) error { return s.conns[0].set(words) }

// conn adds a connection that takes from the first one what it is not told.
func (ps *parser) conn(words []string) error {
	if len(words) == 0 || strings.ContainsAny(words[0], `<>"#`) {
		return errors.New("conn needs a name")
	}
	if ps.find(words[0]) != nil {
		return fmt.Errorf("connection %s is already there", words[0])
	}
	first, n := ps.s.conns[0], len(ps.s.conns)
	c := newConn(words[0], n)
	c.ends, c.ttl, c.stamped, c.stamp = first.ends, first.ttl, first.stamped, first.stamp
	ps.s.conns = append(ps.s.conns, c)
	return c.set(words[1:])
}

func (ps *parser) find(name string) *conn {
	i := slices.IndexFunc(ps.s.conns, func(c *conn) bool { return c.name == name })
	if i < 0 {
		return nil
	}
	return ps.s.conns[i]
}

// set takes settings: a word and its values, and so on.
func (c *conn) set(words []string) error {
	for len(words) > 0 {
		word := words[0]
		n := 3
		if word == "client" || word == "server" {
			n = 2
		}
		if len(words) < n {
			return fmt.Errorf("%s needs %d values", word, n-1)
		}
		var err error
		switch word {
		case "client":
			c.ends[fromClient], err = socket(words[1])
		case "server":
			c.ends[fromServer], err = socket(words[1])
		case "isn":
			err = pair(words[1:3], 32, func(d int, v uint64) { c.isn[d] = uint32(v) })
		case "timestamps":
			c.stamped = true
			err = pair(words[1:3], 32, func(d int, v uint64) { c.stamp[d] = uint32(v) })
		case "ttl":
			err = pair(words[1:3], 8, func(d int, v uint64) { c.ttl[d] = uint8(v) })
		default:
			err = fmt.Errorf("unknown setting %q", word)
		}
		if err != nil {
			return err
		}
		words = words[n:]
	}
	return nil
}

func socket(word string) (netip.AddrPort, error) {
	ap, err := netip.ParseAddrPort(word)
	if err != nil || ap.Addr().Zone() != "" {
		return ap, fmt.Errorf("%q is not an ADDRESS:PORT", word)
	}
	return netip.AddrPortFrom(ap.Addr().Unmap(), ap.Port()), nil
}

// pair reads a number for each direction.
func pair(words []string, bits int, set func(d int, v uint64)) error {
	for d, w := range words {
		v, err := number(w, bits)
		if err != nil {
			return err
		}
		set(d, v)
	}
	return nil
}

// maxDuration keeps every sum of a start, a time and a delay within 64 bits of nanoseconds.
const maxDuration = 50 * 365 * 24 * time.Hour

// duration is a number of seconds, or one with units.
func duration(word string) (int64, error) {
	text := word
	if text != "" && strings.IndexByte("0123456789.", text[len(text)-1]) >= 0 {
		text += "s"
	}
	d, err := time.ParseDuration(text)
	if err != nil || word[0] == '-' || word[0] == '+' || d > maxDuration {
		return 0, fmt.Errorf("%q is not a time as 0.02, 20ms or 1h", word)
	}
	return int64(d), nil
}
