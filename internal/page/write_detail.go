package page

import (
	"strings"

	"tcptrace/analyzer"
	"tcptrace/fsm"
	"tcptrace/report"
)

// writeDetail writes a conversation that is shown segment by segment. Its times are relative to its first frame.
func (p *Page) writeDetail(e *encoder, d *detail, s *analyzer.Summary) {
	p.judgment.Judge(&d.c)
	e.begin('{')
	e.field("stream").uint(d.c.Stream)
	e.field("communityID").text(report.CommunityID(d.c.Addr[analyzer.Client], d.c.Addr[analyzer.Server]))
	e.field("start").time(d.c.Start)
	e.field("since").int(int64(d.c.Start - s.Start))
	e.field("duration").int(int64(d.c.Duration()))
	e.field("rest").int(max(0, int64(s.End-d.c.Start)))
	e.field("packets").uint(d.c.Packets())
	e.field("frames").begin('[').uint(d.c.FirstFrame).uint(d.c.LastFrame).end(']')
	e.field("missing").uint(d.missing)
	e.field("hosts").texts([]string{report.HostText(&d.c, analyzer.Client), report.HostText(&d.c, analyzer.Server)})
	e.field("story").texts(report.Story(&d.c, &p.judgment))
	distance := distances(&d.c)
	e.field("distances").begin('[').int(int64(distance[0])).int(int64(distance[1])).end(']')
	e.field("steps").begin('[')
	for side := range p.judgment.Trajectory {
		e.begin('[')
		for i := range p.judgment.Trajectory[side] {
			writeStep(e, &p.judgment.Trajectory[side][i], d.c.Start)
		}
		e.end(']')
	}
	e.end(']')
	e.field("anomalies").begin('[')
	for i := range p.judgment.Anomalies {
		p.writeAnomaly(e, &d.c, &p.judgment.Anomalies[i])
	}
	e.end(']')
	coarse := &d.levels[0]
	writeSegments(e, coarse.done(), coarse.all)
	e.field("levels").begin('[')
	for i := range d.levels[1:] {
		e.begin('[')
		for chunk := range d.levels[1+i].chunks() {
			e.begin('[').int(int64(chunk[0].since)).int(int64(chunk[len(chunk)-1].since)).int(int64(len(chunk))).end(']')
		}
		e.end(']')
	}
	e.end(']')
	e.end('}')
}

// writeChunk writes segments that stand together.
func writeChunk(e *encoder, chunk []segment, all bool) {
	e.begin('{')
	writeSegments(e, chunk, all)
	e.end('}')
}

// writeStep writes a step of a trajectory: state, evidence, cause, and when.
func writeStep(e *encoder, s *analyzer.Step, start analyzer.Time) {
	e.begin('{')
	e.field("state").int(int64(s.State))
	e.field("cause").text(s.Cause.String())
	e.field("evidence").text(s.Evidence.String())
	e.field("t").int(int64(s.Time - start))
	if s.Frame != 0 {
		e.field("frame").uint(s.Frame)
	}
	if s.ProofFrame != 0 {
		e.field("proof").uint(s.ProofFrame)
	}
	if s.NotBefore != 0 {
		e.field("from").int(int64(s.NotBefore - start))
	}
	if s.NotAfter != 0 {
		e.field("to").int(int64(s.NotAfter - start))
	}
	e.end('}')
}

func (p *Page) writeAnomaly(e *encoder, c *analyzer.Conversation, a *analyzer.Anomaly) {
	e.begin('{')
	e.field("kind").uint(uint64(p.kindOf(a.Kind)))
	e.field("severity").int(int64(a.Kind.Severity) + 1)
	if a.HasSide {
		e.field("side").int(int64(a.Side))
	}
	e.field("frame").uint(a.Frame)
	e.field("t").int(int64(a.Time - c.Start))
	e.field("detail").text(report.Detail(c, a))
	e.end('}')
}

