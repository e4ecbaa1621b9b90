package report

import (
	"bytes"
	"strings"
	"testing"

	"tcptrace/analyzer"
	"tcptrace/report/internal/sample"
)

func TestFilterTellsItsCounts(t *testing.T) {
	w, err := CompileWhere(`packets > 10`)
	if err != nil {
		t.Fatal(err)
	}
	key, _ := ParseKey("start")
	var table, doc bytes.Buffer
	write(t, Filter(NewTable(&table, TableOptions{}), w), sample.Conversations(), sample.Summary())
	if !strings.Contains(table.String(), "2 of 4 conversations match --where") {
		t.Errorf("table:\n%s", table.String())
	}
	f := Filter(Sorted(NewJSON(&doc), key, 1), w)
	want := Selection{Active: true, Matched: 2, Total: 4, Outcomes: [analyzer.NumOutcomes]uint64{analyzer.Open: 1, analyzer.Closed: 1}}
	write(t, f, sample.Conversations(), sample.Summary())
	if !strings.Contains(doc.String(), `"matched":2`) || f.Selection() != want {
		t.Errorf("selection %v, document:\n%s", f.Selection(), doc.String())
	}
}
