package lab

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// maxSegment bounds the payload of a segment: more than any TSO frame.
const maxSegment = 1 << 18

// lineParser is what is known of a packet's line while it is read.
type lineParser struct {
	p         *packet
	tsval     uint32 // of the timestamps option, if there is one
	hasSeq    bool
	hasAck    bool
	hasIPID   bool
	rawSeq    bool // the number that follows is as on the wire
	hasLength bool
}

// packet reads a packet's line and fills in what it leaves out.
func (ps *parser) packet(n int, words []string) error {
	at, err := ps.moment(words[0])
	if err != nil {
		return err
	}
	if len(words) < 3 {
		return errors.New("a packet is TIME DIRECTION FLAGS ..., or TIME frame HEX")
	}
	p := packet{line: n, time: at, cut: -1, df: true}
	l := &lineParser{p: &p}
	if words[1] == "frame" {
		if p.raw, err = hexBytes(words[2:3]); err == nil {
			err = l.words(words[3:])
		}
	} else if words[2] == "icmp" {
		err = ps.icmp(l, words[1], words[3:])
	} else {
		err = ps.segment(l, words[1:])
	}
	if err != nil {
		return err
	}
	if n := len(ps.s.ifaces); p.iface >= max(n, 1) {
		return fmt.Errorf("there is no interface %d", p.iface)
	}
	ps.time = at
	ps.s.packets = append(ps.s.packets, p)
	return nil
}

// moment is the time of a line, from the start of the script.
func (ps *parser) moment(word string) (int64, error) {
	var base, sign int64 = 0, 1
	digits := word
	switch word[0] {
	case '+':
		base, digits = ps.time, word[1:]
	case '-':
		base, sign, digits = ps.time, -1, word[1:]
	}
	if digits == "" || strings.IndexByte("0123456789.", digits[0]) < 0 {
		return 0, fmt.Errorf("%q is neither a directive nor a time", word)
	}
	d, err := duration(digits)
	if err != nil {
		return 0, err
	}
	t := base + sign*d
	if t > int64(maxDuration) || t < -int64(maxDuration) {
		return 0, fmt.Errorf("%q leaves the range of times", word)
	}
	return t, nil
}

// segment reads DIRECTION FLAGS and the rest.
func (ps *parser) segment(l *lineParser, words []string) error {
	p := l.p
	if err := ps.direction(p, words[0]); err != nil {
		return err
	}
	if err := p.setFlags(words[1]); err != nil {
		return err
	}
	p.win, p.ttl = p.conn.half[p.dir].win, p.conn.ttl[p.dir]
	if err := l.words(words[2:]); err != nil {
		return err
	}
	return l.fillIn()
}

// direction reads > or <, after the name of the connection.
func (ps *parser) direction(p *packet, word string) error {
	switch {
	case strings.HasSuffix(word, ">"):
		p.dir = fromClient
	case strings.HasSuffix(word, "<"):
		p.dir = fromServer
	default:
		return fmt.Errorf("%q is not a direction: > or <, after the name of the connection", word)
	}
	name := word[:len(word)-1]
	if p.conn = ps.find(name); p.conn == nil {
		return fmt.Errorf("there is no connection %q", name)
	}
	if p.conn.ends[0].Addr().Is4() != p.conn.ends[1].Addr().Is4() {
		return errors.New("client and server have addresses of different families")
	}
	return nil
}

func (p *packet) setFlags(word string) error {
	if word == "-" {
		return nil
	}
	for i := range len(word) {
		bit := strings.IndexByte(flagLetters, word[i])
		if bit < 0 {
			return fmt.Errorf("flags %q: letters are %s, or - for none", word, flagLetters)
		}
		if p.flags&(1<<bit) != 0 {
			return fmt.Errorf("flags %q: %c twice", word, word[i])
		}
		p.flags |= 1 << bit
	}
	return nil
}

