package main

import (
	"bytes"
	"encoding/json"
	"math"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/parquet-go/parquet-go"

	"tcptrace/check/expect"
	"tcptrace/internal/testutil/thorough"
)

// TestParquetEqualsNDJSON: of golden captures, a table of Parquet says what ndjson does, record by record and field by field.
func TestParquetEqualsNDJSON(t *testing.T) {
	captures, err := filepath.Glob(filepath.Join(goldenDir, "*.pcap*"))
	if err != nil || len(captures) == 0 {
		t.Fatalf("no captures in %s: %v", goldenDir, err)
	}
	captures = thorough.Some(t, captures, 6)
	for _, command := range [][]string{
		{"--no-findings", "--workers", "1"},
		{"--no-findings", "--workers", "3", "--quick"},
		{"timeline"},
		{"states", "--at", "+10ms"},
		{"states", "--every", "20ms"},
		{"states", "--every", "20ms", "--side", "client"},
		{"replay", "--speed", "max", "--stats", "--interval", "30ms"},
	} {
		t.Run(strings.Join(command, " "), func(t *testing.T) {
			rows := 0
			for _, path := range captures {
				rows += sameTable(t, path, command)
			}
			if rows < len(captures)/2 {
				t.Errorf("%d rows of %d captures", rows, len(captures))
			}
		})
	}
}

// sameTable compares the two formats of a command, and returns how many records there are.
func sameTable(t *testing.T, path string, command []string) int {
	args := append(slices.Clone(command), path, "--format")
	code, lines, _ := tcptrace(t, env{}, append(args, "ndjson")...)
	code2, table, stderr := tcptrace(t, env{}, append(args, "parquet")...)
	if code != code2 {
		t.Errorf("%s: exit code %d, of ndjson %d: %s", path, code2, code, stderr)
	}
	if code == exitUsage { // a moment outside of the capture
		return 0
	}
	rows, err := parquet.Read[any](strings.NewReader(table), int64(len(table)))
	if err != nil {
		t.Errorf("%s: %v", path, err)
		return 0
	}
	var want, got []any
	for line := range strings.Lines(lines) {
		var record any
		d := json.NewDecoder(strings.NewReader(line))
		d.UseNumber()
		if err := d.Decode(&record); err != nil {
			t.Fatal(err)
		}
		want = append(want, plain(record))
	}
	for _, row := range rows {
		got = append(got, plain(row))
	}
	if command[0] == "replay" { // ndjson puts the events of a batch in order
		want, got = sorted(want), sorted(got)
	}
	if len(want) != len(got) {
		t.Errorf("%s: %d rows, of ndjson %d", path, len(got), len(want))
		return 0
	}
	for i := range want {
		if !reflect.DeepEqual(want[i], got[i]) {
			x, _ := json.Marshal(want[i])
			y, _ := json.Marshal(got[i])
			t.Errorf("%s: row %d of parquet is\n%s\nof ndjson\n%s", path, i, y, x)
			return 0
		}
	}
	return len(rows)
}

func sorted(records []any) []any {
	slices.SortFunc(records, func(a, b any) int {
		x, _ := json.Marshal(a)
		y, _ := json.Marshal(b)
		return bytes.Compare(x, y)
	})
	return records
}

// plain is a value of either format without what is null or empty, whole numbers and times as int64 and others as float64.
func plain(v any) any {
	switch v := v.(type) {
	case map[string]any:
		m := map[string]any{}
		for name, value := range v {
			if value = plain(value); value != nil {
				m[name] = value
			}
		}
		return m
	case []any:
		if len(v) == 0 {
			return nil
		}
		list := make([]any, len(v))
		for i := range v {
			list[i] = plain(v[i])
		}
		return list
	case json.Number:
		if n, err := v.Int64(); err == nil {
			return n
		}
		f, _ := v.Float64()
		return plain(f)
	case float64:
		if v == math.Trunc(v) {
			return int64(v)
		}
	case string:
		if moment, err := time.Parse("2006-01-02T15:04:05.000000000Z", v); err == nil {
			return moment.UnixNano()
		}
	}
	return v
}

// TestParquetSchema: a table has the fields of the schema of its record, all of them and no others.
func TestParquetSchema(t *testing.T) {
	golden := filepath.Join(goldenDir, "showcase.pcap")
	for schema, command := range map[string][]string{
		"conversation": {golden}, "segment": {"timeline", golden}, "state": {"states", golden, "--at", "+10ms"},
		"state-counts": {"states", golden, "--every", "1s"}, "event": {"replay", golden, "--speed", "max"},
	} {
		code, table, stderr := tcptrace(t, env{}, append(command, "--format", "parquet")...)
		if code != exitDone {
			t.Fatal(stderr)
		}
		file, err := parquet.OpenFile(strings.NewReader(table), int64(len(table)))
		if err != nil {
			t.Fatal(err)
		}
		var described map[string]any
		if err := json.Unmarshal(expect.ClosedSchema(schema), &described); err != nil {
			t.Fatal(err)
		}
		got, want := columnNames("", file.Schema()), describedNames("", described)
		slices.Sort(got)
		slices.Sort(want)
		if !slices.Equal(got, slices.Compact(want)) {
			t.Errorf("%s: columns %q, the schema has %q", schema, got, want)
		}
	}
}

// columnNames are the leaves of a table, with a dot before each name; of a list those of its elements, of a map that of the map.
func columnNames(prefix string, n parquet.Node) (names []string) {
	if lt := logical(n); n.Leaf() || lt == "MAP" {
		return []string{prefix}
	} else if lt == "LIST" {
		return columnNames(prefix, n.Fields()[0].Fields()[0])
	}
	for _, f := range n.Fields() {
		names = append(names, columnNames(prefix+"."+f.Name(), f)...)
	}
	return names
}

