package main

import (
	"bytes"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"tcptrace/analyzer"
	"tcptrace/analyzer/apart"
	"tcptrace/analyzer/capturefile"
)

// TestNothingHalf: of a file that cannot be made, or written to its end, nothing is there.
func TestNothingHalf(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "file")
	gone := errors.New("gone")
	for _, c := range []struct {
		name string
		err  error
		left string
	}{
		{file, nil, "file"},
		{filepath.Join(dir, "other"), gone, "file"},
		{filepath.Join(file, "below"), nil, "file"},
	} {
		err := writeFile(t.Context(), c.name, func(w io.Writer) error {
			_, err := w.Write([]byte("content"))
			return errors.Join(err, c.err)
		})
		if fails := c.err != nil || strings.HasPrefix(c.name, file+"/"); (err != nil) != fails || c.err != nil && !errors.Is(err, c.err) {
			t.Errorf("%s: %v", c.name, err)
		}
		left, err := os.ReadDir(dir)
		if err != nil || len(left) != 1 || left[0].Name() != c.left {
			t.Errorf("%s: %v are left, %v", c.name, left, err)
		}
	}
}

// unfinished is the records of a day that cannot be written to their end if they are of this one.
type unfinished struct {
	encoder
	err error
}

func (u unfinished) Finish(s *analyzer.Summary) error { return errors.Join(u.encoder.Finish(s), u.err) }

// TestAllDaysOrNone: where the records of one day cannot be written to their end those of no other day are there, whatever the order they are ended in.
func TestAllDaysOrNone(t *testing.T) {
	const days = 20
	full := errors.New("no space left")
	for _, c := range []struct {
		err  error
		want int
	}{{nil, days}, {full, 0}} {
		j := &job{Output: t.TempDir(), Format: "ndjson"}
		w, err := newWriter(j, "000000", &reports{})
		if err != nil {
			t.Fatal(err)
		}
		var conversation analyzer.Conversation
		for i := range int64(days) {
			n, err := newNoter(j)
			if err != nil {
				t.Fatal(err)
			}
			if err := w.add(t.Context(), row{day: i, notes: n.of(&conversation), data: []byte("{}\n")}, 0, 0); err != nil {
				t.Fatal(err)
			}
		}
		w.days[7].report = unfinished{w.days[7].report, c.err}
		told := 0
		err = w.close(t.Context(), nil, 0, func(tally) { told++ }, func(int64, part) { told++ })
		if !errors.Is(err, c.err) || (told == 2) != (c.err == nil) {
			t.Errorf("%v, and told %d", err, told)
		}
		if left, err := filepath.Glob(filepath.Join(j.Output, "*", "*")); err != nil || len(left) != c.want {
			t.Errorf("after %v there are %d files, not %d: %v", c.err, len(left), c.want, err)
		}
	}
}

// TestReportsInTheSameMemory: a table is the same in the memory of another one.
func TestReportsInTheSameMemory(t *testing.T) {
	var used reports
	for _, name := range []string{"showcase", "packet-loss", "refused", "showcase"} {
		var tables [2]bytes.Buffer
		file := capturefile.Open("../testdata/pcaps/" + name + ".pcap")
		anew, again := newReport("parquet", &tables[0]), used.begin("parquet", &tables[1])
		encode, judgment := newEncoder("parquet"), analyzer.Judgment{}
		if _, err := apart.Analyze(t.Context(), file, apart.Options{}, apart.Others{End: apart.Never}, func(_ apart.ID, c *apart.Conversation) error {
			judgment.Judge(c)
			row := encode(nil, c, &judgment)
			return errors.Join(anew.Encoded(row), again.Encoded(row))
		}); err != nil {
			t.Fatal(err)
		}
		if err := errors.Join(file.Close(), anew.Finish(nil), again.Finish(nil)); err != nil {
			t.Fatal(err)
		}
		used.end(again)
		if !bytes.Equal(tables[0].Bytes(), tables[1].Bytes()) || used.spare == nil {
			t.Errorf("%s: %d bytes, not %d", name, tables[1].Len(), tables[0].Len())
		}
	}
}

// TestUnused: where the results of a job are no other one writes; one that was not finished may be done again.
func TestUnused(t *testing.T) {
	j := &job{Output: t.TempDir()}
	for _, c := range []struct {
		name string
		used bool
	}{{"files.ndjson", false}, {"summary.json", true}} {
		if err := os.WriteFile(filepath.Join(j.Output, c.name), nil, 0o600); err != nil {
			t.Fatal(err)
		}
		if err := j.unused(t.Context()); (err != nil) != c.used {
			t.Errorf("with %s: %v", c.name, err)
		}
	}
}

// TestWrongUse is told before anything is begun.
func TestWrongUse(t *testing.T) {
	good := job{Output: "out", Format: "ndjson"}
	for _, c := range []struct {
		input string
		wrong func(j *job)
		says  string
	}{
		{"*.pcap", func(*job) {}, ""},
		{"s3://bucket/*.pcap", func(*job) {}, ""},
		{"ftp://host/*.pcap", func(*job) {}, "ftp://host/*.pcap: files are read"},
		{"*.pcap", func(j *job) { j.Output = "hdfs://host/out" }, "hdfs://host/out: files are read"},
		{"*.pcap", func(j *job) { j.Format = "csv" }, "--format"},
		{"*.pcap", func(j *job) { j.By = "nonsense" }, "--by"},
	} {
		j := good
		c.wrong(&j)
		_, err := j.pipeline([]string{c.input})
		if (err == nil) != (c.says == "") || err != nil && !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s %+v: %v", c.input, j, err)
		}
	}
}
