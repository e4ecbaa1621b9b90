package view

import (
	"regexp"
	"strings"
	"unicode"

	"github.com/charmbracelet/x/ansi"

	"tcptrace/analyzer"
	"tcptrace/report"
)

// style is how text looks.
type style uint8

const (
	ordinary style = iota
	strong
	faint
	chosen // the line that is selected
	good
	warning
	failure
)

// styles are the attributes of ECMA-48 8.3.117. Colours are left out where they are not wanted.
var styles = [...]struct {
	set   string
	color bool
}{
	strong: {set: "\x1b[1m"}, faint: {set: "\x1b[2m"}, chosen: {set: "\x1b[7m"},
	good: {"\x1b[32m", true}, warning: {"\x1b[33m", true}, failure: {"\x1b[31m", true},
}

const resetStyle = "\x1b[0m"

var severityStyles = [...]style{
	analyzer.SeverityNote: ordinary, analyzer.SeverityWarning: warning, analyzer.SeverityError: failure,
}

// painter makes lines for the terminal. No text gets there but through it.
type painter struct {
	color    bool
	width    int
	services func(port uint16) string // names of ports; nil: none
}

// paint is text in style.
func (p *painter) paint(s style, text string) string {
	text = plain(text)
	if set := styles[s]; text != "" && set.set != "" && (p.color || !set.color) {
		return set.set + text + resetStyle
	}
	return text
}

// line is text in style, cut, which an ellipsis shows, or filled to the width of the screen.
func (p *painter) line(s style, text string) string {
	return p.paint(s, fill(ansi.Truncate(plain(text), p.width, "…"), p.width))
}

// bar is a line with text at its two ends. The right one gives way.
func (p *painter) bar(s style, left, right string) string {
	left, right = plain(left), plain(right)
	if gap := p.width - ansi.StringWidth(left) - ansi.StringWidth(right); gap > 0 {
		left += strings.Repeat(" ", gap) + right
	}
	return p.line(s, left)
}

// plain is text without what a terminal would not simply show in its place: controls, marks that turn the direction of text or
// join others, and what nobody can see.
func plain(text string) string {
	text = report.PlainText(text)
	return strings.Map(func(r rune) rune {
		if !unicode.IsPrint(r) || unicode.Is(unicode.Mn, r) || unicode.Is(unicode.Me, r) || unicode.Is(unicode.Variation_Selector, r) {
			return '?'
		}
		return r
	}, text)
}

// cut is text, or as much of it as width columns hold.
func cut(text string, width int) string {
	if width <= 0 {
		return ""
	}
	return ansi.Truncate(text, width, "")
}

// fill is text of exactly width columns.
func fill(text string, width int) string {
	text = cut(text, width)
	return text + strings.Repeat(" ", max(0, width-ansi.StringWidth(text)))
}

// fillLeft is the same, with the text at the right end.
func fillLeft(text string, width int) string {
	text = cut(text, width)
	return strings.Repeat(" ", max(0, width-ansi.StringWidth(text))) + text
}

// ladderStyle are the sequences with which a ladder is painted.
var ladderStyle = regexp.MustCompile(`\x1b\[(?:0|1|31|33)m`)

// painted is a line of a ladder: its own sequences stay, nothing else does.
func (p *painter) painted(line string) string {
	var b strings.Builder
	from := 0
	for _, at := range ladderStyle.FindAllStringIndex(line, -1) {
		b.WriteString(plain(line[from:at[0]]))
		b.WriteString(line[at[0]:at[1]])
		from = at[1]
	}
	b.WriteString(plain(line[from:]))
	return ansi.Truncate(b.String(), p.width, "")
}
