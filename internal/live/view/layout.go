package view

import (
	"strings"

	"github.com/charmbracelet/x/ansi"
)

const (
	leastAddr    = 18 // columns that an address has before another column is left out: 192.168.1.10:40000
	marginWidth  = 2  // the mark of the selected row, and the sign
	leastColumns = 1  // of a page
)

// layout is which columns are shown and how wide they are.
type layout struct {
	cols   []int // of columns
	widths []int
	pages  int
}

// newLayout fits a page of columns to a width. What does not fit is on the next page; those that name the conversation
// are on every page.
func newLayout(rows []*row, width, page int) layout {
	naming := make([]int, numNaming)
	for col := range naming {
		naming[col] = max(columns[col].width, len(columns[col].head))
		for _, r := range rows {
			naming[col] = max(naming[col], len(columns[col].text(r)))
		}
	}
	room := width - marginWidth - naming[colStream] - 2 - min(naming[colClient], leastAddr) - min(naming[colServer], leastAddr)
	pages := paginate(room, shownColumns(rows)[numNaming:])
	chosen := pages[page%len(pages)]
	l := layout{cols: []int{colStream, colClient, colServer}, pages: len(pages)}
	for _, col := range chosen {
		room -= columns[col].width + 1
	}
	client, server := share(room, naming[colClient], naming[colServer])
	room -= client + server - min(naming[colClient], leastAddr) - min(naming[colServer], leastAddr)
	l.widths = []int{naming[colStream], client, server}
	for _, col := range chosen {
		l.cols = append(l.cols, col)
		l.widths = append(l.widths, columns[col].width+widen(col, rows, room))
	}
	return l
}

// widen is how many columns more the text of a growing column takes, of the room that is left. There is one on a page at most.
func widen(col int, rows []*row, room int) int {
	if !columns[col].grows || room <= 0 {
		return 0
	}
	longest := 0
	for _, r := range rows {
		longest = max(longest, ansi.StringWidth(columns[col].text(r)))
	}
	return max(0, min(room, longest-columns[col].width))
}

// paginate divides columns into pages that fit room.
func paginate(room int, shown []int) (pages [][]int) {
	var page []int
	left := room
	for _, col := range shown {
		need := columns[col].width + 1
		if need > left && len(page) >= leastColumns {
			pages = append(pages, page)
			page, left = nil, room
		}
		page = append(page, col)
		left -= need
	}
	return append(pages, page)
}

// share divides what room is left between the addresses, which have leastAddr columns already.
func share(room, client, server int) (int, int) {
	a, b := min(client, leastAddr), min(server, leastAddr)
	for ; room > 0 && (a < client || b < server); room-- {
		if b >= server || a < client && a <= b {
			a++
		} else {
			b++
		}
	}
	return a, b
}

// cells is a line of the table: a text for every column.
func (l *layout) cells(text func(i, width int) string) string {
	var b strings.Builder
	for i, col := range l.cols {
		if i > 0 {
			b.WriteByte(' ')
		}
		if s := text(i, l.widths[i]); columns[col].number {
			b.WriteString(fillLeft(s, l.widths[i]))
		} else {
			b.WriteString(fill(s, l.widths[i]))
		}
	}
	return b.String()
}
