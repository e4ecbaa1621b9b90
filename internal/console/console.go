// Package console writes text for people. Whatever the text is made of, and wherever that comes from, a terminal shows it and obeys nothing
// in it but the styles of this program.
//
// A style is no text: it is marked by a number that no file and no packet can know, and is written by WriteStyled only. All else is
// escaped as Go escapes it in strings.
//
// Not its job: to lay text out, or to choose colours.
package console

import (
	"fmt"
	"io"
	"math/rand/v2"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// markStart begins all marks of this process.
var markStart = fmt.Sprintf("\x1b[%020d;", rand.Uint64())

// Style is a mark in text that WriteStyled turns into an attribute of ECMA-48 8.3.117.
type Style = string

// The styles. A mark looks like a control sequence, so that what measures text knows that it takes no room.
var (
	Bold   = mark('1')
	Red    = mark('2')
	Yellow = mark('3')
	Reset  = mark('0')
)

var sequences = map[byte]string{'0': "\x1b[0m", '1': "\x1b[1m", '2': "\x1b[31m", '3': "\x1b[33m"}

func mark(style byte) Style { return markStart + string(style) + "m" }

// Writer writes text to where people read it.
type Writer struct {
	w    io.Writer
	rest []byte // the beginning of a character or a mark
	buf  []byte
}

// NewWriter returns a Writer that writes to w.
func NewWriter(w io.Writer) *Writer { return &Writer{w: w} }

// Write writes text. Nothing in it is a style.
func (w *Writer) Write(p []byte) (int, error) { return w.write(p, false) }

// WriteStyled writes text with styles.
func (w *Writer) WriteStyled(p []byte) (int, error) { return w.write(p, true) }

func (w *Writer) write(p []byte, styled bool) (int, error) {
	text := p
	if len(w.rest) > 0 {
		text = append(w.rest, p...)
	}
	w.buf, w.rest = w.buf[:0], nil
	for len(text) > 0 {
		if n := plainLen(text); n > 0 {
			w.buf, text = append(w.buf, text[:n]...), text[n:]
			continue
		}
		if styled {
			if sequence, n, more := style(text); more {
				w.rest = append(w.rest, text...)
				break
			} else if n > 0 {
				w.buf, text = append(w.buf, sequence...), text[n:]
				continue
			}
		}
		if !utf8.FullRune(text) {
			w.rest = append(w.rest, text...)
			break
		}
		r, n := utf8.DecodeRune(text)
		w.buf = appendEscaped(w.buf, r, text[:n])
		text = text[n:]
	}
	n, err := w.w.Write(w.buf)
	if err == nil && n < len(w.buf) {
		err = io.ErrShortWrite
	}
	if err != nil {
		return 0, err
	}
	return len(p), nil
}

// style is the sequence of the mark at the beginning of text and the length of the mark; more: it may be one, but is not whole.
func style(text []byte) (sequence string, n int, more bool) {
	size := len(markStart) + len("1m")
	if known := min(len(text), len(markStart)); string(text[:known]) != markStart[:known] {
		return "", 0, false
	}
	if len(text) < size {
		return "", 0, true
	}
	return sequences[text[len(markStart)]], size, false
}

// plainLen is how many bytes at the start of text stand for themselves.
func plainLen(text []byte) int {
	for i := 0; i < len(text); {
		c := text[i]
		if c >= utf8.RuneSelf {
			r, n := utf8.DecodeRune(text[i:])
			if r == utf8.RuneError && n == 1 || !unicode.IsGraphic(r) {
				return i
			}
			i += n
			continue
		}
		if c < ' ' && c != '\n' && c != '\t' || c == 0x7f {
			return i
		}
		i++
	}
	return len(text)
}

func appendEscaped(b []byte, r rune, raw []byte) []byte {
	if r == utf8.RuneError && len(raw) == 1 {
		return fmt.Appendf(b, `\x%02x`, raw[0])
	}
	quoted := strconv.QuoteRuneToASCII(r)
	return append(b, quoted[1:len(quoted)-1]...)
}

// Plain is text as Write writes it.
func Plain(text string) string {
	if plainLen([]byte(text)) == len(text) {
		return text
	}
	var b strings.Builder
	w := NewWriter(&b)
	w.Write([]byte(text)) // a Builder takes it all
	for _, c := range w.rest {
		b.Write(appendEscaped(nil, utf8.RuneError, []byte{c}))
	}
	return b.String()
}

// Cut is Plain of text, in valid UTF-8 of at most so many bytes. What is longer ends with "...".
func Cut(text string, most int) string {
	text = Plain(text)
	if len(text) <= most {
		return text
	}
	const more = "..."
	return strings.ToValidUTF8(text[:most-len(more)], "") + more
}

// continuation begins the lines of a message after the first.
const continuation = " | "

// Lines is a message, of which only the first line begins as messages do: no name with a line end in it passes for another message.
func Lines(message string) string {
	lines := strings.Split(message, "\n")
	for i := range lines[1:] {
		if !strings.HasPrefix(lines[1+i], continuation) {
			lines[1+i] = continuation + lines[1+i]
		}
	}
	return strings.Join(lines, "\n")
}

// StyledWriter is a Writer, or what passes text with styles on to one.
type StyledWriter interface {
	io.Writer
	WriteStyled(p []byte) (int, error)
}

// Styled is for what renders text with styles: what is written to it goes to w as text with styles.
func Styled(w io.Writer) io.Writer {
	to, ok := w.(StyledWriter)
	if !ok {
		to = NewWriter(w)
	}
	return styled{to}
}

type styled struct{ to StyledWriter }

func (s styled) Write(p []byte) (int, error)       { return s.to.WriteStyled(p) }
func (s styled) WriteStyled(p []byte) (int, error) { return s.to.WriteStyled(p) }
