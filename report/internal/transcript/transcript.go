// Package transcript writes what the two sides of a conversation said to each other: as text, as a hex dump, or as it is.
//
// Not its job: putting the bytes into their order, and finding gaps (analyzer.Follower).
package transcript

import (
	"fmt"
	"io"
	"net/netip"
	"strconv"
	"unicode"
	"unicode/utf8"

	"tcptrace/analyzer"
	"tcptrace/internal/console"
	"tcptrace/report/internal/human"
	"tcptrace/report/internal/output"
)

// Writer writes what the sides of a conversation said: the pieces of an [analyzer.Follower].
type Writer interface {
	Piece(p *analyzer.Piece) error
	Finish() error
}

// Options say how a transcript looks. The zero value is for a file.
type Options struct {
	Headings bool // before each turn: who speaks, and when
	Color    bool // ANSI colours: the client's bytes bold
	Addr     [2]netip.AddrPort
	Start    analyzer.Time // of the conversation
}

// rawForm is the bytes and nothing else.
type rawForm struct{ out output.Buffer }

// Raw writes the bytes and nothing else.
func Raw(w io.Writer, _ Options) Writer { return &rawForm{output.NewBuffer(w)} }

func (r *rawForm) Piece(p *analyzer.Piece) error {
	if p.Kind == analyzer.PieceData {
		r.out.B = append(r.out.B, p.Bytes...)
	}
	return r.out.Spill()
}

func (r *rawForm) Finish() error { return r.out.Flush() }

const hexDigits = "0123456789abcdef"

// turns is what the forms for people share: who speaks, and what is said of gaps.
type turns struct {
	out    output.Buffer
	opts   Options
	begun  bool
	from   analyzer.Side
	inLine bool // the last line is not ended
}

func newTurns(w io.Writer, o Options) turns {
	return turns{out: output.NewBuffer(console.Styled(w)), opts: o}
}

// turn begins another side's turn if p is of it, after flush has written what is left of the one before.
func (t *turns) turn(p *analyzer.Piece, flush func()) {
	if t.begun && t.from == p.From {
		return
	}
	flush()
	if t.opts.Color && t.begun {
		t.out.B = append(t.out.B, human.Reset...)
	}
	if t.opts.Headings {
		t.endLine()
		if t.begun {
			t.out.B = append(t.out.B, '\n')
		}
		t.out.B = fmt.Appendf(t.out.B, "%s %s > %s", p.From, t.opts.Addr[p.From], t.opts.Addr[p.From.Peer()])
		if p.Frame != 0 {
			t.out.B = fmt.Appendf(t.out.B, ", frame %d, %s", p.Frame, human.Duration(p.Time.Sub(t.opts.Start)))
		}
		t.out.B = append(t.out.B, '\n')
	}
	t.begun, t.from = true, p.From
	if t.opts.Color && p.From == analyzer.Client {
		t.out.B = append(t.out.B, human.Bold...)
	}
}

func (t *turns) endLine() {
	if t.inLine {
		t.out.B = append(t.out.B, '\n')
		t.inLine = false
	}
}

// gapTexts say of a gap why there is nothing.
var gapTexts = map[analyzer.PieceKind]string{
	analyzer.PieceMissing: "not captured",
	analyzer.PieceCut:     "cut by the snap length",
}

// gap appends what stands in the place of bytes that are not there.
func (t *turns) gap(p *analyzer.Piece) {
	if t.opts.Color {
		t.out.B = append(t.out.B, human.Yellow...)
	}
	unit := "bytes"
	if p.Len == 1 {
		unit = "byte"
	}
	t.out.B = fmt.Appendf(t.out.B, "[%d %s %s]", p.Len, unit, gapTexts[p.Kind])
	if t.opts.Color {
		t.out.B = append(t.out.B, human.Reset...)
		if p.From == analyzer.Client {
			t.out.B = append(t.out.B, human.Bold...)
		}
	}
}

func (t *turns) finish() error {
	if t.opts.Color && t.begun {
		t.out.B = append(t.out.B, human.Reset...)
	}
	return t.out.Flush()
}

// textForm is the bytes as UTF-8, without anything that a terminal would obey: what is not printable is
// written as Go writes it in strings. CR LF is written as LF.
type textForm struct {
	turns
	rest []byte // the beginning of a character, or a CR that may be followed by LF
}

// Text writes text, with what is not printable escaped.
func Text(w io.Writer, o Options) Writer { return &textForm{turns: newTurns(w, o)} }