func logical(n parquet.Node) string {
	if n.Leaf() || n.Type().LogicalType() == nil {
		return ""
	}
	return n.Type().LogicalType().String()
}

// describedNames are the same of a JSON Schema.
func describedNames(prefix string, s map[string]any) (names []string) {
	if items, ok := s["items"].(map[string]any); ok {
		return describedNames(prefix, items)
	}
	properties, _ := s["properties"].(map[string]any)
	for name, of := range properties {
		names = append(names, describedNames(prefix+"."+name, of.(map[string]any))...)
	}
	for _, key := range []string{"oneOf", "anyOf", "allOf"} {
		for _, of := range asList(s[key]) {
			names = append(names, describedNames(prefix, of.(map[string]any))...)
		}
	}
	if len(names) == 0 && s["$ref"] == nil && prefix != "" {
		return []string{prefix}
	}
	return names
}

func asList(v any) []any { list, _ := v.([]any); return list }

// TestParquetTerminal: a table is not for a terminal, and what is said names the way out.
func TestParquetTerminal(t *testing.T) {
	golden := filepath.Join(goldenDir, "showcase.pcap")
	for _, command := range [][]string{{golden}, {"timeline", golden}, {"states", golden, "--at", "+1ms"}, {"replay", golden, "--speed", "max"}} {
		for _, to := range []string{"", "-"} {
			code, stdout, stderr := tcptrace(t, env{outTTY: true}, append(slices.Clone(command), "--format", "parquet", "-o", to)...)
			if code != exitUsage || stdout != "" || !strings.Contains(stderr, "-o FILE") {
				t.Errorf("%q -o %q: exit code %d, %d bytes, %s", command, to, code, len(stdout), stderr)
			}
		}
		out := filepath.Join(t.TempDir(), "table")
		if code, _, stderr := tcptrace(t, env{outTTY: true}, append(slices.Clone(command), "--format", "parquet", "-o", out)...); code != exitDone {
			t.Errorf("%q: %s", command, stderr)
		}
		if text, err := os.ReadFile(out); err != nil || !bytes.HasSuffix(text, []byte("PAR1")) {
			t.Errorf("%q: %v, %d bytes", command, err, len(text))
		}
	}
}

// TestPartitionByNothing: an empty word is none of those that it takes.
func TestPartitionByNothing(t *testing.T) {
	for _, args := range [][]string{{}, {"timeline"}} {
		args = append(args, filepath.Join(goldenDir, "showcase.pcap"), "--format", "parquet", "-o", filepath.Join(t.TempDir(), "table"), "--partition-by", "")
		if code, _, stderr := tcptrace(t, env{}, args...); code != exitUsage || !strings.Contains(stderr, `unknown --partition-by "": want one of day, hour, server`) {
			t.Errorf("%q: %d %s", args, code, stderr)
		}
	}
}

// TestPartitionBy: the files of a directory have together the rows of one table, and what is there is not overwritten.
func TestPartitionBy(t *testing.T) {
	captures, _ := filepath.Glob(filepath.Join(goldenDir, "[a-f]*.pcap"))
	for _, test := range []struct {
		command []string
		by      string
		want    string // that is among the directories
	}{
		{nil, "day", "day=2026-03-02"}, {nil, "hour", "hour=2026-03-02T09"}, {nil, "server", "server_ip=10.0.0.2"}, {[]string{"timeline"}, "day", "day=2026-03-02"},
	} {
		dir := filepath.Join(t.TempDir(), "out")
		args := append(append(slices.Clone(test.command), "--format", "parquet"), captures...)
		_, table, _ := tcptrace(t, env{}, args...)
		args = append(args, "--partition-by", test.by, "-o", dir)
		if code, _, stderr := tcptrace(t, env{}, args...); code != exitDone {
			t.Fatal(stderr)
		}
		whole, err := parquet.Read[any](strings.NewReader(table), int64(len(table)))
		if err != nil {
			t.Fatal(err)
		}
		files, _ := filepath.Glob(filepath.Join(dir, "*", "part-*.parquet"))
		var rows []any
		for _, path := range files {
			part, err := parquet.ReadFile[any](path)
			if err != nil {
				t.Fatal(err)
			}
			rows = append(rows, part...)
		}
		if len(whole) == 0 || !reflect.DeepEqual(sorted(rows), sorted(whole)) || !slices.Contains(files, filepath.Join(dir, test.want, "part-0.parquet")) {
			t.Errorf("%q by %s: %d rows in %q, want %d", test.command, test.by, len(rows), files, len(whole))
		}
		if code, _, stderr := tcptrace(t, env{}, args...); code != exitUsage || !strings.Contains(stderr, "not empty") {
			t.Errorf("again: exit code %d: %s", code, stderr)
		}
	}
}

// TestPartitionByUsage: what makes no sense together is told.
func TestPartitionByUsage(t *testing.T) {
	golden, dir := filepath.Join(goldenDir, "showcase.pcap"), filepath.Join(t.TempDir(), "out")
	for _, args := range [][]string{
		{golden, "--format", "ndjson", "--partition-by", "day", "-o", dir}, {golden, "--format", "parquet", "--partition-by", "day"},
		{golden, "--format", "parquet", "--partition-by", "day", "-o", "-"}, {golden, "--format", "parquet", "--partition-by", "week", "-o", dir},
		{"timeline", golden, "--format", "parquet", "--partition-by", "server", "-o", dir},
	} {
		code, _, stderr := tcptrace(t, env{}, args...)
		if _, err := os.Stat(dir); code != exitUsage || !strings.Contains(stderr, "partition-by") || err == nil {
			t.Errorf("%q: exit code %d: %s", args, code, stderr)
		}
	}
}
