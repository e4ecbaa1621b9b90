package analyzer_test

import (
	"fmt"
	"strings"
	"testing"

	"tcptrace/analyzer"
)

// talk is a conversation over 20 ms in which the sides send 100 bytes each time, as turns says: "c" and "s" are who, behind which pause in ms.
func talk(turns string) string {
	var b strings.Builder
	b.WriteString(opened)
	at := map[string]int{"c": 1, "s": 1}
	for turn := range strings.FieldsSeq(turns) {
		who, peer, way := turn[:1], "s", ">"
		if who == "s" {
			peer, way = "c", "<"
		}
		fmt.Fprintf(&b, "+%sms %s P. %d:%d(100) ack %d\n", turn[1:], way, at[who], at[who]+100, at[peer])
		at[who] += 100
		back := map[string]string{">": "<", "<": ">"}[way]
		fmt.Fprintf(&b, "+%s %s . %d:%d(0) ack %d\n", map[string]string{">": "20ms", "<": "60us"}[way], back, at[peer], at[peer], at[who])
	}
	return stamped + b.String()
}

// A server is slow if somebody waits for it: not where both sides send what they have.
func TestSlowTurns(t *testing.T) {
	for turns, want := range map[string][2]uint16{ // the server's slow turns, the client's unprompted ones
		"c10 s1100":                               {1, 0},
		"c10 s999":                                {0, 0},
		"c10 s1000":                               {1, 0},
		"c10 s30 c2000 s1100 c10 s30":             {1, 0},
		"c10 s1100 c30 s1100 c2000 s1100":         {3, 0},
		"c10 s1100 c2000 c2000 s30":               {0, 1}, // the client went on
		"c10 s1100 c30 c900 s30":                  {1, 0},
		"c10 c2000 s1100 c10 s1100 c10 s1100":     {3, 1}, // once of four
		"c10 c2000 s1100 c10 s1100 s1200 c10 s90": {0, 1}, // and the server by itself
		"c10 c1100 s1100 c10 s1100":               {0, 1},
	} {
		s := judge(t, talk(turns))
		server, client := &s.last.Sent[analyzer.Server], &s.last.Sent[analyzer.Client]
		if got := [2]uint16{server.SlowTurns, client.UnpromptedTurns}; got != want {
			t.Errorf("%s: %v, want %v", turns, got, want)
		}
	}
}
