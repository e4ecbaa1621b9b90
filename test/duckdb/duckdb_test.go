// Package duckdb tests docs/sql.md with DuckDB. It is a module of its own, so that the program's does not need a database.
package duckdb

import (
	"bufio"
	"bytes"
	"cmp"
	"database/sql"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	_ "github.com/duckdb/duckdb-go/v2"
)

const root = "../.."

// questions are those of the documentation, in its order.
func questions(t *testing.T) (list []string) {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(root, "docs", "sql.md"))
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range regexp.MustCompile("(?s)```sql\n(.*?)```").FindAllSubmatch(text, -1) {
		list = append(list, string(m[1]))
	}
	return list
}

// program builds tcptrace.
func program(t *testing.T) string {
	t.Helper()
	if path := os.Getenv("TCPTRACE_BINARY"); path != "" {
		return path
	}
	path := filepath.Join(t.TempDir(), "tcptrace")
	build := exec.Command("go", "build", "-o", path, "./cmd/tcptrace")
	build.Dir = root
	if text, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, text)
	}
	return path
}

// TestQuestions: DuckDB's answers to the questions of docs/sql.md, of one file and of directories, are those worked out from ndjson.
func TestQuestions(t *testing.T) {
	dir, tcptrace := t.TempDir(), program(t)
	captures, err := filepath.Glob(filepath.Join(root, "testdata", "pcaps", "*.pcap"))
	if err != nil || len(captures) < 20 {
		t.Fatalf("%d captures: %v", len(captures), err)
	}
	run := func(args ...string) []byte {
		var out, problems bytes.Buffer
		cmd := exec.Command(tcptrace, append(append([]string{"--no-findings"}, captures...), args...)...)
		cmd.Stdout, cmd.Stderr = &out, &problems
		if err := cmd.Run(); err != nil {
			t.Fatalf("%v: %s", err, &problems)
		}
		return out.Bytes()
	}
	var records []map[string]any
	in := bufio.NewScanner(bytes.NewReader(run("--format", "ndjson")))
	in.Buffer(nil, 16<<20)
	for in.Scan() {
		var r map[string]any
		if err := json.Unmarshal(in.Bytes(), &r); err != nil {
			t.Fatal(err)
		}
		records = append(records, r)
	}
	tables := map[string]string{"file": filepath.Join(dir, "c.parquet")}
	run("--format", "parquet", "-o", tables["file"])
	for _, by := range []string{"day", "hour", "server"} {
		run("--format", "parquet", "--partition-by", by, "-o", filepath.Join(dir, by))
		tables[by] = filepath.Join(dir, by, "*", "*.parquet")
	}
	list := questions(t)
	if len(list) != len(answers) {
		t.Fatalf("%d questions and %d answers", len(list), len(answers))
	}
	for name, table := range tables {
		db, err := sql.Open("duckdb", "")
		if err != nil {
			t.Fatal(err)
		}
		defer db.Close()
		if _, err := db.Exec(fmt.Sprintf("CREATE VIEW conversations AS FROM '%s'", table)); err != nil {
			t.Fatal(err)
		}
		for i, question := range list {
			want := answers[i](records)
			if got := ask(t, db, question); len(want) == 0 || !reflect.DeepEqual(got, want) {
				t.Errorf("%s: %s\nDuckDB says %v\nof ndjson  %v", name, question, got, want)
			}
		}
	}
}

// ask returns the rows of an answer, as text.
func ask(t *testing.T, db *sql.DB, question string) (answer []string) {
	t.Helper()
	rows, err := db.Query(question)
	if err != nil {
		t.Fatalf("%s: %v", question, err)
	}
	defer rows.Close()
	columns, _ := rows.Columns()
	for rows.Next() {
		values, to := make([]any, len(columns)), make([]any, len(columns))
		for i := range values {
			to[i] = &values[i]
		}
		if err := rows.Scan(to...); err != nil {
			t.Fatal(err)
		}
		answer = append(answer, row(values...))
	}
	return answer
}

func row(values ...any) string {
	texts := make([]string, len(values))
	for i, v := range values {
		texts[i] = fmt.Sprint(v)
	}
	return strings.Join(texts, "|")
}

// of is a field of a record by its path, as jq finds it; nil: there is none.
func of(v any, path string) any {
	for _, name := range strings.Split(path, ".") {
		m, ok := v.(map[string]any)
		if !ok {
			return nil
		}
		v = m[name]
	}
	return v
}

