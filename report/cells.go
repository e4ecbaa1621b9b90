package report

import (
	"bytes"
	"strings"

	"tcptrace/analyzer"
	"tcptrace/report/internal/human"
)

// appendLine appends a line of the table.
func (v *view) appendLine(b []byte, l *fitted, c *row) []byte {
	for i, col := range l.columns {
		s := v.text(col, c, l.widths[i])
		blanks := max(l.widths[i]-len(s), 0)
		if v.columns[col].number {
			b = append(b, strings.Repeat(" ", blanks)...)
			blanks = 0
		}
		b = append(b, v.colored(s, col, c)...)
		b = append(b, strings.Repeat(" ", blanks+l.gap)...)
	}
	return append(bytes.TrimRight(b, " "), '\n')
}

// cell is the text of a column, at most width wide but for colour.
func (v *view) cell(col column, c *row, width int) string {
	return v.colored(v.text(col, c, width), col, c)
}

// text is the text of a column, at most width wide.
func (v *view) text(col column, c *row, width int) string {
	s := v.columns[col].text(v, c)
	switch {
	case len(s) <= width:
	case col == colClient, col == colServer:
		s = human.ShortAddr(c.Addr[col-colClient], width)
	case col == colName:
		s = human.CutNameTo(s, width)
	case col == colAnomaly:
		s = c.cutWorst(width)
	}
	return s
}

// colored is the text s of a column in its colour.
func (v *view) colored(s string, col column, c *row) string {
	if color := c.color(col); v.color && color != "" {
		return color + s + human.Reset
	}
	return s
}

// color is the colour of a cell, "" for none.
func (c *row) color(col column) string {
	switch {
	case col == colOutcome && c.Outcome < analyzer.NumOutcomes:
		return outcomeColors[c.Outcome]
	case col == colAnomaly && c.worst != nil:
		return human.SeverityColors[c.worst.Severity]
	}
	return ""
}
