package analyzer_test

import (
	"strings"
	"testing"
	"time"

	"tcptrace/analyzer"
	"tcptrace/analyzer/timing"
	"tcptrace/internal/testutil/scripts"
)

// A server is slow if somebody waits for it: not where it has nothing to answer. What is told is how often the server was slow, and how often the client went
// on by itself.
func TestSlowTurns(t *testing.T) {
	for turns, want := range map[string][2]uint16{
		// a request and its answer
		"c10 s1100":                   {1, 0},
		"c10 s999":                    {0, 0},
		"c10 s1000":                   {1, 0},
		"c10 s30 c2000 s1100 c10 s30": {1, 0},
		// both have what they say
		"c10 s1100 c30 s1100 c2000 s1100":         {3, 0},
		"c10 s1100 c2000 c2000 s30":               {0, 1}, // the client went on
		"c10 s1100 c30 c900 s30":                  {1, 0},
		"c10 c2000 s1100 c10 s1100 c10 s1100":     {3, 1}, // once of four
		"c10 c2000 s1100 c10 s1100 s1200 c10 s90": {0, 1}, // and the server by itself
		"c10 c1100 s1100 c10 s1100":               {0, 1},
		// news, not an answer
		"c10 s1100 s1200 s1300":                                       {1, 0},
		"c10 s1100 s1200 s1300 s1100":                                 {0, 0},
		"c10 s1100 s1200 s1300 c10 s1100 s1200":                       {2, 0}, // three of five
		"c10 s1100 s1200 s1300 c10 s1100 s1200 s1300":                 {0, 0}, // four of six
		"c10 s1100 s1200 s1300 c10 s1100 s1200 s1300 c10 s1100":       {3, 0}, // four of seven
		"c10 s1100 s1200 s1300 c10 s1100 s1200 s1300 c10 s1100 s1200": {3, 0}, // five of eight
		"c10 s1100 s1200 s1300 c10 s1100 s1200 s1300 c10 s999 s1200":  {0, 0}, // the last answer is soon
		// an acknowledgement of what was pushed: small, at once, and not answered
		"c10 s30 s9000/40 c20/40 s5000/40":                            {0, 0},
		"c10 s30 s9000/40 c20/96 s5000/40":                            {0, 0},
		"c10 s30 s9000/40 c20/97 s5000/40":                            {1, 0},
		"c10 s30 s9000/40 c99/40 s5000/40":                            {0, 0},
		"c10 s30 s9000/40 c101/40 s5000/40":                           {1, 0},
		"c10 s30 s900/40 c20/40 s5000/40":                             {1, 0}, // that was no push
		"c10 s30 s9000/40 c20/40 s30 s9000/40 c20/40 s5000/40":        {1, 0}, // such words are answered
		"c10 s30 s9000/40 c20/40 s9000/40 c20/40 s30 c2000 s3000":     {1, 0},
		"c10 s30 s9000/40 c20/40 c500/40 s5000/40":                    {1, 0}, // and the client said something else
		"c10 s30 s9000/40 c20/40 s9000/40 c20/40 s9000 c20/40 s900":   {0, 0},
		"c10 s30 s9000/40 c20/40 s9000/40 c20/40 s9000 c2000/40 s900": {0, 0},
		// an acknowledgement does not show that the client waits for no answer
		"c10 s30 c20/40 c5000 s2000":  {1, 0},
		"c10 s30 c20/97 c5000 s2000":  {0, 1},
		"c10 s30 c101/40 c5000 s2000": {0, 1},
		// a farewell behind an acknowledgement
		"c10 s30 c20/40 s60000/36 sF0":             {0, 0},
		"c10 s30 c20/40 s60000/512 sF0":            {0, 0},
		"c10 s30 c20/40 s60000/513 sF0":            {1, 0},
		"c10 s30 c20/40 s60000/36 sF99":            {0, 0},
		"c10 s30 c20/40 s60000/36 sF101":           {1, 0},
		"c10 s30 c20/40 s60000/36 sR0":             {0, 0},
		"c10 s30 c20/97 s60000/36 sF0":             {1, 0},
		"c10 s30 c101/40 s60000/36 sF0":            {1, 0},
		"c10 s60000/36 sF0":                        {1, 0},
		"c10 s30 c20/40 s2000 c20/40 s60000/9 sF0": {1, 0}, // the earlier one was an answer
		// questions that are held until a timer fires
		"c10 s30000/90 c20 s30000/90":                              {0, 0},
		"c10 s2000/9 c20 s2050/9 c9 s2099/9":                       {3, 0}, // for six seconds
		"c10 s2000/9 c20 s2050/9 c9 s2099/9 c1 s2000/9":            {0, 0},
		"c10 s2000/9 c20 s2050/9 c9 s2130/9 c1 s2000/9":            {4, 0}, // no timer is so late
		"c10 s30000/90 c20 s12345/900 c20 s30000/90":               {0, 0}, // and news
		"c10 s30000/90 c20 s31500/90 c20 s30000/90":                {3, 0}, // longer than that timer
		"c10 s30000/90 c20 s30000/91":                              {2, 0}, // the answers differ
		"c10 s30000/90 c20/101 s30000/90":                          {2, 0}, // or the questions
		"c10 s30000/1024 c20 s30000/1024":                          {0, 0},
		"c10 s30000/1025 c20 s30000/1025":                          {2, 0},
		"c10 s30000/90 c99 s30000/90":                              {0, 0},
		"c10 s30000/90 c101 s30000/90":                             {2, 0}, // somebody thought before asking again
		"c10 s30000/90 c101 s30000/90 c20 s30000/90":               {3, 0},
		"c10 s30000/90 c101 s30000/90 c20 s30000/90 c20 s30000/90": {0, 0}, // half of the times
		"c10 s3200 c20 s3200 c20 s3200":                            {3, 0},
		// heartbeats
		"c10/19 s23000/19 c30000/19 s23000/19": {0, 0},
		"c10/19 s23000/19":                     {1, 0},
		"c10/64 s23000/64 c30000/64 s23000/64": {0, 0},
		"c10/65 s23000/65 c30000/65 s23000/65": {2, 0},
		"c10/19 s23000/19 c30000/19 s23000/20": {2, 0},
	} {
		s := judge(t, scripts.Talk(t, turns))
		server, client := &s.last.Sent[analyzer.Server], &s.last.Sent[analyzer.Client]
		if got := [2]uint16{server.SlowTurns, client.UnpromptedTurns}; got != want {
			t.Errorf("%s: %v, want %v", turns, got, want)
		}
	}
}

