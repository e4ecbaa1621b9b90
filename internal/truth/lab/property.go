package lab

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// property is a word that may follow a packet's flags, and what it sets.
type property struct {
	args     int  // 0 or 1
	anyFrame bool // also for a frame that is no segment
	set      func(l *lineParser, arg string) error
}

var properties = map[string]property{
	"raw": flag(func(l *lineParser) { l.rawSeq = true }),
	"ack": {args: 1, set: func(l *lineParser, arg string) (err error) {
		l.hasAck = true
		l.p.ack, err = l.number(arg, l.p.dir.peer())
		return err
	}},
	"win": value(16, func(p *packet, v uint64) { p.win = uint16(v) }),
	"urg": value(16, func(p *packet, v uint64) { p.urg = uint16(v) }),
	"ttl": value(8, func(p *packet, v uint64) { p.ttl = uint8(v) }),
	"tos": value(8, func(p *packet, v uint64) { p.tos = uint8(v) }),
	"ipid": {args: 1, set: func(l *lineParser, arg string) error {
		v, err := number(arg, 16)
		l.p.ipid, l.hasIPID = uint16(v), true
		return err
	}},
	"doff": value(4, func(p *packet, v uint64) { p.doff = int(v) }),

	// RFC 3168 section 5: the two low bits.
	"ect1": flag(func(l *lineParser) { l.p.tos |= 1 }),
	"ect0": flag(func(l *lineParser) { l.p.tos |= 2 }),
	"ce":   flag(func(l *lineParser) { l.p.tos |= 3 }),

	"nodf":         flag(func(l *lineParser) { l.p.df = false }),
	"router-alert": flag(func(l *lineParser) { l.p.alert = true }),
	"tso":          flag(func(l *lineParser) { l.p.tso = true }),
	"badsum":       flag(func(l *lineParser) { l.p.badSum = true }),
	"badipsum":     flag(func(l *lineParser) { l.p.badIPSum = true }),
	"partialsum":   flag(func(l *lineParser) { l.p.partial = true }),
	"forged":       flag(func(l *lineParser) { l.p.forged = true }),
	"unseen":       flag(func(l *lineParser) { l.p.unseen = true }),
	"frag":         {args: 1, set: setFragment},

	"hex": {args: 1, set: func(l *lineParser, arg string) error {
		b, err := hexBytes([]string{arg})
		if err != nil {
			return err
		}
		return l.literal(b)
	}},
	"fill": {args: 1, set: func(l *lineParser, arg string) error {
		if len(arg) != 1 {
			return fmt.Errorf("%q is not one character", arg)
		}
		l.p.load.fill = arg[0]
		return nil
	}},

	"cap": {args: 1, anyFrame: true, set: func(l *lineParser, arg string) error {
		v, err := number(arg, 18)
		l.p.cut = int(v)
		return err
	}},
	"slice": {args: 1, anyFrame: true, set: func(l *lineParser, arg string) error {
		v, err := number(arg, 18)
		if err == nil && v == 0 {
			return errors.New("something is left of the frame")
		}
		l.p.sliced = int(v)
		return err
	}},
	"if": {args: 1, anyFrame: true, set: func(l *lineParser, arg string) error {
		v, err := number(arg, 8)
		l.p.iface = int(v)
		return err
	}},
	"dup": {args: 1, anyFrame: true, set: func(l *lineParser, arg string) error {
		d, err := duration(strings.TrimPrefix(arg, "+"))
		if err == nil && d == 0 {
			return errors.New("the copy comes later")
		}
		l.p.dup = d
		return err
	}},
}

func flag(set func(l *lineParser)) property {
	return property{set: func(l *lineParser, _ string) error { set(l); return nil }}
}

func value(bits int, set func(p *packet, v uint64)) property {
	return property{args: 1, set: func(l *lineParser, arg string) error {
		v, err := number(arg, bits)
		set(l.p, v)
		return err
	}}
}

// setFragment reads A:B or A:.
func setFragment(l *lineParser, arg string) error {
	from, to, ok := strings.Cut(arg, ":")
	lo, err := strconv.ParseUint(from, 10, 16)
	if !ok || err != nil || lo%8 != 0 {
		return fmt.Errorf("%q is not A:B with an A that is divisible by 8", arg)
	}
	hi := int64(-1)
	if to != "" {
		if hi, err = strconv.ParseInt(to, 10, 32); err != nil || hi <= int64(lo) {
			return fmt.Errorf("%q ends before it starts", arg)
		}
	}
	l.p.frag = &[2]int{int(lo), int(hi)}
	return nil
}
