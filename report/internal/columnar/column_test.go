package columnar

import (
	"bytes"
	"fmt"
	"io"
	"math"
	"slices"
	"strings"
	"testing"

	pq "github.com/parquet-go/parquet-go"
	"github.com/parquet-go/parquet-go/format"
)

// table writes rows, and opens the file.
func table[T any](t *testing.T, rows int, row func(i int) T) *pq.File {
	t.Helper()
	tab, out, packed := Of[T]("rows"), bytes.Buffer{}, []byte(nil)
	f := NewFile(&out, tab)
	for i := range rows {
		r := row(i)
		packed = Append(packed[:0], tab, &r)
		if err := f.Add(packed); err != nil {
			t.Fatal(err)
		}
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	file, err := pq.OpenFile(bytes.NewReader(out.Bytes()), int64(out.Len()))
	if err != nil {
		t.Fatal(err)
	}
	return file
}

// pages are the rows of the pages of a column in the first row group, with an asterisk if they refer to the dictionary, and its values but nulls.
func pages(t *testing.T, f *pq.File, column int) (sizes string, values []string) {
	t.Helper()
	in := f.RowGroups()[0].ColumnChunks()[column].Pages()
	defer in.Close()
	for {
		p, err := in.ReadPage()
		if err == io.EOF {
			return strings.TrimSpace(sizes), values
		} else if err != nil {
			t.Fatal(err)
		}
		sizes += fmt.Sprint(" ", p.NumRows())
		if p.Dictionary() != nil {
			sizes += "*"
		}
		all := make([]pq.Value, p.NumValues())
		if n, err := p.Values().ReadValues(all); n < len(all) {
			t.Fatal(n, err)
		}
		for _, v := range all {
			if !v.IsNull() {
				values = append(values, v.String())
			}
		}
	}
}

// TestPages: rows without values are in one page, up to the first that has one.
func TestPages(t *testing.T) {
	type inside struct {
		Word string `json:"word,omitempty"`
		N    int    `json:"n,omitempty"`
	}
	type row struct {
		Never  string   `json:"never,omitempty"`
		Late   int64    `json:"late,omitempty"`
		Early  bool     `json:"early,omitempty"`
		Inside inside   `json:"inside,omitzero"`
		List   []string `json:"list,omitempty"`
	}
	const p = pageRows
	f := table(t, 3*p+5, func(i int) row {
		r := row{Early: i == 1, Inside: inside{N: 1}}
		if i == 2*p+2 {
			r.Late, r.List = 7, []string{"a", "b"}
		}
		return r
	})
	for column, want := range []struct{ sizes, values string }{
		{fmt.Sprint(3*p + 5), "[]"}, {fmt.Sprint(2*p, p, 5), "[7]"}, {fmt.Sprint(p, 2*p+5), "[true]"},
		{fmt.Sprint(p, p, p, 5), "[]"}, {fmt.Sprint(p, p, p, 5), ""}, {fmt.Sprintf("%d %d* 5", 2*p, p), "[a b]"},
	} {
		sizes, values := pages(t, f, column)
		if sizes != want.sizes || want.values != "" && fmt.Sprint(values) != want.values {
			t.Errorf("column %d: pages of %s rows with %v, want %s with %s", column, sizes, values, want.sizes, want.values)
		}
		if nulls := f.Metadata().RowGroups[0].Columns[column].MetaData.Statistics.NullCount; nulls != f.Metadata().RowGroups[0].Columns[column].MetaData.NumValues-int64(len(values)) {
			t.Errorf("column %d: %d nulls beside %d values", column, nulls, len(values))
		}
	}
}

// TestLargePages: long rows end a page early.
func TestLargePages(t *testing.T) {
	type row struct {
		Text string `json:"text"`
	}
	long := strings.Repeat("x", pageBytes/4)
	sizes, _ := pages(t, table(t, 9, func(i int) row { return row{fmt.Sprint(long, i)} }), 0)
	if sizes != "4* 4 1" {
		t.Errorf("pages of %s rows", sizes)
	}
}

// TestDictionary: words are in a dictionary until they differ too much, from the next page on, in all row groups behind.
func TestDictionary(t *testing.T) {
	type row struct {
		Word string `json:"word"`
	}
	const size = 64
	fits := dictionaryBytes / (size + 4)
	for words, want := range map[int]string{fits: "*", fits + 1: ""} {
		f := table(t, greatGroup+pageRows+1, func(i int) row { return row{fmt.Sprintf("%0*d", size, i%words)} })
		sizes, values := pages(t, f, 0)
		if n := len(values); n != greatGroup || values[words] != values[0] || values[n-1] != fmt.Sprintf("%0*d", size, (n-1)%words) {
			t.Errorf("%d words: %d values", words, len(values))
		}
		if all := strings.Fields(sizes); !strings.HasSuffix(all[0], "*") || strings.TrimLeft(all[1], "0123456789") != want {
			t.Errorf("%d words: pages of %s rows", words, sizes)
		}
		encodings := f.Metadata().RowGroups[1].Columns[0].MetaData.Encoding
		if slices.Contains(encodings, format.RLEDictionary) != (want == "*") {
			t.Errorf("%d words: the second row group has %v", words, encodings)
		}
	}
}

// TestBounds: a row group has the least and the greatest value of each column, of all its pages; text only if it is short.
func TestBounds(t *testing.T) {
	type row struct {
		Number int64   `json:"number"`
		Ratio  float64 `json:"ratio,omitempty"`
		Flag   bool    `json:"flag"`
		Text   string  `json:"text"`
		Short  string  `json:"short"`
		Long   string  `json:"long"`
		NaN    float64 `json:"nan"`
		None   string  `json:"none,omitempty"`
	}
	longest := strings.Repeat("z", boundBytes)
	f := table(t, pageRows+3, func(i int) row {
		r := row{Number: 5, Text: "m", Short: longest, Long: longest + "z", NaN: 1}
		switch i {
		case 0:
			r.Text = "a"
		case 2:
			r.Number, r.Ratio, r.NaN = -4, 0.5, math.NaN()
		case pageRows + 1:
			r.Number, r.Ratio, r.Flag, r.Text = 1<<40, -2.5, true, "z\xC3\xA9"
		}
		return r
	})
	for i, want := range []string{"-4 1099511627776", "-2.5 0.5", "false true", "a zé", longest + " " + longest, "", "", ""} {
		least, greatest, ok := f.RowGroups()[0].ColumnChunks()[i].(*pq.FileColumnChunk).Bounds()
		if got := fmt.Sprint(least, " ", greatest); ok != (want != "") || ok && got != want {
			t.Errorf("column %d is from %s", i, got)
		}
	}
}
