package check

import (
	"fmt"
	"io"
	"path/filepath"
	"strings"

	"tcptrace/check/expect"
	"tcptrace/internal/console"
)

// WriteText writes results for people. Captures that passed are only counted unless all are asked for.
func WriteText(w io.Writer, rs Results, all bool) error {
	var b strings.Builder
	rs.describe(&b, all)
	b.WriteString(rs.Summary() + "\n")
	_, err := io.WriteString(console.NewWriter(w), b.String())
	return err
}

// Describe writes what is wrong, and no more.
func (rs Results) Describe(b *strings.Builder) {
	var text strings.Builder
	rs.describe(&text, false)
	b.WriteString(console.Plain(text.String()))
}

func (rs Results) describe(b *strings.Builder, all bool) {
	for i := range rs {
		writeResult(b, &rs[i], all)
	}
}

func writeResult(b *strings.Builder, r *Result, all bool) {
	switch r.Status {
	case Failed:
		fmt.Fprintf(b, "FAIL %s\n", console.Lines(r.Capture))
		r.writeFailures(b)
		b.WriteByte('\n')
	case Malformed, Unreadable:
		for _, p := range r.Problems {
			fmt.Fprintf(b, "ERROR %s\n", console.Lines(p))
		}
	case Written:
		fmt.Fprintf(b, "wrote %s: %s\n", console.Lines(r.Expectation), contents(r))
		for _, odd := range r.Odd {
			fmt.Fprintf(b, "  odd: %s\n", odd)
		}
	default:
		if all {
			fmt.Fprintf(b, "%s %s\n", r.Status, console.Lines(r.Name()))
		}
	}
	if all {
		for _, s := range r.Suppressed {
			fmt.Fprintf(b, "  suppressed: %s (%d): %s (%s)\n", s.Anomaly, s.Anomalies, console.Lines(s.Reason), console.Lines(s.Origin.String()))
		}
	}
}

func contents(r *Result) string {
	switch r.Conversations {
	case 0:
		return "no conversations"
	case 1:
		return "1 conversation: " + r.Outcomes
	}
	return fmt.Sprintf("%d conversations: %s", r.Conversations, r.Outcomes)
}

// maxTold is how many failures of a capture are written for people.
const maxTold = 1000

// writeFailures writes them stream by stream, in the order in which they come.
func (r *Result) writeFailures(b *strings.Builder) {
	byStream := map[int64][]*expect.Failure{}
	var streams []int64
	for i := range r.Failures[:min(len(r.Failures), maxTold)] {
		f := &r.Failures[i]
		if byStream[f.Stream] == nil {
			streams = append(streams, f.Stream)
		}
		byStream[f.Stream] = append(byStream[f.Stream], f)
	}
	for _, stream := range streams {
		indent := "  "
		if ends := r.endpoints[stream].words; ends != "" {
			fmt.Fprintf(b, "  stream %d, %s\n", stream, ends)
			indent = "    "
		}
		for _, f := range byStream[stream] {
			fmt.Fprintf(b, "%s%s\n", indent, console.Lines(fmt.Sprintf("%s: %s", f.Origin, f.Text)))
			for _, l := range f.Lines {
				fmt.Fprintf(b, "%s    %s\n", indent, console.Lines(l))
			}
		}
		for _, l := range r.sceneOf(stream) {
			fmt.Fprintf(b, "%s  %s\n", indent, l)
		}
	}
	if n := len(r.Failures) - maxTold; n > 0 {
		fmt.Fprintf(b, "  and %d more that are not shown (--format json has them)\n", n)
	}
}

// Summary is all results in one line.
func (rs Results) Summary() string {
	var words []string
	captures := 0
	for i := range rs {
		if rs[i].Capture != "" {
			captures++
		}
	}
	for _, c := range [...]struct {
		status Status
		text   string
	}{
		{Passed, "passed"}, {Failed, "failed"}, {Malformed, "with an expectation that cannot be used"}, {Unreadable, "that cannot be read"},
		{Unchecked, "not checked: nothing is expected of them"}, {Written, "with an expectation written"},
	} {
		if n := rs.Count(c.status); n > 0 {
			words = append(words, fmt.Sprintf("%d %s", n, c.text))
		}
	}
	noun := "captures"
	if captures == 1 {
		noun = "capture"
	}
	text := fmt.Sprintf("%d %s: %s", captures, noun, strings.Join(words, ", "))
	if n := rs.suppressed(); n > 0 {
		text += fmt.Sprintf("; %d anomalies suppressed", n)
	}
	return strings.TrimSuffix(text, ": ")
}

func (rs Results) suppressed() (n int) {
	for i := range rs {
		for _, s := range rs[i].Suppressed {
			n += s.Anomalies
		}
	}
	return n
}

// location is where a failure stands in a file: the expectation, or the capture if the rule is not of a file.
func (r *Result) location(f *expect.Failure) (file string, line int) {
	if f.Origin.Line > 0 {
		return f.Origin.File, f.Origin.Line
	}
	if r.Expectation != "" {
		return filepath.ToSlash(r.Expectation), 1
	}
	return filepath.ToSlash(r.Capture), 0
}

// message is a failure for those who see it beside its file.
func (r *Result) message(f *expect.Failure) string {
	text := filepath.ToSlash(r.Capture) + ": "
	if f.Stream != expect.NoStream {
		text += fmt.Sprintf("stream %d: ", f.Stream)
	}
	return text + f.Text
}
