package page

import (
	"bufio"
	"cmp"
	"fmt"
	"io"
	"math"
	"slices"

	"tcptrace/analyzer"
	"tcptrace/internal/console"
	"tcptrace/internal/findings"
	"tcptrace/report"
)

// Write writes the page. s is the summary of the first pass, filtered says whether not all conversations were asked for.
func (p *Page) Write(w io.Writer, s *analyzer.Summary, filtered bool) error {
	out := bufio.NewWriterSize(w, 1<<16)
	assets, err := ofFile()
	if err != nil {
		return err
	}
	if err := shell.ExecuteTemplate(out, "head", assets.head(console.Plain(p.o.Title))); err != nil {
		return err
	}
	open := func(id string) { fmt.Fprintf(out, "<script type=\"application/json\" id=\"%s\">", id) }
	details := p.chosen.Sorted()
	if p.o.Details == 0 {
		details = nil
	}
	if p.of == nil {
		p.prepare()
	}
	open("data")
	p.writeOverview(&encoder{Writer: out}, s, filtered, details)
	out.WriteString("</script>\n")
	for _, d := range details {
		open(fmt.Sprintf("stream-%d", d.c.Stream))
		p.writeDetail(&encoder{Writer: out}, d, s)
		out.WriteString("</script>\n")
		for i := range d.levels[1:] {
			n, level := 0, &d.levels[1+i]
			for chunk := range level.chunks() {
				open(fmt.Sprintf("stream-%d-%d-%d", d.c.Stream, i, n))
				writeChunk(&encoder{Writer: out}, chunk, level.all)
				out.WriteString("</script>\n")
				n++
			}
		}
	}
	open("words") // what the details have in common: known when they are written
	p.writeWords(&encoder{Writer: out})
	out.WriteString("</script>\n")
	if err := shell.ExecuteTemplate(out, "tail", assets.script); err != nil {
		return err
	}
	return out.Flush()
}

// writeOverview writes what is known of the whole capture.
func (p *Page) writeOverview(e *encoder, s *analyzer.Summary, filtered bool, details []*detail) {
	p.spreadLosses(details)
	slices.SortFunc(p.rows, func(a, b row) int { return cmp.Compare(a.stream, b.stream) })
	e.begin('{')
	e.field("title").text(p.o.Title)
	e.field("program").text(p.o.Program)
	e.field("words").exact(p.o.Words)
	e.field("files").texts(p.o.Files)
	e.field("start").time(s.Start)
	e.field("span").int(int64(s.End - s.Start))
	p.writeTimes(e, s)
	e.field("packets").uint(s.Packets)
	e.field("tcp").uint(s.TCP)
	e.field("conversations").uint(s.Conversations)
	e.field("selected").uint(p.selection)
	e.field("hidden").uint(p.hidden)
	e.field("live").bool(p.o.Live)
	e.field("filtered").bool(filtered)
	e.field("facts").begin('[')
	for _, f := range facts(s, report.Selection{Active: filtered, Matched: p.selection, Total: s.Conversations, Outcomes: p.outcomes}, p.o.Times) {
		e.texts(f[:])
	}
	e.end(']')
	e.field("unseen").texts(report.Notes(s))
	p.writeFindings(e, s)
	p.writeSeries(e, s.Start)
	p.writeRows(e, s.Start)
	e.field("strings").texts(p.words.list)
	e.field("sets").begin('[')
	for _, set := range p.sets.list {
		e.raw("[" + set + "]")
	}
	e.end(']')
	p.writeKinds(e, s.Start)
	e.field("states").begin('[')
	for _, name := range stateNames() {
		e.text(name)
	}
	e.end(']')
	e.field("outcomes").begin('[')
	for o := range analyzer.NumOutcomes {
		e.text(analyzer.Outcome(o).String())
	}
	e.end(']')
	e.field("details").begin('[')
	for _, d := range details {
		e.uint(d.c.Stream)
	}
	e.end(']')
	e.end('}')
}

// writeFindings writes what was found, each with the rows that it is about.
func (p *Page) writeFindings(e *encoder, s *analyzer.Summary) {
	r := p.found.Report(s, findings.Options{Command: p.o.Command, Times: p.o.Times})
	healthy := r.Healthy()
	if p.o.Limits != "" {
		healthy += "; what limits transfers: " + p.o.Limits
	}
	e.field("healthy").text(healthy)
	e.field("more").uint(r.More)
	place := make(map[uint64]int, len(p.rows))
	for i := range p.rows {
		place[p.rows[i].stream] = i
	}
	slices.SortFunc(p.marks, func(a, b marked) int { return cmp.Compare(a.stream, b.stream) })
	e.field("findings").begin('[')
	for i := range r.Findings {
		e.begin('{')
		p.writeFinding(e, &r.Findings[i], s.Start)
		p.writeRowsOf(e, &r.Findings[i], place, s.Start)
		e.end('}')
	}
	e.end(']')
}