// Nor is it waited for, in vain or not, where no answer is due.
func TestAwaited(t *testing.T) {
	for turns, want := range map[string]struct{ awaited, idle time.Duration }{
		"c10 cR5000":                                   {5 * time.Second, 0},
		"c10 s30 c20/40 cR60000":                       {0, time.Minute}, // behind an acknowledgement
		"c10 s30 c20/97 cR60000":                       {time.Minute, 0},
		"c10 s30 c20/40 s30 c20/40 s30 c20/40 cR60000": {time.Minute, 0}, // such words are answered
		"s5000 c10":                                    {5 * time.Second, 0},
		"s5000 sF0":                                    {0, 0}, // nobody had asked
		"s5000 c10 sF10":                               {5 * time.Second, 0},
		"s5000/513 sF0":                                {5 * time.Second, 0},
		"c10 s30 s9000/40 c20/40 s5000/40":             {0, 14 * time.Second},
		"c10 s30 s9000/40 c20/97 s5000/40":             {0, 9 * time.Second},
	} {
		s := judge(t, scripts.Talk(t, turns))
		got := s.last.Sent[analyzer.Server].AwaitedMax.Round(100 * time.Millisecond)
		if idle := s.last.Spent[timing.Idle].Round(100 * time.Millisecond); got != want.awaited || idle != want.idle {
			t.Errorf("%s: awaited %v, idle %v, want %v", turns, got, idle, want)
		}
	}
	if s := strings.TrimSpace(scripts.Talk(t, "c10")); !strings.HasSuffix(s, "ack 101") {
		t.Error(s)
	}
}
