package page

import (
	"bufio"
	"encoding/json"
	"math"
	"strconv"

	"tcptrace/internal/console"

	"tcptrace/analyzer"
)

// encoder writes JSON that may stand in an element of HTML: encoding/json escapes what would end it. What cannot be written the writer
// remembers.
type encoder struct {
	*bufio.Writer
	more bool // a comma is due
	buf  []byte
}

func (e *encoder) comma() {
	if e.more {
		e.WriteByte(',')
	}
	e.more = true
}

// begin opens an object or a list.
func (e *encoder) begin(bracket byte) *encoder {
	e.comma()
	e.WriteByte(bracket)
	e.more = false
	return e
}

// end closes it.
func (e *encoder) end(bracket byte) *encoder {
	e.WriteByte(bracket)
	e.more = true
	return e
}

// field begins a field of an object.
func (e *encoder) field(name string) *encoder {
	e.text(name)
	e.WriteByte(':')
	e.more = false
	return e
}

func (e *encoder) raw(text string) *encoder {
	e.comma()
	e.WriteString(text)
	return e
}

// text writes a text for people: what would not be seen in it, or turn it round, is escaped.
func (e *encoder) text(s string) *encoder { return e.exact(console.Plain(s)) }

// exact writes a text that is to be copied.
func (e *encoder) exact(s string) *encoder {
	e.comma()
	quoted, _ := json.Marshal(s) // a string never fails
	e.Write(quoted)
	return e
}

func (e *encoder) texts(list []string) *encoder {
	e.begin('[')
	for _, s := range list {
		e.text(s)
	}
	return e.end(']')
}

func (e *encoder) int(n int64) *encoder {
	e.comma()
	e.buf = strconv.AppendInt(e.buf[:0], n, 10)
	e.Write(e.buf)
	return e
}

func (e *encoder) uint(n uint64) *encoder {
	e.comma()
	e.buf = strconv.AppendUint(e.buf[:0], n, 10)
	e.Write(e.buf)
	return e
}

// plainNumbers is up to how many numbers are written as a list. Browsers take too long to read millions.
const plainNumbers = 1000

// numbers writes a column of numbers: as a list, or as a text of digits of five bits, the lowest first, each a character of base64 that is 32
// higher if more follow, with the sign in the lowest bit of the number ("VLQ", as in source maps). Behind a number, an asterisk and n say that
// it stands there n times more. Numbers have 52 bits at most.
func (e *encoder) numbers(list []int64) *encoder {
	if len(list) <= plainNumbers {
		e.begin('[')
		for _, n := range list {
			e.int(n)
		}
		return e.end(']')
	}
	e.comma()
	e.WriteByte('"')
	for i := 0; i < len(list); {
		e.digits(list[i])
		same := 1
		for i+same < len(list) && list[i+same] == list[i] {
			same++
		}
		if i += same; same == 2 {
			i--
		} else if same > 2 {
			e.WriteByte('*')
			e.digits(int64(same) - 1)
		}
	}
	e.WriteByte('"')
	return e
}

const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"

// digits writes a number for numbers.
func (e *encoder) digits(n int64) {
	rest := uint64(n)<<1 ^ uint64(n>>63)
	for ; rest >= 32; rest >>= 5 {
		e.WriteByte(alphabet[rest&31|32])
	}
	e.WriteByte(alphabet[rest])
}

// float writes a number with two decimals.
func (e *encoder) float(x float64) *encoder {
	e.comma()
	e.buf = strconv.AppendFloat(e.buf[:0], math.Round(x*100)/100, 'f', -1, 64)
	e.Write(e.buf)
	return e
}

func (e *encoder) bool(b bool) *encoder {
	e.comma()
	e.WriteString(strconv.FormatBool(b))
	return e
}

// time writes a time as seconds since the Unix epoch and ns: one number would not be exact in JavaScript.
func (e *encoder) time(t analyzer.Time) *encoder {
	return e.begin('[').int(int64(t) / 1e9).int(int64(t) % 1e9).end(']')
}
