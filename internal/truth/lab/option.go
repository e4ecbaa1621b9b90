package lab

import (
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"strconv"
	"strings"
)

// option is one TCP option: its bytes, but for the edges of SACK blocks, which are relative
// until the ISN is known.
type option struct {
	bytes []byte
	sack  []uint32 // left and right edges by turns
}

func (o *option) encode(b []byte, peerISN uint32) []byte {
	b = append(b, o.bytes...)
	for _, edge := range o.sack {
		b = binary.BigEndian.AppendUint32(b, peerISN+edge)
	}
	return b
}

// Option kinds, as IANA numbers them.
const (
	kindEOL    = 0
	kindNOP    = 1
	kindMSS    = 2
	kindWScale = 3
	kindSACKOK = 4
	kindSACK   = 5
	kindTS     = 8
	kindMD5    = 19
	kindAO     = 29
	kindMPTCP  = 30
	kindTFO    = 34
)

// optionParsers read an option's words after its name.
var optionParsers = map[string]func(l *lineParser, args []string) (option, error){
	"nop":    fixedOption(kindNOP),
	"eol":    fixedOption(kindEOL),
	"sackOK": fixedOption(kindSACKOK, 2),
	"mss":    numberOption(kindMSS, 16),
	"wscale": numberOption(kindWScale, 8),
	"tfo":    hexOption(kindTFO, nil),
	"ao":     hexOption(kindAO, nil),
	"mptcp":  hexOption(kindMPTCP, nil),
	"md5":    hexOption(kindMD5, make([]byte, 16)),
	"TS":     timestampOption,
	"sack":   sackOption,
	"opt":    anyOption,
	"bytes":  bytesOption,
}

// options reads what stands between < and >.
func (l *lineParser) options(text string) ([]option, error) {
	opts := []option{}
	if strings.TrimSpace(text) == "" {
		return opts, nil
	}
	for _, part := range strings.Split(text, ",") {
		words := strings.Fields(part)
		if len(words) == 0 {
			return nil, fmt.Errorf("an empty option in <%s>", text)
		}
		parse, ok := optionParsers[words[0]]
		if !ok {
			return nil, fmt.Errorf("unknown option %q", words[0])
		}
		o, err := parse(l, words[1:])
		if err != nil {
			return nil, fmt.Errorf("option %s: %w", words[0], err)
		}
		opts = append(opts, o)
	}
	return opts, nil
}

func fixedOption(b ...byte) func(*lineParser, []string) (option, error) {
	return func(_ *lineParser, args []string) (option, error) {
		if len(args) > 0 {
			return option{}, fmt.Errorf("unexpected %q", args[0])
		}
		return option{bytes: b}, nil
	}
}

func numberOption(kind byte, bits int) func(*lineParser, []string) (option, error) {
	return func(_ *lineParser, args []string) (option, error) {
		if len(args) != 1 {
			return option{}, fmt.Errorf("needs one number")
		}
		n, err := number(args[0], bits)
		if err != nil {
			return option{}, err
		}
		if bits == 8 {
			return option{bytes: []byte{kind, 3, byte(n)}}, nil
		}
		return option{bytes: []byte{kind, 4, byte(n >> 8), byte(n)}}, nil
	}
}

// hexOption is a kind with a body in hexadecimal; without one it is body.
func hexOption(kind byte, body []byte) func(*lineParser, []string) (option, error) {
	return func(_ *lineParser, args []string) (option, error) {
		b := body
		if len(args) > 0 {
			var err error
			if b, err = hexBytes(args); err != nil {
				return option{}, err
			}
		}
		return option{bytes: append([]byte{kind, byte(2 + len(b))}, b...)}, nil
	}
}

func anyOption(l *lineParser, args []string) (option, error) {
	if len(args) == 0 {
		return option{}, fmt.Errorf("needs a kind")
	}
	kind, err := number(args[0], 8)
	if err != nil {
		return option{}, err
	}
	return hexOption(byte(kind), nil)(l, args[1:])
}

func bytesOption(_ *lineParser, args []string) (option, error) {
	b, err := hexBytes(args)
	return option{bytes: b}, err
}

// timestampOption is RFC 7323's. Without numbers they are what the sender's clock and the
// peer's last segment give.
func timestampOption(l *lineParser, args []string) (option, error) {
	var val, ecr uint64
	switch {
	case len(args) == 4 && args[0] == "val" && args[2] == "ecr":
		var err error
		if val, err = number(args[1], 32); err != nil {
			return option{}, err
		}
		if ecr, err = number(args[3], 32); err != nil {
			return option{}, err
		}
	case len(args) == 0 && l.p.conn.stamped:
		val, ecr = l.stamps()
	case len(args) == 0:
		return option{}, fmt.Errorf("without val and ecr needs the directive timestamps")
	default:
		return option{}, fmt.Errorf("is TS or TS val N ecr N")
	}
	l.tsval = uint32(val)
	b := []byte{kindTS, 10}
	b = binary.BigEndian.AppendUint32(b, uint32(val))
	return option{bytes: binary.BigEndian.AppendUint32(b, uint32(ecr))}, nil
}

func sackOption(l *lineParser, args []string) (option, error) {
	o := option{bytes: []byte{kindSACK, byte(2 + 8*len(args))}}
	if len(args) == 0 || len(args) > 4 {
		return option{}, fmt.Errorf("takes one to four blocks A:B")
	}
	for _, block := range args {
		a, b, ok := strings.Cut(block, ":")
		if !ok {
			return option{}, fmt.Errorf("%q is not a block A:B", block)
		}
		for _, edge := range []string{a, b} {
			n, err := relative(edge)
			if err != nil {
				return option{}, err
			}
			o.sack = append(o.sack, n)
		}
	}
	return o, nil
}

// hexBytes are the bytes of words of hexadecimal digits.
func hexBytes(words []string) ([]byte, error) {
	b, err := hex.DecodeString(strings.Join(words, ""))
	if err != nil || len(b) == 0 || len(b) > maxSegment {
		return nil, fmt.Errorf("%q is not bytes in hexadecimal", strings.Join(words, " "))
	}
	return b, nil
}

// number is an unsigned number of so many bits, decimal or 0x.
func number(word string, bits int) (uint64, error) {
	n, err := strconv.ParseUint(word, 0, bits)
	if err != nil {
		return 0, fmt.Errorf("%q is not a number of %d bits", word, bits)
	}
	return n, nil
}

// relative is a sequence number relative to an ISN.
func relative(word string) (uint32, error) {
	n, err := strconv.ParseInt(word, 10, 64)
	if err != nil || n <= -1<<32 || n >= 1<<32 {
		return 0, fmt.Errorf("%q is not a sequence number", word)
	}
	return uint32(n), nil
}
