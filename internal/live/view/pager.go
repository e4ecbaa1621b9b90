package view

// pager is lines of which some are visible. At the end it follows those that come.
type pager struct {
	lines []string
	top   int  // of lines: the first that is visible
	left  bool // what comes is not followed: somebody scrolled up
}

// scroll moves by some lines, of which height are visible.
func (g *pager) scroll(by, height int) {
	end := max(0, len(g.lines)-height)
	g.top = max(0, min(g.top+by, end))
	g.left = g.top < end
}

// window is the lines that are visible, filled up with empty ones.
func (g *pager) window(height int) []string {
	end := max(0, len(g.lines)-height)
	if !g.left {
		g.top = end
	}
	g.top = min(g.top, end)
	shown := make([]string, height)
	copy(shown, g.lines[g.top:])
	return shown
}