// words reads what follows the flags, in any order.
func (l *lineParser) words(words []string) error {
	for len(words) > 0 {
		w := words[0]
		words = words[1:]
		var err error
		switch {
		case w[0] == '"':
			err = l.text(w)
		case w[0] == '<':
			if len(w) < 2 || w[len(w)-1] != '>' || l.p.noSegment() {
				return fmt.Errorf("%q is out of place", w)
			}
			l.p.opts, err = l.options(w[1 : len(w)-1])
		case strings.HasSuffix(w, ")"):
			err = l.sequence(w)
		default:
			prop, ok := properties[w]
			if !ok || l.p.noSegment() && !prop.anyFrame {
				return fmt.Errorf("unknown property %q", w)
			}
			if len(words) < prop.args {
				return fmt.Errorf("%s needs a value", w)
			}
			var arg string
			if prop.args > 0 {
				arg = words[0]
			}
			if w == "ack" && arg == "raw" && len(words) > 1 {
				words, arg, l.rawSeq = words[1:], words[1], true
			}
			words = words[prop.args:]
			if err = prop.set(l, arg); err != nil {
				err = fmt.Errorf("%s: %w", w, err)
			}
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// sequence reads SEQ:END(LEN) or (LEN).
func (l *lineParser) sequence(w string) error {
	span, length, ok := strings.Cut(strings.TrimSuffix(w, ")"), "(")
	n, err := strconv.ParseUint(length, 10, 32)
	if !ok || err != nil || n > maxSegment || l.p.noSegment() {
		return fmt.Errorf("%q is not SEQ:END(LEN) with at most %d bytes", w, maxSegment)
	}
	if l.p.load.data != nil && l.p.load.n != int(n) {
		return fmt.Errorf("%q: the payload has %d bytes", w, l.p.load.n)
	}
	l.hasLength, l.p.load.n = true, int(n)
	if span == "" {
		return nil
	}
	from, to, ok := strings.Cut(span, ":")
	if !ok {
		return fmt.Errorf("%q is not SEQ:END(LEN)", w)
	}
	end, err := relative(to)
	if err != nil {
		return err
	}
	if l.p.seq, err = l.number(from, l.p.dir); err != nil {
		return err
	}
	begin, _ := relative(from)
	if end-begin != uint32(n) {
		return fmt.Errorf("%q: the end does not fit the length", w)
	}
	l.hasSeq = true
	return nil
}

// number is a sequence number of direction d: relative, or after "raw" as on the wire.
func (l *lineParser) number(word string, d direction) (uint32, error) {
	n, err := relative(word)
	if err == nil && l.rawSeq {
		n -= l.p.conn.isn[d]
		l.rawSeq = false
	}
	return n, err
}

// text reads a payload in quotes.
func (l *lineParser) text(w string) error {
	s, err := strconv.Unquote(w)
	if err != nil || l.p.noSegment() {
		return fmt.Errorf("%s is out of place", w)
	}
	return l.literal([]byte(s))
}

func (l *lineParser) literal(b []byte) error {
	p := l.p
	if len(b) > maxSegment {
		return fmt.Errorf("more than %d bytes of payload", maxSegment)
	}
	if l.hasLength && p.load.n != len(b) {
		return fmt.Errorf("the payload has %d bytes, not %d", len(b), p.load.n)
	}
	p.load.data, p.load.n = b, len(b)
	return nil
}

// stamps are the values of a timestamps option that the line does not give.
func (l *lineParser) stamps() (val, ecr uint64) {
	p := l.p
	val = uint64(p.conn.stamp[p.dir] + uint32(p.time/1e6))
	if p.flags&flagACK != 0 {
		ecr = uint64(p.conn.half[p.dir.peer()].tsval)
	}
	return val, ecr
}

// fillIn sets what the line left out, and keeps for later lines what this one says.
func (l *lineParser) fillIn() error {
	p := l.p
	own, peer := &p.conn.half[p.dir], &p.conn.half[p.dir.peer()]
	if l.rawSeq {
		return errors.New("raw stands before a number")
	}
	if !l.hasSeq && p.flags&flagSYN == 0 {
		if p.seq = 1; own.spoken {
			p.seq = own.next
		}
	}
	switch {
	case l.hasAck && p.flags&flagACK == 0:
		return errors.New("ack without the flag . means nothing")
	case !l.hasAck && p.flags&flagACK != 0:
		if p.ack = 1; peer.spoken {
			p.ack = peer.next
		}
	}
	if p.opts == nil && p.conn.stamped && p.flags&flagRST == 0 {
		p.opts, _ = l.options("nop,nop,TS")
	}
	if p.forged {
		return nil
	}
	synAck := p.flags&(flagSYN|flagACK) == flagSYN|flagACK
	if !l.hasIPID && !synAck { // Linux sends a SYN-ACK with an IP ID of 0
		p.ipid = own.ipid
		own.ipid++
	}
	own.win = p.win
	if l.tsval != 0 {
		own.tsval = l.tsval
	}
	if p.flags&flagRST != 0 {
		return nil
	}
	end := p.seq + uint32(p.load.n)
	for _, bit := range []uint16{flagSYN, flagFIN} {
		if p.flags&bit != 0 {
			end++
		}
	}
	if !own.spoken || int32(end-own.next) > 0 {
		own.next = end
	}
	own.spoken = true
	return nil
}
