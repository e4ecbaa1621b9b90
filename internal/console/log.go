package console

import (
	"io"
	"os"
)

// Commands reports whether what is written to standard output and standard error is a log in which a CI system looks for commands.
func Commands() bool {
	for _, name := range []string{"GITHUB_ACTIONS", "TF_BUILD", "TEAMCITY_VERSION"} {
		if os.Getenv(name) != "" {
			return true
		}
	}
	return false
}

// NewLog is NewWriter for a log. If commands, no command that a CI system looks for in it is left in the text: at the beginning of a line,
// blanks before it or not, as in "::error::text" of GitHub, or anywhere as in "##[error]text", "##vso[..." and "##teamcity[...".
func NewLog(w io.Writer, commands bool) *Writer {
	if commands {
		w = &defused{w: w}
	}
	return NewWriter(w)
}

// defused writes text in which one character of each command is escaped.
type defused struct {
	w     io.Writer
	buf   []byte
	line  place // where in the line it is
	mark  int   // how many of "##" were before this character
	named bool  // and a name behind them
}

// place is what the line begins with.
type place uint8

const (
	blanks place = iota
	colon        // behind blanks
	beyond
)

// Write implements io.Writer.
func (d *defused) Write(p []byte) (int, error) {
	d.buf = d.buf[:0]
	for _, c := range p {
		switch {
		case d.line == colon && c == ':':
			d.buf = append(d.buf, `\x3a`...)
		case d.mark == 2 && c == '[':
			d.buf = append(d.buf, `\x5b`...)
		default:
			d.buf = append(d.buf, c)
		}
		d.next(c)
	}
	n, err := d.w.Write(d.buf)
	if err == nil && n < len(d.buf) {
		err = io.ErrShortWrite
	}
	if err != nil {
		return 0, err
	}
	return len(p), nil
}

// next takes c into account, which was written.
func (d *defused) next(c byte) {
	switch {
	case c == '\n':
		d.line = blanks
	case d.line == blanks && (c == ' ' || c == '\t'):
	case d.line == blanks && c == ':':
		d.line = colon
	default:
		d.line = beyond
	}
	switch letter := c|0x20 >= 'a' && c|0x20 <= 'z'; {
	case c == '#' && !d.named:
		d.mark = min(d.mark+1, 2)
	case c == '#':
		d.mark, d.named = 1, false
	case letter && d.mark == 2:
		d.named = true
	default:
		d.mark, d.named = 0, false
	}
}
