package report

import (
	"bytes"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"

	"tcptrace/analyzer"
	"tcptrace/internal/testutil/golden"
	"tcptrace/report/internal/human"
	"tcptrace/report/internal/sample"
)

func tableOf(t *testing.T, o TableOptions, cs []analyzer.Conversation) string {
	t.Helper()
	var out bytes.Buffer
	sum := sample.Summary()
	sum.Conversations = uint64(len(cs))
	write(t, NewTable(&out, o), cs, sum)
	return out.String()
}

// judgedTable is the sample as it might be judged.
func judgedTable(t *testing.T, o TableOptions, laid int) string {
	t.Helper()
	var out bytes.Buffer
	cs := sample.Conversations()
	rows := []row{
		{Conversation: &cs[3], state: [2]string{"SYN_SENT", "UNKNOWN"}, worst: &analyzer.AnomalyKind{ID: "no-answer", Severity: analyzer.SeverityError}, others: 2},
		{Conversation: &cs[0], state: [2]string{"TIME_WAIT", "CLOSED"}, worst: &analyzer.AnomalyKind{ID: "fin-retransmit-in-time-wait", Severity: analyzer.SeverityWarning}, others: 0},
		{Conversation: &cs[1], state: [2]string{"CLOSED", "CLOSED"}, worst: &analyzer.AnomalyKind{ID: "port-reused", Severity: analyzer.SeverityNote}, others: 11},
		{Conversation: &cs[2], state: [2]string{"ESTABLISHED", "ESTABLISHED"}, worst: nil, others: 0},
	}
	table := NewTable(&out, o)
	table.laid = laid
	if err := table.show(rows, sample.Summary()); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

// grid is the table without the summary.
func gridOf(s string) string {
	grid, _, _ := strings.Cut(s, "\n\n")
	return grid + "\n"
}

func TestTableFitsEveryWidth(t *testing.T) {
	var all bytes.Buffer
	for width := human.MinWidth; width <= 160; width++ {
		grid := gridOf(judgedTable(t, TableOptions{Width: width}, laidRows))
		lines := strings.Split(strings.TrimSuffix(grid, "\n"), "\n")
		if len(lines) != 1+len(sample.Conversations())+1 {
			t.Errorf("width %d: %d lines\n%s", width, len(lines), grid)
		}
		for _, line := range lines[:len(lines)-1] {
			if len(line) > width || line != strings.TrimRight(line, " ") {
				t.Errorf("width %d: a line of %d: %q", width, len(line), line)
			}
		}
		if width%20 == 0 {
			fmt.Fprintf(&all, "width %d\n%s\n", width, grid)
		}
	}
	golden.Compare(t, "widths.txt", all.Bytes())
}

// TestTableLines: a line is the same, whoever writes it.
func TestTableLines(t *testing.T) {
	step := 1
	if testing.Short() {
		step = 5
	}
	for width := human.MinWidth - 1; width <= 240; width += step { // below it: any width
		for _, color := range []bool{false, true} {
			o := TableOptions{Width: width, Color: color}
			if width < human.MinWidth {
				o.Width = 0
			}
			want := judgedTable(t, o, laidRows)
			for laid := range len(sample.Conversations()) {
				if got := judgedTable(t, o, laid); got != want {
					t.Fatalf("width %d, colour %v, %d rows by the library:\n%s\nall of them:\n%s", o.Width, color, laid, got, want)
				}
			}
		}
	}
}

// A column that a table shows is in every wider one, unless a finer one took its place or what
// matters more needs the room; the worst anomaly is never given up, and the outcome only for it.
func TestTableKeepsWhatMatters(t *testing.T) {
	var had [numColumns]bool
	cs := sample.Conversations()
	cs[0].Names[analyzer.Server].Text = "www.example.com"
	cs[0].Sent[analyzer.Client].HandshakeRTT, cs[0].Sent[analyzer.Server].HandshakeRTT = 12e6, 1e6
	cs[0].Sent[analyzer.Client].DataPackets = 1
	rows := []row{{Conversation: &cs[0], worst: &analyzer.AnomalyKind{ID: "write-after-close"}, state: [2]string{"CLOSED", "CLOSED"}, ended: "client RST", cause: "unread-data"}}
	for width := human.MinWidth; width <= 240; width++ {
		l := newView(rows, 0, TableOptions{}).fit(rows, width)
		has := func(col column) bool { return slices.Contains(l.columns, col) }
		if !has(colAnomaly) || had[colOutcome] && !has(colOutcome) || had[colClientState] && !has(colServerState) {
			t.Errorf("width %d: columns %v", width, l.columns)
		}
		for _, col := range l.columns {
			had[col] = true
		}
	}
	if slices.Contains(had[:], false) {
		t.Errorf("columns that are never shown: %v", had)
	}
}

// A name is as long as there is room for it, and makes room for states: where they are not shown, the least of a name would leave none.
func TestTableShortensNames(t *testing.T) {
	cs := sample.Conversations()
	name := strings.Repeat("a", 20) + ".example.com"
	cs[0].Names[analyzer.Server].Text = name
	rows := []row{{Conversation: &cs[0], worst: &analyzer.AnomalyKind{ID: "packet-loss"}, state: [2]string{"ESTABLISHED", "ESTABLISHED"}}}
	const states = 2 * (len("ESTABLISHED") + 1)
	shown := map[int]bool{}
	for width := human.MinWidth; width <= 240; width++ {
		v := newView(rows, 0, TableOptions{})
		l := v.fit(rows, width)
		at := slices.Index(l.columns, colName)
		if at < 0 {
			continue
		}
		line := -l.gap
		for _, w := range l.widths {
			line += w + l.gap
		}
		shown[l.widths[at]] = true
		if !slices.Contains(l.columns, colServerState) && line-l.widths[at]+leastName+states <= width {
			t.Errorf("width %d: a name of %d columns, and no states", width, l.widths[at])
		}
		if got := v.cell(colName, &rows[0], l.widths[at]); len(got) > l.widths[at] || !strings.HasSuffix(got, ".example.com") {
			t.Errorf("width %d: %q in %d columns", width, got, l.widths[at])
		}
	}
	if !shown[leastName] || !shown[len(name)] {
		t.Errorf("names are shown in %v columns", shown)
	}
}

func TestTableOfIPv4Fits80(t *testing.T) {
	cs := sample.Conversations()[:1]
	golden.Compare(t, "width80.txt", []byte(gridOf(tableOf(t, TableOptions{Width: 80}, cs))))
}

func TestTableRelative(t *testing.T) {
	var out bytes.Buffer
	cs := sample.Conversations()[:3]
	write(t, NewTable(&out, TableOptions{Times: Relative}), cs, &analyzer.Summary{Packets: 3, TCP: 3, Start: cs[0].Start})
	golden.Compare(t, "relative.txt", []byte(gridOf(out.String())))
}

var ansi = regexp.MustCompile("\x1b\\[[0-9]*m")

// Colour changes neither text nor layout, and is there only when asked for.
func TestTableColor(t *testing.T) {
	for _, width := range []int{0, 60, 100} {
		without := judgedTable(t, TableOptions{Width: width}, laidRows)
		with := judgedTable(t, TableOptions{Width: width, Color: true}, laidRows)
		if ansi.MatchString(without) || !strings.Contains(with, "\x1b[31m"+"refused"+"\x1b[0m") ||
			width != 60 && (!strings.Contains(with, "\x1b[31m"+"no-answer +2"+"\x1b[0m") || !strings.Contains(with, "\x1b[33m"+"fin-retransmit-in-time-wait"+"\x1b[0m")) {
			t.Errorf("width %d: colour is wrong:\n%q", width, with)
		}
		stripped := regexp.MustCompile(` +\n`).ReplaceAllString(ansi.ReplaceAllString(with, ""), "\n")
		if stripped != without {
			t.Errorf("width %d: text differs:\n%s\n%s", width, stripped, without)
		}
	}
}

func TestTableLimit(t *testing.T) {
	key, _ := ParseKey("-bytes")
	grid := gridOf(tableOf(t, TableOptions{Limit: 1, Sort: key}, sample.Conversations()))
	if !strings.Contains(grid, "3 more conversations: --limit 0 shows all, for scripts --format ndjson\n") ||
		!strings.Contains(grid, "192.168.100.200:65535") || strings.Contains(grid, "10.0.0.1") {
		t.Error(grid)
	}
}

func TestTableOfOneDayLeavesTheDateToTheSummary(t *testing.T) {
	s := tableOf(t, TableOptions{}, sample.Conversations()[:3])
	if grid := gridOf(s); strings.Contains(grid, "11-21") || !strings.Contains(s, "2026-11-21 03:02:03.999 UTC (") {
		t.Error(s)
	}
}

func TestSummaryText(t *testing.T) {
	var out bytes.Buffer
	for _, test := range []struct {
		name    string
		summary *analyzer.Summary
		counts  []analyzer.Count
		sel     Selection
	}{
		{"everything", sample.Summary(), sampleNotAnalyzed, Selection{Active: true, Matched: 1, Total: 4, Outcomes: [analyzer.NumOutcomes]uint64{analyzer.Refused: 1}}},
		{"nothing remarkable", &analyzer.Summary{Packets: 1, Bytes: 60, TCP: 1, Conversations: 1,
			Start: sample.At("2026-11-21T01:02:03Z"), End: sample.At("2026-11-21T01:02:03Z"), Outcomes: [analyzer.NumOutcomes]uint64{analyzer.Unanswered: 1}}, nil, Selection{}},
		{"no packet", &analyzer.Summary{}, nil, Selection{}},
		{"no TCP", &analyzer.Summary{Packets: 1940, Bytes: 9_999}, sampleNotAnalyzed[:2], Selection{}},
		{"all filtered", &analyzer.Summary{Packets: 5, Filtered: 5}, nil, Selection{}},
		{"none selected", &analyzer.Summary{Packets: 5, TCP: 5, Conversations: 1}, nil, Selection{Active: true, Matched: 0, Total: 1}},
	} {
		fmt.Fprintf(&out, "== %s\n%s", test.name, summaryText(test.summary, test.counts, test.sel, UTC))
		for _, note := range notes(test.summary, test.counts) {
			fmt.Fprintf(&out, "note: %s\n", note)
		}
	}
	golden.Compare(t, "summaries.txt", out.Bytes())
	if got := Notes(&analyzer.Summary{Packets: 5, TCP: 5}); got != nil {
		t.Errorf("notes about nothing: %q", got)
	}
	if err := WriteSummary(&sample.FullWriter{}, sample.Summary(), Selection{}, UTC); err != sample.ErrFull {
		t.Errorf("WriteSummary: %v", err)
	}
}

// --limit 0 shows no more than are kept; a limit that was given does.
func TestMoreRows(t *testing.T) {
	for all, want := range map[uint64]string{
		MostRows:     "1 more conversation: --limit 0 shows all",
		MostRows + 1: "1 more conversation: --limit 262145 shows all",
	} {
		if got := moreRows(1, all); got != want {
			t.Errorf("of %d: %q", all, got)
		}
	}
}
