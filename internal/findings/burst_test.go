package findings

import (
	"net/netip"
	"testing"
	"time"

	"tcptrace/analyzer"
	"tcptrace/internal/histogram"
)

// TestBursts: what happened within a short time, just short enough and not quite.
func TestBursts(t *testing.T) {
	const begin, second = analyzer.Time(1_700_000_000e9), analyzer.Time(1e9)
	spread := New() // a thousand conversations, in a thousand seconds
	for i := range analyzer.Time(1000) {
		spread.start.Add(begin + i*second)
	}
	spread.total = 1000
	huddled := New() // as many, nearly all at the end
	for i := range analyzer.Time(1000) {
		huddled.start.Add(begin + 990*second + i*second/100)
	}
	huddled.total = 1000
	of := func(n, known uint64, from, within, first, last analyzer.Time) tally {
		return tally{n: n, first: begin + first, last: begin + last, happened: histogram.Span{N: known, From: begin + from, To: begin + from + within}}
	}
	for _, c := range []struct {
		why  string
		k    *Collector
		t    tally
		want bool
	}{
		{"three at once", spread, of(3, 3, 500*second, second, 0, 900*second), true},
		{"two at once", spread, of(2, 2, 500*second, second, 0, 900*second), false},
		{"of one it is not known", spread, of(4, 3, 500*second, second, 0, 900*second), false},
		{"six in a tenth: 6 times 0.00001", spread, of(6, 6, 500*second, 100*second, 0, 900*second), true},
		{"four in a tenth: 4 times 0.001", spread, of(4, 4, 500*second, 100*second, 0, 900*second), false},
		{"they began in hardly more time", spread, of(5, 5, 500*second, second, 500*second, 502*second), false},
		{"they began in more than twice as long a time", spread, of(5, 5, 500*second, second, 500*second, 503*second), true},
		{"when nearly all others began", huddled, of(3, 3, 990*second, 9*second, 0, 990*second), false},
		{"long before nearly all others began", huddled, of(3, 3, 300*second, 9*second, 0, 990*second), true},
	} {
		if got := c.k.bursts(&c.t, &Options{begin: begin, end: begin + 1000*second}); got != c.want {
			t.Errorf("%s: %v", c.why, got)
		}
	}
}

// TestTellRestarts: what was reset at once and what was refused from then on are a process that ended, if that is of one service and soon after.
func TestTellRestarts(t *testing.T) {
	at := func(d time.Duration) analyzer.Time { return analyzer.Time(1_700_000_000e9).Add(d) }
	to := netip.MustParseAddrPort("10.0.0.2:80")
	end := func(id string) ranked {
		return ranked{to: to, Finding: Finding{ID: id, Since: moment(at(0)), Until: moment(at(time.Second)), Happened: true, Lies: OnNetwork}}
	}
	then := func(id string, after time.Duration) ranked {
		return ranked{to: to, Finding: Finding{ID: id, Since: moment(at(after)), Lies: AtServer}}
	}
	other, begun, always := then("refused", 0), end("forgotten"), then("refused", 0)
	other.to, begun.Happened, always.Since = netip.MustParseAddrPort("10.0.0.2:81"), false, nil
	for _, c := range []struct {
		why       string
		end, then ranked
		want      bool
	}{
		{"at once", end("reset-by-server"), then("refused", 0), true},
		{"a minute later", end("forgotten"), then("refused", time.Minute), true},
		{"more than a minute later", end("forgotten"), then("refused", time.Minute+1), false},
		{"before", end("forgotten"), then("refused", -1), false},
		{"another service", end("forgotten"), other, false},
		{"not at once", begun, then("refused", 0), false},
		{"refused all the time", end("forgotten"), always, false},
		{"not refused", end("forgotten"), then("no-answer", 0), false},
		{"reset by clients", end("reset-by-client"), then("refused", 0), false},
	} {
		for _, list := range [][]ranked{{c.end, c.then}, {c.then, c.end}} {
			tellRestarts(list, &Options{})
			for _, f := range list {
				if (f.Why != "") != c.want || (f.Next != "") != c.want || c.want && f.Lies != AtServer {
					t.Errorf("%s: %s is told of %s, at the %s", c.why, f.Why, f.ID, f.Lies)
				}
			}
		}
	}
}
