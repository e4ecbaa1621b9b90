package report

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	"tcptrace/analyzer"
	"tcptrace/report/internal/human"
	"tcptrace/report/internal/sample"
)

// TestFit: on a terminal a table has as many rows as fit between what stands above and the summary, and three at least; elsewhere all.
func TestFit(t *testing.T) {
	const all, known = 40, analyzer.RolesHandshake
	for _, c := range []struct {
		height, above, rows int
		roles               analyzer.Roles
	}{
		{0, 0, all, known}, {0, 30, all, known}, {24, 0, 17, known}, {24, 5, 12, known}, {24, 12, 5, known}, {24, 14, 3, known}, {24, 15, 3, known}, {10, 50, 3, known},
		{47, 0, all, known}, {46, 0, all - 1, known}, {24, 0, 16, analyzer.RolesInferred}, {24, 13, 3, analyzer.RolesInferred}, {47, 0, all, analyzer.RolesInferred}, {46, 0, all - 2, analyzer.RolesInferred},
	} {
		var b bytes.Buffer
		table := NewTable(&b, TableOptions{Width: 120, Height: c.height})
		table.Above(c.above)
		for i := range all {
			conv := &analyzer.Conversation{Stream: uint64(i), Addr: sample.Between(fmt.Sprintf("10.0.0.1:%d", 40000+i), "10.0.0.2:80"), Roles: c.roles}
			if err := table.Conversation(conv); err != nil {
				t.Fatal(err)
			}
		}
		if err := table.Finish(&analyzer.Summary{Packets: all, TCP: all, Conversations: all}); err != nil {
			t.Fatal(err)
		}
		if rows := strings.Count(b.String(), "10.0.0.1:40"); rows != c.rows {
			t.Errorf("%d lines with %d above: %d rows, want %d\n%s", c.height, c.above, rows, c.rows, b.String())
		}
		if lines := c.above + strings.Count(b.String(), "\n"); c.rows > leastRows && c.height > 0 && lines >= c.height {
			t.Errorf("%d lines with %d above: %d written", c.height, c.above, lines)
		}
	}
}

// TestMoreFits: the line that tells of more conversations is one line of 80 columns, of as many as --limit 0 shows, too.
func TestMoreFits(t *testing.T) {
	var b bytes.Buffer
	table := NewTable(&b, TableOptions{Width: 80, Limit: 1})
	conv := &analyzer.Conversation{Addr: sample.Between("10.0.0.1:40000", "10.0.0.2:80"), Roles: analyzer.RolesHandshake}
	if err := table.Conversation(conv); err != nil {
		t.Fatal(err)
	}
	if err := table.Finish(&analyzer.Summary{Packets: 1e9, TCP: 1e9, Conversations: MostRows}); err != nil {
		t.Fatal(err)
	}
	told := false
	for line := range strings.Lines(b.String()) {
		told = told || strings.Contains(line, human.Count(MostRows-1)+" more conversations: --limit 0 ")
		if len(strings.TrimRight(line, "\n")) > 80 {
			t.Errorf("more than 80 columns: %s", line)
		}
	}
	if !told {
		t.Errorf("nothing tells of more:\n%s", b.String())
	}
}
