package page

import (
	"tcptrace/analyzer"
	"tcptrace/report"
)

// mostZones bounds how often clocks are changed in a capture, of which some claim to take centuries.
const mostZones = 64

// writeTimes writes how moments are shown: the name of the way, and, of times of the day, the zones of the capture, each with the second since 1970 from which
// it is in force, its seconds east of Greenwich and its name. A browser knows its own zone, not that of who made the page.
func (p *Page) writeTimes(e *encoder, s *analyzer.Summary) {
	mode := ""
	for _, c := range report.TimesNames {
		if c.Is == p.o.Times {
			mode = c.Name
		}
	}
	e.field("time").text(mode)
	e.field("zones").begin('[')
	at, end := p.o.Times.In(s.Start), s.End.Time()
	for n := 0; n < mostZones && !at.After(end); n++ {
		name, offset := at.Zone()
		e.begin('[')
		e.int(at.Unix())
		e.int(int64(offset))
		e.text(name)
		e.end(']')
		_, next := at.ZoneBounds()
		if next.IsZero() {
			break
		}
		at = next
	}
	e.end(']')
}
