package expect

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"tcptrace/report"
)

// found are the conversations that the entries of an expectation are about, -1 for none.
func found(f *finder) (out []int) {
	x := checking{capture: &Capture{Conversations: f.records}}
	for i := range f.entries {
		n, _ := x.find(f, i)
		if n >= 0 {
			f.take(n)
		}
		out = append(out, n)
	}
	return out
}

// plainly is the same, by comparing each entry with each record.
func plainly(records []report.Record, entries []conversation) (out []int) {
	taken := make([]bool, len(records))
	for i := range entries {
		n, fits, rivals := -1, 0, 0
		for j := range records {
			if taken[j] || !entries[i].chooses(&records[j]) {
				continue
			}
			if fits++; n < 0 {
				n = j
			}
		}
		for _, other := range entries[i:] {
			if n >= 0 && other.chooses(&records[n]) {
				rivals++
			}
		}
		if n >= 0 && fits > rivals && entries[i].vague() {
			n = -1
		}
		if n >= 0 {
			taken[n] = true
		}
		out = append(out, n)
	}
	return out
}

// Entries of all kinds find what they would if each were compared with each record.
func TestFinder(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	sides := []string{"", "ip: a", "ip: b", "port: 1", "port: 2.0", "port: 1..2", "port: 1.5", "port: 70000", "ip: a, port: 1", "ip: b, port: 2", "ip: a, port: '>1'", "name: n, ip: a"}
	for range 3000 {
		records := make([]report.Record, random.IntN(7))
		for i := range records {
			host := func() report.Host {
				return report.Host{IP: string(rune('a' + random.IntN(2))), Port: uint16(1 + random.IntN(2)), Name: []string{"", "n"}[random.IntN(2)]}
			}
			records[i] = report.Record{Stream: uint64(i), Client: host(), Server: host()}
		}
		var text strings.Builder
		text.WriteString("conversations:\n")
		for range 1 + random.IntN(6) {
			client, server := sides[random.IntN(len(sides))], sides[1+random.IntN(len(sides)-1)]
			if client != "" {
				client = "client: {" + client + "}, "
			}
			fmt.Fprintf(&text, "- {%sserver: {%s}}\n", client, server)
		}
		e, problems := Parse("x", []byte(text.String()))
		if problems != nil {
			t.Fatal(problems, text.String())
		}
		got, want := fmt.Sprint(found(newFinder(records, e.conversations))), fmt.Sprint(plainly(records, e.conversations))
		if got != want {
			t.Fatalf("%s, want %s\n%s%v", got, want, text.String(), records)
		}
	}
}

// An expectation that names many conversations by their endpoints does not compare each with all.
func TestFinderInProportion(t *testing.T) {
	const n = 20_000
	for _, entry := range []string{"{client: {ip: 10.0.0.1, port: 1}, server: {ip: 10.0.0.2, port: 80}}", "{server: {ip: 10.0.0.2, port: 80}}", "{server: {port: 80}}"} {
		var records []report.Record
		var entries []conversation
		for i := range n {
			records = append(records, report.Record{
				Stream: uint64(i), Client: report.Host{IP: "10.0.0.1", Port: uint16(n - i)}, Server: report.Host{IP: "10.0.0.2", Port: 80}})
		}
		e, problems := Parse("x", []byte("conversations:\n- "+entry+"\n"))
		if problems != nil {
			t.Fatal(problems)
		}
		for i := range n {
			w := e.conversations[0]
			if w.client != nil {
				w.client = &record{fields: slices.Clone(w.client.fields)}
				w.client.fields[1].want = &quantity{number: number{least: float64(i + 1), most: float64(i + 1), exact: true}}
			}
			entries = append(entries, w)
		}
		f := newFinder(records, entries)
		seen := map[int]bool{}
		for i, got := range found(f) {
			if want := records[max(got, 0)].Client.Port; seen[got] || got < 0 || entries[0].client != nil && int(want) != i+1 {
				t.Fatalf("%s: entry %d is about %d", entry, i, got)
			}
			seen[got] = true
		}
		if f.looked > 0 {
			t.Errorf("%s: %d comparisons", entry, f.looked)
		}
	}
}