func number(v any, path string) int64 { n, _ := of(v, path).(float64); return int64(n) }

// tally adds up by a key, and returns the rows with the largest sums first.
type tally map[string][]int64

func (s tally) add(key string, n ...int64) {
	if s[key] == nil {
		s[key] = make([]int64, len(n))
	}
	for i := range n {
		s[key][i] += n[i]
	}
}

// less orders keys as SQL orders their parts: numbers as such.
func less(a, b string) int {
	x, y := strings.Split(a, "|"), strings.Split(b, "|")
	for i := range x {
		var m, n int64
		if _, err := fmt.Sscan(x[i], &m); err == nil && !strings.ContainsAny(x[i], ".:") {
			fmt.Sscan(y[i], &n)
			if c := cmp.Compare(m, n); c != 0 {
				return c
			}
		} else if c := strings.Compare(x[i], y[i]); c != 0 {
			return c
		}
	}
	return 0
}

// rows are those with the largest last sums first.
func (s tally) rows() (list []string) {
	keys := make([]string, 0, len(s))
	for key := range s {
		keys = append(keys, key)
	}
	slices.SortFunc(keys, func(a, b string) int {
		x, y := s[a], s[b]
		return cmp.Or(cmp.Compare(y[len(y)-1], x[len(x)-1]), less(a, b))
	})
	for _, key := range keys {
		list = append(list, key+"|"+strings.ReplaceAll(strings.Trim(fmt.Sprint(s[key]), "[]"), " ", "|"))
	}
	return list
}

// count counts the records by what key says of them; "" is not counted.
func count(key func(r any) string) func([]map[string]any) []string {
	return func(records []map[string]any) []string {
		sums := tally{}
		for _, r := range records {
			if k := key(r); k != "" {
				sums.add(k, 1)
			}
		}
		return sums.rows()
	}
}

func server(r any) string { return row(of(r, "server.ip"), of(r, "server.port")) }

// answers are to the questions, in their order.
var answers = []func([]map[string]any) []string{
	func(records []map[string]any) []string {
		sums := tally{}
		for _, r := range records {
			sums.add(server(r), 1, number(r, "endpoints.client.sent.payload_bytes")+number(r, "endpoints.server.sent.payload_bytes"))
		}
		return sums.rows()[:5]
	},
	count(func(r any) string { return of(r, "outcome").(string) }),
	func(records []map[string]any) []string {
		sums := tally{}
		for _, r := range records {
			ids := map[string]bool{}
			for _, a := range r["anomalies"].([]any) {
				ids[of(a, "id").(string)] = true
			}
			for id := range ids {
				sums.add(id, 1)
			}
		}
		return sums.rows()
	},
	count(func(r any) string {
		if of(r, "outcome") != "refused" {
			return ""
		}
		return server(r)
	}),
	func(records []map[string]any) []string {
		sums := tally{}
		for _, r := range records {
			if n := number(r, "endpoints.client.sent.retransmitted_packets") + number(r, "endpoints.server.sent.retransmitted_packets"); n > 0 {
				sums.add(of(r, "server.ip").(string), n)
			}
		}
		return sums.rows()
	},
	count(func(r any) string {
		if of(r, "close.kind") != "reset" {
			return ""
		}
		return row(of(r, "close.by"), of(r, "close.by_state"))
	}),
	count(func(r any) string { factor, _ := of(r, "limit.factor").(string); return factor }),
	func(records []map[string]any) (list []string) {
		longest := slices.Clone(records)
		slices.SortStableFunc(longest, func(a, b map[string]any) int {
			return cmp.Compare(b["duration_s"].(float64), a["duration_s"].(float64))
		})
		for _, r := range longest[:10] {
			list = append(list, row(r["stream"], r["duration_s"]))
		}
		return list
	},
	func(records []map[string]any) []string {
		sums := tally{}
		for _, r := range records {
			for _, step := range of(r, "endpoints.client.trajectory").([]any) {
				sums.add(of(step, "state").(string), 1)
			}
		}
		return sums.rows()
	},
	func(records []map[string]any) (list []string) {
		sums := map[int64]int{}
		for _, r := range records {
			start, _ := time.Parse(time.RFC3339Nano, r["start"].(string))
			sums[start.Unix()/60]++
		}
		minutes := make([]int64, 0, len(sums))
		for m := range sums {
			minutes = append(minutes, m)
		}
		slices.Sort(minutes)
		for _, m := range minutes {
			list = append(list, row(m, sums[m]))
		}
		return list
	},
}
