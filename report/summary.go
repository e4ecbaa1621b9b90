package report

import (
	"fmt"
	"io"
	"strings"

	"tcptrace/analyzer"
	"tcptrace/report/internal/human"
)

const labelWidth = 15

// WriteSummary writes s to w in words, a fact a line, with moments as times says. What did not happen is left
// out.
func WriteSummary(w io.Writer, s *analyzer.Summary, sel Selection, times Times) error {
	_, err := io.WriteString(w, summaryText(s, s.NotAnalyzed(), sel, times))
	return err
}

func summaryText(s *analyzer.Summary, notAnalyzed []analyzer.Count, sel Selection, times Times) string {
	var t summaryLines
	switch {
	case s.Packets == 0:
		t.say("The capture holds no packets.")
	case s.TCP == 0 && s.Filtered == s.Packets:
		t.say("The capture filter left out all packets.")
	case s.TCP == 0:
		t.say("The capture holds no TCP packet that can be analyzed.")
	case sel.Active && sel.Matched == 0:
		t.say("No conversation matches --where.")
	}
	if s.Packets > 0 {
		t.line("packets", "%s (%s)", human.Count(s.Packets), human.Bytes(s.Bytes))
		t.line("time", "%s", timeSpan(s.Start, s.End, times))
	}
	t.count("filtered", s.Filtered, "packet", "left out by -f")
	if s.TCP > 0 {
		t.line("TCP", "%s in %s", human.Counted(s.TCP, "packet"), human.Counted(s.Conversations, "conversation"))
	}
	if sel.Active {
		t.line("selected", "%s of %s --where", human.Count(sel.Matched), agree(sel.Total, "conversation", "match"))
		t.outcomes(&sel.Outcomes)
	} else {
		t.outcomes(&s.Outcomes)
	}
	label := "not analyzed"
	for _, n := range notAnalyzed {
		t.line(label, "%s: %s", human.Counted(n.Packets, "packet"), n.Text)
		label = ""
	}
	t.count("fragments", s.FirstFragments, "TCP packet", "whose later IP fragments are not in the capture")
	t.count("reassembled", s.Reassembled, "TCP packet", "of IP fragments")
	t.count("cut options", s.CutOptions, "TCP packet", "whose options the snap length cut")
	t.count("bad options", s.BadOptions, "TCP packet", "with malformed options")
	t.count("tunneled", s.Tunneled, "TCP packet", "found inside an encapsulation")
	t.count("ICMP errors", s.ICMPErrors, "packet", "about TCP segments"+strayICMP(s))
	t.count("evicted", s.Evicted, "conversation", "ended early because the flow table was full (--max-flows)")
	t.count("left out", s.LeftOut, "conversation", leftOut)
	t.count("released early", s.ReleasedEarly, "closed conversation", "let go before 2 MSL because too many were waiting")
	t.count("timed out", s.TimedOut, "conversation", "silent for too long to be followed on")
	for _, short := range s.Shortfalls() {
		t.count("no room", short.Count, short.Noun, short.Text)
	}
	t.count("other frames", s.OtherFrames, "record", "without a packet, with frame numbers as in Wireshark")
	t.count("dropped", s.Drops, "packet", "lost by the capturing side, by its own count")
	return t.String()
}

// leftOut is what became of Summary.LeftOut.
const leftOut = "left out because of the interrupt"

// strayICMP says how many of the ICMP errors belong to no conversation.
func strayICMP(s *analyzer.Summary) string {
	if s.StrayICMP == 0 {
		return ""
	}
	return ", " + human.Count(s.StrayICMP) + " of connections that the capture does not hold"
}

// timeSpan is the time of the first and the last packet, and how long that is; a
// date is not repeated.
func timeSpan(start, end analyzer.Time, times Times) string {
	const date, clock = "2006-01-02 ", "15:04:05.000"
	a, b := times.In(start), times.In(end)
	last := date + clock
	if a.Format(date) == b.Format(date) {
		last = clock
	}
	return fmt.Sprintf("%s to %s %s (%s)", a.Format(date+clock), b.Format(last), a.Format("MST"), human.Duration(end.Sub(start)))
}

// agree is a count, its noun and a verb in the right number.
func agree(n uint64, noun, verb string) string {
	if n == 1 {
		verb += "es"
	}
	return human.Counted(n, noun) + " " + verb
}

// summaryLines is text of labelled lines.
type summaryLines struct{ strings.Builder }

func (t *summaryLines) say(sentence string) { fmt.Fprintln(t, sentence) }

func (t *summaryLines) line(label, format string, args ...any) {
	fmt.Fprintf(t, "%-*s %s\n", labelWidth, label, fmt.Sprintf(format, args...))
}

// count writes a line if there is anything to count.
func (t *summaryLines) count(label string, n uint64, noun, what string) {
	if n > 0 {
		t.line(label, "%s %s", human.Counted(n, noun), what)
	}
}

func (t *summaryLines) outcomes(counts *[analyzer.NumOutcomes]uint64) {
	var parts []string
	for o, n := range counts {
		if n > 0 {
			parts = append(parts, human.Count(n)+" "+analyzer.Outcome(o).String())
		}
	}
	if len(parts) > 0 {
		t.line("outcomes", "%s", strings.Join(parts, ", "))
	}
}

// notTCP are the reasons that do not hide any TCP.
var notTCP = map[string]bool{"not-ip": true, "not-tcp": true, "ip-fragment-reassembled": true}

// Notes is what a user must know before trusting a report: what may be TCP and was
// not analyzed, and what was lost. It is nil when there is nothing of the kind. Each
// note is a line without its end.
func Notes(s *analyzer.Summary) []string { return notes(s, s.NotAnalyzed()) }

func notes(s *analyzer.Summary, notAnalyzed []analyzer.Count) []string {
	var out, why []string
	var skipped uint64
	for _, n := range notAnalyzed {
		if !notTCP[n.Reason] {
			skipped += n.Packets
			why = append(why, human.Count(n.Packets)+" "+n.Text)
		}
	}
	if skipped > 0 {
		out = append(out, fmt.Sprintf("%s that may be TCP not analyzed: %s", human.Counted(skipped, "packet"), strings.Join(why, ", ")))
	}
	for _, short := range s.Shortfalls() {
		out = append(out, "no room: "+human.Counted(short.Count, short.Noun)+" "+short.Text)
	}
	var lost []string
	if s.Evicted > 0 {
		lost = append(lost, human.Counted(s.Evicted, "conversation")+" ended early because the flow table was full (--max-flows)")
	}
	if s.LeftOut > 0 {
		lost = append(lost, human.Counted(s.LeftOut, "conversation")+" "+leftOut)
	}
	if s.Drops > 0 {
		lost = append(lost, "the capturing side lost "+human.Counted(s.Drops, "packet"))
	}
	if len(lost) > 0 {
		out = append(out, strings.Join(lost, "; "))
	}
	return out
}