// writeFinding writes what a finding says.
func (p *Page) writeFinding(e *encoder, f *findings.Finding, start analyzer.Time) {
	e.field("id").text(f.ID)
	e.field("text").text(f.Text)
	e.field("lies").text(string(f.Lies))
	e.field("why").text(f.Why)
	e.field("next").text(f.Next)
	e.field("anomalies").begin('[')
	for _, k := range f.Anomalies() {
		if n, ok := p.kinds.index[k.ID]; ok {
			e.uint(uint64(n))
		}
	}
	e.end(']')
	e.field("command").exact(f.Command)
	e.field("conversations").uint(f.Conversations)
	e.field("of").uint(f.Of)
	e.field("failed").uint(f.Failed)
	e.field("waited").int(int64(f.WaitedS * 1e9))
	e.field("again").uint(f.AgainBytes)
	if f.Stream != nil {
		e.field("stream").uint(*f.Stream)
	}
	if x := f.Evidence; x != nil {
		e.field("evidence").begin('{')
		e.field("stream").uint(x.Stream)
		e.field("frame").uint(x.Frame)
		e.field("when").begin('[').int(int64(analyzer.Time(x.Time) - start)).end(']')
		e.field("detail").text(x.Detail)
		e.end('}')
	}
	if f.Happened {
		e.field("happened").uint(1)
	}
}

// writeRowsOf writes the rows that a finding is about, by the place of their conversations, and from when to when they show it.
func (p *Page) writeRowsOf(e *encoder, f *findings.Finding, place map[uint64]int, start analyzer.Time) {
	e.field("rows").begin('[')
	before, first, last := 0, analyzer.Time(math.MaxInt64), analyzer.Time(math.MinInt64)
	for m := range p.marks {
		if f.Has(&p.marks[m].Mark) {
			at := place[p.marks[m].stream]
			e.int(int64(at - before))
			before = at
			if showed, known := f.When(&p.marks[m].Mark); known {
				first, last = min(first, showed), max(last, showed)
			}
		}
	}
	e.end(']')
	if first <= last {
		e.field("when").begin('[').int(int64(first - start)).int(int64(last - start)).end(']')
	}
}

// writeSeries writes the timeline.
func (p *Page) writeSeries(e *encoder, start analyzer.Time) {
	list := []*series{&p.traffic}
	for i := range p.events {
		list = append(list, &p.events[i])
	}
	align(list)
	e.field("timeline").begin('{')
	e.field("width").int(1 << p.traffic.shift)
	e.field("start").int(p.traffic.first<<p.traffic.shift - int64(start))
	for i, name := range []string{"bytes", "opened", "ended", "failed", "lost"} {
		e.field(name).begin('[')
		for _, n := range list[i].buckets {
			e.float(n)
		}
		e.end(']')
	}
	e.end('}')
}

// writeRows writes the table, column by column.
func (p *Page) writeRows(e *encoder, start analyzer.Time) {
	e.field("rows").begin('{')
	e.field("n").int(int64(len(p.rows)))
	numbers := make([]int64, len(p.rows))
	column := func(name string, of func(r *row) int64) {
		for i := range p.rows {
			numbers[i] = of(&p.rows[i])
		}
		e.field(name).numbers(numbers)
	}
	stream, time := int64(0), start // both as differences from the row before
	column("stream", func(r *row) int64 { d := int64(r.stream) - stream; stream = int64(r.stream); return d })
	column("start", func(r *row) int64 { d := r.start - time; time = r.start; return int64(d) })
	column("duration", func(r *row) int64 { return int64(r.duration) })
	for side, name := range []string{"client", "server"} {
		column(name, func(r *row) int64 { return int64(r.host[side]) })
		column(name+"Port", func(r *row) int64 { return int64(r.port[side]) })
		column(name+"Packets", func(r *row) int64 { return int64(r.packets[side]) })
		column(name+"Bytes", func(r *row) int64 { return int64(r.bytes[side]) })
		column(name+"State", func(r *row) int64 { return int64(r.state[side]) })
	}
	column("name", func(r *row) int64 { return int64(r.name) })
	column("lost", func(r *row) int64 { return int64(r.lost) })
	column("sent", func(r *row) int64 { return int64(r.sent) })
	column("rtt", func(r *row) int64 { return int64(r.roundTrip) })
	column("outcome", func(r *row) int64 { return int64(r.outcome) })
	column("inferred", func(r *row) int64 {
		if r.inferred {
			return 1
		}
		return 0
	})
	column("ended", func(r *row) int64 { return int64(r.ended) })
	column("cause", func(r *row) int64 { return int64(r.cause) })
	column("failure", func(r *row) int64 { return int64(r.failure) })
	column("set", func(r *row) int64 { return int64(r.set) })
	column("severity", func(r *row) int64 { return int64(r.severity) })
	e.end('}')
}

// writeKinds writes the kinds of anomalies that are there, and where.
func (p *Page) writeKinds(e *encoder, start analyzer.Time) {
	e.field("anomalies").begin('[')
	for i := range p.known {
		n := &p.known[i]
		k := n.kind
		e.begin('{')
		e.field("id").text(k.ID)
		e.field("severity").int(int64(k.Severity) + 1)
		e.field("summary").text(k.Summary)
		e.field("meaning").text(k.Meaning)
		e.field("causes").text(k.Causes)
		e.field("next").text(k.Next)
		e.field("rfc").text(k.RFC)
		if e.field("n").uint(n.conversations); n.conversations > 0 {
			e.field("when").begin('[').int(int64(n.first - start)).int(int64(n.last - start)).end(']')
			e.field("stream").uint(n.stream)
			e.field("frame").uint(n.frame)
			e.field("detail").text(n.detail)
		}
		e.end('}')
	}
	e.end(']')
}