// writeSegments writes segments, column by column. Times, frames, and the numbers of each side are as differences from those before.
func writeSegments(e *encoder, list []segment, all bool) {
	e.field("all").bool(all)
	e.field("segments").begin('{')
	column := func(name string, of func(s *segment) int64) {
		e.field(name).begin('[')
		for i := range list {
			e.int(of(&list[i]))
		}
		e.end(']')
	}
	var t, frame int64
	var seq, ack [2]int64
	column("t", func(s *segment) int64 { d := int64(s.since) - t; t = int64(s.since); return d })
	column("frame", func(s *segment) int64 { d := int64(s.frame) - frame; frame = int64(s.frame); return d })
	column("code", func(s *segment) int64 { return int64(s.code) })
	column("seq", func(s *segment) int64 { d := s.seq - seq[s.side]; seq[s.side] = s.seq; return d })
	column("ack", func(s *segment) int64 { d := s.ack - ack[s.side]; ack[s.side] = s.ack; return d })
	column("len", func(s *segment) int64 { return int64(s.len) })
	column("window", func(s *segment) int64 { return int64(s.window) })
	for side, name := range [2]string{"flightClient", "flightServer"} {
		before := int64(0)
		column(name, func(s *segment) int64 { d := s.flight[side] - before; before = s.flight[side]; return d })
	}
	sparse(e, "rtt", list, func(s *segment) bool { return s.roundTrip > 0 }, func(s *segment) { e.int(int64(s.roundTrip)) })
	sparse(e, "notes", list, func(s *segment) bool { return s.notes > 0 }, func(s *segment) { e.int(int64(s.notes) - 1) })
	sparse(e, "sack", list, func(s *segment) bool { return s.nsack > 0 }, func(s *segment) {
		e.begin('[')
		for _, b := range s.sacks[:s.nsack] {
			e.int(b[0]).int(b[1] - b[0])
		}
		e.end(']')
	})
	if !all {
		column("for", func(s *segment) int64 { return int64(s.packets) })
		column("bytes", func(s *segment) int64 { return int64(s.bytes) })
	}
	e.end('}')
}

// sparse writes a column of which most values are missing: how many segments further, and the value.
func sparse(e *encoder, name string, list []segment, has func(*segment) bool, value func(*segment)) {
	e.field(name).begin('[')
	before := 0
	for i := range list {
		if has(&list[i]) {
			e.int(int64(i - before))
			value(&list[i])
			before = i
		}
	}
	e.end(']')
}

// writeWords writes what the segments of all conversations refer to.
func (p *Page) writeWords(e *encoder) {
	e.begin('{')
	e.field("codes").begin('[')
	for _, c := range p.codes.list {
		cause := ""
		if c.kind == analyzer.KindRetransmission {
			cause = c.cause.Term().Name
		}
		e.begin('[').int(int64(c.side)).text(c.flags).text(c.kind.Term().Name).text(cause).bool(c.spurious).bool(c.unscaled).end(']')
	}
	e.end(']')
	e.field("notes").texts(p.notes.list)
	e.field("kinds").begin('{')
	for k := range analyzer.NumKinds {
		term := analyzer.Kind(k).Term()
		e.field(term.Name).text(term.Text)
	}
	e.end('}')
	e.end('}')
}

// facts are the lines of the summary: what, and how much. Moments are as times says.
func facts(s *analyzer.Summary, sel report.Selection, times report.Times) (list [][2]string) {
	var text strings.Builder
	if report.WriteSummary(&text, s, sel, times) != nil {
		return nil
	}
	for line := range strings.Lines(text.String()) {
		line = strings.TrimRight(line, "\n")
		label, rest, columns := strings.Cut(line, "  ")
		if !columns {
			label, rest = "", line
		}
		if rest = strings.TrimSpace(rest); rest != "" {
			list = append(list, [2]string{strings.TrimSpace(label), rest})
		}
	}
	return list
}

// stateNames are the names of the states, by number.
func stateNames() (names []string) {
	for s := range fsm.NumStates {
		names = append(names, s.String())
	}
	return names
}
