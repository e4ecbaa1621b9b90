package sums

import (
	"bytes"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"testing"

	"tcptrace/analyzer"
	"tcptrace/analyzer/capturefile"
)

type each func(*analyzer.Conversation) error

func (f each) Conversation(c *analyzer.Conversation) error { return f(c) }

// noted is the sums of all golden captures, and a note of each conversation.
func noted(t testing.TB, by string) (*Sums, [][]byte) {
	t.Helper()
	paths, err := filepath.Glob("../../../testdata/pcaps/*.pcap")
	if err != nil || len(paths) == 0 {
		t.Fatal(err, paths)
	}
	file := capturefile.Open(paths...)
	defer file.Close()
	all, other := parse(t, by), parse(t, by)
	var notes [][]byte
	var j analyzer.Judgment
	if _, err := analyzer.Run(t.Context(), file, analyzer.Options{}, each(func(c *analyzer.Conversation) error {
		j.Judge(c)
		notes = append(notes, other.AppendNote(nil, c, &j))
		return all.Conversation(c)
	})); err != nil {
		t.Fatal(err)
	}
	return all, notes
}

func parse(t testing.TB, by string) *Sums {
	t.Helper()
	s, err := Parse(by, MostGroups)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func written(t testing.TB, s *Sums) string {
	t.Helper()
	var b bytes.Buffer
	if err := WriteNDJSON(&b, s, Options{}); err != nil {
		t.Fatal(err)
	}
	if err := WriteCSV(&b, s, Options{}); err != nil {
		t.Fatal(err)
	}
	if err := WriteTable(&b, s, Options{}); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// TestMerge: however conversations are divided, and what was summed up put together, the sums are those of one that took them all, to the byte.
func TestMerge(t *testing.T) {
	for _, by := range []string{"port", "server,outcome", "host,anomaly", "network/16,minute,outcome"} {
		all, notes := noted(t, by)
		want := written(t, all)
		for round := range uint64(6) {
			r := rand.New(rand.NewPCG(round, 1))
			pieces := make([]*Sums, 1+r.IntN(7))
			for i := range pieces {
				pieces[i] = parse(t, by)
			}
			for _, i := range r.Perm(len(notes)) {
				if err := pieces[r.IntN(len(pieces))].Noted(notes[i]); err != nil {
					t.Fatal(err)
				}
			}
			for ; len(pieces) > 1; pieces = pieces[:len(pieces)-1] {
				i := len(pieces) - 1
				if err := pieces[r.IntN(i)].Merge(pieces[i].Append(nil)); err != nil {
					t.Fatal(err)
				}
			}
			if got := written(t, pieces[0]); got != want {
				t.Fatalf("by %s, round %d:\n%s\nwant\n%s", by, round, got, want)
			}
		}
	}
}

// TestMergeFull: what finds no room is with the others, and no conversation is lost.
func TestMergeFull(t *testing.T) {
	all, notes := noted(t, "service")
	for _, most := range []int{len(all.groups), len(all.groups) - 1, 2} {
		var pieces [2]*Sums
		for i := range pieces {
			pieces[i] = New(all.By, most)
		}
		for i, note := range notes {
			if err := pieces[i%2].Noted(note); err != nil {
				t.Fatal(err)
			}
		}
		if err := pieces[0].Merge(pieces[1].Append(nil)); err != nil {
			t.Fatal(err)
		}
		s, n := pieces[0], pieces[0].Overflow()
		for _, g := range s.groups {
			n += g.conversations
		}
		if n != all.Conversations() || s.Conversations() != n || len(s.groups) != most || (s.Overflow() > 0) != (most < len(all.groups)) {
			t.Errorf("room for %d of %d groups: %d conversations of %d, %d of them with the others", most, len(all.groups), n, all.Conversations(), s.Overflow())
		}
	}
}

// TestMergeDamaged: what is damaged is told, or taken for something else; it never breaks anything.
func TestMergeDamaged(t *testing.T) {
	all, notes := noted(t, "server,outcome")
	r := rand.New(rand.NewPCG(1, 1))
	whole := all.Append(nil)
	for range 500 {
		note := notes[r.IntN(len(notes))]
		n, m := r.IntN(len(note)), r.IntN(len(whole))
		if parse(t, "server,outcome").Noted(note[:n]) == nil || parse(t, "server,outcome").Merge(whole[:m]) == nil {
			t.Fatalf("a part is taken for all: %d octets of %d, or %d of %d", n, len(note), m, len(whole))
		}
		other, others := slices.Clone(note), slices.Clone(whole)
		other[n] ^= 1 << r.IntN(8)
		others[m] ^= 1 << r.IntN(8)
		s := parse(t, "server,outcome")
		_ = s.Noted(other)
		_ = s.Merge(others)
		_ = written(t, s)
	}
}
