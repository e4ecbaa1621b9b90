package report

import (
	"fmt"
	"io"
	"time"

	"tcptrace/analyzer"
	"tcptrace/internal/console"
	"tcptrace/report/internal/human"
	"tcptrace/report/internal/output"
)

// Long writes the statistics of each conversation, the client's and the server's side by side, omitting
// those that are 0 on both sides.
type Long struct {
	out       output.Buffer
	judgment  analyzer.Judgment
	selection Selection
	shown     uint64
	times     Times
	base      analyzer.Time // relative times count from here; of Delta, start of the conversation before
}

// NewLong returns a report that writes to w.
func NewLong(w io.Writer, times Times) *Long {
	return &Long{out: output.NewBuffer(console.Styled(w)), times: times}
}

func (r *Long) begins(first analyzer.Time) { r.base = first }

func (r *Long) selected(s Selection) { r.selection = s }

const (
	longName  = 31 // columns
	longValue = 18
)

// Conversation writes the statistics of c.
func (r *Long) Conversation(c *analyzer.Conversation) error {
	r.shown++
	r.judgment.Judge(c)
	o := &r.out
	fmt.Fprintf(o, "conversation %d\n", c.Stream)
	fmt.Fprintf(o, "  %s to %s, community ID %s\n", c.Addr[analyzer.Client], c.Addr[analyzer.Server], CommunityID(c.Addr[analyzer.Client], c.Addr[analyzer.Server]))
	for side := range c.Names {
		if name := human.Named(c, analyzer.Side(side)); name != "" {
			fmt.Fprintf(o, "  the %s is %s (%s)\n", analyzer.Side(side), name, c.Names[side].Kind)
		}
	}
	if c.ALPN != "" {
		fmt.Fprintf(o, "  the client offers %s\n", human.PlainText(c.ALPN, false))
	}
	if c.Roles == analyzer.RolesInferred {
		fmt.Fprintln(o, "  who is the client is inferred: the capture does not show the handshake")
	}
	start := r.times.Full(c.Start, r.base, 6)
	if r.times == human.Delta && r.shown > 1 {
		start = human.Seconds(int64(c.Start.Sub(r.base)), 6) + " s after the one above"
	}
	if r.times == human.Delta {
		r.base = c.Start
	}
	fmt.Fprintf(o, "  %s, %s, %s, frames %d to %d\n", start,
		human.Duration(c.Duration()), human.Counted(c.Packets(), "packet"), c.FirstFrame, c.LastFrame)
	fmt.Fprintf(o, "  %s\n\n", c.Outcome)
	fmt.Fprintf(o, "  %-*s %*s %*s\n", longName, "", longValue, "client", longValue, "server")
	r.line("state", r.judgment.State[analyzer.Client].String(), r.judgment.State[analyzer.Server].String())
	for _, subject := range Statistics {
		head := false
		for i := range subject.List {
			s := &subject.List[i]
			client, server := s.Value(c, &c.Sent[analyzer.Client]), s.Value(c, &c.Sent[analyzer.Server])
			if client == 0 && server == 0 {
				continue
			}
			if !head {
				head = true
				fmt.Fprintf(o, "\n  %s\n", subject.Subject)
			}
			r.line(s.Name, humanValue(s, client), humanValue(s, server))
		}
	}
	for i := range r.judgment.Anomalies {
		a := &r.judgment.Anomalies[i]
		if i == 0 {
			fmt.Fprintln(o, "\n  Anomalies")
		}
		fmt.Fprintf(o, "  %s %s: %s\n", a.Kind.Severity, a.Kind.ID, Detail(c, a))
	}
	fmt.Fprintln(o)
	return o.Err
}

func (r *Long) line(name, client, server string) {
	fmt.Fprintf(&r.out, "  %-*s %*s %*s\n", longName, name, longValue, client, longValue, server)
}

// humanValue is a value of s for people; "-" if it is 0.
func humanValue(s *Statistic, v int64) string {
	if v == 0 {
		return "-"
	}
	switch s.Unit {
	case Seconds:
		return human.Duration(time.Duration(v))
	case Ratio:
		return fmt.Sprintf("%.3f %%", float64(v)/1e7)
	case Flag:
		return "yes"
	}
	return human.Count(uint64(v))
}

// Finish says what is not shown.
func (r *Long) Finish(s *analyzer.Summary) error {
	total := s.Conversations
	if r.selection.Active {
		total = r.selection.Matched
	}
	if hidden := max(total, r.shown) - r.shown; hidden > 0 {
		fmt.Fprintf(&r.out, "%s, --stream N one\n", moreRows(hidden, total))
	}
	fmt.Fprintln(&r.out, "'tcptrace fields' says what each number means. - is 0, or not known.")
	return r.out.Flush()
}
