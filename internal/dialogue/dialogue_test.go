package dialogue

import (
	"strings"
	"testing"

	"tcptrace/analyzer"
	"tcptrace/report"
)

// silent is a transcript that keeps nothing.
type silent struct{ pieces int }

func (s *silent) Piece(*analyzer.Piece) error { s.pieces++; return nil }
func (s *silent) Finish() error               { return nil }

// TestQuoted: 32 bytes are quoted whole, and of more the first 32; a terminal obeys none of them.
func TestQuoted(t *testing.T) {
	for _, c := range []struct{ in, want string }{
		{"", `""`},
		{"\x1b[1m\xff", `"\x1b[1m\xff"`},
		{strings.Repeat("x", 32), `"` + strings.Repeat("x", 32) + `"`},
		{strings.Repeat("x", 33), `"` + strings.Repeat("x", 32) + `"...`},
	} {
		if got := quoted([]byte(c.in)); got != c.want {
			t.Errorf("%q is quoted as %s, not %s", c.in, got, c.want)
		}
	}
}

// TestHear: only sides that are wanted are heard, and of their conflicts so many are told by name.
func TestHear(t *testing.T) {
	var out silent
	var to report.Transcript = &out
	w := Hearing{Want: Sides["client"], Out: to}
	for range maxConflicts + 1 {
		for side := range analyzer.Server + 1 {
			if err := w.hear(&analyzer.Piece{Kind: analyzer.PieceConflict, From: side, Len: 1, Bytes: []byte("x")}); err != nil {
				t.Fatal(err)
			}
		}
	}
	if out.pieces != maxConflicts+1 {
		t.Errorf("%d pieces were written, not the client's %d", out.pieces, maxConflicts+1)
	}
	if len(w.conflicts) != maxConflicts || strings.Contains(strings.Join(w.conflicts, ""), "server") {
		t.Errorf("conflicts are told as %q", w.conflicts)
	}
}
