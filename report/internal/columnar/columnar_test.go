package columnar

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	pq "github.com/parquet-go/parquet-go"

	"tcptrace/report/internal/record"
)

type inner struct {
	Text string      `json:"text,omitempty"`
	At   record.Time `json:"at,omitzero"`
}

type example struct {
	Number  uint64                       `json:"number"`
	Signed  int8                         `json:"signed,omitempty"`
	Ratio   float64                      `json:"ratio"`
	Decimal json.Number                  `json:"decimal"`
	Flag    bool                         `json:"flag,omitempty"`
	Text    string                       `json:"text"`
	Maybe   *uint64                      `json:"maybe,omitempty"`
	Group   inner                        `json:"group,omitzero"`
	List    []inner                      `json:"list"`
	Words   []string                     `json:"words,omitempty"`
	Map     map[string]map[string]uint64 `json:"map"`
	Last    string                       `json:"last"`
}

func write(t *testing.T, rows []example) []any {
	t.Helper()
	tab := Of[example]("example")
	var out bytes.Buffer
	f := NewFile(&out, tab)
	var packed []byte
	for i := range rows {
		packed = Append(packed, tab, &rows[i])
		if i%3 == 2 { // several at once, or one
			if err := f.Add(packed); err != nil {
				t.Fatal(err)
			}
			clear(packed) // the file must not look at it any more
			packed = packed[:0]
		}
	}
	if err := errors.Join(f.Add(packed), f.Close()); err != nil {
		t.Fatal(err)
	}
	got, err := pq.Read[any](bytes.NewReader(out.Bytes()), int64(out.Len()))
	if err != nil {
		t.Fatal(err)
	}
	return got
}

// TestRows: rows are read as they were written, whatever is missing in them, within chunks and across their bounds.
func TestRows(t *testing.T) {
	zero, one := uint64(0), uint64(1)
	kinds := []example{
		{Text: "nothing", Decimal: "0"},
		{Number: ^uint64(0), Signed: -3, Ratio: 0.5, Decimal: "1.25", Flag: true, Text: "a\xffb", Maybe: &one, Group: inner{At: 1}, Last: "x"},
		{Maybe: &zero, Decimal: "2", Group: inner{Text: "t"}, List: []inner{{}, {Text: "x", At: 5}}, Words: []string{"", "w"}},
		{Decimal: "3", List: []inner{{At: 7}}, Map: map[string]map[string]uint64{"b": {"y": 2, "x": 1}, "a": {}}},
	}
	var rows []example
	for i := range 3*pageRows + 1 {
		rows = append(rows, kinds[i*i%7%4])
	}
	got := write(t, rows)
	if len(got) != len(rows) {
		t.Fatalf("%d rows, want %d", len(got), len(rows))
	}
	none := []any{}
	inside := func(text, at any) map[string]any { return map[string]any{"text": text, "at": at} }
	want := []map[string]any{
		{"number": int64(0), "signed": nil, "ratio": 0.0, "decimal": 0.0, "flag": nil, "text": "nothing", "maybe": nil, "group": nil, "list": none, "words": nil, "map": map[string]any{}, "last": ""},
		{"number": int64(1<<63 - 1), "signed": int64(-3), "ratio": 0.5, "decimal": 1.25, "flag": true, "text": "a\uFFFDb", "maybe": int64(1), "group": inside(nil, int64(1)), "list": none, "words": nil, "map": map[string]any{}, "last": "x"},
		{"number": int64(0), "signed": nil, "ratio": 0.0, "decimal": 2.0, "flag": nil, "text": "", "maybe": int64(0), "group": inside("t", nil),
			"list": []any{inside(nil, nil), inside("x", int64(5))}, "words": []any{"", "w"}, "map": map[string]any{}, "last": ""},
		{"number": int64(0), "signed": nil, "ratio": 0.0, "decimal": 3.0, "flag": nil, "text": "", "maybe": nil, "group": nil, "list": []any{inside(nil, int64(7))}, "words": nil,
			"map": map[string]any{"a": map[string]any{}, "b": map[string]any{"x": int64(1), "y": int64(2)}}, "last": ""},
	}
	for i := range rows {
		if w := want[i*i%7%4]; fmt.Sprint(got[i]) != fmt.Sprint(w) {
			t.Fatalf("row %d is\n%v, want\n%v", i, got[i], w)
		}
	}
}

