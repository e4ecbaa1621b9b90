package page

import (
	"bufio"
	"encoding/json"
	"math"
	"strconv"

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

func (e *encoder) text(s string) *encoder {
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
