package check

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"
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
	w := bufio.NewWriter(to)
	var same, changed int
	err = expect.Each(ctx, d, processors(workers), func(p *expect.Pair) written {
		if len(p.Changes) == 0 {
			return written{}
		}
		return written{pairText(p, all), true}
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

func pairText(p *expect.Pair, all bool) []byte {
	var b bytes.Buffer
	fmt.Fprintf(&b, "A: stream %d, %s\nB: stream %d, %s\n", p.A.Stream, p.A.Endpoints(), p.B.Stream, p.B.Endpoints())
	shown := p.Changes
	if !all {
		shown = shown[:min(len(shown), MaxChanges)]
	}
	for _, c := range shown {
		switch {
		case c.Field == "anomalies" && c.B == "":
			fmt.Fprintf(&b, "  anomaly only in A: %s: %s\n", c.A, c.Lines[0])
		case c.Field == "anomalies":
			fmt.Fprintf(&b, "  anomaly only in B: %s: %s\n", c.B, c.Lines[0])
		case c.Lines != nil:
			fmt.Fprintf(&b, "  %s\n    %s\n", c.Field, strings.Join(c.Lines, "\n    "))
		default:
			fmt.Fprintf(&b, "  %s: %s -> %s%s\n", c.Field, orNothing(c.A), orNothing(c.B), percentage(c.A, c.B))
		}
	}
	if n := len(p.Changes) - len(shown); n > 0 {
		fmt.Fprintf(&b, "  and %d more changes (--all shows them)\n", n)
	}
	b.WriteByte('\n')
	return b.Bytes()
}

func orNothing(s string) string {
	if s == "" {
		return "nothing"
	}
	return s
}

// percentage says how much more or less b is than a, if both are numbers.
func percentage(a, b string) string {
	v, err := strconv.ParseFloat(a, 64)
	w, err2 := strconv.ParseFloat(b, 64)
	if err != nil || err2 != nil || v == 0 {
		return ""
	}
	return fmt.Sprintf(" (%+.0f %%)", (w-v)/v*100)
}
