package output

import (
	"encoding/csv"
	"strings"
	"testing"
)

// TestAppendCSVText: a cell reads back as it was, but for the mark before what a spreadsheet would run.
func TestAppendCSVText(t *testing.T) {
	for s, want := range map[string]string{
		"": "", "open": "open", "10.0.0.1": "10.0.0.1", "a=b": "a=b", "a,b": "a,b", `a"b`: `a"b`, "a\nb": "a\nb", "a|b": "a|b", "'=1": "'=1",
		"-1": "-1", "-0.5": "-0.5", "+7": "+7", "-": "'-", "+": "'+", "-.": "'-.", "-1-1": "'-1-1", "-1.2.3": "'-1.2.3", "+cmd|' /C calc'!A0": "'+cmd|' /C calc'!A0",
		"=1": "'=1", `=HYPERLINK("x","y")`: `'=HYPERLINK("x","y")`, "@SUM(1)": "'@SUM(1)", "\t=1": "'\t=1", "\r=1": "'\r=1",
	} {
		for _, line := range []string{string(AppendCSVText([]byte("x"), s)), string(AppendCSVText([]byte("x"), []byte(s)))} {
			cells, err := csv.NewReader(strings.NewReader(line + ",y\n")).Read()
			if err != nil || len(cells) != 3 || cells[1] != want || cells[0]+cells[2] != "xy" {
				t.Errorf("%q: %q, %v, want %q", s, cells, err, want)
			}
		}
	}
}