func (r *textForm) Piece(p *analyzer.Piece) error {
	if p.Kind == analyzer.PieceConflict {
		return nil
	}
	r.turn(p, r.flush)
	if p.Kind != analyzer.PieceData {
		r.flush()
		r.gap(p)
		r.inLine = true
		return r.out.Spill()
	}
	b := p.Bytes
	for len(r.rest) > 0 && len(b) > 0 { // of a character: byte by byte
		r.rest, b = append(r.rest, b[0]), b[1:]
		r.rest = r.escape(r.rest, false)
	}
	for len(b) > 0 {
		n := min(len(b), output.SpillAt/8) // what one call appends
		rest := r.escape(b[:n], false)
		b = b[n-len(rest):]
		if len(rest) == len(b) {
			r.rest = append(r.rest[:0], rest...)
			break
		}
		if err := r.out.Spill(); err != nil {
			return err
		}
	}
	return r.out.Spill()
}

// flush writes the beginning of a character that has no end.
func (r *textForm) flush() { r.rest = r.escape(r.rest, true)[:0] }

// escape appends b and returns what may go on with the next bytes; nothing if these are the last.
func (r *textForm) escape(b []byte, last bool) (rest []byte) {
	for len(b) > 0 {
		if n := plainLen(b); n > 0 {
			r.out.B, b = append(r.out.B, b[:n]...), b[n:]
			r.inLine = true
			continue
		}
		c, n := utf8.DecodeRune(b)
		switch {
		case !last && (b[0] == '\r' && len(b) == 1 || c == utf8.RuneError && !utf8.FullRune(b)):
			return b
		case c == '\r' && len(b) > 1 && b[1] == '\n':
		case c == '\n' || c == '\t' || unicode.IsPrint(c) && c != '\\' && !(c == utf8.RuneError && n == 1):
			r.out.B = append(r.out.B, b[:n]...)
		case c == utf8.RuneError && n == 1:
			r.out.B = append(r.out.B, '\\', 'x', hexDigits[b[0]>>4], hexDigits[b[0]&15])
		default:
			quoted := strconv.AppendQuoteRune(nil, c)
			r.out.B = append(r.out.B, quoted[1:len(quoted)-1]...)
		}
		r.inLine = c != '\n'
		b = b[n:]
	}
	return b
}

// plainLen is how many bytes at the start of b are characters that stand for themselves.
func plainLen(b []byte) int {
	for i, c := range b {
		if c < ' ' || c > '~' || c == '\\' {
			return i
		}
	}
	return len(b)
}

// Finish writes what is still buffered.
func (r *textForm) Finish() error {
	r.flush()
	if r.opts.Headings {
		r.endLine()
	}
	return r.finish()
}

// hexForm is lines of 16 bytes, as hexdump -C has them, each with its side.
type hexForm struct {
	turns
	line   []byte
	offset int64 // of line
}

// Hex writes a hex dump.
func Hex(w io.Writer, o Options) Writer { return &hexForm{turns: newTurns(w, o)} }

var sideMarks = [2]byte{analyzer.Client: '>', analyzer.Server: '<'}

func (r *hexForm) Piece(p *analyzer.Piece) error {
	if p.Kind == analyzer.PieceConflict {
		return nil
	}
	r.turn(p, r.flush)
	if p.Kind != analyzer.PieceData {
		r.flush()
		r.out.B = appendOffset(r.out.B, p.From, p.Offset)
		r.gap(p)
		r.out.B = append(r.out.B, '\n')
		return r.out.Spill()
	}
	for b := p.Bytes; len(b) > 0; {
		if len(r.line) == 0 {
			r.offset = p.Offset + p.Len - int64(len(b))
		}
		n := min(16-len(r.line), len(b))
		r.line, b = append(r.line, b[:n]...), b[n:]
		if len(r.line) == 16 {
			r.flush()
			if err := r.out.Spill(); err != nil {
				return err
			}
		}
	}
	return nil
}

// appendOffset begins a line.
func appendOffset(b []byte, from analyzer.Side, offset int64) []byte {
	b = append(b, sideMarks[from], ' ')
	for limit := int64(1 << 28); limit > max(offset, 1); limit >>= 4 {
		b = append(b, '0')
	}
	return append(strconv.AppendInt(b, offset, 16), "  "...)
}

// flush writes a line, be it whole or not.
func (r *hexForm) flush() {
	if len(r.line) == 0 {
		return
	}
	const blank = "                                                  |................|\n"
	const text = len(blank) - 2 - 16
	b := append(appendOffset(r.out.B, r.from, r.offset), blank...)
	row := b[len(b)-len(blank):]
	for i, c := range r.line {
		at := 3*i + i/8
		row[at], row[at+1] = hexDigits[c>>4], hexDigits[c&15]
		if c >= ' ' && c <= '~' {
			row[text+i] = c
		}
	}
	if n := len(r.line); n < 16 {
		b = append(b[:len(b)-2-16+n], '|', '\n')
	}
	r.out.B = b
	r.line = r.line[:0]
}

// Finish writes what is still buffered.
func (r *hexForm) Finish() error {
	r.flush()
	return r.finish()
}
