package check

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"math"
	"strconv"
	"strings"

	"tcptrace/check/expect"
	"tcptrace/report"
)

// MaxChanges is how many changes of a conversation a reader sees unless all are asked for.
const MaxChanges = 20

// written is a pair of conversations as it is written.
type written struct {
	text   []byte
	differ bool
}

// WriteDiff writes a difference for people, and reports whether there is one.
func WriteDiff(ctx context.Context, to io.Writer, d *expect.Difference, all bool, workers int) (differ bool, err error) {
	most := MaxChanges
	if all {
		most = 0
	}
	w := bufio.NewWriter(to)
	var same, changed int
	err = expect.Each(ctx, d, processors(workers), most, func(p *expect.Pair) written {
		if len(p.Changes) == 0 {
			return written{}
		}
		return written{pairText(p), true}
	}, func(p written) error {
		if !p.differ {
			same++
			return nil
		}
		changed++
		_, err := w.Write(p.text)
		return err
	})
	if err != nil {
		return false, err
	}
	for _, only := range [...]struct {
		where string
		list  []expect.Party
	}{{"A", d.OnlyA}, {"B", d.OnlyB}} {
		for _, p := range only.list {
			fmt.Fprintf(w, "only in %s: stream %d, %s: %s, %s\n", only.where, p.Stream, p.Endpoints(), p.Outcome, report.Counted(uint64(p.Packets), "packet"))
		}
	}
	fmt.Fprintf(w, "%s in both: %d alike, %d differ; %d only in A, %d only in B\n",
		report.Counted(uint64(same+changed), "conversation"), same, changed, len(d.OnlyA), len(d.OnlyB))
	return changed+len(d.OnlyA)+len(d.OnlyB) > 0, w.Flush()
}

func pairText(p *expect.Pair) []byte {
	b := make([]byte, 0, 128+64*len(p.Changes))
	b = fmt.Appendf(b, "A: stream %d, %s\nB: stream %d, %s\n", p.A.Stream, p.A.Endpoints(), p.B.Stream, p.B.Endpoints())
	for _, c := range p.Changes {
		switch {
		case c.Field == "anomalies" && c.B == "":
			b = fmt.Appendf(b, "  anomaly only in A: %s: %s\n", c.A, c.Lines[0])
		case c.Field == "anomalies":
			b = fmt.Appendf(b, "  anomaly only in B: %s: %s\n", c.B, c.Lines[0])
		case c.Lines != nil:
			b = fmt.Appendf(b, "  %s\n    %s\n", c.Field, strings.Join(c.Lines, "\n    "))
		default:
			for _, s := range [...]string{"  ", c.Field, ": ", orNothing(c.A), " -> ", orNothing(c.B)} {
				b = append(b, s...)
			}
			b = append(appendPercentage(b, c.A, c.B), '\n')
		}
	}
	if p.More > 0 {
		b = fmt.Appendf(b, "  and %d more changes (--all shows them)\n", p.More)
	}
	return append(b, '\n')
}

func orNothing(s string) string {
	if s == "" {
		return "nothing"
	}
	return s
}

// appendPercentage says how much more or less b is than a, if both are numbers.
func appendPercentage(to []byte, a, b string) []byte {
	v, err := strconv.ParseFloat(a, 64)
	if err != nil || v == 0 {
		return to
	}
	w, err := strconv.ParseFloat(b, 64)
	if err != nil {
		return to
	}
	to = append(to, " ("...)
	change := (w - v) / v * 100
	if !math.Signbit(change) {
		to = append(to, '+')
	}
	return append(strconv.AppendFloat(to, change, 'f', 0, 64), " %)"...)
}