// TestRowGroups: a row group has a bound, and says from when to when its rows are.
func TestRowGroups(t *testing.T) {
	type row struct {
		At record.Time `json:"at"`
	}
	const rows = greatGroup + pageRows + 10
	file := table(t, rows, func(i int) row { return row{record.Time(i + 1)} })
	groups := file.RowGroups()
	first := groups[0].NumRows()
	if len(groups) != 2 || first < greatGroup || first >= greatGroup+pageRows || first+groups[1].NumRows() != rows {
		t.Fatalf("%d row groups, the first of %d rows", len(groups), first)
	}
	least, greatest, ok := groups[1].ColumnChunks()[0].(*pq.FileColumnChunk).Bounds()
	if !ok || least.Int64() != first+1 || greatest.Int64() != rows {
		t.Errorf("the second is from %v to %v", least, greatest)
	}
	if logical := file.Schema().Fields()[0].Type().LogicalType().String(); !strings.Contains(logical, "isAdjustedToUTC=true,unit=NANOS") {
		t.Error(logical)
	}
}

type failing struct{ left int }

var errFull = errors.New("full")

func (f *failing) Write(p []byte) (int, error) {
	if f.left -= len(p); f.left < 0 {
		return 0, errFull
	}
	return len(p), nil
}

// TestFull: an error of the writer ends the file, and stays.
func TestFull(t *testing.T) {
	tab := Of[example]("example")
	for _, left := range []int{0, 100, 500} {
		f := NewFile(&failing{left}, tab)
		r := example{Text: "x"}
		f.Add(Append(nil, tab, &r))
		if err := f.Close(); !errors.Is(err, errFull) {
			t.Errorf("%d bytes: %v", left, err)
		}
	}
}

// part is a file of partitions.
type part struct {
	bytes.Buffer
	closed bool
}

func (p *part) Close() error { p.closed = true; return nil }

// TestPartitions: rows go to files of their partitions, the largest first when there are too many; one file is open at a time.
func TestPartitions(t *testing.T) {
	tab := Of[example]("example")
	files, open := map[string]*part{}, (*part)(nil)
	p := NewPartitions(tab, func(name string) (io.WriteCloser, error) {
		if open != nil && !open.closed || files[name] != nil {
			t.Errorf("%s, though another is open, or it is there", name)
		}
		open = &part{}
		files[name] = open
		return open, nil
	})
	p.most = 4000
	keys, n := []string{"a", "../b", "c\x00d"}, map[string]int{}
	for i := range 600 {
		key := keys[max(0, i%5-2)]
		n[key]++
		r := example{Number: uint64(i), Text: key}
		if err := p.Add("k", []byte(key), Append(nil, tab, &r)); err != nil {
			t.Fatal(err)
		}
		if p.held >= p.most {
			t.Errorf("%d bytes are held", p.held)
		}
	}
	if err := p.Close(); err != nil || p.held != 0 {
		t.Fatal(err, p.held)
	}
	got := map[string]int{}
	for name, file := range files {
		rows, err := pq.Read[any](bytes.NewReader(file.Bytes()), int64(file.Len()))
		if err != nil || !filepath.IsLocal(name) || strings.Count(name, "/") != 1 {
			t.Fatalf("%s: %v", name, err)
		}
		for _, r := range rows {
			key := r.(map[string]any)["text"].(string)
			if got[key]++; !strings.HasPrefix(name, "k="+Escape(key)+"/part-") {
				t.Errorf("%s has a row of %q", name, key)
			}
		}
	}
	if !reflect.DeepEqual(got, n) || files["k=a/part-1.parquet"] == nil || files["k=..%2Fb/part-0.parquet"] == nil {
		t.Errorf("%v rows, want %v", got, n)
	}
}

// TestManyPartitions: those beyond the most are one.
func TestManyPartitions(t *testing.T) {
	type row struct {
		N int `json:"n"`
	}
	tab, names := Of[row]("row"), []string(nil)
	p := NewPartitions(tab, func(name string) (io.WriteCloser, error) {
		names = append(names, name)
		return &part{}, nil
	})
	for i := range mostPartitions + 5 {
		if err := p.Add("k", fmt.Append(nil, i), Append(nil, tab, &row{i})); err != nil {
			t.Fatal(err)
		}
	}
	if err := p.Close(); err != nil || len(names) != mostPartitions+1 || !slices.Contains(names, "k="+nullPartition+"/part-0.parquet") {
		t.Errorf("%d files, %v", len(names), err)
	}
	if want := fmt.Sprintf("k=%d/part-0.parquet", mostPartitions-1); !slices.Contains(names, want) {
		t.Errorf("no %s", want)
	}
}
